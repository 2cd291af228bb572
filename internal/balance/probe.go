package balance

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
)

// Probe is a check of an address over HTTP, HTTPS or TCP.
type Probe struct {
	Protocol string // HTTP, HTTPS, TCP
	Path     string
	Matcher  Matcher // statuses that pass
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
}

// ProbeError is why a check failed.
type ProbeError struct {
	Status  int  // of an answer that doesn't pass; 0: there was none
	Timeout bool // no answer came in time
	Err     error
}

func (e *ProbeError) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("the answer has status %d", e.Status)
	}
	return e.Err.Error()
}

func (e *ProbeError) Unwrap() error { return e.Err }

// Check checks addr; the error is a *ProbeError.
func (p *Probe) Check(ctx context.Context, addr netip.AddrPort) error {
	err := p.check(ctx, addr)
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*ProbeError](err); ok {
		return e
	}
	return &ProbeError{Timeout: ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded), Err: err}
}

func (p *Probe) check(ctx context.Context, addr netip.AddrPort) error {
	dialled, err := p.Dial(ctx, "tcp", addr.String())
	if err != nil {
		return err
	}
	defer dialled.Close()
	if p.Protocol == "TCP" {
		return nil
	}
	nc := dialled
	if end, ok := ctx.Deadline(); ok {
		if err := nc.SetDeadline(end); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, func() { dialled.Close() })
	defer stop()
	if p.Protocol == "HTTPS" {
		// Load balancers don't verify the certificates of targets (target groups,
		// "Routing configuration").
		nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
	}
	if _, err := nc.Write(p.request(addr)); err != nil {
		return err
	}
	status, err := readStatus(nc)
	if err != nil {
		return err
	}
	if !p.Matcher.Match(status) {
		return &ProbeError{Status: status, Err: errors.New("its status isn't one of those that pass")}
	}
	return nil
}

// request is what load balancers send (field reports of access logs): Host is
// the target's address, with the port unless it is the protocol's own.
func (p *Probe) request(addr netip.AddrPort) []byte {
	host := addr.String()
	if port := addr.Port(); port == 80 && p.Protocol == "HTTP" || port == 443 && p.Protocol == "HTTPS" {
		host = addr.Addr().String()
		if addr.Addr().Is6() {
			host = "[" + host + "]"
		}
	}
	path := p.Path
	if path == "" {
		path = "/"
	}
	return []byte("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\nUser-Agent: ELB-HealthChecker/2.0\r\nAccept-Encoding: gzip, compressed\r\n\r\n")
}

// maxStatusLine bounds what is read of an answer.
const maxStatusLine = 1024

var errNoHTTP = errors.New("the answer is no HTTP")

// readStatus reads the status of an answer, past interim ones: of those, no more
// than fit the bound.
func readStatus(r io.Reader) (int, error) {
	buf, n := make([]byte, maxStatusLine), 0
	for {
		m, err := r.Read(buf[n:])
		n += m
		if status, done, bad := parseStatus(buf[:n]); bad != nil || done {
			return status, bad
		}
		switch {
		case err == io.EOF:
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		case n == len(buf):
			return 0, errNoHTTP
		}
	}
}

// parseStatus reads the status of the first answer in b that isn't interim; not
// done: it isn't there yet.
func parseStatus(b []byte) (status int, done bool, err error) {
	for {
		const begin = "HTTP/1."
		if n := min(len(b), len(begin)); string(b[:n]) != begin[:n] {
			return 0, false, errNoHTTP
		}
		line, _, whole := bytes.Cut(b, []byte("\n"))
		if !whole {
			return 0, false, nil
		}
		if len(line) < len("HTTP/1.1 200") || line[8] != ' ' {
			return 0, false, errNoHTTP
		}
		if status, err = strconv.Atoi(string(line[9:12])); err != nil || status < 100 {
			return 0, false, errNoHTTP
		}
		if status >= 200 || status == 101 {
			return status, true, nil
		}
		end := bytes.Index(b, []byte("\r\n\r\n"))
		if end < 0 {
			return 0, false, nil
		}
		b = b[end+4:]
	}
}
