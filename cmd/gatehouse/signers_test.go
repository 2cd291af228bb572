package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

const (
	signerKey    = "AKIASIGNER"
	signerSecret = "secret/of+the=signer"
)

// toSign is a request that a client is asked to sign.
type toSign struct {
	Method  string            `json:"method"`
	Target  string            `json:"target"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
	Presign bool              `json:"presign"`
	Key     string            `json:"key"`
	Secret  string            `json:"secret"`
	Token   string            `json:"token"`
}

// signedRequest is what came of it.
type signedRequest struct {
	Target  string            `json:"target"`
	Headers map[string]string `json:"headers"`
}

// signer signs requests to host as one of AWS's clients does.
type signer struct {
	name string
	sign func(t *testing.T, host string, cases []toSign) []signedRequest
	// canonical says that it signs the canonical form that AWS documents
	// everywhere.
	canonical bool
}

func signers(t *testing.T) []signer {
	t.Helper()
	need(t, "node", "npm")
	needBoto(t)
	folder := filepath.Join("testdata", "signers")
	node := npmFolder(t, folder, "sign.mjs")
	return []signer{
		{"AWS SDK for Go v2", signWithGo, false},
		{"botocore", signWith("python3", filepath.Join(folder, "sign.py")), true},
		{"AWS SDK for JavaScript v3", signWith("node", filepath.Join(node, "sign.mjs")), true},
	}
}

// needBoto is need for the AWS SDK for Python.
func needBoto(t *testing.T) {
	t.Helper()
	needPackages(t, []string{"boto3"}, "python3")
}

// needPython is need for packages of Python. It returns a python3 that has them:
// the first, or Debian's.
func needPython(t *testing.T, packages ...string) (program string) {
	t.Helper()
	return needPackages(t, packages, "python3", "/usr/bin/python3")
}

func needPackages(t *testing.T, packages []string, programs ...string) string {
	t.Helper()
	need(t, "python3")
	var out []byte
	for _, program := range programs {
		var err error
		if out, err = exec.CommandContext(t.Context(), program, "-c", "import "+strings.Join(packages, ", ")).CombinedOutput(); err == nil {
			return program
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%v are not installed: %s", packages, out)
	}
	t.Skipf("%v are not installed: %s", packages, out)
	return ""
}

func signWith(program, script string) func(t *testing.T, host string, cases []toSign) []signedRequest {
	return func(t *testing.T, host string, cases []toSign) []signedRequest {
		t.Helper()
		var list []signedRequest
		talk(t, exec.CommandContext(t.Context(), program, script), map[string]any{"host": host, "region": "us-east-1", "cases": cases}, &list)
		return list
	}
}

// talk gives a program JSON and reads what it answers.
func talk(t *testing.T, cmd *exec.Cmd, in, out any) {
	t.Helper()
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(data), &stderr
	answer, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, stderr.String())
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%v: %v in %s", cmd.Args, err, answer)
	}
}

func signWithGo(t *testing.T, host string, cases []toSign) (list []signedRequest) {
	t.Helper()
	for _, c := range cases {
		list = append(list, signGo(t, host, c, time.Now()))
	}
	return list
}

func signGo(t *testing.T, host string, c toSign, at time.Time) signedRequest {
	t.Helper()
	r, err := http.NewRequest(c.Method, "http://"+host+c.Target, bytes.NewReader(c.Body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range c.Headers {
		r.Header.Set(name, value)
	}
	sum := sha256.Sum256(c.Body)
	hash := hex.EncodeToString(sum[:])
	if given := r.Header.Get("X-Amz-Content-Sha256"); given != "" {
		hash = given
	}
	credentials := aws.Credentials{AccessKeyID: c.Key, SecretAccessKey: c.Secret, SessionToken: c.Token}
	header, target := r.Header, ""
	if c.Presign {
		var text string
		text, header, err = v4.NewSigner().PresignHTTP(context.Background(), credentials, r, hash, "execute-api", "us-east-1", at)
		_, rest, _ := strings.Cut(text, "://")
		target = strings.TrimPrefix(rest, host)
		header.Del("Content-Length")
		header.Del("Host")
	} else {
		err = v4.NewSigner().SignHTTP(context.Background(), credentials, r, hash, "execute-api", "us-east-1", at)
		target = r.URL.RequestURI()
	}
	if err != nil {
		t.Fatal(err)
	}
	out := signedRequest{Target: target, Headers: map[string]string{}}
	for name, values := range header {
		out.Headers[name] = strings.Join(values, ",")
	}
	return out
}

// sendRaw sends a request as it was signed, which no client library does with
// every path.
func sendRaw(t *testing.T, base, host, method string, s signedRequest, body []byte) answer {
	t.Helper()
	c := dial(t, base)
	defer c.Close()
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, s.Target, host)
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		if !strings.EqualFold(name, "Host") && !strings.EqualFold(name, "Content-Length") {
			fmt.Fprintf(&b, "%s: %s\r\n", name, s.Headers[name])
		}
	}
	if len(body) > 0 || method == "POST" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	if _, err := c.Write(b.Bytes()); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%s %s: %v", method, s.Target, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// signedAPI serves an API that wants signatures, with a backend that tells
// what it got.
func signedAPI(t *testing.T) (s *server, api string) {
	t.Helper()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sum := sha256.Sum256(body)
		_ = json.NewEncoder(w).Encode(map[string]any{"body": hex.EncodeToString(sum[:]), "signature": r.Header.Get("Authorization"), "caller": r.Header.Get("X-Caller")})
	}))
	t.Cleanup(backend.Close)
	config := write(t, "gatehouse.yaml", `
identities:
  users:
    - name: signer
      accessKeys: [{id: `+signerKey+`, secret: "`+signerSecret+`"}]
      policies: [{name: all, document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "execute-api:Invoke", Resource: "*"}]}}]
`)
	method := `{"x-amazon-apigateway-any-method": {"security": [{"sigv4": []}], "responses": {"200": {"description": ""}},
		"x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "ANY", "uri": "` + backend.URL + `/",
		"requestParameters": {"integration.request.header.X-Caller": "context.identity.userArn"}}}}`
	file := write(t, "api.json", `{"openapi": "3.0.1", "info": {"title": "signed", "version": "1"}, "x-amazon-apigateway-binary-media-types": ["application/octet-stream"],
		"paths": {"/": `+method+`, "/{proxy+}": `+method+`},
		"components": {"securitySchemes": {"sigv4": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"}}}}`)
	s = serveWith(t, "--config", config, file)
	return s, s.api(file)
}

// plainPaths are those that clients and servers spell in more ways than one.
var plainPaths = []string{"", "/", "/plain", "/a%20b", "/a%2Fb", "/a%2fb", "/caf%C3%A9/%E2%82%AC", "/a+b", "/a%2Bb", "/a/", "/~a", "/%7Ea", "/a*b",
	"/(x)!@$,;:=&'", "/%25", "/%2525", "/a.b", "/.a", "/...", "/a%2E%2E/b", "/@connections/Q%3D", "/a|b", "/%00"}

// redundantPaths have parts that aren't signed.
var redundantPaths = []string{"//a", "/a//b", "/a//", "/./a", "/a/./b", "/a/../b", "/a/b/..", "/a/.", "/../a", "/a/b/../../c/"}

// signedQueries repeat, leave out and escape.
var signedQueries = []string{"k=2&k=1&k=10", "empty=&b=1", "b=1&empty", "a=b%20c", "a=%2F%3D%26%2B", "%C3%A9=%E2%82%AC", "B=1&a=2&A=3", "a=1&a-b=2&a.b=3", "x=~-._", "list%5B%5D=1&list%5B%5D=2", "sp%20ace=1", "a=%2A%27%28%29%21"}

// signCases are requests to sign, and which of them not all clients sign as AWS
// wants it.
func signCases() (list []toSign, hard []bool) {
	add := func(c toSign, isHard bool) {
		c.Target, c.Key, c.Secret = "/dev"+c.Target, signerKey, signerSecret
		list, hard = append(list, c), append(hard, isHard)
	}
	binary := make([]byte, 256)
	for i := range binary {
		binary[i] = byte(i)
	}
	for _, presign := range []bool{false, true} {
		for _, p := range plainPaths {
			add(toSign{Method: "GET", Target: p, Presign: presign}, false)
		}
		for _, p := range redundantPaths {
			add(toSign{Method: "GET", Target: p, Presign: presign}, true)
		}
		for _, q := range signedQueries {
			add(toSign{Method: "GET", Target: "/q?" + q, Presign: presign}, false)
		}
		for _, m := range []string{"PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"} {
			add(toSign{Method: m, Target: "/m", Presign: presign}, false)
		}
	}
	for _, body := range [][]byte{nil, []byte(`{"name":"Ann"}`), []byte("caf\xc3\xa9 \xe2\x82\xac"), binary, bytes.Repeat([]byte("x"), 300_000)} {
		add(toSign{Method: "POST", Target: "/b?a=1", Body: body, Headers: map[string]string{"Content-Type": "application/octet-stream", "X-Blanks": "  a   b  "}}, false)
	}
	return list, hard
}

// TestSigners: an AWS_IAM method takes what AWS's own clients sign. The signer of
// the SDK for Go leaves redundant parts in a path, against what AWS documents
// (IAM user guide, "Create a signed AWS API request"): API Gateway refuses such
// requests, too (as it did .NET's: aws/aws-sdk-net, issue 2015).
func TestSigners(t *testing.T) {
	t.Parallel()
	s, api := signedAPI(t)
	host := api + ".execute-api.localhost"
	cases, hard := signCases()
	session := sessionOf(t, s)
	for _, c := range []toSign{
		{Method: "GET", Target: "/dev/caf%C3%A9?a=1"}, {Method: "GET", Target: "/dev/a%2Fb?a=1", Presign: true},
		{Method: "POST", Target: "/dev/b", Body: []byte{0, 0xff}, Headers: map[string]string{"Content-Type": "application/octet-stream"}},
	} {
		c.Key, c.Secret, c.Token = *session.AccessKeyId, *session.SecretAccessKey, *session.SessionToken
		cases, hard = append(cases, c), append(hard, false)
	}
	for _, by := range signers(t) {
		t.Run(by.name, func(t *testing.T) {
			for i, signed := range by.sign(t, host, cases) {
				c := cases[i]
				name := fmt.Sprintf("%s %s presigned=%t body=%d", c.Method, c.Target, c.Presign, len(c.Body))
				a := sendRaw(t, s.invoke, host, c.Method, signed, c.Body)
				if hard[i] && !by.canonical {
					if a.status != 403 || !strings.Contains(a.body, "The request signature we calculated does not match") {
						t.Errorf("%s: %v", name, a)
					}
					continue
				}
				if a.status != 200 {
					t.Errorf("%s: %v", name, a)
				} else if c.Method != "HEAD" {
					reached(t, name, a.body, c.Body)
				}
			}
		})
	}
}

// sessionOf are temporary credentials of the signer.
func sessionOf(t *testing.T, s *server) *types.Credentials {
	t.Helper()
	client := sts.New(sts.Options{BaseEndpoint: &s.control, Region: "us-east-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: signerKey, SecretAccessKey: signerSecret}, nil
	})})
	out, err := client.GetSessionToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return out.Credentials
}

// reached checks what the backend tells of a request.
func reached(t *testing.T, name, text string, body []byte) {
	t.Helper()
	var got struct{ Body, Signature, Caller string }
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%s: %v in %s", name, err, text)
	}
	sum := sha256.Sum256(body)
	if got.Body != hex.EncodeToString(sum[:]) || got.Signature != "" || got.Caller != "arn:aws:iam::000000000000:user/signer" {
		t.Errorf("%s: the backend got %+v", name, got)
	}
}

// TestSignedByClients has the AWS CLI and boto3 call with clients of their own:
// PostToConnection is the one call that they sign for execute-api.
func TestSignedByClients(t *testing.T) {
	t.Parallel()
	need(t, "aws")
	needBoto(t)
	s, api := signedAPI(t)
	endpoint := s.invoke + "/_aws/execute-api/" + api + "/dev"
	data := write(t, "data", "\x00\xff data")
	for _, connection := range []string{"plain", "a b/c+d~e*f", "café="} {
		cmd := exec.CommandContext(t.Context(), "aws", "apigatewaymanagementapi", "post-to-connection", "--connection-id", connection,
			"--data", "fileb://"+data, "--endpoint-url", endpoint, "--region", "us-east-1")
		cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+signerKey, "AWS_SECRET_ACCESS_KEY="+signerSecret, "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("aws, connection %q: %v\n%s", connection, err, out)
		}
	}
	var statuses []any
	connections := []string{"plain", "a b", "a/b", "a//b", "a+b", "café", "~*'()!", "L0SM9cOFvHcCIhw=", "%2F"}
	talk(t, exec.CommandContext(t.Context(), "python3", "testdata/signers/post.py"), map[string]any{
		"endpoint": endpoint, "region": "us-east-1", "key": signerKey, "secret": signerSecret, "connections": connections}, &statuses)
	for i, status := range statuses {
		if status != 200.0 {
			t.Errorf("boto3, connection %q: %v", connections[i], status)
		}
	}
}

// TestSignaturesRefused: AWS's words for what API Gateway doesn't take.
func TestSignaturesRefused(t *testing.T) {
	t.Parallel()
	s, api := signedAPI(t)
	host := api + ".execute-api.localhost"
	good := toSign{Method: "GET", Target: "/dev/a", Key: signerKey, Secret: signerSecret}
	session := sessionOf(t, s)
	inSession := func(token string) toSign {
		c := good
		c.Key, c.Secret, c.Token = *session.AccessKeyId, *session.SecretAccessKey, token
		return c
	}
	with := func(change func(c *toSign)) toSign {
		c := good
		change(&c)
		return c
	}
	presigned := func(seconds int) toSign {
		return with(func(c *toSign) { c.Presign, c.Target = true, "/dev/a?X-Amz-Expires="+strconv.Itoa(seconds) })
	}
	for name, tt := range map[string]struct {
		c      toSign
		offset time.Duration
		status int
		kind   string
		text   string // part of the message
	}{
		"now":                 {good, 0, 200, "", ""},
		"4 minutes old":       {good, -4 * time.Minute, 200, "", ""},
		"4 minutes ahead":     {good, 4 * time.Minute, 200, "", ""},
		"6 minutes old":       {good, -6 * time.Minute, 403, "InvalidSignatureException", " - 5 min.)"},
		"6 minutes ahead":     {good, 6 * time.Minute, 403, "InvalidSignatureException", " + 5 min.)"},
		"presigned, in time":  {presigned(3600), -59 * time.Minute, 200, "", ""},
		"presigned, too late": {presigned(60), -2 * time.Minute, 403, "InvalidSignatureException", "Signature expired: "},
		"presigned, ahead":    {presigned(60), 6 * time.Minute, 403, "InvalidSignatureException", "Signature not yet current: "},
		"presigned, too long": {presigned(604801), 0, 403, "IncompleteSignatureException", "604800"},
		"another secret":      {with(func(c *toSign) { c.Secret = "x" }), 0, 403, "InvalidSignatureException", "The Canonical String for this request should have been\\n'GET\\n/dev/a\\n"},
		"an unknown key":      {with(func(c *toSign) { c.Key = "AKIANOBODY" }), 0, 403, "UnrecognizedClientException", "The security token included in the request is invalid."},
		"a token that nobody gave": {with(func(c *toSign) { c.Token = "token" }), 0, 403, "UnrecognizedClientException",
			"The security token included in the request is invalid"},
		"a session":                    {inSession(*session.SessionToken), 0, 200, "", ""},
		"a session without its token":  {inSession(""), 0, 403, "UnrecognizedClientException", "The security token included in the request is invalid"},
		"a session with half a token":  {inSession((*session.SessionToken)[:len(*session.SessionToken)/2]), 0, 403, "UnrecognizedClientException", "The security token included in the request is invalid"},
		"the user's key and its token": {with(func(c *toSign) { c.Token = *session.SessionToken }), 0, 403, "UnrecognizedClientException", "The security token included in the request is invalid"},
		"unsigned payload": {with(func(c *toSign) {
			c.Method, c.Body, c.Headers = "POST", []byte("body"), map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}
		}), 0, 403, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided."},
	} {
		signed := signGo(t, host, tt.c, time.Now().Add(tt.offset))
		a := sendRaw(t, s.invoke, host, tt.c.Method, signed, tt.c.Body)
		if a.status != tt.status || a.header.Get("X-Amzn-Errortype") != tt.kind || !strings.Contains(a.body, tt.text) {
			t.Errorf("%s: %v %s", name, a, a.header.Get("X-Amzn-Errortype"))
		}
	}
}

// TestSignedBytes changes bytes of a signed request on its way.
func TestSignedBytes(t *testing.T) {
	t.Parallel()
	s, api := signedAPI(t)
	host := api + ".execute-api.localhost"
	c := toSign{Method: "POST", Target: "/dev/a%20b?x=1", Body: []byte("body"), Key: signerKey, Secret: signerSecret, Headers: map[string]string{"X-A": "value"}}
	signed := signGo(t, host, c, time.Now())
	if a := sendRaw(t, s.invoke, host, c.Method, signed, c.Body); a.status != 200 {
		t.Fatal(a)
	}
	refused := func(what, method string, r signedRequest, body string) {
		t.Helper()
		if a := sendRaw(t, s.invoke, host, method, r, []byte(body)); a.status != 403 {
			t.Errorf("%s: %v", what, a)
		}
	}
	refused("method", "PUT", signed, "body")
	refused("body", "POST", signed, "bodz")
	for _, target := range []string{"/dev/a%20c?x=1", "/dev/a%20b?x=2", "/dev/a+b?x=1", "/dev/a%20b?x=1&y=1", "/dev/a%20b"} {
		refused(target, "POST", signedRequest{target, signed.Headers}, "body")
	}
	for name, value := range signed.Headers {
		for i := range value {
			b := []byte(value)
			if b[i] ^= 1; b[i] <= ' ' || b[i] > '~' || value[i] == ' ' {
				continue
			}
			headers := maps.Clone(signed.Headers)
			headers[name] = string(b)
			if !strings.EqualFold(name, "Content-Length") {
				refused(fmt.Sprintf("%s: %s", name, b), "POST", signedRequest{signed.Target, headers}, "body")
			}
		}
	}
}
