package http2

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	h2 "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// raw is a client that sends what it likes.
type raw struct {
	t  testing.TB
	nc net.Conn
	*h2.Framer
	block bytes.Buffer
	enc   *hpack.Encoder
}

func dial(t testing.TB, s *Server) *raw {
	t.Helper()
	nc, err := net.Dial("tcp", listen(t, s).Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	r := &raw{t: t, nc: nc, Framer: h2.NewFramer(nc, nc)}
	r.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	r.enc = hpack.NewEncoder(&r.block)
	io.WriteString(nc, h2.ClientPreface)
	r.WriteSettings()
	return r
}

// open sends a request's header block.
func (r *raw) open(id uint32, end bool, fields ...string) error {
	all := append([]string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", "/"}, fields...)
	return r.WriteHeaders(h2.HeadersFrameParam{StreamID: id, BlockFragment: r.encode(all...), EndStream: end, EndHeaders: true})
}

func (r *raw) encode(fields ...string) []byte {
	r.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		r.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(r.block.Bytes())
}

// until reads frames until one satisfies want; nil when the connection ends.
func (r *raw) until(want func(f h2.Frame) bool) h2.Frame {
	r.t.Helper()
	for {
		f, err := r.ReadFrame()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			r.t.Fatal("nothing comes any more")
		}
		if err != nil {
			return nil
		}
		if want(f) {
			return f
		}
	}
}

func isGoAway(code h2.ErrCode) func(h2.Frame) bool {
	return func(f h2.Frame) bool {
		g, ok := f.(*h2.GoAwayFrame)
		return ok && g.ErrCode == code
	}
}

func isReset(id uint32, code h2.ErrCode) func(h2.Frame) bool {
	return func(f h2.Frame) bool {
		g, ok := f.(*h2.RSTStreamFrame)
		return ok && g.StreamID == id && g.ErrCode == code
	}
}

func status(f h2.Frame) string {
	if h, ok := f.(*h2.MetaHeadersFrame); ok {
		return h.PseudoValue("status")
	}
	return ""
}

func isHeaders(f h2.Frame) bool { return status(f) != "" }

// client is Go's own, over HTTP/2 with prior knowledge.
func client(t testing.TB) *http.Client {
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 30 * time.Second}
}

// echo answers with the request's body, or a text when there is none.
func echo(s *Stream, _ *http1.Request) {
	body, err := s.ReadAll(nil, 1<<20)
	if err != nil {
		return
	}
	if len(body) == 0 {
		body = []byte("hello")
	}
	var h http1.Header
	h.Add("Content-Type", "text/plain")
	_ = s.Respond(200, &h, body)
}

// listen serves s on a loopback port until the test ends.
func listen(t testing.TB, s *Server) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go s.ServeConn(nc, http1.ConnInfo{Remote: nc.RemoteAddr(), Local: nc.LocalAddr()})
		}
	}()
	t.Cleanup(func() {
		l.Close()
		if err := s.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return l
}
