package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/awsapi"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/gateway"
)

// controlEdge is the control address: its listeners, and the management API
// behind them, which may be exchanged while they stay open.
type controlEdge struct {
	listeners []net.Listener
	clients   []net.Listener // of user pools; with TLS where that is configured
	sockets   []net.Listener // what clients stand on
	servers   []listening
	operator  http.Handler // of the operator's commands
	api       atomic.Pointer[handlers]
}

// listening is a server on its listener.
type listening struct {
	listener net.Listener
	*http.Server
}

// handlers answer by where a listener accepts from.
type handlers struct{ loopback, public, clients http.Handler }

// listenControl opens the control listeners.
func listenControl(list []config.Listener, sockets *gateway.Sockets, operator http.Handler) (*controlEdge, error) {
	e := &controlEdge{operator: operator}
	for _, l := range list {
		if err := e.open(l, sockets); err != nil {
			return nil, errors.Join(fmt.Errorf("control %s: %w", l.Address, err), e.shutdown(context.Background()))
		}
	}
	return e, nil
}

func (e *controlEdge) open(l config.Listener, sockets *gateway.Sockets) error {
	if l.TLS != nil || l.ProxyProtocol || l.Endpoint != "" || len(l.TrustedProxies) > 0 {
		return errors.New("the control listener takes nothing but an address")
	}
	n, err := openControl(l.Address, sockets)
	if err != nil {
		return err
	}
	e.listeners = append(e.listeners, n)
	return nil
}

// set makes api what the listeners answer with.
func (e *controlEdge) set(api *awsapi.Server) {
	h := &handlers{loopback: api.Loopback(), public: http.NotFoundHandler(), clients: api.Clients()}
	if public, err := api.Public(); err == nil {
		h.public = public // it refuses while nobody may sign
	}
	if e.api.Swap(h) != nil {
		return
	}
	for _, l := range e.clients {
		e.servers = append(e.servers, listening{l, api.HTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			e.api.Load().clients.ServeHTTP(w, r)
		}))})
	}
	for _, l := range e.listeners {
		local := isLoopback(l.Addr())
		e.servers = append(e.servers, listening{l, api.HTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := e.api.Load()
			switch {
			case r.URL.Path == operatorPath:
				e.operator.ServeHTTP(w, r)
			case local:
				h.loopback.ServeHTTP(w, r)
			default:
				h.public.ServeHTTP(w, r)
			}
		}))})
	}
}

func openControl(address string, sockets *gateway.Sockets) (net.Listener, error) {
	if l := sockets.Take(controlSocket(address)); l != nil {
		return l, nil
	}
	if name, ok := strings.CutPrefix(address, "inherited:"); ok {
		if l := sockets.Take(name); l != nil {
			return l, nil
		}
		return nil, fmt.Errorf("no socket of that name was inherited; there are: %s", sockets)
	}
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		_ = os.Remove(path)
		return net.Listen("unix", path)
	}
	return net.Listen("tcp", address)
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}

func (e *controlEdge) addr() net.Addr { return e.listeners[0].Addr() }

func (e *controlEdge) addrs() []net.Addr {
	list := make([]net.Addr, len(e.listeners))
	for i, l := range e.listeners {
		list[i] = l.Addr()
	}
	return list
}

// handOver adds the listeners to what a successor takes over.
func (e *controlEdge) handOver(h *gateway.Handover, configured []config.Listener) error {
	for i, l := range e.listeners {
		if err := h.Add(controlSocket(configured[i].Address), l); err != nil {
			return err
		}
	}
	return nil
}

// controlSocket is what a control listener is called when it is handed over.
func controlSocket(address string) string { return "control " + address }

// serve accepts until shutdown.
func (e *controlEdge) serve() error {
	failed := make(chan error, len(e.servers))
	for _, s := range e.servers {
		go func() { failed <- s.Serve(s.listener) }()
	}
	for range e.servers {
		if err := <-failed; err != nil && !errors.Is(err, http.ErrServerClosed) {
			return err
		}
	}
	return nil
}

func (e *controlEdge) shutdown(ctx context.Context) error {
	var all error
	for _, s := range e.servers {
		all = errors.Join(all, s.Shutdown(ctx))
	}
	for _, l := range append(e.clients, e.listeners...) {
		_ = l.Close() // Shutdown has closed those that were served
	}
	return all
}

// health answers while the process runs.
func health(w http.ResponseWriter, _ *http.Request) { writeState(w, http.StatusOK, "ok", nil) }

// readiness answers 200 while requests are served and changes can be made.
func (p *program) readiness(w http.ResponseWriter, _ *http.Request) {
	err := p.gateway.Ready()
	if err == nil {
		err = p.plane.Load().err()
	}
	if err != nil {
		writeState(w, http.StatusServiceUnavailable, "not ready", err)
		return
	}
	writeState(w, http.StatusOK, "ready", nil)
}

func writeState(w http.ResponseWriter, status int, state string, err error) {
	answer := map[string]string{"status": state}
	if err != nil {
		answer["reason"] = err.Error()
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}
