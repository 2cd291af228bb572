package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// http2Edge serves HTTP/2 connections with net/http's implementation. What is
// HTTP/2 about a request ends here: names are lower-case, the rest looks as if
// it had come over HTTP/1.1, and so does $context.protocol, as on AWS.
type http2Edge struct {
	g       *Gateway
	server  *http.Server
	queue   connQueue
	peers   sync.Map // net.Conn → *peer
	streams sync.Pool
}

// maxStreams is how many requests of one connection may be in flight, as on
// AWS's own front ends.
const maxStreams = 128

func newHTTP2Edge(g *Gateway) *http2Edge {
	e := &http2Edge{g: g, queue: connQueue{conns: make(chan net.Conn), closed: make(chan struct{})}}
	e.streams.New = func() any { return new(http2Stream) }
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	e.server = &http.Server{
		Handler:        e,
		Protocols:      &protocols,
		MaxHeaderBytes: g.cfg.Limits.HeaderBytes,
		IdleTimeout:    g.cfg.Limits.IdleTimeout,
		ErrorLog:       slog.NewLogLogger(g.log.Handler(), slog.LevelDebug),
		ConnContext:    e.context,
		ConnState:      e.state,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          maxStreams,
			MaxReceiveBufferPerConnection: 1 << 20,
			MaxReceiveBufferPerStream:     256 << 10,
			SendPingTimeout:               2 * time.Minute,
			WriteByteTimeout:              g.cfg.Limits.WriteTimeout,
		},
	}
	return e
}

func (e *http2Edge) start() { go e.server.Serve(&e.queue) }

// shutdown sends GOAWAY and waits for the requests in flight; when ctx ends,
// they are cut.
func (e *http2Edge) shutdown(ctx context.Context) error {
	err := e.server.Shutdown(ctx)
	if err != nil {
		e.server.Close()
	}
	return err
}

// serve takes over a connection that speaks HTTP/2, and returns when it ends.
func (e *http2Edge) serve(nc net.Conn, p *peer, served func()) {
	p.ended = make(chan struct{})
	e.peers.Store(nc, p)
	select {
	case e.queue.conns <- nc:
		served()
		<-p.ended
	case <-e.queue.closed:
		served()
		nc.Close()
	}
	e.peers.Delete(nc)
}

type peerKey struct{}

func (e *http2Edge) context(ctx context.Context, nc net.Conn) context.Context {
	p, _ := e.peers.Load(nc)
	return context.WithValue(ctx, peerKey{}, p)
}

func (e *http2Edge) state(nc net.Conn, s http.ConnState) {
	if s == http.StateClosed || s == http.StateHijacked {
		if p, ok := e.peers.Load(nc); ok {
			close(p.(*peer).ended)
		}
	}
}

// connQueue is a listener of connections that were accepted elsewhere.
type connQueue struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (q *connQueue) Accept() (net.Conn, error) {
	select {
	case nc := <-q.conns:
		return nc, nil
	case <-q.closed:
		return nil, net.ErrClosed
	}
}

func (q *connQueue) Close() error {
	q.once.Do(func() { close(q.closed) })
	return nil
}

func (q *connQueue) Addr() net.Addr { return &net.TCPAddr{} }

// http2Stream is one request of an HTTP/2 connection.
type http2Stream struct {
	x      exchange.Exchange
	header http1.Header
	body   http2Body
	finder finder
	names  []string
	path   []byte
	query  []byte
	host   []byte
	edge   http2Abandon
}

// ServeHTTP answers one request.
func (e *http2Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := r.Context().Value(peerKey{}).(*peer)
	s := e.streams.Get().(*http2Stream)
	s.begin(r, p)
	ran := e.g.run(&s.finder, &s.x)
	if err := sendable(&s.x.Response); err != nil {
		e.g.unanswerable(&s.x, err)
	}
	err := s.answer(w, r)
	s.edge.OnAbandon(nil)
	s.x.End()
	runtime.KeepAlive(ran)
	e.streams.Put(s)
	if err != nil {
		panic(http.ErrAbortHandler) // resets the stream: the client must not take a part for the whole
	}
}

func (s *http2Stream) begin(r *http.Request, p *peer) {
	s.edge.ctx = r.Context()
	x := &s.x
	x.Begin(&s.edge)
	x.Received = time.Now()
	path, query, found := strings.Cut(r.RequestURI, "?")
	s.path, s.query, s.host = append(s.path[:0], path...), append(s.query[:0], query...), append(s.host[:0], r.Host...)
	x.Method, x.Path, x.Host = r.Method, s.path, s.host
	if found {
		x.Query = s.query
	}
	x.Protocol = "HTTP/1.1"
	s.fields(r)
	x.Header = &s.header
	s.body.Reader, s.body.length = r.Body, r.ContentLength
	x.Body = &s.body
	x.Client = p.client
	s.finder.private = p.listener.private()
	if p.trusted {
		forwarded(x, p.listener.cfg.TrustedProxies)
	}
}

// fields lists the header fields. Their order is lost on the way through
// net/http, so they come in the order of their names: Host first, as clients
// of HTTP/1.1 send it.
func (s *http2Stream) fields(r *http.Request) {
	s.header.Reset()
	s.header.Add("host", r.Host)
	s.names = s.names[:0]
	for name := range r.Header {
		s.names = append(s.names, name)
	}
	slices.Sort(s.names)
	for _, name := range s.names {
		lower := strings.ToLower(name)
		for _, value := range r.Header[name] {
			s.header.Add(lower, value)
		}
	}
}

// answer writes x.Response to w.
func (s *http2Stream) answer(w http.ResponseWriter, r *http.Request) error {
	re := &s.x.Response
	h := w.Header()
	for i := range re.Header.Len() {
		name, value := re.Header.At(i)
		key := http.CanonicalHeaderKey(string(name))
		h[key] = append(h[key], string(value))
	}
	out := &http2Writer{w: w, c: http.NewResponseController(w)}
	length := re.Length
	if re.Stream == nil {
		length = int64(len(re.Body))
	}
	bodiless := re.Status == 204 || re.Status == 304
	if length >= 0 && !bodiless {
		h["Content-Length"] = []string{strconv.FormatInt(length, 10)}
	}
	w.WriteHeader(re.Status)
	var err error
	switch {
	case bodiless || r.Method == "HEAD":
	case re.Stream == nil:
		_, err = out.Write(re.Body)
	default:
		err = stream(out, re.Stream, re.Length < 0)
		if err == nil && re.Length >= 0 && out.sent < re.Length {
			err = io.ErrUnexpectedEOF
		}
	}
	if re.Stream != nil {
		re.Stream.Close()
	}
	re.Sent, re.Aborted = out.sent, err != nil
	return err
}

// sendable checks what http1 checks by itself.
func sendable(r *exchange.Response) error {
	if r.Status < 200 || r.Status > 999 {
		return fmt.Errorf("status %d is no final status", r.Status)
	}
	for i := range r.Header.Len() {
		name, value := r.Header.At(i)
		if !http1.ValidName(name) || !http1.ValidValue(value) {
			return fmt.Errorf("field %q can't be sent", name)
		}
	}
	return nil
}

type http2Writer struct {
	w    http.ResponseWriter
	c    *http.ResponseController
	sent int64
}

func (o *http2Writer) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	o.sent += int64(n)
	return n, err
}

func (o *http2Writer) Flush() error { return o.c.Flush() }

// http2Body reads a request's body.
type http2Body struct {
	io.Reader
	length int64
}

func (b *http2Body) Length() int64 { return b.length }

// ReadAll is exchange.Body's.
func (b *http2Body) ReadAll(dst []byte, limit int64) ([]byte, error) {
	if b.length > limit {
		return dst, http1.ErrBodyTooLarge
	}
	begun := len(dst)
	for {
		if len(dst) == cap(dst) {
			dst = slices.Grow(dst, 4096)
		}
		n, err := b.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if int64(len(dst)-begun) > limit {
			return dst, http1.ErrBodyTooLarge
		}
		if errors.Is(err, io.EOF) {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}

// http2Abandon tells when a client resets its stream or leaves.
type http2Abandon struct {
	ctx  context.Context
	stop func() bool
	ran  chan struct{}
}

// OnAbandon is exchange.Edge's. After disarming, cancel neither runs nor will:
// what it cancels may belong to the next request by then.
func (a *http2Abandon) OnAbandon(cancel func()) {
	if a.stop != nil && !a.stop() {
		<-a.ran
	}
	a.stop = nil
	if cancel == nil {
		return
	}
	ran := make(chan struct{})
	a.ran = ran
	a.stop = context.AfterFunc(a.ctx, func() {
		defer close(ran)
		cancel()
	})
}
