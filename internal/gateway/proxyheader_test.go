package gateway

import (
	"bytes"
	"io"
	"net/netip"
	"strings"
	"testing"
)

const v2 = "\r\n\r\n\x00\r\nQUIT\n"

func TestProxyHeader(t *testing.T) {
	known := func(source, destination string) proxyHeader {
		return proxyHeader{true, netip.MustParseAddrPort(source), netip.MustParseAddrPort(destination)}
	}
	v4 := "\xc0\xa8\x00\x01\x0a\x00\x00\x02\x04\xd2\x01\xbb"
	v6 := "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01" + "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x02" + "\x04\xd2\x01\xbb"
	cases := []struct {
		name, in string
		want     proxyHeader
		err      string
	}{
		{"v1 over IPv4", "PROXY TCP4 192.168.0.1 10.0.0.2 1234 443\r\n", known("192.168.0.1:1234", "10.0.0.2:443"), ""},
		{"v1 over IPv6", "PROXY TCP6 2001:db8::1 2001:db8::2 1234 443\r\n", known("[2001:db8::1]:1234", "[2001:db8::2]:443"), ""},
		{"v1, shortest", "PROXY UNKNOWN\r\n", proxyHeader{}, ""},
		{"v1, unknown with more", "PROXY UNKNOWN ffff::1 ::1 1 2\r\n", proxyHeader{}, ""},
		{"v1, family and address differ", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", proxyHeader{}, "isn't of family"},
		{"v1, unknown family", "PROXY UDP4 1.1.1.1 1.1.1.1 1 2\r\n", proxyHeader{}, "unknown family"},
		{"v1, port too large", "PROXY TCP4 1.1.1.1 1.1.1.1 1 65536\r\n", proxyHeader{}, "is no port"},
		{"v1, port with zeros", "PROXY TCP4 1.1.1.1 1.1.1.1 01 2\r\n", proxyHeader{}, "is no port"},
		{"v1, zone", "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", proxyHeader{}, "is no address"},
		{"v1, two blanks", "PROXY TCP4  1.1.1.1 1.1.1.1 1 2\r\n", proxyHeader{}, "words"},
		{"v1, no CR", "PROXY TCP4 1.1.1.1 1.1.1.1 1 2\n", proxyHeader{}, "CR LF"},
		{"v1, never ends", "PROXY TCP4 " + strings.Repeat("1", 200), proxyHeader{}, "too long"},
		{"v1, cut off", "PROXY TCP4 1.1.1.1", proxyHeader{}, "EOF"},
		{"v2 over IPv4", v2 + "\x21\x11\x00\x0c" + v4, known("192.168.0.1:1234", "10.0.0.2:443"), ""},
		{"v2 over IPv6", v2 + "\x21\x21\x00\x24" + v6, known("[2001:db8::1]:1234", "[2001:db8::2]:443"), ""},
		{"v2 with extension", v2 + "\x21\x11\x00\x11" + v4 + "\x04\x00\x02ab", known("192.168.0.1:1234", "10.0.0.2:443"), ""},
		{"v2, extension cut off", v2 + "\x21\x11\x00\x11" + v4 + "\x04\x00\x03ab", proxyHeader{}, "extension"},
		{"v2, local", v2 + "\x20\x00\x00\x00", proxyHeader{}, ""},
		{"v2, local with addresses", v2 + "\x20\x11\x00\x0c" + v4, proxyHeader{}, ""},
		{"v2, unspecified", v2 + "\x21\x00\x00\x03abc", proxyHeader{}, ""},
		{"v2, addresses too short", v2 + "\x21\x11\x00\x0b" + v4, proxyHeader{}, "cut off"},
		{"v2, datagrams", v2 + "\x21\x12\x00\x0c" + v4, proxyHeader{}, "family 0x12"},
		{"v2, other version", v2 + "\x31\x11\x00\x0c" + v4, proxyHeader{}, "version 3"},
		{"v2, other command", v2 + "\x22\x11\x00\x0c" + v4, proxyHeader{}, "command 2"},
		{"v2, too long", v2 + "\x21\x11\xff\xff" + v4, proxyHeader{}, "too many"},
		{"a request", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", proxyHeader{}, "doesn't begin"},
		{"lower case", "proxy tcp4 1.1.1.1 1.1.1.1 1 2\r\n", proxyHeader{}, "doesn't begin"},
		{"nothing", "", proxyHeader{}, "EOF"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := strings.NewReader(c.in + "GET /")
			if strings.Contains(c.err, "EOF") {
				in = strings.NewReader(c.in)
			}
			got, err := readProxyHeader(in)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want one with %q", err, c.err)
				}
				return
			}
			if err != nil || got != c.want {
				t.Fatalf("%+v, %v; want %+v", got, err, c.want)
			}
			if rest, _ := io.ReadAll(in); string(rest) != "GET /" {
				t.Errorf("left %q", rest)
			}
		})
	}
}

func FuzzProxyHeader(f *testing.F) {
	f.Add([]byte("PROXY TCP4 192.168.0.1 10.0.0.2 1234 443\r\nGET"))
	f.Add([]byte(v2 + "\x21\x11\x00\x0c\xc0\xa8\x00\x01\x0a\x00\x00\x02\x04\xd2\x01\xbb"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		h, err := readProxyHeader(r)
		if err == nil && h.known && (!h.source.IsValid() || !h.destination.IsValid()) {
			t.Errorf("%q: %+v", in, h)
		}
		if taken := len(in) - r.Len(); taken > len(proxySignature)+4+maxProxyV2 {
			t.Errorf("took %d bytes", taken)
		}
	})
}
