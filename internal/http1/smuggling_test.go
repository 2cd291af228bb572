package http1

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The shapes of request smuggling that are publicly known: what scanners try
// and what was found in servers and proxies. Each is a whole connection's
// input; what matters is where each request ends and what is refused. A
// request of "canary" that reaches the handler was smuggled.
func TestSmugglingShapes(t *testing.T) {
	const (
		post   = "POST /a HTTP/1.1\r\nHost: h\r\n"
		canary = "GET /canary HTTP/1.1\r\nHost: h\r\n\r\n"
		te     = post + "Transfer-Encoding: chunked\r\n\r\n"
		end    = "0\r\n\r\n"
	)
	type shape struct {
		name, in string
		want     string // statuses as seen by the client, "200 400"
	}
	refused := func(name, in string) shape { return shape{name, in + canary, "400"} }
	shapes := []shape{
		// A known good one, so that the others can't fail for a silly reason.
		{"plain chunked", te + "3\r\nabc\r\n" + end + "GET /b HTTP/1.1\r\nHost: h\r\n\r\n", "200 200"},
		{"plain length", post + "Content-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: h\r\n\r\n", "200 200"},
		{"body that looks like a request", post + "Content-Length: " + strconv.Itoa(len(canary)) + "\r\n\r\n" + canary, "200"},
		{"body of a GET", "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: " + strconv.Itoa(len(canary)) + "\r\n\r\n" + canary, "200"},
		{"chunk that looks like a request", te + fmt.Sprintf("%x\r\n", len(canary)) + canary + "\r\n" + end, "200"},
		{"method overrides are fields like others", "GET /a HTTP/1.1\r\nHost: h\r\nX-HTTP-Method: HEAD\r\nX-Method-Override: HEAD\r\n\r\n", "200"},

		// Content-Length against Transfer-Encoding.
		refused("length, coding", post+"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"+end),
		refused("coding, length", post+"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"+end),
		refused("coding, length 0", post+"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"+end),
		refused("coding in 1.0", "POST /a HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"+end),
		refused("coding and length in 1.0", "POST /a HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"+end),
		refused("unknown coding and length", post+"Transfer-Encoding: ,chunked\r\nContent-Length: 5\r\n\r\n"+end),
		refused("hidden by Connection", post+"Connection: Content-Length\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"+end),

		// Names.
		refused("underscore", post+"Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\n"+end),
		refused("blank for hyphen", post+"Transfer Encoding: chunked\r\nContent-Length: 5\r\n\r\n"+end),
		refused("backslash for hyphen", post+"Transfer\\Encoding: chunked\r\nContent-Length: 5\r\n\r\n"+end),
		refused("soft hyphen", post+"Transfer\xadEncoding: chunked\r\nContent-Length: 5\r\n\r\n"+end),
		refused("accented letter", post+"Transf\x82r-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"+end),
		refused("name with a blank behind", post+"Transfer-Encoding : chunked\r\n\r\n"+end),
		refused("length with a blank behind", post+"Content-Length : 5\r\n\r\n"),
		refused("junk behind the name", post+"Transfer-Encoding x: chunked\r\n\r\n"+end),
		refused("colon on the next line", post+"Transfer-Encoding\n : chunked\r\n\r\n"+end),
		refused("colon on the next proper line", post+"Transfer-Encoding\r\n : chunked\r\n\r\n"+end),
		refused("name over two lines", post+"Transfer-\r\nEncoding: chunked\r\nContent-Length: 5\r\n\r\n"+end),
		refused("CR in the name", post+"Tra\rnsfer-Encoding: chunked\r\n\r\n"+end),
		refused("CR before the name", post+"Foo: bar\r\n\rTransfer-Encoding: chunked\r\n\r\n"+end),
		refused("no colon", post+"Content-Length 5\r\n\r\n"),
		refused("no name", post+": x\r\n\r\n"),
		refused("colon alone", "GET /a HTTP/1.1\r\n:\r\nHost: h\r\n\r\n"),
		refused("tab before the first field", "POST /a HTTP/1.1\r\n\tContent-Length: 1\r\nHost: h\r\n\r\n"),
		refused("NEL behind the name", post+"Content-Length\x85: 5\r\n\r\n"),
		refused("NBSP behind the name", post+"Content-Length\xa0: 5\r\n\r\n"),
		{"escaped name is another name", post + "Transfer-%45ncoding: chunked\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n", "200 200"},
		{"Content-Encoding is no framing", post + "Content-Encoding: chunked\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n", "200 200"},
		{"odd case is the same name", post + "tRANSFER-eNCODING: cHUNKED\r\n\r\n" + end + "GET /b HTTP/1.1\r\nHost: h\r\n\r\n", "200 200"},
		{"no blank behind the colon", post + "Transfer-Encoding:chunked\r\n\r\n" + end, "200"},
		{"blanks and tabs around the value", post + "Transfer-Encoding: \t chunked\t \r\n\r\n" + end, "200"},

		// Lines.
		refused("bare LF", "POST /a HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n"+end),
		refused("LF inside a value", post+"Foo: bar\nTransfer-Encoding: chunked\r\n\r\n"+end),
		refused("CR inside a value", post+"Foo: bar\rTransfer-Encoding: chunked\r\n\r\n"+end),
		refused("empty value, LF LF", post+"Foo:\n\n"),
		refused("value on the next line after LF", post+"Transfer-Encoding:\n chunked\r\n\r\n"+end),
		refused("value on the next line", post+"Transfer-Encoding:\r\n chunked\r\n\r\n"+end),
		refused("value on the next line with a tab", post+"Transfer-Encoding:\r\n\tchunked\r\n\r\n"+end),
		refused("value two lines further", post+"Transfer-Encoding:\r\n \r\n chunked\r\n\r\n"+end),
		refused("vertical tab line", post+"Transfer-Encoding: \n\x0bchunked\r\n\r\n"+end),
		refused("folded into another", post+"Foo: bar\r\n Transfer-Encoding: chunked\r\n\r\n"+end),
		refused("head ended by CR X", "GET /a HTTP/1.1\r\nHost: h\r\n\rZGET /evil: HTTP/1.1\r\nHost: h\r\n\r\n"),
		refused("CR behind the value", post+"Transfer-Encoding: chunked\r\r\n\r\n"+end),
		refused("NUL in a value", post+"Foo: a\x00b\r\n\r\n"),
		refused("NUL behind a value", post+"Foo: a\x00\r\n\r\n"),
		refused("NUL in the host", "GET /a HTTP/1.1\r\nHost: h\x00.example\r\n\r\n"),

		// Values of Transfer-Encoding.
		refused("vertical tab before", post+"Transfer-Encoding: \x0bchunked\r\n\r\n"+end),
		refused("form feed before", post+"Transfer-Encoding: \x0cchunked\r\n\r\n"+end),
		refused("high byte before", post+"Transfer-Encoding:\xffchunked\r\n\r\n"+end),
		refused("NBSP around", post+"Transfer-Encoding: \xa0chunked\xa0\r\n\r\n"+end),
		refused("high byte inside", post+"Transfer-Encoding: ch\x96nked\r\n\r\n"+end),
		refused("chunked, identity", post+"Transfer-Encoding: chunked, identity\r\n\r\n"+end),
		refused("identity, chunked", post+"Transfer-Encoding: identity, chunked\r\n\r\n"+end),
		refused("identity, chunked, identity", post+"Transfer-Encoding: identity, chunked, identity\r\n\r\n"+end),
		refused("two fields", post+"Transfer-Encoding: chunked\r\nTransfer-encoding: identity\r\n\r\n"+end),
		refused("two fields, other order", post+"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n"+end),
		refused("chunked twice", post+"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"+end),
		refused("quoted", post+"Transfer-Encoding: \"chunked\"\r\n\r\n"+end),
		refused("apostrophes", post+"Transfer-Encoding: 'chunked'\r\n\r\n"+end),
		refused("chunk", post+"Transfer-Encoding: chunk\r\n\r\n"+end),
		refused("encoded word", post+"Transfer-Encoding: =?iso-8859-1?B?Y2h1bmtlZA==?=\r\n\r\n"+end),
		refused("unknown", post+"Transfer-Encoding: blegh\r\n\r\n1\r\nZ\r\n"+end),
		refused("empty", post+"Transfer-Encoding:\r\n\r\n"+end),
		{"gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n" + end + canary, "501"},

		// Values of Content-Length.
		refused("plus", post+"Content-Length: +5\r\n\r\n12345"),
		refused("minus", post+"Content-Length: -5\r\n\r\n12345"),
		refused("minus zero", post+"Content-Length: -0\r\n\r\n"),
		refused("underscore in digits", post+"Content-Length: 1_0\r\n\r\n0123456789"),
		refused("hexadecimal", post+"Content-Length: 0x10\r\n\r\n"),
		refused("exponent", post+"Content-Length: 5e0\r\n\r\n12345"),
		refused("fraction", post+"Content-Length: 5.0\r\n\r\n12345"),
		refused("list with 0 before", post+"Content-Length: 0, 5\r\n\r\n12345"),
		refused("list with 0 behind", post+"Content-Length: 5, 0\r\n\r\n12345"),
		refused("digits with a blank", post+"Content-Length: 0 5\r\n\r\n12345"),
		refused("letters behind", post+"Content-Length: 1Z\r\n\r\nZ"),
		refused("empty length", post+"Content-Length: \r\n\r\n"),
		refused("empty length, then another", post+"Content-Length: \r\nContent-Length: 43\r\n\r\n"),
		refused("two, last wins", post+"Content-Length: 0\r\nContent-Length: 31\r\n\r\n"),
		refused("two, first wins", post+"Content-Length: 31\r\nContent-Length: 0\r\n\r\n"),
		refused("Arabic digit", post+"Content-Length: \xd9\xa5\r\n\r\n"),
		refused("64 bits", post+"Content-Length: 18446744073709551616\r\n\r\n"),
		{"leading zeros are decimal", post + "Content-Length: 010\r\n\r\n0123456789GET /b HTTP/1.1\r\nHost: h\r\n\r\n", "200 200"},

		// Chunks.
		refused("0x size", te+"0x3\r\nabc\r\n"+end),
		refused("underscored size", te+"0_2e\r\n\r\nGET / HTTP/1.1\r\n"),
		refused("signed size", te+"+0\r\n\r\n"),
		refused("negative size", te+"-0\r\n\r\n"),
		refused("no size", te+"\r\n\r\n"),
		refused("size with junk", te+"1these-bytes-never-get-validated\r\nZ\r\n"+end),
		refused("blank before the size", te+"   0\r\n\r\n"),
		refused("blank behind the size", te+"3 \r\nabc\r\n"+end),
		refused("tab behind the size", te+"3\t\r\nabc\r\n"+end),
		refused("size past 64 bits", te+"10000000000000003\r\nabc\r\n"+end),
		refused("size past 63 bits", te+"fffffffffffffffe\r\nabc\r\n"+end),
		refused("LF behind the size", te+"3\nabc\r\n"+end),
		refused("CR X behind the size", te+"3\rXabc\r\n"+end),
		refused("CR CR behind the size", te+"5\r\r;ABCD\r\n34\r\nE\r\n"+end),
		refused("LF in an extension", te+"3;a\nb\r\nabc\r\n"+end),
		refused("CR in an extension", te+"3;a\rb\r\nabc\r\n"+end),
		refused("CR in the blanks of an extension", te+"3;\r\rX\r\nabc\r\n"+end),
		refused("CR in a quoted extension", te+"3;a=\"\r\"\r\nabc\r\n"+end),
		refused("extension without a name", te+"3;\r\nabc\r\n"+end),
		refused("quoted extension without end", te+"3;a=\"b\r\nabc\r\n"+end),
		refused("LF behind the data", te+"3\r\nabc\n"+end),
		refused("no line end behind the data", te+"3\r\nabc"+end),
		refused("two bytes for the line end", te+"3\r\nabcXX"+end),
		refused("CR X for the line end", te+"3\r\nabc\rX"+end),
		refused("CR CR for the line end", te+"3\r\nabc\r\r"+end),
		refused("data longer than its size", te+"3\r\nabcdef\r\n"+end),
		refused("blank line between chunks", te+"3\r\nabc\r\n\r\n"+end),
		refused("LF behind the last chunk", te+"0\n\r\n"),
		refused("LF for the end", te+"0\r\n\n"),
		refused("CR X for the end", te+"0\r\n\rX"),
		refused("request for a trailer", te+"0\r\nGET /x HTTP/1.1\r\n\r\n"),
		refused("folded trailer", te+"0\r\nX: y\r\n z\r\n\r\n"),
		refused("trailer with a blank before its colon", te+"0\r\nX : y\r\n\r\n"),
		refused("framing announced for a trailer", post+"Transfer-Encoding: chunked\r\nTrailer: Transfer-Encoding\r\n\r\n"+end),
		{"framing among the trailers is dropped", te + "0\r\nContent-Length: 50\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n", "200 200"},

		// Request lines, versions, hosts.
		refused("tab in the request line", "GET\t/a HTTP/1.1\r\nHost: h\r\n\r\n"),
		refused("LF in the request line", "GET /a\nHTTP/1.1\r\nHost: h\r\n\r\n"),
		refused("CR in the version", "GET /a HTTP/\r\r1.1\r\nHost: h\r\n\r\n"),
		refused("HTTP/0.9", "GET /a\r\n"),
		refused("long version", "GET /a HTTP/4294967297.1\r\nHost: h\r\n\r\n"),
		refused("method of separators", "G=\":<>(e),[T];?\" /a HTTP/1.1\r\nHost: h\r\n\r\n"),
		refused("NUL for a method", "\x00 /a HTTP/1.1\r\nHost: h\r\n\r\n"),
		{"version 1.2", "GET /a HTTP/1.2\r\nHost: h\r\n\r\n" + canary, "505"},
		refused("two hosts", "GET /a HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n"),
		refused("host with a list", "GET /a HTTP/1.1\r\nHost: h, i\r\n\r\n"),
		refused("host with a user", "GET /a HTTP/1.1\r\nHost: i@h\r\n\r\n"),
		refused("host with a path", "GET /a HTTP/1.1\r\nHost: h/i\r\n\r\n"),
		refused("host with a high byte", "GET /a HTTP/1.1\r\nHost: \xffa\xff\r\n\r\n"),
		refused("target with a fragment", "GET /a#/../canary HTTP/1.1\r\nHost: h\r\n\r\n"),

		// Expectations.
		{"obfuscated expectation", post + "Expect: y 100-continue\r\nContent-Length: 5\r\n\r\n12345" + canary, "417"},

		// After a refusal nothing of the connection is read.
		{"a good request, then a bad one", "GET /b HTTP/1.1\r\nHost: h\r\n\r\nX\r\n\r\n" + canary, "200 400"},
		{"after close", "GET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + canary, "200"},
	}
	for _, tt := range shapes {
		t.Run(tt.name, func(t *testing.T) {
			s := &Server{Handler: func(c *ServerConn, r *Request) {
				if strings.Contains(string(r.Target), "canary") {
					t.Error("smuggled")
				}
				echo(c, r)
			}}
			got := talk(t, s, tt.in)
			if diff := cmp.Diff(tt.want, statuses(got)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, got)
			}
		})
	}
}

// statuses are those of the answers in out, which has Content-Length alone.
func statuses(out string) string {
	var list []string
	for out != "" {
		head, rest, _ := strings.Cut(out, "\r\n\r\n")
		_, after, _ := strings.Cut(head, "Content-Length: ")
		n, _ := strconv.Atoi(strings.SplitN(after, "\r\n", 2)[0])
		list = append(list, head[9:12])
		out = rest[min(n, len(rest)):]
	}
	return strings.Join(list, " ")
}

// What a backend would have to read differently never reaches it: requests
// are made anew from what was parsed.
func TestRequestsAreMadeAnew(t *testing.T) {
	tests := []struct {
		name string
		req  ClientRequest
	}{
		{"method with a blank", ClientRequest{Method: "GET /x", Target: []byte("/"), Host: []byte("h")}},
		{"CONNECT", ClientRequest{Method: "CONNECT", Target: []byte("/"), Host: []byte("h")}},
		{"no target", ClientRequest{Method: "GET", Host: []byte("h")}},
		{"target with a blank", ClientRequest{Method: "GET", Target: []byte("/ HTTP/1.1"), Host: []byte("h")}},
		{"target with a line", ClientRequest{Method: "GET", Target: []byte("/\r\nX: y"), Host: []byte("h")}},
		{"absolute target", ClientRequest{Method: "GET", Target: []byte("http://x/"), Host: []byte("h")}},
		{"no host", ClientRequest{Method: "GET", Target: []byte("/")}},
		{"host with a line", ClientRequest{Method: "GET", Target: []byte("/"), Host: []byte("h\r\nX: y")}},
		{"framing", ClientRequest{Method: "GET", Target: []byte("/"), Host: []byte("h"), Header: fieldsOf("transfer-encoding", "chunked")}},
		{"another host", ClientRequest{Method: "GET", Target: []byte("/"), Host: []byte("h"), Header: fieldsOf("Host", "i")}},
		{"value with a line", ClientRequest{Method: "GET", Target: []byte("/"), Host: []byte("h"), Header: fieldsOf("X", "a\r\nY: b")}},
		{"name with a colon", ClientRequest{Method: "GET", Target: []byte("/"), Host: []byte("h"), Header: fieldsOf("X:", "a")}},
	}
	e := NewEndpoint(EndpointConfig{Address: "127.0.0.1:1", Dial: noDial(t)})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var resp ClientResponse
			if err := e.Do(new(Call), &tt.req, &resp); err == nil {
				t.Error("sent")
			}
		})
	}
}

func fieldsOf(pairs ...string) (h Header) {
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

var _ net.Conn = (*PeekedConn)(nil)
