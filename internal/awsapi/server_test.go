package awsapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

var testScope = apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}

func ptr[T any](v T) *T { return &v }

// fake is a few operations that answer from memory, and what they were called
// with.
type fake struct {
	calls   []Call
	imports []apigateway.ImportRestApiRequest
	records []AuditRecord
	err     error
}

func (f *fake) operations() Operations {
	return Operations{
		CreateRestApi: func(_ context.Context, c *Call, in *apigateway.CreateRestApiRequest) (*apigateway.RestApi, error) {
			f.calls = append(f.calls, *c)
			return &apigateway.RestApi{Id: ptr("a1b2c3d4e5"), Name: in.Name, CreatedDate: ptr(time.Unix(1700000000, 0)), Tags: in.Tags,
				EndpointConfiguration: &apigateway.EndpointConfiguration{Types: []string{"EDGE"}}}, f.err
		},
		GetRestApis: func(_ context.Context, c *Call, in *apigateway.GetRestApisRequest) (*apigateway.RestApis, error) {
			f.calls = append(f.calls, *c)
			page, err := PageOf(in.Position, in.Limit)
			if err != nil {
				return nil, err
			}
			rows, position := Paginate(page, []string{"a", "b", "c", "d", "e"}, func(s string) string { return s })
			out := &apigateway.RestApis{Items: []*apigateway.RestApi{}, Position: position}
			for _, id := range rows {
				out.Items = append(out.Items, &apigateway.RestApi{Id: &id})
			}
			return out, f.err
		},
		ImportRestApi: func(_ context.Context, c *Call, in *apigateway.ImportRestApiRequest) (*apigateway.RestApi, error) {
			f.imports = append(f.imports, *in)
			return &apigateway.RestApi{Id: ptr("imported")}, nil
		},
		DeleteRestApi: func(_ context.Context, c *Call, _ *apigateway.DeleteRestApiRequest) error {
			f.calls = append(f.calls, *c)
			return f.err
		},
		DeleteMethod: func(context.Context, *Call, *apigateway.DeleteMethodRequest) error { return f.err },
		GetTags: func(_ context.Context, c *Call, in *apigateway.GetTagsRequest) (*apigateway.Tags, error) {
			return &apigateway.Tags{Tags: map[string]string{"arn": in.ResourceArn}}, nil
		},
		GetRestApi: func(context.Context, *Call, *apigateway.GetRestApiRequest) (*apigateway.RestApi, error) {
			panic("a fault of ours")
		},
		GetExport: func(context.Context, *Call, *apigateway.GetExportRequest) (*apigateway.ExportResponse, error) {
			return &apigateway.ExportResponse{ContentType: ptr("application/octet-stream"), ContentDisposition: ptr(`attachment; filename="a.json"`), Body: []byte("{}")}, nil
		},
	}
}

func newServer(t *testing.T, f *fake, change func(*Config)) *Server {
	t.Helper()
	c := Config{
		Operations: f.operations(), Scope: testScope, Hosts: []string{"control.example"},
		Audit:  func(r AuditRecord) { f.records = append(f.records, r) },
		Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answer is what came back: status, error type, body.
type answer struct {
	Status int
	Type   string
	Body   string
}

const anyCredentials = "AWS4-HMAC-SHA256 Credential=test/20260531/eu-west-1/apigateway/aws4_request, SignedHeaders=host, Signature=00"

func do(h http.Handler, method, target, body string, header ...string) (answer, http.Header) {
	r := httptest.NewRequest(method, "http://localhost:4566"+target, strings.NewReader(body))
	r.Header.Set("Authorization", anyCredentials)
	for i := 0; i < len(header); i += 2 {
		switch {
		case header[i] == "Host":
			r.Host = header[i+1]
		case header[i+1] == "":
			r.Header.Del(header[i])
		default:
			r.Header.Set(header[i], header[i+1])
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var kind string
	//lint:ignore SA1008 AWS's spelling is what is sent
	if v := w.Header()["x-amzn-ErrorType"]; len(v) > 0 {
		kind = v[0]
	}
	return answer{w.Code, kind, w.Body.String()}, w.Header()
}

func TestAnswers(t *testing.T) {
	const denied = "AccessDeniedException"
	cases := map[string]struct {
		method, target, body string
		header               []string
		err                  error
		want                 answer
	}{
		"created":                    {"POST", "/restapis", `{"name":"a"}`, nil, nil, answer{201, "", `{"id":"a1b2c3d4e5","name":"a","createdDate":1700000000,"endpointConfiguration":{"types":["EDGE"]}}`}},
		"import by mode":             {"POST", "/restapis?mode=import", "swagger", nil, nil, answer{201, "", `{"id":"imported"}`}},
		"another mode":               {"POST", "/restapis?mode=other", `{"name":"a"}`, nil, nil, answer{400, "BadRequestException", `{"message":"Unknown query parameter 'mode'"}`}},
		"deleted":                    {"DELETE", "/restapis/a", "", nil, nil, answer{202, "", ""}},
		"deleted without content":    {"DELETE", "/restapis/a/resources/b/methods/GET", "", nil, nil, answer{204, "", ""}},
		"escaped label":              {"GET", "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fa", "", nil, nil, answer{200, "", `{"tags":{"arn":"arn:aws:apigateway:us-east-1::/restapis/a"}}`}},
		"raw result":                 {"GET", "/restapis/a/stages/b/exports/oas30", "", nil, nil, answer{200, "", "{}"}},
		"not served":                 {"POST", "/usageplans", `{`, nil, nil, answer{501, "NotImplementedException", `{"message":"Gatehouse doesn't serve CreateUsagePlan yet"}`}},
		"of v2":                      {"POST", "/v2/apis", "", nil, nil, answer{501, "NotImplementedException", `{"message":"Gatehouse doesn't serve CreateApi of apigatewayv2 yet"}`}},
		"of v2, escaped label":       {"GET", "/v2/apis/a/stages/%24default", "", nil, nil, answer{501, "NotImplementedException", `{"message":"Gatehouse doesn't serve GetStage of apigatewayv2 yet"}`}},
		"of Lambda":                  {"POST", "/2015-03-31/functions/f/invocations", "", []string{"Authorization", "Basic x"}, nil, answer{501, "NotImplementedException", `{"message":"Gatehouse doesn't serve Invoke of lambda yet"}`}},
		"of a JSON service":          {"POST", "/", "{}", []string{"X-Amz-Target", "CertificateManager.ListCertificates", "Authorization", strings.Replace(anyCredentials, "/apigateway/", "/acm/", 1)}, nil, answer{501, "NotImplementedException", `{"__type":"NotImplementedException","message":"Gatehouse doesn't serve ListCertificates of acm yet"}`}},
		"of a query service":         {"POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", []string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8", "Authorization", strings.Replace(anyCredentials, "/apigateway/", "/sts/", 1)}, nil, answer{501, "NotImplementedException", ""}},
		"of a service we don't know": {"GET", "/bucket", "", []string{"Authorization", strings.Replace(anyCredentials, "/apigateway/", "/s3/", 1)}, nil, answer{501, "NotImplementedException", `{"message":"Gatehouse doesn't serve s3"}`}},
		"unknown path":               {"GET", "/restapi", "", nil, nil, answer{403, denied, `{"message":"Unable to determine service/operation name to be authorized"}`}},
		"unknown method":             {"PUT", "/restapis", "", nil, nil, answer{403, denied, `{"message":"Unable to determine service/operation name to be authorized"}`}},
		"empty label":                {"GET", "/restapis/", "", nil, nil, answer{403, denied, `{"message":"Unable to determine service/operation name to be authorized"}`}},
		"dots are no way up":         {"GET", "/restapis/../restapis", "", nil, nil, answer{403, denied, `{"message":"Unable to determine service/operation name to be authorized"}`}},
		"HAL alone":                  {"GET", "/restapis", "", []string{"Accept", "application/hal+json"}, nil, answer{406, "NotAcceptableException", `{"message":"Gatehouse doesn't answer application/hal+json: ask for application/json"}`}},
		"too large a body":           {"POST", "/restapis", strings.Repeat("x", maxBody+1), nil, nil, answer{413, "RequestEntityTooLargeException", `{"message":"The request body is larger than 10485760 bytes"}`}},
		"too large a definition":     {"POST", "/restapis?mode=import", strings.Repeat("x", maxDefinition+1), nil, nil, answer{400, "BadRequestException", `{"message":"The body is larger than 6291456 bytes"}`}},

		"not found":     {"DELETE", "/restapis/a", "", nil, apigw.Errorf(apigw.NotFound, "Invalid API identifier specified 000000000000:a"), answer{404, "NotFoundException", `{"message":"Invalid API identifier specified 000000000000:a"}`}},
		"conflict":      {"DELETE", "/restapis/a", "", nil, apigw.Errorf(apigw.Conflict, "c"), answer{409, "ConflictException", `{"message":"c"}`}},
		"limit":         {"DELETE", "/restapis/a", "", nil, apigw.Errorf(apigw.LimitExceeded, "l"), answer{429, "LimitExceededException", `{"message":"l"}`}},
		"store dead":    {"DELETE", "/restapis/a", "", nil, &apigw.Error{Kind: apigw.Unavailable, Message: "The store can't be written: no space left", Cause: errors.New("/secret/path")}, answer{503, "ServiceUnavailableException", `{"message":"The store can't be written: no space left"}`}},
		"our fault":     {"DELETE", "/restapis/a", "", nil, errors.New("secret detail"), answer{500, "InternalFailure", `{"message":"Internal failure"}`}},
		"our panic":     {"GET", "/restapis/a", "", nil, nil, answer{500, "InternalFailure", `{"message":"Internal failure"}`}},
		"not our fault": {"DELETE", "/restapis/a", "", nil, &apigw.Error{Kind: apigw.Internal, Message: "inner words"}, answer{500, "InternalFailure", `{"message":"Internal failure"}`}},

		"no credentials":      {"GET", "/restapis", "", []string{"Authorization", ""}, nil, answer{403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`}},
		"foreign origin":      {"GET", "/restapis", "", []string{"Origin", "https://attacker.example"}, nil, answer{403, denied, `{"message":"A web page of another origin may not call the management API"}`}},
		"origin of no page":   {"GET", "/restapis", "", []string{"Origin", "null"}, nil, answer{403, denied, `{"message":"A web page of another origin may not call the management API"}`}},
		"origin, other port":  {"GET", "/restapis", "", []string{"Origin", "http://localhost:3000"}, nil, answer{403, denied, `{"message":"A web page of another origin may not call the management API"}`}},
		"browser says so":     {"GET", "/restapis", "", []string{"Sec-Fetch-Site", "cross-site"}, nil, answer{403, denied, `{"message":"A web page of another origin may not call the management API"}`}},
		"a page's first step": {"OPTIONS", "/restapis", "", []string{"Origin", "https://attacker.example", "Authorization", ""}, nil, answer{403, denied, `{"message":"A web page of another origin may not call the management API"}`}},
		"rebound name":        {"GET", "/restapis", "", []string{"Host", "attacker.example:4566"}, nil, answer{403, denied, `{"message":"The Host header names none of our hosts: call localhost, or name the host in the configuration"}`}},
		"AWS's name, deeper":  {"GET", "/restapis", "", []string{"Host", "apigateway.attacker.us-east-1.amazonaws.com"}, nil, answer{403, denied, `{"message":"The Host header names none of our hosts: call localhost, or name the host in the configuration"}`}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := &fake{err: c.err}
			got, header := do(newServer(t, f, nil).Loopback(), c.method, c.target, c.body, c.header...)
			if c.want.Body == "" {
				got.Body = ""
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			//lint:ignore SA1008 AWS's spelling is what is sent
			if len(header["x-amzn-RequestId"]) != 1 || len(header["x-amzn-RequestId"][0]) != 36 || len(header["x-amz-apigw-id"]) != 1 {
				t.Errorf("no request IDs: %v", header)
			}
		})
	}
}

func TestHostsOfOurs(t *testing.T) {
	h := newServer(t, new(fake), nil).Loopback()
	for _, host := range []string{"localhost", "LOCALHOST:4566", "a.localhost:4566", "127.0.0.1:4566", "127.9.9.9", "[::1]:4566", "[::1]", "control.example:80", "Control.Example",
		"apigateway.us-east-1.amazonaws.com", "apigateway.cn-north-1.amazonaws.com.cn", "sts.amazonaws.com", "apigateway.eu-west-1.api.aws"} {
		if got, _ := do(h, "GET", "/restapis", "", "Host", host); got.Status != 200 {
			t.Errorf("%s: %v", host, got)
		}
	}
	for _, host := range []string{"10.0.0.1", "localhost.attacker.example", "xlocalhost", "bucket.us-east-1.amazonaws.com", "s3.amazonaws.com.attacker.example", ""} {
		if got, _ := do(h, "GET", "/restapis", "", "Host", host); got.Status != 403 {
			t.Errorf("%q: %v", host, got)
		}
	}
	if got, _ := do(h, "GET", "/restapis", "", "Origin", "http://localhost:4566", "Sec-Fetch-Site", "same-origin"); got.Status != 200 {
		t.Errorf("own origin: %v", got)
	}
}

// TestCallKnowsItsCaller: scope, action, resource and the audit record of a
// call while no identities are configured.
func TestCallKnowsItsCaller(t *testing.T) {
	f := new(fake)
	h := newServer(t, f, nil).Loopback()
	do(h, "DELETE", "/restapis/a%2Fb", "", "Authorization", strings.Replace(anyCredentials, "Credential=test", "Credential=123456789012", 1))
	do(h, "POST", "/restapis", `{"name":"a"}`, "Authorization", "Bearer x")
	if len(f.calls) != 2 || len(f.records) != 2 {
		t.Fatalf("%d calls, %d records", len(f.calls), len(f.records))
	}
	c := f.calls[0]
	got := []string{c.Caller.Account, string(c.Caller.ARN), c.Scope.Account, c.Scope.Region, c.Operation, c.Action, string(c.Resource), c.Source}
	want := []string{"123456789012", "arn:aws:iam::123456789012:root", "123456789012", "eu-west-1", "DeleteRestApi", "apigateway:DELETE", "arn:aws:apigateway:eu-west-1::/restapis/a%2Fb", "192.0.2.1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(testScope, f.calls[1].Scope); diff != "" {
		t.Error(diff)
	}
	if r := f.records[0]; r.Status != 202 || r.ErrorCode != "" || r.Operation != "DeleteRestApi" || r.ReadOnly || r.Caller.Verified {
		t.Errorf("%+v", r)
	}
}

func TestEveryCallIsAuthorizedAndRecorded(t *testing.T) {
	f := new(fake)
	var asked []string
	h := newServer(t, f, func(c *Config) {
		c.Authorize = func(_ context.Context, c *Call) error {
			asked = append(asked, c.Action+" "+string(c.Resource))
			return denied("no")
		}
	}).Loopback()
	for _, target := range []string{"/restapis", "/v2/apis", "/sdktypes"} {
		if got, _ := do(h, "GET", target, ""); got.Status != 403 || got.Body != `{"message":"no"}` {
			t.Errorf("%s: %v", target, got)
		}
	}
	want := []string{"apigateway:GET arn:aws:apigateway:eu-west-1::/restapis", "apigateway:GET arn:aws:apigateway:eu-west-1::/apis", "apigateway:GET arn:aws:apigateway:eu-west-1::/sdktypes"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
	if len(f.records) != 3 || f.records[0].ErrorCode != "AccessDeniedException" || !f.records[0].ReadOnly || len(f.calls) != 0 {
		t.Errorf("%+v", f.records)
	}
}

// TestResourceIsNamedInOneWay: how a client escapes a path doesn't change what
// a policy says of it.
func TestResourceIsNamedInOneWay(t *testing.T) {
	const prefix = "arn:aws:apigateway:eu-west-1::"
	for target, want := range map[string]string{
		"/restapis/abc":         "/restapis/abc",
		"/restapis/%61b%63":     "/restapis/abc",
		"/%72estapis/abc":       "/restapis/abc",
		"/restapis/a%2fb":       "/restapis/a%2Fb",
		"/restapis/a%20b":       "/restapis/a%20b",
		"/restapis/a+b":         "/restapis/a%2Bb",
		"/tags/arn:aws:x%2Fa~b": "/tags/arn%3Aaws%3Ax%2Fa~b",
	} {
		var asked apigw.ARN
		h := newServer(t, new(fake), func(c *Config) {
			c.Authorize = func(_ context.Context, c *Call) error {
				asked = c.Resource
				return denied("no")
			}
		}).Loopback()
		if got, _ := do(h, "GET", target, ""); got.Status != 403 || string(asked) != prefix+want {
			t.Errorf("%s: %d, asked for %s", target, got.Status, asked)
		}
	}
}

func TestBadRegionIsRefused(t *testing.T) {
	got, _ := do(newServer(t, new(fake), nil).Loopback(), "GET", "/restapis", "", "Authorization", strings.Replace(anyCredentials, "eu-west-1", "eu west:1", 1))
	if got.Status != 403 || got.Type != "InvalidSignatureException" {
		t.Errorf("%v", got)
	}
}

func TestOwnPaths(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fine") })
	h := newServer(t, new(fake), func(c *Config) { c.Health, c.Metrics = ok, ok }).Loopback()
	cases := []struct {
		target string
		header []string
		status int
	}{
		{"/_gatehouse/health", nil, 200},
		{"/_gatehouse/health", []string{"Authorization", "", "Host", "10.0.0.7:4566"}, 200},
		{"/_gatehouse/health", []string{"Origin", "https://attacker.example"}, 404},
		{"/_gatehouse/ready", nil, 404},
		{"/_gatehouse/metrics", []string{"Authorization", ""}, 200},
		{"/_gatehouse/metrics", []string{"Host", "attacker.example"}, 404},
	}
	for _, c := range cases {
		if got, _ := do(h, "GET", c.target, "", c.header...); got.Status != c.status {
			t.Errorf("%s %v: %d", c.target, c.header, got.Status)
		}
	}
}

// TestMetricsFromOtherMachines: metrics name APIs, so a listener that other
// machines reach wants a signature for them, and none for health.
func TestMetricsFromOtherMachines(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fine") })
	d := directoryOf(t, &apigw.User{Name: "ops", Keys: []apigw.UserKey{{ID: "AKIAOPS", Secret: "ops-secret"}}})
	h, err := newServer(t, new(fake), func(c *Config) { c.Health, c.Metrics, c.Identities = ok, ok, d }).Public()
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]int{"/_gatehouse/health": 200, "/_gatehouse/metrics": 403} {
		if got, _ := do(h, "GET", target, ""); got.Status != want {
			t.Errorf("%s without a valid signature: %d, want %d", target, got.Status, want)
		}
	}
	r := httptest.NewRequest("GET", "http://gatehouse.example/_gatehouse/metrics", nil)
	signer := &sigv4.Signer{}
	signer.SignHTTP(r, sha256.Sum256(nil), sigv4.Credentials{AccessKeyID: "AKIAOPS", SecretAccessKey: "ops-secret"}, "us-east-1", "apigateway", time.Now())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 || w.Body.String() != "fine" {
		t.Errorf("signed: %d %s", w.Code, w.Body)
	}
}

func TestNewRefusesOpenDoors(t *testing.T) {
	if _, err := newServer(t, new(fake), nil).Public(); err == nil {
		t.Error("a public listener without identities was accepted")
	}
}

func TestPages(t *testing.T) {
	rows := []string{"a", "b", "c", "d"}
	key := func(s string) string { return s }
	var all []string
	var position *string
	for range 10 {
		p, err := PageOf(position, ptr(3))
		if err != nil {
			t.Fatal(err)
		}
		var page []string
		page, position = Paginate(p, rows, key)
		all = append(all, page...)
		if position == nil {
			break
		}
	}
	if !slices.Equal(all, rows) {
		t.Errorf("%v", all)
	}
	for limit, want := range map[int]int{-1: 25, 0: 25, 501: 500, 7: 7} {
		if p, _ := PageOf(nil, &limit); p.Limit != want {
			t.Errorf("limit %d: %d", limit, p.Limit)
		}
	}
	if _, err := PageOf(ptr("bm90IG91cnM="), nil); apigw.KindOf(err) != apigw.BadRequest {
		t.Errorf("a foreign position: %v", err)
	}
}

func TestPatchPaths(t *testing.T) {
	ops := Patch([]*apigateway.PatchOperation{
		{Op: ptr("replace"), Path: ptr("/requestModels/application~1json"), Value: ptr("true")},
		{Op: ptr("add"), Path: ptr("a/~01/"), Value: ptr("TRUE")},
		{Op: ptr("remove")},
		{Op: ptr("add"), Path: ptr("/a~01b//c")},
	})
	if key, ok := ops[0].Key("requestModels"); !ok || key != "application/json" || !ops[0].True() {
		t.Errorf("%+v", ops[0])
	}
	if _, ok := ops[3].Key("a~1b"); ok || !slices.Equal(ops[3].Segments, []string{"a~1b", "", "c"}) {
		t.Errorf("%+v", ops[3])
	}
	got := []string{
		ops[0].LongPathError("/name", "/x").Error(), ops[0].LongOpError().Error(),
		ops[2].ShortPathError().Error(), ops[1].ShortOpError("replace").Error(),
	}
	want := []string{
		"Invalid patch path  '/requestModels/application~1json' specified for op 'replace'. Must be one of: [/name, /x]",
		"Invalid patch path  '/requestModels/application~1json' specified for op 'replace'. Please choose supported operations",
		"Invalid patch path null", "Invalid patch operation specified. Must be one of: [replace]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if ops[1].True() || len(ops[1].Segments) != 0 {
		t.Errorf("%+v", ops[1])
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("GET", "/restapis/a%2Fb", "limit=1&position=a", "localhost", anyCredentials)
	f.Add("POST", "/restapis", "mode=import", "127.0.0.1:1", "Basic x")
	f.Add("PUT", "/v2/apis//", "%zz", "[::1", "")
	f.Add("GET", "/2015-03-31/functions", "Action=a", "apigateway.x.amazonaws.com", "AWS4-HMAC-SHA256 Credential=////")
	s, err := New(Config{Operations: new(fake).operations(), Scope: testScope, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	h := s.Loopback()
	f.Fuzz(func(t *testing.T, method, path, query, host, authorization string) {
		u, err := url.Parse("http://h" + path + "?" + query)
		if err != nil || strings.HasPrefix(path, "/_gatehouse") {
			return
		}
		r := &http.Request{Method: method, URL: u, Host: host, Header: http.Header{"Authorization": {authorization}}, Body: http.NoBody}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if authorization == "" && w.Code != 403 {
			t.Fatalf("answered %d without credentials", w.Code)
		}
		if w.Code == 500 && !(method == "GET" && strings.HasPrefix(path, "/restapis/")) {
			t.Fatalf("%s %s?%s: %s", method, path, query, w.Body)
		}
	})
}
