package integration

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

func TestMockStatus(t *testing.T) {
	valid := map[string]string{
		`{"statusCode": 200}`:                          "200",
		`{statusCode: 200}`:                            "200", // recorded on AWS
		`{ 'statusCode' : 404 , }`:                     "404",
		`{"statusCode":200,,"a":1}`:                    "200",
		`{"statusCode": 0}`:                            "0",
		`{"statusCode": -1000}`:                        "-1000",
		`{"statusCode": 200 junk}`:                     "200",
		"\n{\n\"statusCode\": 200\n}\n":                "200",
		`{"a": {"statusCode": 1}, "statusCode": 2}`:    "2",
		`{"a": [1, {"b": "}"}], "statusCode": 201}`:    "201",
		`{"message": "a\"}", "statusCode": 202}`:       "202",
		`{"statusCode": 200, "message": "it's", x: y}`: "200",
		`{"statusCode": 1, "statusCode": 2}`:           "2",
		`{"statusCode": 200} and more`:                 "200",
	}
	for doc, want := range valid {
		if got, err := MockStatus([]byte(doc)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", doc, got, err)
		}
	}
	for _, doc := range []string{"", "200", `statusCode: 200`, `{"statusCode": "200"}`, `{"statusCode": 200`, `{'statusCode": 200}`, `{"statusCode': 200}`,
		`{}`, `{"a": 1}`, `[200]`, `{"statusCode": }`, `{"statusCode": true}`, `{"statusCode" 200}`, `{"a": "b}`, `{"statusCode": 12345678901}`, `{"statusCode": [200]}`} {
		if got, err := MockStatus([]byte(doc)); err == nil {
			t.Errorf("%s: %s", doc, got)
		}
	}
}

func FuzzMockStatus(f *testing.F) {
	for _, s := range []string{`{"statusCode":200}`, `{a:[{"b":'c'}],statusCode:1}`, `{,}`, `{"\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		status, err := MockStatus(doc)
		if err != nil {
			return
		}
		if digits := strings.TrimLeft(strings.TrimPrefix(string(status), "-"), "0123456789"); digits != "" || len(status) == 0 {
			t.Errorf("%q: status %q", doc, status)
		}
	})
}

func TestBinaryTypes(t *testing.T) {
	tests := []struct {
		types BinaryTypes
		media string
		want  bool
	}{
		{nil, "image/png", false},
		{BinaryTypes{"image/png"}, "image/png", true},
		{BinaryTypes{"image/png"}, "IMAGE/PNG", true},
		{BinaryTypes{"image/png"}, "image/*", false},
		{BinaryTypes{"image/*"}, "image/png", true},
		{BinaryTypes{"image/*"}, "image/*", true},
		{BinaryTypes{"image/*"}, "imagex/png", false},
		{BinaryTypes{"*/*"}, "anything/at.all", true},
		{BinaryTypes{"*/png"}, "image/png", false}, // recorded on AWS
		{BinaryTypes{"*/png"}, "*/png", false},     // recorded on AWS
		{BinaryTypes{"image/p*"}, "image/png", false},
	}
	for _, tt := range tests {
		if got := tt.types.Match([]byte(tt.media)); got != tt.want {
			t.Errorf("%v, %s: %v", tt.types, tt.media, got)
		}
	}
}

// TestAppendText compares with what AWS was recorded to make of these bytes.
func TestAppendText(t *testing.T) {
	raw, _ := base64.StdEncoding.DecodeString("H4sIABRs7mMC/0vOzy0oSi0uTk1RSEksSdRRKM7IL81JUUhKVcjMK0vMyUxRCA1x07VQKC4pysxLBwC4ORBXLwAAAA==")
	const want = "H++/vQgAFGzvv71jAu+/vUvvv73vv70tKEotLk5NUUhJLEnvv71RKO+/ve+/vS/vv71JUUhKVe+/ve+/vStL77+977+9TFEIDXHTtVAoLinvv73vv71LBwDvv705EFcvAAAA"
	if got := base64.StdEncoding.EncodeToString(AppendText(nil, raw)); got != want {
		t.Errorf("got %s", got)
	}
	for in, want := range map[string]string{
		"a\xffb": "a\uFFFDb", "\xe2\x82x": "\uFFFDx", "\xe2\x28": "\uFFFD(", "\xf0\x9f\x98": "\uFFFD", "\xc0\x80": "\uFFFD\uFFFD",
		"\xed\xa0\x80": "\uFFFD\uFFFD\uFFFD", "\xf4\x90\x80\x80": "\uFFFD\uFFFD\uFFFD\uFFFD", "é": "é",
	} {
		if got := string(AppendText(nil, []byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzAppendText(f *testing.F) {
	f.Add([]byte("a\xe2\x82"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := AppendText(nil, b)
		if !utf8.Valid(got) || utf8.Valid(b) && string(got) != string(b) {
			t.Errorf("%q became %q", b, got)
		}
	})
}

// TestConvert covers every cell of both tables, recorded on AWS.
func TestConvert(t *testing.T) {
	type result struct {
		Text  string
		Bytes bool
		Fails bool
	}
	requests := []struct {
		binary bool
		c      Conversion
		in     string
		want   result
	}{
		{false, NoConversion, "a\xff", result{"a\uFFFD", false, false}},
		{false, ToText, "a\xff", result{"a\uFFFD", false, false}},
		{false, ToBinary, "aGk=", result{"hi", true, false}},
		{false, ToBinary, "aGk", result{"hi", true, false}},
		{false, ToBinary, "?", result{"", true, true}},
		{true, NoConversion, "a\xff", result{"a\xff", true, false}},
		{true, ToText, "hi", result{"aGk=", false, false}},
		{true, ToBinary, "a\xff", result{"a\xff", true, false}},
	}
	for _, tt := range requests {
		out, bytes, f := ConvertRequest(nil, []byte(tt.in), tt.binary, tt.c)
		if d := cmp.Diff(tt.want, result{string(out), bytes, f != nil}); d != "" {
			t.Errorf("request %+v: %s", tt, d)
		}
	}
	responses := []struct {
		binary, wanted bool
		c              Conversion
		in             string
		want           result
	}{
		{false, false, NoConversion, "a\xff", result{"a\uFFFD", false, false}},
		{false, false, ToText, "a\xff", result{"a\uFFFD", false, false}},
		{false, false, ToBinary, "aGk=", result{"hi", true, false}},
		{false, false, ToBinary, "?", result{"", true, true}},
		{false, true, NoConversion, "aGk=", result{"hi", true, false}},
		{false, true, NoConversion, "?", result{"", true, true}},
		{false, true, ToText, "a\xff", result{"a\uFFFD", false, false}},
		{false, true, ToBinary, "?", result{"", true, true}},
		{true, false, NoConversion, "hi", result{"aGk=", false, false}},
		{true, false, ToText, "hi", result{"aGk=", false, false}},
		{true, false, ToBinary, "a\xff", result{"a\xff", true, false}},
		{true, true, NoConversion, "a\xff", result{"a\xff", true, false}},
		{true, true, ToText, "hi", result{"aGk=", false, false}},
		{true, true, ToBinary, "a\xff", result{"a\xff", true, false}},
	}
	for _, tt := range responses {
		out, bytes, f := ConvertResponse(nil, []byte(tt.in), tt.binary, tt.wanted, tt.c)
		if d := cmp.Diff(tt.want, result{string(out), bytes, f != nil}); d != "" {
			t.Errorf("response %+v: %s", tt, d)
		}
	}
}

func TestParseURI(t *testing.T) {
	type parsed struct {
		TLS                 bool
		Host, Address, Name string
		Target              string
	}
	valid := map[string]parsed{
		"http://example.com":            {false, "example.com", "example.com:80", "example.com", "/"},
		"https://example.com/a/b?c=d#e": {true, "example.com", "example.com:443", "example.com", "/a/b?c=d"},
		"HTTP://example.com:8080?x":     {false, "example.com:8080", "example.com:8080", "example.com", "/?x"},
		"http://[::1]:9000/":            {false, "[::1]:9000", "[::1]:9000", "::1", "/"},
		"http://a_b.internal/ü x":       {false, "a_b.internal", "a_b.internal:80", "a_b.internal", "/%C3%BC%20x"},
		"http://example.com/{a}{":       {false, "example.com", "example.com:80", "example.com", "/%7Ba%7D%7B"},
	}
	for uri, want := range valid {
		u, err := ParseURI(uri, nil)
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		got := parsed{u.TLS, u.Host, u.Address, u.Name, string(u.AppendTarget(nil, &mapping.Input{}))}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", uri, d)
		}
	}
	for _, uri := range []string{"", "example.com", "ftp://example.com", "http://", "http:///x", "http://user:secret@example.com/", "http://{host}/", "http://a b/", "http://a:b/",
		"http://a:99999/", "http://a:0/", "http://[::1/", "http://%41/", "http://a\r\nb/"} {
		u, err := ParseURI(uri, nil)
		if err == nil {
			t.Errorf("%q is taken: %+v", uri, u)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells a secret: %v", err)
		}
	}
}

// TestConformanceURI reads the URI cases of the table outside of this
// repository. What stays literally is escaped in a target: a request line
// can't hold it otherwise.
func TestConformanceURI(t *testing.T) {
	doc, err := os.ReadFile("../../../shared/conformance/unit/parameter_mapping.yaml")
	if err != nil {
		t.Skip("the conformance table is not here: ", err)
	}
	var table struct {
		Cases []struct {
			Name, Direction, URI string
			StageVariables       map[string]string `yaml:"stage_variables"`
			Parameters           map[string]string `yaml:"integration_path_parameters"`
			Expect               any
		}
	}
	if err := yaml.Unmarshal(doc, &table); err != nil {
		t.Fatal(err)
	}
	unescape := strings.NewReplacer("%7B", "{", "%7D", "}", "%5C", `\`)
	for _, c := range table.Cases {
		if c.Direction != "uri" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			var params []mapping.Parameter
			for name, value := range c.Parameters {
				p, err := mapping.ParseParameter("integration.request.path."+name, "'"+value+"'", mapping.RequestPhase, nil)
				if err != nil {
					t.Fatal(err)
				}
				params = append(params, p)
			}
			u, err := ParseURI(Substitute(c.URI, c.StageVariables), params)
			if err != nil {
				t.Fatal(err)
			}
			got := "https://" + u.Host + unescape.Replace(string(u.AppendTarget(nil, &mapping.Input{})))
			if d := cmp.Diff(c.Expect, any(got)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestResponseFieldNames(t *testing.T) {
	// Recorded on AWS for mapped names.
	remapped := []string{"Authorization", "Connection", "Content-Length", "Content-MD5", "Date", "Expect", "Host", "Max-Forwards", "Proxy-Authenticate", "Server", "Trailer", "Upgrade", "User-Agent", "WWW-Authenticate"}
	for _, name := range remapped {
		if got := MappedResponseField(strings.ToLower(name)); got != "x-amzn-Remapped-"+name {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, name := range []string{"Accept", "Accept-Charset", "Accept-Encoding", "Age", "Content-Encoding", "Content-Type", "Pragma", "Range", "Referer", "TE", "Via", "Warn", "X-Own"} {
		if got := MappedResponseField(name); got != name {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := MappedResponseField("transfer-encoding"); got != "" {
		t.Errorf("Transfer-Encoding: %s", got)
	}
	for _, k := range []http1.Known{http1.NameTransferEncoding, http1.NameVia, http1.NameExpect, http1.NameHost, http1.NameProxyAuthenticate, http1.NameTE, http1.NameTrailer, http1.NameUpgrade} {
		if got := ResponseField([]byte(k.String()), k); got != nil {
			t.Errorf("%s of a proxied answer: %s", k, got)
		}
	}
}
