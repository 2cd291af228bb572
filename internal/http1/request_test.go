package http1

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parseAll parses one request head, whole and byte by byte, and checks that
// both say the same.
func parseAll(t *testing.T, in string, l Limits) (*Request, int, error) {
	t.Helper()
	l = l.withDefaults()
	var whole Request
	var p requestParser
	done, err := p.parse(&whole, []byte(in), &l)
	end := p.line
	if !done && err == nil {
		t.Fatalf("incomplete head %q", in)
	}
	var slow Request
	var q requestParser
	buf := make([]byte, 0, len(in))
	for i := range len(in) {
		buf = append(buf, in[i])
		slowDone, slowErr := q.parse(&slow, buf, &l)
		if slowErr != nil && err == nil || slowDone && err != nil {
			t.Fatalf("byte by byte: done %v, %v; whole: %v", slowDone, slowErr, err)
		}
		if slowDone || slowErr != nil {
			break
		}
	}
	if err == nil {
		if diff := cmp.Diff(summary(&whole), summary(&slow)); diff != "" {
			t.Errorf("byte by byte differs (-whole +slow):\n%s", diff)
		}
	}
	return &whole, end, err
}

type parsed struct {
	Method, Target, Path, Query, Host string
	NoQuery                           bool
	Minor                             int
	Fields                            []string
	Length                            int64
	Expect, Close, Upgrade            bool
}

func summary(r *Request) parsed {
	p := parsed{
		Method: r.Method, Target: string(r.Target), Path: string(r.Path), Query: string(r.Query), NoQuery: r.Query == nil,
		Host: string(r.Host), Minor: r.Minor, Length: r.ContentLength, Expect: r.ExpectContinue, Close: r.Close, Upgrade: r.Upgrade,
	}
	for i := range r.Header.Len() {
		n, v := r.Header.At(i)
		p.Fields = append(p.Fields, string(n)+": "+string(v))
	}
	return p
}

func TestParseRequest(t *testing.T) {
	tests := []struct {
		name, in string
		want     parsed
	}{
		{"plain", "GET /a/b?c=d HTTP/1.1\r\nHost: h\r\nX-One:1\r\nx-one: \t 2 \t\r\n\r\n",
			parsed{Method: "GET", Target: "/a/b?c=d", Path: "/a/b", Query: "c=d", Host: "h", Minor: 1,
				Fields: []string{"Host: h", "X-One: 1", "x-one: 2"}}},
		{"empty query, empty value", "GET /? HTTP/1.1\r\nHost: h\r\nX:\r\n\r\n",
			parsed{Method: "GET", Target: "/?", Path: "/", Host: "h", Minor: 1, Fields: []string{"Host: h", "X: "}}},
		{"own method, second question mark", "FROB /a?b?c HTTP/1.1\r\nHost: h:8080\r\n\r\n",
			parsed{Method: "FROB", Target: "/a?b?c", Path: "/a", Query: "b?c", Host: "h:8080", Minor: 1, NoQuery: false, Fields: []string{"Host: h:8080"}}},
		{"length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 005\r\n\r\n",
			parsed{Method: "POST", Target: "/", Path: "/", NoQuery: true, Host: "h", Minor: 1, Length: 5, Fields: []string{"Host: h", "Content-Length: 005"}}},
		{"chunked, expecting", "PUT / HTTP/1.1\r\nHost: h\r\ntransfer-encoding: Chunked\r\nExpect: 100-Continue\r\n\r\n",
			parsed{Method: "PUT", Target: "/", Path: "/", NoQuery: true, Host: "h", Minor: 1, Length: -1, Expect: true,
				Fields: []string{"Host: h", "transfer-encoding: Chunked", "Expect: 100-Continue"}}},
		{"expect without a body", "GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n",
			parsed{Method: "GET", Target: "/", Path: "/", NoQuery: true, Host: "h", Minor: 1, Fields: []string{"Host: h", "Expect: 100-continue"}}},
		{"close", "GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n",
			parsed{Method: "GET", Target: "/", Path: "/", NoQuery: true, Host: "h", Minor: 1, Close: true, Fields: []string{"Host: h", "Connection: x, Close"}}},
		{"upgrade", "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive,Upgrade\r\nUpgrade: websocket\r\n\r\n",
			parsed{Method: "GET", Target: "/", Path: "/", NoQuery: true, Host: "h", Minor: 1, Upgrade: true,
				Fields: []string{"Host: h", "Connection: keep-alive,Upgrade", "Upgrade: websocket"}}},
		{"1.0", "GET / HTTP/1.0\r\n\r\n", parsed{Method: "GET", Target: "/", Path: "/", NoQuery: true, Close: true}},
		{"1.0 keeps alive, its expectation is ignored", "GET / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
			parsed{Method: "GET", Target: "/", Path: "/", NoQuery: true, Length: 1,
				Fields: []string{"Connection: keep-alive", "Expect: 100-continue", "Content-Length: 1"}}},
		{"one blank line before", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
			parsed{Method: "GET", Target: "/", Path: "/", NoQuery: true, Host: "h", Minor: 1, Fields: []string{"Host: h"}}},
		{"absolute: its authority wins", "GET http://a.example:80/x?y HTTP/1.1\r\nHost: b\r\n\r\n",
			parsed{Method: "GET", Target: "/x?y", Path: "/x", Query: "y", Host: "a.example:80", Minor: 1, Fields: []string{"Host: a.example:80"}}},
		{"absolute without path", "GET HTTPS://a HTTP/1.1\r\nHost: a\r\n\r\n",
			parsed{Method: "GET", Target: "/", Path: "/", NoQuery: true, Host: "a", Minor: 1, Fields: []string{"Host: a"}}},
		{"absolute with query alone", "GET http://abc?x=1 HTTP/1.1\r\nHost: q\r\n\r\n",
			parsed{Method: "GET", Target: "/?x=1", Path: "/", Query: "x=1", Host: "abc", Minor: 1, Fields: []string{"Host: abc"}}},
		{"absolute OPTIONS of the server", "OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n",
			parsed{Method: "OPTIONS", Target: "*", Path: "*", NoQuery: true, Host: "a", Minor: 1, Fields: []string{"Host: a"}}},
		{"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
			parsed{Method: "OPTIONS", Target: "*", Path: "*", NoQuery: true, Host: "a", Minor: 1, Fields: []string{"Host: a"}}},
		{"IPv6 host", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
			parsed{Method: "GET", Target: "/", Path: "/", NoQuery: true, Host: "[::1]:8080", Minor: 1, Fields: []string{"Host: [::1]:8080"}}},
		{"what browsers leave unescaped", "GET /{a}|b^c?d=\"e\"&f=%zz HTTP/1.1\r\nHost: a\r\n\r\n",
			parsed{Method: "GET", Target: "/{a}|b^c?d=\"e\"&f=%zz", Path: "/{a}|b^c", Query: "d=\"e\"&f=%zz", Host: "a", Minor: 1, Fields: []string{"Host: a"}}},
		{"two slashes", "GET //a//b HTTP/1.1\r\nHost: a\r\n\r\n",
			parsed{Method: "GET", Target: "//a//b", Path: "//a//b", NoQuery: true, Host: "a", Minor: 1, Fields: []string{"Host: a"}}},
		{"obs-text in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: caf\xe9\r\n\r\n",
			parsed{Method: "GET", Target: "/", Path: "/", NoQuery: true, Host: "a", Minor: 1, Fields: []string{"Host: a", "X: caf\xe9"}}},
		{"a trailer announced", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n",
			parsed{Method: "POST", Target: "/", Path: "/", NoQuery: true, Host: "a", Minor: 1, Length: -1,
				Fields: []string{"Host: a", "Transfer-Encoding: chunked", "Trailer: X-Sum"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, end, err := parseAll(t, tt.in, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, summary(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if end != len(tt.in) {
				t.Errorf("head ends at %d of %d", end, len(tt.in))
			}
		})
	}
}

func TestRefuseRequest(t *testing.T) {
	const host = "Host: h\r\n"
	tests := []struct {
		name, in string
		want     *ProtocolError
	}{
		{"bare LF ends the request line", "GET / HTTP/1.1\n" + host + "\r\n", errBareLF},
		{"bare LF ends a header", "GET / HTTP/1.1\r\nHost: h\n\r\n", errBareLF},
		{"bare LF ends the head", "GET / HTTP/1.1\r\n" + host + "\n", errBareLF},
		{"bare CR in a value", "GET / HTTP/1.1\r\n" + host + "X: a\rb\r\n\r\n", errValue},
		{"CR before CR LF", "GET / HTTP/1.1\r\n" + host + "X: a\r\r\n\r\n", errValue},
		{"bare CR in the target", "GET /\r HTTP/1.1\r\n" + host + "\r\n", errTarget},
		{"bare CR instead of the blank line", "GET / HTTP/1.1\r\n" + host + "\rX: y\r\n\r\n", errNameInvalid},
		{"CR CR LF ends the head", "GET / HTTP/1.1\r\n" + host + "\r\r\n", errNameInvalid},
		{"two blank lines before", "\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n", errRequestLine},
		{"LF before", "\nGET / HTTP/1.1\r\n" + host + "\r\n", errBareLF},

		{"no version", "GET /\r\n" + host + "\r\n", errRequestLine},
		{"method alone", "GET\r\n\r\n", errRequestLine},
		{"blank before the method", " GET / HTTP/1.1\r\n" + host + "\r\n", errMethod},
		{"method not a token", "G=T / HTTP/1.1\r\n" + host + "\r\n", errMethod},
		{"NUL in the method", "G\x00T / HTTP/1.1\r\n" + host + "\r\n", errMethod},
		{"TLS hello", "\x16\x03\x01\x02\x00\x01", errMethod},
		{"two blanks after the method", "GET  / HTTP/1.1\r\n" + host + "\r\n", errRequestLine},
		{"tab after the method", "GET\t/ HTTP/1.1\r\n" + host + "\r\n", errMethod},
		{"two blanks before the version", "GET /  HTTP/1.1\r\n" + host + "\r\n", errVersion},
		{"blank after the version", "GET / HTTP/1.1 \r\n" + host + "\r\n", errVersion},
		{"blank in the target", "GET /a b HTTP/1.1\r\n" + host + "\r\n", errVersion},
		{"two-digit version", "GET / HTTP/1.10\r\n" + host + "\r\n", errVersion},
		{"version in lower case", "GET / http/1.1\r\n" + host + "\r\n", errVersion},
		{"version with a letter", "GET / HTTP/1.x\r\n" + host + "\r\n", errVersion},
		{"version 1.2", "GET / HTTP/1.2\r\n" + host + "\r\n", errVersionUnknown},
		{"version 2.0", "PRI * HTTP/2.0\r\n\r\n", errVersionUnknown},
		{"version 0.9", "GET / HTTP/0.9\r\n\r\n", errVersionUnknown},

		{"leading blank on the first header", "GET / HTTP/1.1\r\n X: y\r\n" + host + "\r\n", errFolded},
		{"folded with a blank", "GET / HTTP/1.1\r\n" + host + "X: y\r\n z\r\n\r\n", errFolded},
		{"folded with a tab", "GET / HTTP/1.1\r\n" + host + "X: y\r\n\tz\r\n\r\n", errFolded},
		{"blank before the colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", errNameBlank},
		{"tab before the colon", "GET / HTTP/1.1\r\n" + host + "X\t: y\r\n\r\n", errNameBlank},
		{"no colon", "GET / HTTP/1.1\r\n" + host + "X\r\n\r\n", errNoColon},
		{"no name", "GET / HTTP/1.1\r\n" + host + ": y\r\n\r\n", errNameEmpty},
		{"blank in the name", "GET / HTTP/1.1\r\n" + host + "X Y: z\r\n\r\n", errNameInvalid},
		{"high byte in the name", "GET / HTTP/1.1\r\n" + host + "X\x85: y\r\n\r\n", errNameInvalid},
		{"NUL in the name", "GET / HTTP/1.1\r\n" + host + "X\x00: y\r\n\r\n", errNameInvalid},
		{"parenthesis in the name", "GET / HTTP/1.1\r\n" + host + "X(: y\r\n\r\n", errNameInvalid},
		{"NUL in the value", "GET / HTTP/1.1\r\n" + host + "X: a\x00\r\n\r\n", errValue},
		{"control in a long value", "GET / HTTP/1.1\r\n" + host + "X: 0123456789\x0babcdef\r\n\r\n", errValue},
		{"DEL in a long value", "GET / HTTP/1.1\r\n" + host + "X: 0123456789\x7fabcdef\r\n\r\n", errValue},
		{"underscores for Content-Length", "POST / HTTP/1.1\r\n" + host + "Content_Length: 5\r\n\r\n", errNameLookal},
		{"underscores for Transfer-Encoding", "POST / HTTP/1.1\r\n" + host + "TRANSFER_ENCODING: chunked\r\n\r\n", errNameLookal},

		{"length and coding", "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", errLengthAndCoding},
		{"coding and length", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", errLengthAndCoding},
		{"two lengths", "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", errLengthSeveral},
		{"the same length twice", "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", errLengthSeveral},
		{"length list", "POST / HTTP/1.1\r\n" + host + "Content-Length: 5, 5\r\n\r\n", errLengthInvalid},
		{"empty length", "POST / HTTP/1.1\r\n" + host + "Content-Length:\r\n\r\n", errLengthInvalid},
		{"signed length", "POST / HTTP/1.1\r\n" + host + "Content-Length: +5\r\n\r\n", errLengthInvalid},
		{"negative length", "POST / HTTP/1.1\r\n" + host + "Content-Length: -5\r\n\r\n", errLengthInvalid},
		{"hexadecimal length", "POST / HTTP/1.1\r\n" + host + "Content-Length: 0x5\r\n\r\n", errLengthInvalid},
		{"length with a unit", "POST / HTTP/1.1\r\n" + host + "Content-Length: 5b\r\n\r\n", errLengthInvalid},
		{"length with a fraction", "POST / HTTP/1.1\r\n" + host + "Content-Length: 5.0\r\n\r\n", errLengthInvalid},
		{"length past 63 bits", "POST / HTTP/1.1\r\n" + host + "Content-Length: 9223372036854775808\r\n\r\n", errLengthInvalid},
		{"length past 64 bits", "POST / HTTP/1.1\r\n" + host + "Content-Length: 18446744073709551621\r\n\r\n", errLengthInvalid},
		{"coding twice", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", errCodingSeveral},
		{"identity", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\n", errCodingInvalid},
		{"xchunked", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n", errCodingInvalid},
		{"empty coding", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding:\r\n\r\n", errCodingInvalid},
		{"comma before chunked", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: ,chunked\r\n\r\n", errCodingInvalid},
		{"comma after chunked", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked,\r\n\r\n", errCodingInvalid},
		{"chunked not last", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, gzip\r\n\r\n", errCodingInvalid},
		{"chunked with a parameter", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked;a=b\r\n\r\n", errCodingInvalid},
		{"gzip, chunked", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n", errCodingUnknown},
		{"coding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", errCodingOld},
		{"framing in trailers", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTrailer: X, Content-Length\r\n\r\n", errTrailerName},
		{"unknown expectation", "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nExpect: x-100-continue\r\n\r\n", errExpect},
		{"empty expectation", "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nExpect:\r\n\r\n", errExpect},

		{"no host", "GET / HTTP/1.1\r\n\r\n", errHostMissing},
		{"no host with an absolute target", "GET http://h/ HTTP/1.1\r\n\r\n", errHostMissing},
		{"two hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", errHostSeveral},
		{"two hosts in 1.0", "GET / HTTP/1.0\r\n" + host + host + "\r\n", errHostSeveral},
		{"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", errHostInvalid},
		{"user in the host", "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", errHostInvalid},
		{"path in the host", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", errHostInvalid},
		{"blank in the host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", errHostInvalid},
		{"port not a number", "GET / HTTP/1.1\r\nHost: h:80a\r\n\r\n", errHostInvalid},
		{"two ports", "GET / HTTP/1.1\r\nHost: h:80:90\r\n\r\n", errHostInvalid},
		{"IPv6 without brackets", "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", errHostInvalid},
		{"no IPv6 in brackets", "GET / HTTP/1.1\r\nHost: [h]\r\n\r\n", errHostInvalid},
		{"zone", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", errHostInvalid},
		{"high byte in the host", "GET / HTTP/1.1\r\nHost: h\xff\r\n\r\n", errHostInvalid},

		{"fragment", "GET /a#b HTTP/1.1\r\n" + host + "\r\n", errFragment},
		{"control in the target", "GET /a\x01 HTTP/1.1\r\n" + host + "\r\n", errTarget},
		{"high byte in the target", "GET /caf\xe9 HTTP/1.1\r\n" + host + "\r\n", errTarget},
		{"half an escape", "GET /a% HTTP/1.1\r\n" + host + "\r\n", errTargetEscape},
		{"no escape", "GET /a%zz HTTP/1.1\r\n" + host + "\r\n", errTargetEscape},
		{"relative", "GET a HTTP/1.1\r\n" + host + "\r\n", errTargetForm},
		{"authority", "GET h:80 HTTP/1.1\r\n" + host + "\r\n", errTargetForm},
		{"another scheme", "GET ftp://h/ HTTP/1.1\r\n" + host + "\r\n", errTargetForm},
		{"absolute with a user", "GET http://u:p@h/ HTTP/1.1\r\n" + host + "\r\n", errTarget},
		{"absolute without a host", "GET http:///a HTTP/1.1\r\n" + host + "\r\n", errTarget},
		{"asterisk for another method", "GET * HTTP/1.1\r\n" + host + "\r\n", errAsterisk},
		{"CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", errConnect},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := parseAll(t, tt.in, Limits{})
			if err != error(tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestRequestLimits(t *testing.T) {
	limits := Limits{RequestLine: 40, HeaderBytes: 60, HeaderFields: 3}
	long := strings.Repeat("x", 100)
	tests := []struct {
		name, in string
		want     error
	}{
		{"line at the limit", "GET /" + strings.Repeat("a", 26) + " HTTP/1.1\r\nHost: h\r\n\r\n", nil},
		{"line past it", "GET /" + strings.Repeat("a", 27) + " HTTP/1.1\r\nHost: h\r\n\r\n", errLineTooLong},
		{"line without end", "GET /" + long, errLineTooLong},
		{"fields at the limit", "GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("a", 44) + "\r\n\r\n", nil},
		{"fields past it", "GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("a", 47) + "\r\n\r\n", errHeadTooLarge},
		{"field without end", "GET / HTTP/1.1\r\nHost: h\r\nX: " + long, errHeadTooLarge},
		{"number at the limit", "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\n\r\n", nil},
		{"number past it", "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", errTooManyFields},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := parseAll(t, tt.in, limits); err != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestValidValueAgrees(t *testing.T) {
	for at := range 20 {
		for b := range 256 {
			v := []byte("obs-\xfftext and blanks")
			v[at] = byte(b)
			if got, want := validValue(v), ValidValue(v); got != want {
				t.Fatalf("byte %#x at %d: %v, want %v", b, at, got, want)
			}
			if want := b == '\t' || b >= 0x20 && b != 0x7f; ValidValue(v) != want {
				t.Fatalf("byte %#x: %v", b, !want)
			}
		}
	}
}

func TestHasToken(t *testing.T) {
	tests := []struct {
		value, token string
		want         bool
	}{
		{"close", "close", true},
		{"Keep-Alive, \tCLOSE\t", "close", true},
		{",,close,", "close", true},
		{"closed", "close", false},
		{"not close", "close", false},
		{"", "close", false},
		{"close;q=1", "close", false},
	}
	for _, tt := range tests {
		if got := HasToken(tt.value, tt.token); got != tt.want {
			t.Errorf("HasToken(%q, %q) = %v", tt.value, tt.token, got)
		}
	}
}

func TestHeader(t *testing.T) {
	var h Header
	h.Add("Content-type", "a")
	h.AddBytes([]byte("X-A"), []byte("1"))
	h.Add("x-a", "2")
	var other Header
	other.AddField(&h, 0)
	h.Set("X-a", "3")
	if got := string(h.Get("x-A")); got != "3" || h.Len() != 2 || h.KnownAt(0) != NameContentType {
		t.Errorf("Get = %q, Len = %d, KnownAt = %v", got, h.Len(), h.KnownAt(0))
	}
	if got := string(other.GetKnown(NameContentType)); got != "a" {
		t.Errorf("AddField: %q", got)
	}
	if Lookup("x-AMZN-requestid") != NameXAmznRequestID || Lookup("x-nothing") != Other {
		t.Error("Lookup")
	}
	for k := Known(1); k < knownCount; k++ {
		if Lookup(strings.ToUpper(k.String())) != k {
			t.Errorf("%s is not found", k)
		}
	}
}

// A request's fields live in its connection's buffer, which nobody who
// changes them may write to.
func TestBorrowedHeader(t *testing.T) {
	const in = "GET /a HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n"
	for _, change := range []func(h *Header){
		func(h *Header) { h.Reset(); h.Add("Longer-Name-Than-Before", "v") },
		func(h *Header) { h.Set("X", "z"); h.Del("Host") },
		func(h *Header) { other := fieldsOf("A", "b"); h.CopyFrom(&other) },
		func(h *Header) { h.AddField(h, 1) },
	} {
		buf := []byte(in + "body")
		limits := DefaultLimits()
		var r Request
		var p requestParser
		p.parse(&r, buf, &limits)
		change(&r.Header)
		if string(buf) != in+"body" || string(r.Target) != "/a" || string(r.Host) != "h" {
			t.Errorf("the buffer became %q", buf)
		}
	}
}
