package http1

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Random bytes seldom make a head that anybody takes. These are put together
// from pieces that parsers are known to disagree on.

var (
	methodPieces  = []string{"GET", "POST", "HEAD", "OPTIONS", "get", "G'T", "PRI", "M-SEARCH"}
	targetPieces  = []string{"/", "/a", "/a?b", "//x//", "/%41", "/%4", "/%zz", "/?%zz", "/?a?b#", "/#", "*", "http://h", "http://h/", "HTTP://h:80?q", "http://[::1]/", "http://u@h/", "http://h:x/", "https://h/a?b=http://i", "http:///", "http:/h", "a", "/\\", "/{}|^`\"<>", "/a;b=c", "/..", "h:80", "http://h%41/", "http://h%zz/", "http://a,b/", "/ ", "/\x7f", "/\xc3\xa9", "http://[::1%25a]/", "http://[v1.a]/", "http://h:/", "/%00", "/%2f%0d%0a", "?a", "http://h\\i/", "/:a", "/a:b"}
	versionPieces = []string{"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/01.1", "HTTP/1.1 "}
	namePieces    = []string{"Host", "host", "Content-Length", "content-length", "Transfer-Encoding", "TRANSFER-ENCODING", "Connection", "Expect", "Trailer", "Upgrade", "Pragma", "Cache-Control", "X", "x-A", "X_b", "Content_Length", "X ", " X", "", "X\x00", "Cookie", "TE", "!#$%&'*+-.^_`|~", "Keep-Alive", "Set-Cookie"}
	valuePieces   = []string{"h", "h", "h:80", "[::1]", "a b", "h,i", "", "5", "05", "0", "3", "+3", "3, 3", "18446744073709551616", "9223372036854775807", "chunked", "Chunked", "gzip, chunked", "identity", "chunked, chunked", ",chunked", "close", "keep-alive", "Keep-Alive, close", "upgrade", "100-continue", "no-cache", "X", "Content-Length", "a\x00", "a\tb", "caf\xe9", " \t x \t ", "\"q\"", "h%41", "h_i", "*", "é", "h:", "h:99999", "[::1", "a\x0bb", "websocket"}
	linePieces    = []string{"\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n ", "\r\r\n"}
	colonPieces   = []string{": ", ": ", ": ", ": ", ":", ":\t", " : ", " ", "::"}
	bodyPieces    = []string{"abc", "3\r\nabc\r\n", "0\r\n\r\n", "0\r\nX: y\r\n\r\n", "3;a=b\r\nabc\r\n", "3 ;a\r\nabc\r\n", "0003\r\nabc\r\n", "A\r\n0123456789\r\n", "3\nabc\n", "0\n\n", "\r\n", "0x3\r\nabc\r\n", "3\r\nabcd\r\n", "0\r\nContent-Length: 5\r\n\r\n", "0\r\n\tfolded\r\n\r\n", "3;a=\"\\\"\"\r\nabc\r\n", "3;\r\nabc\r\n", "0;a\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "0\r\nX : y\r\n\r\n", "00000000000000000003\r\nabc\r\n"}
	statusPieces  = []string{"200", "200", "200", "204", "304", "404", "100", "103", "101", "199", "000", "099", "999", "20", "2000", "+20", "2 0"}
	reasonPieces  = []string{" OK", " ", "", "  OK", "\tOK", " caf\xe9", " \x00"}
)

// pick takes the piece that the next byte of choices says.
type picker struct{ choices []byte }

func (p *picker) pick(pieces []string) string { return pieces[p.next()%len(pieces)] }

func (p *picker) next() int {
	if len(p.choices) == 0 {
		return 0
	}
	c := p.choices[0]
	p.choices = p.choices[1:]
	return int(c)
}

func (p *picker) request() []byte {
	var b bytes.Buffer
	if p.next()%16 == 1 {
		b.WriteString("\r\n")
	}
	fmt.Fprintf(&b, "%s %s %s%s", p.pick(methodPieces), p.pick(targetPieces), p.pick(versionPieces), p.pick(linePieces))
	if p.next()%4 != 0 {
		b.WriteString("Host: h\r\n")
	}
	p.fields(&b)
	return b.Bytes()
}

func (p *picker) response() []byte {
	var b bytes.Buffer
	for range p.next()%3 + 1 {
		fmt.Fprintf(&b, "%s %s%s%s", p.pick(versionPieces), p.pick(statusPieces), p.pick(reasonPieces), p.pick(linePieces))
		p.fields(&b)
	}
	return b.Bytes()
}

// fields writes fields that often make sense together, the blank line, and a body.
func (p *picker) fields(b *bytes.Buffer) {
	switch p.next() % 6 {
	case 0:
		b.WriteString("Transfer-Encoding: chunked\r\n")
	case 1:
		b.WriteString("Content-Length: 3\r\n")
	}
	for range p.next() % 4 {
		b.WriteString(p.pick(namePieces) + p.pick(colonPieces) + p.pick(valuePieces) + p.pick(linePieces))
	}
	b.WriteString(p.pick(linePieces))
	for range p.next() % 5 {
		b.WriteString(p.pick(bodyPieces))
	}
}

func checkRequest(t *testing.T, in []byte) (taken bool) {
	t.Helper()
	ours, err := ourRequest(in, false)
	slow, slowErr := ourRequest(in, true)
	sameSlowly(t, in, ours, slow, err, slowErr)
	if err != nil {
		return false
	}
	theirs, err := theirRequest(bytes.TrimPrefix(in, []byte("\r\n")), ours)
	if err != nil {
		t.Fatalf("net/http refuses %q: %v", in, err)
	}
	compare(t, in, ours, theirs)
	return true
}

func checkResponse(t *testing.T, in []byte, method string) (taken bool) {
	t.Helper()
	ours, err := ourResponse(in, method, false)
	slow, slowErr := ourResponse(in, method, true)
	sameSlowly(t, in, ours, slow, err, slowErr)
	if err != nil {
		return false
	}
	theirs, err := theirResponse(in, method, ours)
	if err != nil {
		t.Fatalf("net/http refuses %q: %v", in, err)
	}
	compare(t, in, ours, theirs)
	return true
}

// sameSlowly: it must not matter how the bytes come in.
func sameSlowly(t *testing.T, in []byte, whole, slow *seen, wholeErr, slowErr error) {
	t.Helper()
	if (wholeErr == nil) != (slowErr == nil) {
		t.Fatalf("%q: whole %v, byte by byte %v", in, wholeErr, slowErr)
	}
	if diff := cmp.Diff(whole, slow); diff != "" {
		t.Fatalf("%q (-whole +byte by byte):\n%s", in, diff)
	}
}

// A fixed walk through the pieces, so that every test run compares.
func TestPiecesVsNetHTTP(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	requests, responses := 0, 0
	choices := make([]byte, 40)
	for range 30000 {
		for i := range choices {
			choices[i] = byte(random.Uint32())
		}
		if checkRequest(t, (&picker{choices}).request()) {
			requests++
		}
		if checkResponse(t, (&picker{choices}).response(), []string{"GET", "HEAD"}[choices[39]&1]) {
			responses++
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d requests and %d responses compared", requests, responses)
	if requests < 300 || responses < 300 {
		t.Errorf("only %d requests and %d responses were compared", requests, responses)
	}
}

func FuzzPiecesVsNetHTTP(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1}, false)
	f.Add([]byte{0, 0, 0, 0, 2, 2, 2, 3, 4, 5, 1}, true)
	f.Fuzz(func(t *testing.T, choices []byte, head bool) {
		checkRequest(t, (&picker{choices}).request())
		method := "GET"
		if head {
			method = "HEAD"
		}
		checkResponse(t, (&picker{choices}).response(), method)
	})
}
