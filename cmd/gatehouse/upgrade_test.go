package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What earlier versions wrote is kept under testdata/formats, a folder for
// each format of the store: data.tar.gz is a data folder, backup the same as
// gatehouse backup writes it, apis.json what the management API said of it and
// calls.json what its APIs answered. A folder is written once, by the first
// release of a format, and never again:
//
//	go test ./cmd/gatehouse -run TestUpgrade -write-format 1
var writeFormat = flag.Int("write-format", 0, "write testdata/formats for this format of the store")

// upgradeAPI exercises what a definition can hold today.
const upgradeAPI = `openapi: 3.0.1
info: {title: upgrade, version: "1", description: "kept with ümläuts"}
x-amazon-apigateway-binary-media-types: ["image/png"]
x-amazon-apigateway-minimum-compression-size: 1024
x-amazon-apigateway-gateway-responses:
  MISSING_AUTHENTICATION_TOKEN:
    statusCode: "404"
    responseParameters: {gatewayresponse.header.x-kept: "'yes'"}
    responseTemplates: {application/json: '{"kept":"$context.error.message"}'}
paths:
  /items/{id}:
    get:
      operationId: getItem
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok, headers: {x-item: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters: {method.response.header.x-item: "'mocked'"}
            responseTemplates: {application/json: '{"item": "as written by an earlier version"}'}
  /{proxy+}:
    x-amazon-apigateway-any-method:
      parameters: [{name: proxy, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: ANY
        uri: "http://127.0.0.1:1/{proxy}"
        timeoutInMillis: 1500
        requestParameters: {integration.request.path.proxy: method.request.path.proxy}
  /function:
    post:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:kept/invocations"
`

// upgradeCalls are what an API is asked before and after.
var upgradeCalls = []string{"/dev/items/7", "/dev", "/second/items/7"}

// TestUpgrade: this version opens what each earlier one wrote, finds the same
// APIs, serves them, and changes them; and it restores its backup.
func TestUpgrade(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join("testdata", "formats", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if *writeFormat > 0 {
		writeUpgradeData(t, filepath.Join("testdata", "formats", fmt.Sprint(*writeFormat)))
		return
	}
	if len(folders) == 0 {
		t.Fatal("no data of earlier versions")
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder)+"/data", func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			unpack(t, filepath.Join(folder, "data.tar.gz"), s.data)
			holdsWhatWasWritten(t, s, folder)
		})
		t.Run(filepath.Base(folder)+"/backup", func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			if out, err := command("restore", "--data", s.data, filepath.Join(folder, "backup")).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			holdsWhatWasWritten(t, s, folder)
		})
	}
}

// holdsWhatWasWritten starts s twice and compares.
func holdsWhatWasWritten(t *testing.T, s *server, folder string) {
	t.Helper()
	s.start()
	t.Cleanup(func() { s.kill() })
	compareUpgrade(t, s, folder)
	id := upgradeID(t, s)
	change := call(t, "PATCH", s.control+"/restapis/"+id+"/stages/dev", "",
		`{"patchOperations":[{"op":"replace","path":"/variables/changed","value":"now"}]}`, "Authorization", unverified)
	if change.status != 200 {
		t.Errorf("a change: %v", change)
	}
	s.terminate()
	s.restart()
	compareUpgrade(t, s, folder)
	if got := manage(t, s, "/restapis/"+id+"/stages/dev"); !strings.Contains(got, `"changed":"now"`) {
		t.Errorf("the change is lost: %s", got)
	}
}

func compareUpgrade(t *testing.T, s *server, folder string) {
	t.Helper()
	for name, got := range map[string]any{"apis.json": upgradeState(t, s), "calls.json": upgradeAnswers(t, s)} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		var want, have any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		text, _ = json.Marshal(got)
		_ = json.Unmarshal(text, &have)
		lacking(t, name, want, have)
	}
}

// lacking reports what of want isn't in got. Later versions may say more.
func lacking(t *testing.T, place string, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		have, _ := got.(map[string]any)
		for key, value := range want {
			lacking(t, place+"."+key, value, have[key])
		}
	case []any:
		have, _ := got.([]any)
		if len(have) != len(want) {
			t.Errorf("%s: %d entries, want %d", place, len(have), len(want))
			return
		}
		for i := range want {
			lacking(t, fmt.Sprintf("%s[%d]", place, i), want[i], have[i])
		}
	default:
		if want != got {
			t.Errorf("%s: %v, want %v", place, got, want)
		}
	}
}

func manage(t *testing.T, s *server, path string) string {
	t.Helper()
	a := call(t, "GET", s.control+path, "", "", "Authorization", unverified)
	if a.status != 200 {
		t.Fatalf("GET %s: %v", path, a)
	}
	return a.body
}

func upgradeID(t *testing.T, s *server) string {
	t.Helper()
	var list struct{ Item []struct{ ID string } }
	if err := json.Unmarshal([]byte(manage(t, s, "/restapis")), &list); err != nil || len(list.Item) != 1 {
		t.Fatalf("%v: %v", err, list)
	}
	return list.Item[0].ID
}

// upgradeState is what the management API says of the API.
func upgradeState(t *testing.T, s *server) map[string]json.RawMessage {
	t.Helper()
	api := "/restapis/" + upgradeID(t, s)
	state := map[string]json.RawMessage{}
	for _, path := range []string{"", "/resources?embed=methods&limit=500", "/stages/second", "/deployments"} {
		state[path] = json.RawMessage(manage(t, s, api+path))
	}
	return state
}

// upgradeAnswers is what its stages answer: status, some fields, body.
func upgradeAnswers(t *testing.T, s *server) map[string][]any {
	t.Helper()
	answers := map[string][]any{}
	for _, path := range upgradeCalls {
		a := call(t, "GET", s.invoke+"/_aws/execute-api/"+upgradeID(t, s)+path, "", "")
		answers[path] = []any{a.status, a.header.Get("Content-Type"), a.header.Get("x-item"), a.header.Get("x-kept"), a.body}
	}
	return answers
}

// writeUpgradeData makes the data of a format; never over what is there.
func writeUpgradeData(t *testing.T, folder string) {
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatalf("data of a format is written once: %v", err)
	}
	s := serveWith(t, write(t, "api.yaml", upgradeAPI))
	id := upgradeID(t, s)
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/deployments", `{"stageName":"second","description":"another","variables":{"colour":"green"}}`},
		{"PATCH", "", `{"patchOperations":[{"op":"replace","path":"/description","value":"changed after it was imported"}]}`},
		{"PATCH", "/stages/second", `{"patchOperations":[{"op":"replace","path":"/variables/size","value":"12"}]}`},
	} {
		if a := call(t, c.method, s.control+"/restapis/"+id+c.path, "", c.body, "Authorization", unverified); a.status/100 != 2 {
			t.Fatalf("%s %s: %v", c.method, c.path, a)
		}
	}
	for name, what := range map[string]any{"apis.json": upgradeState(t, s), "calls.json": upgradeAnswers(t, s)} {
		text, err := json.MarshalIndent(what, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.terminate()
	if out, err := command("backup", "--data", s.data, filepath.Join(folder, "backup")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pack(t, s.data, filepath.Join(folder, "data.tar.gz"))
}

// pack writes dir's regular files to file.
func pack(t *testing.T, dir, file string) {
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	zip, _ := gzip.NewWriterLevel(out, gzip.BestCompression)
	archive := tar.NewWriter(zip)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := archive.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o600, Size: int64(len(data))}); err != nil {
			return err
		}
		_, err = archive.Write(data)
		return err
	})
	if err := errors.Join(err, archive.Close(), zip.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
}

func unpack(t *testing.T, file, dir string) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	zip, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(zip); ; {
		h, err := archive.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
