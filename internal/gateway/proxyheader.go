package gateway

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
)

// proxyHeader is what a PROXY protocol header says, version 1 or 2 (The PROXY
// protocol, haproxy.org, 2020/03/05).
type proxyHeader struct {
	known               bool // false: LOCAL or UNKNOWN, the connection speaks for itself
	source, destination netip.AddrPort
}

// Bounds of a header. Version 1 is at most 107 bytes with its line end;
// version 2 has 16 bytes, addresses and as many TLVs as fit, of which 2 KB
// are more than any balancer sends.
const (
	maxProxyV1 = 107
	maxProxyV2 = 2048
)

var proxySignature = []byte("\r\n\r\n\x00\r\nQUIT\n")

var errNoProxyHeader = errors.New("the connection doesn't begin with a PROXY header")

// readProxyHeader takes exactly one header off r, and not a byte more.
func readProxyHeader(r io.Reader) (proxyHeader, error) {
	var buf [maxProxyV2]byte
	if _, err := io.ReadFull(r, buf[:len(proxySignature)]); err != nil {
		return proxyHeader{}, err
	}
	switch {
	case bytes.Equal(buf[:len(proxySignature)], proxySignature):
		return readProxyV2(r, buf[:])
	case bytes.HasPrefix(buf[:], []byte("PROXY ")):
		return readProxyV1(r, buf[:maxProxyV1])
	}
	return proxyHeader{}, errNoProxyHeader
}

// readProxyV1 reads the rest of a line of which buf holds the beginning. It
// goes byte by byte, because what follows the line isn't ours to take; a line
// is short and comes once per connection.
func readProxyV1(r io.Reader, buf []byte) (proxyHeader, error) {
	for n := len(proxySignature); n < len(buf); n++ {
		if _, err := io.ReadFull(r, buf[n:n+1]); err != nil {
			return proxyHeader{}, err
		}
		if buf[n] == '\n' {
			return parseProxyV1(buf[:n+1])
		}
	}
	return proxyHeader{}, errors.New("PROXY header: the line is too long")
}

func parseProxyV1(line []byte) (proxyHeader, error) {
	text, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok {
		return proxyHeader{}, errors.New("PROXY header: the line doesn't end with CR LF")
	}
	words := bytes.Split(text, []byte{' '})
	if len(words) >= 2 && string(words[1]) == "UNKNOWN" {
		return proxyHeader{}, nil
	}
	if len(words) != 6 {
		return proxyHeader{}, fmt.Errorf("PROXY header: %d words instead of 6", len(words))
	}
	source, err1 := proxyV1Address(string(words[1]), string(words[2]), string(words[4]))
	destination, err2 := proxyV1Address(string(words[1]), string(words[3]), string(words[5]))
	return proxyHeader{true, source, destination}, errors.Join(err1, err2)
}

func proxyV1Address(family, host, port string) (netip.AddrPort, error) {
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" {
		return netip.AddrPort{}, fmt.Errorf("PROXY header: %q is no address", host)
	}
	switch {
	case family != "TCP4" && family != "TCP6":
		return netip.AddrPort{}, fmt.Errorf("PROXY header: unknown family %q", family)
	case (family == "TCP4") != addr.Is4():
		return netip.AddrPort{}, fmt.Errorf("PROXY header: %s isn't of family %s", host, family)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || port != strconv.FormatUint(n, 10) {
		return netip.AddrPort{}, fmt.Errorf("PROXY header: %q is no port", port)
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), nil
}

// readProxyV2 reads what follows the signature.
func readProxyV2(r io.Reader, buf []byte) (proxyHeader, error) {
	head := buf[:4]
	if _, err := io.ReadFull(r, head); err != nil {
		return proxyHeader{}, err
	}
	version, command, family := head[0]>>4, head[0]&0xf, head[1]
	length := int(binary.BigEndian.Uint16(head[2:]))
	switch {
	case version != 2:
		return proxyHeader{}, fmt.Errorf("PROXY header: version %d", version)
	case command > 1:
		return proxyHeader{}, fmt.Errorf("PROXY header: command %d", command)
	case length > len(buf):
		return proxyHeader{}, fmt.Errorf("PROXY header: %d bytes are too many", length)
	}
	body := buf[:length]
	if _, err := io.ReadFull(r, body); err != nil {
		return proxyHeader{}, err
	}
	if command == 0 {
		return proxyHeader{}, nil
	}
	return parseProxyV2(family, body)
}

// The families of version 2 that a listener of ours may be behind.
const (
	proxyUnspec = 0x00
	proxyTCP4   = 0x11
	proxyTCP6   = 0x21
)

func parseProxyV2(family byte, body []byte) (proxyHeader, error) {
	size := 0
	switch family {
	case proxyUnspec:
		return proxyHeader{}, nil
	case proxyTCP4:
		size = 4
	case proxyTCP6:
		size = 16
	default:
		return proxyHeader{}, fmt.Errorf("PROXY header: family 0x%02x is neither TCP over IPv4 nor over IPv6", family)
	}
	if len(body) < 2*size+4 {
		return proxyHeader{}, errors.New("PROXY header: the addresses are cut off")
	}
	source, _ := netip.AddrFromSlice(body[:size])
	destination, _ := netip.AddrFromSlice(body[size : 2*size])
	ports := body[2*size:]
	if err := checkTLVs(ports[4:]); err != nil {
		return proxyHeader{}, err
	}
	return proxyHeader{true,
		netip.AddrPortFrom(source.Unmap(), binary.BigEndian.Uint16(ports)),
		netip.AddrPortFrom(destination.Unmap(), binary.BigEndian.Uint16(ports[2:]))}, nil
}

// checkTLVs walks the extensions, which say nothing we use: they must fill
// the header exactly.
func checkTLVs(b []byte) error {
	for len(b) > 0 {
		if len(b) < 3 {
			return errors.New("PROXY header: an extension is cut off")
		}
		n := 3 + int(binary.BigEndian.Uint16(b[1:]))
		if n > len(b) {
			return errors.New("PROXY header: an extension is cut off")
		}
		b = b[n:]
	}
	return nil
}
