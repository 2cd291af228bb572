package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/net/netutil"
)

// Bounds of a call, and of what carries calls.
const (
	maxCall       = 1 << 20         // bytes of a request
	maxCallAnswer = 8 << 20         // it may list as many connections as a node holds
	maxCallers    = 1024            // connections that a node takes
	maxCalling    = 64              // connections to one node; more calls wait for one
	dialTime      = time.Second     // to reach a node that may be gone
	callTime      = 3 * time.Second // of a call, all in all
	callsIdle     = time.Minute     // of a connection that is kept
)

// callPath is the only one that is served; of a form that a version doesn't
// know, it has another.
const callPath = "/gatehouse/node/1"

// ErrGone: nothing listens at the node's address, so its process has ended.
var ErrGone = errors.New("the node is gone")

// Handler answers a call. The request is its own; an error's text is told to the
// node that called.
type Handler func(ctx context.Context, request []byte) ([]byte, error)

// Calls serves what other nodes call until its listener is closed by Close.
type Calls struct{ server *http.Server }

// ServeCalls serves l.
func ServeCalls(l net.Listener, t *Trust, h Handler, log *slog.Logger) *Calls {
	c := &Calls{server: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answerCall(w, r, h) }), TLSConfig: t.Server(),
		ReadHeaderTimeout: callTime, ReadTimeout: 2 * callTime, WriteTimeout: 4 * callTime, IdleTimeout: 2 * callsIdle, MaxHeaderBytes: 4 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), Protocols: new(http.Protocols),
	}}
	c.server.Protocols.SetHTTP1(true)
	go func() {
		err := c.server.ServeTLS(netutil.LimitListener(l, maxCallers), "", "")
		if !errors.Is(err, http.ErrServerClosed) {
			log.Error("other nodes can't call this one any more", "error", err)
		}
	}()
	return c
}

func answerCall(w http.ResponseWriter, r *http.Request, h Handler) {
	if r.Method != http.MethodPost || r.URL.Path != callPath {
		http.NotFound(w, r)
		return
	}
	request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCall))
	if err != nil {
		http.Error(w, "the call can't be read", http.StatusBadRequest)
		return
	}
	answer, err := h(r.Context(), request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Write(answer)
}

// Close takes no more calls and lets those in work end, until ctx does.
func (c *Calls) Close(ctx context.Context) error {
	if err := c.server.Shutdown(ctx); err != nil {
		return errors.Join(err, c.server.Close())
	}
	return nil
}

// Caller calls other nodes, over connections that it keeps.
type Caller struct{ client *http.Client }

// NewCaller returns a Caller that t makes known.
func NewCaller(t *Trust) *Caller {
	dialer := &net.Dialer{Timeout: dialTime, KeepAlive: 15 * time.Second}
	return &Caller{&http.Client{
		Timeout: callTime,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: t.Client(), TLSHandshakeTimeout: dialTime, MaxConnsPerHost: maxCalling, MaxIdleConnsPerHost: maxCalling,
			IdleConnTimeout: callsIdle, ResponseHeaderTimeout: callTime, DisableCompression: true, MaxResponseHeaderBytes: 4 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Call has the node at address (host:port) answer request. ErrGone: there is no
// such process. Any other error leaves open whether the request was done.
func (c *Caller) Call(ctx context.Context, address string, request []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+address+callPath, bytes.NewReader(request))
	if err != nil {
		return nil, fmt.Errorf("call node %s: %w", address, err)
	}
	resp, err := c.client.Do(r)
	if err != nil && refuses(ctx, address) { // also where a kept connection broke: its process has ended
		return nil, fmt.Errorf("call node %s: %w", address, ErrGone)
	}
	if err != nil {
		return nil, fmt.Errorf("call node %s: %w", address, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxCallAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("call node %s: %w", address, err)
	case len(answer) > maxCallAnswer:
		return nil, fmt.Errorf("call node %s: its answer is longer than %d bytes", address, maxCallAnswer)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("call node %s: it answers %d %.200s", address, resp.StatusCode, bytes.TrimSpace(answer))
	}
	return answer, nil
}

// refuses says whether nothing listens at address.
func refuses(ctx context.Context, address string) bool {
	dialer := net.Dialer{Timeout: dialTime}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return errors.Is(err, syscall.ECONNREFUSED)
	}
	conn.Close()
	return false
}

// Close gives the connections back.
func (c *Caller) Close() { c.client.CloseIdleConnections() }
