package sigv4

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"
)

// fields are header fields of a test.
type fields [][2]string

func (f fields) Len() int { return len(f) }
func (f fields) At(i int) (name, value []byte) {
	return []byte(f[i][0]), []byte(f[i][1])
}

// TestAppendAuthorization holds the signatures of what we send against the
// AWS SDK's signer.
func TestAppendAuthorization(t *testing.T) {
	at := time.Date(2025, 6, 18, 17, 28, 59, 0, time.UTC)
	credentials := Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "token/with+signs=="}
	tests := []struct {
		name, method, target, service, body string
		fields                              fields
		plain                               bool
	}{
		{name: "json action", method: "POST", target: "/", service: "kinesis", body: `{"StreamName":"s"}`,
			fields: fields{{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", "Kinesis_20131202.PutRecord"}, {"Accept", "application/json"}}},
		{name: "query action", method: "POST", target: "/?Name=b%20c&Action=GetParameter&Name=a", service: "ssm"},
		{name: "path with blanks and escapes", method: "GET", target: "/123/a%20queue%2Fx/", service: "sqs"},
		{name: "S3 path as it stands", method: "PUT", target: "/bucket/a%20b//c/.././d%2Be", service: "s3", body: "x", plain: true},
		{name: "blanks within values", method: "GET", target: "/a", service: "sns", fields: fields{{"X-Custom", "  a   b  "}}},
	}
	var signer Signer
	var m Memory
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hash := sha256.Sum256([]byte(tt.body))
			sent := append(fields{{"X-Amz-Date", Date(at)}, {"X-Amz-Security-Token", credentials.SessionToken}}, tt.fields...)
			out := &Outgoing{Method: tt.method, Target: []byte(tt.target), Host: []byte("service.us-east-1.amazonaws.com"), Fields: sent, PayloadHash: hash, Plain: tt.plain}
			got := string(signer.AppendAuthorization(nil, out, &credentials, "us-east-1", tt.service, at, &m))
			if want := sdkAuthorization(t, out, tt.service, &credentials, at); got != want {
				t.Errorf("signed otherwise than the SDK (-sdk +ours):\n%s", cmp.Diff(want, got))
			}
		})
	}
}

func sdkAuthorization(t *testing.T, o *Outgoing, service string, c *Credentials, at time.Time) string {
	t.Helper()
	req, err := http.NewRequest(o.Method, "https://"+string(o.Host)+string(o.Target), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range o.Fields.Len() {
		name, value := o.Fields.At(i)
		req.Header.Add(string(name), string(value))
	}
	signer := v4.NewSigner(func(s *v4.SignerOptions) { s.DisableURIPathEscaping = o.Plain })
	creds := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
	if err := signer.SignHTTP(context.Background(), creds, req, hex.EncodeToString(o.PayloadHash[:]), service, "us-east-1", at); err != nil {
		t.Fatal(err)
	}
	return req.Header.Get("Authorization")
}

// TestAppendAuthorizationAgreesWithSign is for what the SDK's signer leaves to
// its caller: paths that need normalising, fields of one name in two
// spellings, queries with a plus or a broken escape.
func TestAppendAuthorizationAgreesWithSign(t *testing.T) {
	at := time.Date(2025, 6, 18, 17, 28, 59, 0, time.UTC)
	c := Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}
	sent := fields{{"X-Amz-Date", Date(at)}, {"x-a", "1"}, {"X-A", "2"}, {"User-Agent", "no"}, {"Content-Type", "text/plain"}}
	out := &Outgoing{Method: "GET", Target: []byte("/a/./b/../.hidden//c?b=2&a=x+y&a=%zz&c"), Host: []byte("h"), Fields: sent}
	var signer Signer
	var m Memory
	got := string(signer.AppendAuthorization(nil, out, &c, "r", "s", at, &m))
	want := signer.Sign(&Request{Method: "GET", Path: "/a/./b/../.hidden//c", Query: "b=2&a=x+y&a=%zz&c", Host: "h", Header: func(name string) (values []string) {
		for _, f := range sent {
			if strings.EqualFold(f[0], name) {
				values = append(values, f[1])
			}
		}
		return values
	}}, c, "r", "s", at, "x-a", "content-type")
	if got != want {
		t.Errorf("(-Sign +AppendAuthorization):\n%s", cmp.Diff(want, got))
	}
}

func TestAppendAuthorizationAllocatesNothing(t *testing.T) {
	out, c, signer, m := benchmarkOutgoing()
	at := time.Date(2025, 6, 18, 17, 28, 59, 0, time.UTC)
	dst := signer.AppendAuthorization(nil, out, c, "us-east-1", "kinesis", at, m)
	if n := testing.AllocsPerRun(100, func() { dst = signer.AppendAuthorization(dst[:0], out, c, "us-east-1", "kinesis", at, m) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// byteFields are fields that At returns as they are.
type byteFields [][2][]byte

func (f byteFields) Len() int                      { return len(f) }
func (f byteFields) At(i int) (name, value []byte) { return f[i][0], f[i][1] }

func benchmarkOutgoing() (*Outgoing, *Credentials, *Signer, *Memory) {
	f := byteFields{}
	for _, p := range [][2]string{{"Accept", "application/json"}, {"User-Agent", "AmazonAPIGateway_a1b2c3d4e5"}, {"Content-Type", "application/x-amz-json-1.1"},
		{"x-amzn-apigateway-api-id", "a1b2c3d4e5"}, {"X-Amzn-Trace-Id", "Root=1-66aa0000-0123456789abcdef01234567"},
		{"X-Amz-Target", "Kinesis_20131202.PutRecord"}, {"X-Amz-Date", "20250618T172859Z"}} {
		f = append(f, [2][]byte{[]byte(p[0]), []byte(p[1])})
	}
	return &Outgoing{Method: "POST", Target: []byte("/"), Host: []byte("kinesis.us-east-1.amazonaws.com"), Fields: f},
		&Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, new(Signer), new(Memory)
}

func BenchmarkAppendAuthorization(b *testing.B) {
	out, c, signer, m := benchmarkOutgoing()
	at := time.Date(2025, 6, 18, 17, 28, 59, 0, time.UTC)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = signer.AppendAuthorization(dst[:0], out, c, "us-east-1", "kinesis", at, m)
	}
}

// FuzzAppendAuthorization holds our two ways of signing against one another.
func FuzzAppendAuthorization(f *testing.F) {
	f.Add("POST", "/a%20b//./c?x=1&x=%zz&y", "X-Amz-Target", "  a  b ", "x-amz-target")
	f.Add("", "", "", "", "")
	at := time.Date(2025, 6, 18, 17, 28, 59, 0, time.UTC)
	c := Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "t"}
	var signer Signer
	var m Memory
	f.Fuzz(func(t *testing.T, method, target, name, value, other string) {
		for _, n := range []string{name, other} {
			for i := range len(n) {
				if n[i] <= ' ' || n[i] >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", rune(n[i])) {
					t.Skip("no field is called that")
				}
			}
		}
		sent := fields{{"X-Amz-Date", Date(at)}, {"X-Amz-Security-Token", "t"}, {name, value}, {other, value}}
		out := &Outgoing{Method: method, Target: []byte(target), Host: []byte("h"), Fields: sent}
		got := string(signer.AppendAuthorization(nil, out, &c, "r", "s", at, &m))
		_, list, _ := strings.Cut(got, "SignedHeaders=")
		list, _, _ = strings.Cut(list, ", Signature=")
		path, query, _ := strings.Cut(target, "?")
		want := signer.Sign(&Request{Method: method, Path: path, Query: query, Host: "h", Header: func(name string) (values []string) {
			for _, f := range sent {
				if strings.EqualFold(f[0], name) {
					values = append(values, f[1])
				}
			}
			return values
		}}, c, "r", "s", at, strings.Split(list, ";")...)
		if got != want && !strings.Contains(query, "X-Amz-Signature") && !strings.EqualFold(name, "host") && !strings.EqualFold(other, "host") {
			t.Errorf("%q\n%q", got, want)
		}
	})
}
