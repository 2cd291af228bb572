package edge

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

const (
	// originIdle is how long an origin may say nothing: longer than an integration
	// of an edge-optimized API may take, and what AWS waits between two pieces of a
	// streamed answer (developer guide, "Amazon API Gateway quotas").
	originIdle = 30 * time.Second
	// callTime bounds a call as a whole: the longest streamed answer.
	callTime = 15 * time.Minute
)

// Config says where requests go.
type Config struct {
	Origins []string // http:// or https:// addresses of the region's nodes, which take turns
	Trust   *Trust   // of those with https; nil: whom the system trusts
	Name    string   // of this node in Via
	Logger  *slog.Logger
}

// Forwarder passes requests on. It never changes; many requests use it at once.
type Forwarder struct {
	origins []*http1.Endpoint
	via     string // without the version of the protocol
	log     *slog.Logger
	turn    atomic.Uint32
	calls   sync.Pool // of *call
}

// New makes a Forwarder. Close ends its idle connections.
func New(c Config) (*Forwarder, error) {
	if len(c.Origins) == 0 {
		return nil, errors.New("an edge needs an origin: the address of a region's node")
	}
	f := &Forwarder{via: c.Name + " (gatehouse)", log: c.Logger}
	for _, text := range c.Origins {
		e, err := origin(text, c.Trust)
		if err != nil {
			return nil, err
		}
		f.origins = append(f.origins, http1.NewEndpoint(e))
	}
	return f, nil
}

// origin is the address that a URL names, which has nothing else.
func origin(text string, trust *Trust) (e http1.EndpointConfig, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return e, fmt.Errorf("origin %q: write https://host or https://host:port", text)
	}
	port := u.Port()
	if u.Scheme == "https" {
		if port == "" {
			port = "443"
		}
		e.TLS = &tls.Config{ServerName: u.Hostname()}
		if trust != nil {
			e.TLS = trust.config(u.Hostname())
		}
		e.TLS.MinVersion = tls.VersionTLS12
	} else if port == "" {
		port = "80"
	}
	e.Address = net.JoinHostPort(u.Hostname(), port)
	return e, nil
}

// Close ends idle connections to origins.
func (f *Forwarder) Close() {
	for _, e := range f.origins {
		e.Close()
	}
}

// call is one request on its way, with the memory that the next one uses again.
type call struct {
	f       *Forwarder
	x       *exchange.Exchange
	call    http1.Call
	req     http1.ClientRequest
	resp    http1.ClientResponse
	open    bool // resp has to be closed
	cookies []cookie
	cancel  func() // call.Cancel, made once
	end     func(*exchange.Exchange)
}

// Serve answers x by what an origin answers.
func (f *Forwarder) Serve(x *exchange.Exchange) {
	c, ok := f.calls.Get().(*call)
	if !ok {
		c = &call{f: f}
		c.cancel, c.end = c.call.Cancel, c.release
	}
	c.x = x
	x.OnEnd(c.end)
	c.request()
	c.call.Reset()
	c.call.Deadline, c.call.Idle = time.Now().Add(callTime), originIdle
	x.OnAbandon(c.cancel)
	if err := c.do(); err != nil {
		x.OnAbandon(nil)
		c.failed(err)
		return
	}
	c.open = true
	c.answer()
}

// do calls the origin whose turn it is, and the others while nothing could be
// sent to one.
func (c *call) do() (err error) {
	n := uint32(len(c.f.origins))
	if n > 1 {
		if err := c.req.Hold(); err != nil {
			return err
		}
	}
	first := c.f.turn.Add(1)
	for i := range n {
		err = c.f.origins[(first+i)%n].Do(&c.call, &c.req, &c.resp)
		e, ok := errors.AsType[*http1.CallError](err)
		if !ok || e.Cancelled || e.Phase >= http1.PhaseWrite {
			return err
		}
	}
	return err
}

// failed answers for an origin that didn't: 504 when it was silent, else 502. What
// a client breaks off is told to nobody who didn't ask.
func (c *call) failed(err error) {
	status, message, level := 502, "Bad Gateway", slog.LevelWarn
	e, called := errors.AsType[*http1.CallError](err)
	if _, ofBody := errors.AsType[*http1.StreamError](err); ofBody || called && e.Cancelled {
		level = slog.LevelDebug
	}
	if called && (e.Timeout || e.Idle) && e.Phase >= http1.PhaseWrite {
		status, message = 504, "Gateway Timeout"
	}
	if wrong, ok := errors.AsType[*http1.ProtocolError](err); ok { // of the client's body
		status, message = wrong.Status, http1.Reason(wrong.Status)
	}
	c.f.log.Log(context.Background(), level, "no origin answered", "error", err)
	r := &c.x.Response
	r.Header.Reset()
	r.Status = status
	r.Header.Add("Content-Type", "application/json")
	r.Header.Add("X-Cache", "Error from gatehouse")
	r.Body, _ = json.Marshal(map[string]string{"message": message})
}

// answer passes the origin's answer on while it comes.
func (c *call) answer() {
	r := &c.x.Response
	r.Status = c.resp.Status
	c.answerFields(&r.Header)
	r.Stream, r.Length = c, c.resp.Length
	if c.req.Method == "HEAD" {
		if n, ok := http1.ParseLength(c.resp.Header.GetKnown(http1.NameContentLength)); ok {
			r.Stream, r.Length = io.NopCloser(bytes.NewReader(nil)), n
		}
	}
}

// Read reads the answer's body.
func (c *call) Read(p []byte) (int, error) { return c.resp.Read(p) }

// Close ends the answer; the connection stays if all of it was read.
func (c *call) Close() error {
	if c.open {
		c.open = false
		c.x.OnAbandon(nil)
		c.resp.Close()
	}
	return nil
}

// release gives c's memory to the next request.
func (c *call) release(*exchange.Exchange) {
	c.Close()
	c.x, c.req.Stream = nil, nil
	c.f.calls.Put(c)
}
