package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// vector is one case of AWS's own test suite; see testdata for where it is from.
type vector struct {
	name  string
	files map[string]string // by name, such as "header-string-to-sign"

	Normalize bool   `json:"normalize"`
	SignBody  bool   `json:"sign_body"` // with x-amz-content-sha256
	Token     string `json:"token"`
	OmitToken bool   `json:"omit_session_token"` // the token is added after signing
}

// suiteTime is when all of the suite is signed.
var suiteTime = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

var suiteScope = Scope{keyOfTest, "20150830", "us-east-1", "service"}

// suite reads the vectors. The other half of AWS's suite is of Signature Version
// 4A, an algorithm that is refused by name.
func suite(t testing.TB) []*vector {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/aws-signing-test-suite.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var list []*vector
	for _, f := range archive.Files {
		folder, file := path.Split(f.Name)
		folder = strings.TrimSuffix(folder, "/")
		if len(list) == 0 || list[len(list)-1].name != folder {
			list = append(list, &vector{name: folder, files: map[string]string{}})
		}
		v := list[len(list)-1]
		text := strings.TrimSuffix(string(f.Data), "\n")
		if file == "context.json" {
			if err := json.Unmarshal([]byte(text), v); err != nil {
				t.Fatal(err)
			}
			continue
		}
		v.files[strings.TrimSuffix(file, ".txt")] = text
	}
	if len(list) != 38 {
		t.Fatalf("%d vectors, want 38", len(list))
	}
	return list
}

// wire is a request as it travels, in parts that a test may change.
type wire struct {
	method, path, query, host string
	fields                    fields
	body                      []byte
}

// readWire reads a request of the suite. Targets of it hold blanks, and lines of
// fields are folded, which net/http doesn't read.
func readWire(text string) *wire {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimSuffix(head, "\n"), "\n")
	method, target, _ := strings.Cut(strings.TrimSuffix(lines[0], " HTTP/1.1"), " ")
	w := &wire{method: method, body: []byte(strings.TrimSuffix(body, "\n"))}
	w.path, w.query, _ = strings.Cut(target, "?")
	for _, line := range lines[1:] {
		if line[0] == ' ' { // RFC 9112, 5.2: a fold stands for blanks
			w.fields[len(w.fields)-1][1] += line
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "Host") {
			w.host = value
			continue
		}
		w.fields = append(w.fields, [2]string{name, value})
	}
	return w
}

// request is w as a signature sees it.
func (w *wire) request() *Request {
	return &Request{Method: w.method, Path: w.path, Query: w.query, Host: w.host, PayloadHash: sha256.Sum256(w.body),
		Header: func(name string) (list []string) {
			for _, f := range w.fields {
				if strings.EqualFold(f[0], name) {
					list = append(list, f[1])
				}
			}
			return list
		}}
}

func (w *wire) header(name string) string { return w.request().header(name) }

// names are the fields of w in lower case.
func (w *wire) names() (list []string) {
	for _, f := range w.fields {
		list = append(list, strings.ToLower(f[0]))
	}
	return list
}

// ready gives the request of v the fields that a client adds before it signs.
func (v *vector) ready() (*wire, Credentials) {
	w := readWire(v.files["request"])
	w.fields = append(w.fields, [2]string{"X-Amz-Date", Date(suiteTime)})
	if v.SignBody {
		w.fields = append(w.fields, [2]string{"x-amz-content-sha256", hexHash(sha256.Sum256(w.body))})
	}
	c := Credentials{keyOfTest, secretOfTest, v.Token}
	if v.OmitToken {
		c.SessionToken = ""
	}
	if c.SessionToken != "" {
		w.fields = append(w.fields, [2]string{"X-Amz-Security-Token", c.SessionToken})
	}
	return w, c
}

// plain says why v isn't for API Gateway: its path is signed as it travels,
// which only Amazon S3 wants, where that isn't the same.
func (v *vector) plain() bool {
	p := readWire(v.files["request"]).path
	return !v.Normalize && needsNormalising(p) && normalise(p) != p
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// TestSuiteSigned: our signers write what AWS's suite expects.
func TestSuiteSigned(t *testing.T) {
	for _, v := range suite(t) {
		t.Run(v.name, func(t *testing.T) {
			w, c := v.ready()
			want := readWire(v.files["header-signed-request"]).header("authorization")
			if v.plain() {
				v.signOutgoing(t, w, c, want)
				return
			}
			got := new(Signer).Sign(w.request(), c, "us-east-1", "service", suiteTime, w.names()...)
			equal(t, "Authorization", got, want)
			if strings.Contains(want, "content-length") {
				return // the suite signs a length, AppendAuthorization leaves it to the framing, as AWS's SDKs for JavaScript and Python do
			}
			v.signOutgoing(t, w, c, want)
		})
	}
}

// signOutgoing signs with the signer of integrations, twice with one Memory.
func (v *vector) signOutgoing(t *testing.T, w *wire, c Credentials, want string) {
	t.Helper()
	target := w.path
	if w.query != "" {
		target += "?" + w.query
	}
	out := &Outgoing{Method: w.method, Target: []byte(target), Host: []byte(w.host), Fields: w.fields,
		PayloadHash: sha256.Sum256(w.body), Plain: v.plain()}
	var m Memory
	for range 2 {
		got := new(Signer).AppendAuthorization(nil, out, &c, "us-east-1", "service", suiteTime, &m)
		equal(t, "outgoing canonical request", string(m.canonical), v.files["header-canonical-request"])
		equal(t, "outgoing string to sign", string(m.text), v.files["header-string-to-sign"])
		equal(t, "outgoing Authorization", string(got), want)
	}
}

// suiteVerifier takes the suite's requests, with the token of v.
func suiteVerifier(v *vector) (*Verifier, Lookup) {
	return &Verifier{Service: "service", Region: "us-east-1", Now: func() time.Time { return suiteTime }},
		func(id, token string) (string, bool, error) {
			return secretOfTest, id == keyOfTest && token == v.Token, nil
		}
}

// refused says why a signed request of the suite isn't accepted; empty: it is.
func (v *vector) refused(kind string) string {
	switch {
	case v.plain():
		return "normalize is off: only Amazon S3 signs paths as they travel"
	case kind == "query" && v.OmitToken:
		return "the token isn't signed: AWS IoT alone takes a query that grew after it was signed"
	}
	return ""
}

// TestSuiteVerified: every signed request of the suite leads to the canonical
// request, the string to sign and the signature that AWS says, and is accepted.
func TestSuiteVerified(t *testing.T) {
	for _, v := range suite(t) {
		for _, kind := range []string{"header", "query"} {
			t.Run(v.name+"/"+kind, func(t *testing.T) {
				r := readWire(v.files[kind+"-signed-request"]).request()
				verifier, lookup := suiteVerifier(v)
				s, err := verifier.Verify(r, lookup)
				if why := v.refused(kind); why != "" {
					if err == nil {
						t.Errorf("accepted, though %s", why)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if s.Scope != suiteScope || s.SessionToken != v.Token || s.Presigned != (kind == "query") || !s.Time.Equal(suiteTime) {
					t.Errorf("%+v", s)
				}
				text := canonical(r, s.names, hexHash(r.PayloadHash))
				equal(t, "canonical request", string(text), v.files[kind+"-canonical-request"])
				toSign := stringToSign(s.Time, s.Scope, text)
				equal(t, "string to sign", toSign, v.files[kind+"-string-to-sign"])
				key := derive(keyID{secretOfTest, "20150830", "us-east-1", "service"})
				signature := sum(key[:], toSign)
				equal(t, "signature", s.signature, hex.EncodeToString(signature[:]))
			})
		}
	}
}

// FuzzSigned: what we sign is accepted, whatever is signed, by both signers; with
// one more byte anywhere, or another secret, it isn't.
func FuzzSigned(f *testing.F) {
	f.Add("GET", "/prod/a%20b//../c/", "b=2&a=1&a&=x", "h.example.com:8080", "a  value ", []byte("body"))
	f.Add("POST", "/caf%C3%A9/\xff", "%zz=+&&", "h", "", []byte{0})
	f.Add("", "", "", "", "\t", []byte(nil))
	f.Fuzz(func(t *testing.T, method, path, query, host, value string, body []byte) {
		c := Credentials{keyOfTest, secretOfTest, ""}
		w := &wire{method: method, path: path, query: query, host: host, body: body,
			fields: fields{{"X-Value", value}, {"X-Amz-Date", Date(suiteTime)}}}
		if strings.ContainsRune(path, '?') || strings.Contains(query, "X-Amz-") {
			return // another request than it seems
		}
		signed := func() *wire {
			signed := *w
			signed.fields = append(append(fields{}, w.fields...), [2]string{"Authorization", new(Signer).Sign(w.request(), c, "us-east-1", "service", suiteTime, w.names()...)})
			return &signed
		}()
		v, lookup := suiteVerifier(&vector{})
		if _, err := v.Verify(signed.request(), lookup); err != nil {
			t.Fatal(err)
		}
		target := path
		if query != "" {
			target += "?" + query
		}
		var m Memory
		out := &Outgoing{Method: method, Target: []byte(target), Host: []byte(host), Fields: w.fields, PayloadHash: sha256.Sum256(body)}
		if got := string(new(Signer).AppendAuthorization(nil, out, &c, "us-east-1", "service", suiteTime, &m)); got != signed.fields[2][1] {
			t.Fatalf("outgoing %s, incoming %s", got, signed.fields[2][1])
		}
		for i := range 5 {
			longer := *signed
			longer.fields = append(fields{}, signed.fields...)
			switch i {
			case 0:
				longer.method += "x"
			case 1:
				longer.path += "x"
			case 2:
				longer.query += "&x"
			case 3:
				longer.host += "x"
			case 4:
				longer.body = append(append([]byte{}, body...), 'x')
			}
			if _, err := v.Verify(longer.request(), lookup); err == nil {
				t.Fatalf("change %d is accepted", i)
			}
		}
		another := func(string, string) (string, bool, error) { return secretOfTest + "x", true, nil }
		if _, err := v.Verify(signed.request(), another); err == nil {
			t.Fatal("another secret is as good")
		}
	})
}
