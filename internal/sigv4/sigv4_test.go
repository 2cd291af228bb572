package sigv4

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

var now = time.Date(2026, 5, 31, 12, 35, 0, 0, time.UTC)

const (
	keyOfTest    = "AKIDEXAMPLE"
	secretOfTest = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

func lookup(id, _ string) (string, bool, error) { return secretOfTest, id == keyOfTest, nil }

func verifier() *Verifier {
	return &Verifier{Service: "execute-api", Region: "us-east-1", Now: func() time.Time { return now }}
}

// requests are what clients sign, in the shapes that go wrong.
var requests = map[string]func() *http.Request{
	"root":    func() *http.Request { return request("GET", "http://h.example.com", "") },
	"path":    func() *http.Request { return request("GET", "http://h.example.com/prod/pets/1", "") },
	"escaped": func() *http.Request { return request("GET", "http://h/tags/arn%3Aaws%3Aa%2Fb%20c", "") },
	"colon":   func() *http.Request { return request("GET", "http://h/a:b@c/(none)", "") },
	"utf8":    func() *http.Request { return request("GET", "http://h/caf%C3%A9/ü", "") },
	"query":   func() *http.Request { return request("GET", "http://h/?b=2&a=1&a=0&A=&empty&x=a%20b%2Bc&y=%7E*'", "") },
	"body":    func() *http.Request { return request("POST", "http://h:4566/restapis", `{"name":"a"}`) },
	"mode": func() *http.Request {
		return request("POST", "http://127.0.0.1:4566/restapis?mode=import", "openapi: 3.0.1")
	},
	"blanks": func() *http.Request { r := request("GET", "http://h/", ""); r.Header.Set("X-A", "  a   b  "); return r },
	"repeated": func() *http.Request {
		r := request("GET", "http://h/", "")
		r.Header["X-A"] = []string{"b", "a "}
		return r
	},
	"empty name": func() *http.Request { return request("GET", "http://h/?=v&k=", "") },
}

func request(method, url, body string) *http.Request {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	return r
}

func bodyHash(r *http.Request) (sum [32]byte) {
	body, err := r.GetBody()
	if err != nil {
		panic(err)
	}
	h := sha256.New()
	buf := make([]byte, 1024)
	for {
		n, err := body.Read(buf)
		h.Write(buf[:n])
		if err != nil {
			break
		}
	}
	h.Sum(sum[:0])
	return sum
}

func TestAcceptsWhatTheSDKSigns(t *testing.T) {
	for name, make := range requests {
		for _, token := range []string{"", "session/token+="} {
			for _, presigned := range []bool{false, true} {
				r := make()
				sdkSign(t, r, token, presigned)
				got, err := verifier().Verify(FromHTTP(r, bodyHash(r)), lookup)
				if err != nil {
					t.Errorf("%s presigned=%t: %v", name, presigned, err)
					continue
				}
				want := Scope{keyOfTest, "20260531", "us-east-1", "execute-api"}
				if got.Scope != want || got.SessionToken != token || got.Presigned != presigned || !got.Time.Equal(now) {
					t.Errorf("%s presigned=%t: %+v", name, presigned, got)
				}
			}
		}
	}
}

func sdkSign(t *testing.T, r *http.Request, token string, presigned bool) {
	t.Helper()
	c := aws.Credentials{AccessKeyID: keyOfTest, SecretAccessKey: secretOfTest, SessionToken: token}
	sum := bodyHash(r)
	hash := hex.EncodeToString(sum[:])
	if !presigned {
		if err := v4.NewSigner().SignHTTP(context.Background(), c, r, hash, "execute-api", "us-east-1", now); err != nil {
			t.Fatal(err)
		}
		return
	}
	url, header, err := v4.NewSigner().PresignHTTP(context.Background(), c, r, hash, "execute-api", "us-east-1", now)
	if err != nil {
		t.Fatal(err)
	}
	signed := request(r.Method, url, "")
	signed.GetBody, signed.Host, signed.Header = r.GetBody, r.Host, header
	for name, values := range r.Header {
		signed.Header[name] = values
	}
	*r = *signed
}

func TestSignsAsTheSDKDoes(t *testing.T) {
	for name, make := range requests {
		for _, token := range []string{"", "session/token+="} {
			theirs, ours := make(), make()
			sdkSign(t, theirs, token, false)
			theirs.Header.Del("Content-Length")
			ours.ContentLength = -1
			new(Signer).SignHTTP(ours, bodyHash(ours), Credentials{keyOfTest, secretOfTest, token}, "us-east-1", "execute-api", now)
			if _, err := verifier().Verify(FromHTTP(ours, bodyHash(ours)), lookup); err != nil {
				t.Errorf("%s: own signature refused: %v", name, err)
			}
			if strings.Contains(theirs.Header.Get("Authorization"), "content-length") {
				continue // the SDK signs a length, ours leaves it to the framing
			}
			if got, want := ours.Header.Get("Authorization"), theirs.Header.Get("Authorization"); got != want {
				t.Errorf("%s:\n got %s\nwant %s", name, got, want)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	const good = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260531/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
	swap := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	cases := map[string]struct {
		authorization, date, query string
		kind                       Kind
		message                    string // beginning
	}{
		"nothing":       {"", "", "", MissingToken, "Missing Authentication Token"},
		"both":          {good, "", "X-Amz-Algorithm=AWS4-HMAC-SHA256", Invalid, "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."},
		"bearer":        {"Bearer TOKEN", "20260531T123500Z", "", Incomplete, "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '6zqBAWb+"},
		"pieces":        {"AWS4-HMAC-SHA256 Credential=a", "", "", Incomplete, "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization="},
		"query pieces":  {"", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Signature=b&X-Amz-Date=c", Incomplete, "AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters."},
		"date":          {good, "2026-05-31", "", Incomplete, "Date must be in ISO-8601 'basic format'. Got '2026-05-31'. See http://en.wikipedia.org/wiki/ISO_8601"},
		"old":           {good, "20260531T120000Z", "", Invalid, "Signature expired: 20260531T120000Z is now earlier than 20260531T123000Z (20260531T123500Z - 5 min.)"},
		"new":           {good, "20260531T124001Z", "", Invalid, "Signature not yet current: 20260531T124001Z is still later than 20260531T124000Z (20260531T123500Z + 5 min.)"},
		"host unsigned": {swap("host;", ""), "20260531T123500Z", "", Invalid, "'Host' must be a 'SignedHeader' in the AWS Authorization."},
		"algorithm":     {swap("SHA256", "SHA512"), "20260531T123500Z", "", Incomplete, "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512' (only AWS4-HMAC-SHA256 for now). "},
		"credential":    {swap("/aws4_request", ""), "20260531T123500Z", "", Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIDEXAMPLE/20260531/us-east-1/execute-api'"},
		"scope": {swap("20260531/us-east-1/execute-api/aws4_request", "20260530/eu-west-1/lambda/aws4"), "20260531T123500Z", "", Invalid,
			"Credential should be scoped to a valid region. Credential should be scoped to correct service: 'execute-api'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws4'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260530' != '20260531', from '20260531T123500Z'."},
		"unknown key": {swap("AKIDEXAMPLE", "AKIDOTHER"), "20260531T123500Z", "", UnrecognizedClient, "The security token included in the request is invalid."},
		"signature":   {good, "20260531T123500Z", "", Invalid, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'GET\n/\n\nhost:example.com\nx-amz-date:20260531T123500Z\n\nhost;x-amz-date\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20260531T123500Z\n20260531/us-east-1/execute-api/aws4_request\n"},
		"expires":     {"", "", "X-Amz-Algorithm=a&X-Amz-Credential=a&X-Amz-Signature=b&X-Amz-Date=c&X-Amz-SignedHeaders=host&X-Amz-Expires=604801", Incomplete, "X-Amz-Expires must be a number of seconds from 1 to 604800."},
		"injected":    {"", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/20260531/us-east-1/execute-api/aws4_request&X-Amz-Signature=b&X-Amz-Date=20260531T123500Z&X-Amz-SignedHeaders=host%3bx%0Ay", Invalid, "A signed header has no valid name: 'x\ny'."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/?"+c.query, nil)
			r.Header.Set("X-Amz-Date", c.date)
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			_, err := verifier().Verify(FromHTTP(r, sha256.Sum256(nil)), lookup)
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Kind != c.kind || !strings.HasPrefix(e.Message, c.message) {
				t.Errorf("got %v\nwant %s: %s", err, c.kind, c.message)
			}
		})
	}
}

func TestPresignedExpires(t *testing.T) {
	r := request("GET", "http://h/?X-Amz-Expires=60", "")
	sdkSign(t, r, "", true)
	v := verifier()
	v.Now = func() time.Time { return now.Add(61 * time.Second) }
	_, err := v.Verify(FromHTTP(r, bodyHash(r)), lookup)
	if err == nil || !strings.HasPrefix(err.Error(), "Signature expired: ") {
		t.Errorf("got %v", err)
	}
	v.Now = func() time.Time { return now.Add(59 * time.Second) }
	if _, err := v.Verify(FromHTTP(r, bodyHash(r)), lookup); err != nil {
		t.Error(err)
	}
}

func TestUnsignedPayload(t *testing.T) {
	r := request("POST", "http://h/", "body")
	r.Header.Set("X-Amz-Content-Sha256", UnsignedPayload)
	c := aws.Credentials{AccessKeyID: keyOfTest, SecretAccessKey: secretOfTest}
	if err := v4.NewSigner().SignHTTP(context.Background(), c, r, UnsignedPayload, "execute-api", "us-east-1", now); err != nil {
		t.Fatal(err)
	}
	v := verifier()
	if _, err := v.Verify(FromHTTP(r, bodyHash(r)), lookup); err == nil {
		t.Error("accepted though it isn't allowed")
	}
	v.AllowUnsigned = true
	if _, err := v.Verify(FromHTTP(r, bodyHash(r)), lookup); err != nil {
		t.Error(err)
	}
}

func TestNormalise(t *testing.T) {
	for in, want := range map[string]string{"": "/", "/": "/", "//a//b": "/a/b", "/a/./b/../c": "/a/c", "/a/..": "/", "/../..": "/", "/a/": "/a/", "/a/b/.": "/a/b", "/a/b/..": "/a", "/%2F": "/%252F", "/a b": "/a%20b", "/.a": "/.a"} {
		if got := string(appendPath(nil, in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestKeyCacheIsBounded(t *testing.T) {
	var c keyCache
	for i := range 3 * maxKeys {
		c.put(keyID{region: string(rune(i))}, [32]byte{})
	}
	if n := len(*c.keys.Load()); n > maxKeys {
		t.Errorf("%d keys", n)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260531/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=00", "/a/../b", "a=b&c", "20260531T123500Z")
	f.Add("", "/", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260531%2Fus-east-1%2Fexecute-api%2Faws4_request&X-Amz-Date=20260531T123500Z&X-Amz-SignedHeaders=host&X-Amz-Signature=ff&X-Amz-Expires=1", "")
	f.Add("Bearer x", "", "%", "")
	f.Add("AWS4-HMAC-SHA256 Credential=,=,Signature", "/%zz", "&&=", "Sun, 31 May 2026 12:35:00 GMT")
	f.Fuzz(func(t *testing.T, authorization, path, query, date string) {
		r := &Request{Method: "GET", Path: path, Query: query, Host: "h", Header: func(name string) []string {
			switch name {
			case "authorization":
				return []string{authorization}
			case "x-amz-date":
				return []string{date}
			}
			return nil
		}}
		ScopeOf(authorization, query)
		if _, err := verifier().Verify(r, lookup); err == nil {
			t.Fatal("a signature that nobody made was accepted")
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	r := request("POST", "http://abcdefghij.execute-api.localhost:8080/prod/pets/1?a=1&b=2", "body")
	c := aws.Credentials{AccessKeyID: keyOfTest, SecretAccessKey: secretOfTest, SessionToken: "token"}
	sum := bodyHash(r)
	if err := v4.NewSigner().SignHTTP(context.Background(), c, r, hex.EncodeToString(sum[:]), "execute-api", "us-east-1", now); err != nil {
		b.Fatal(err)
	}
	v, in := verifier(), FromHTTP(r, sum)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(in, lookup); err != nil {
			b.Fatal(err)
		}
	}
}
