package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gatehouse/gatehouse/internal/config"
)

// probeTime bounds each question that doctor asks over the network.
const probeTime = 2 * time.Second

// findRunning looks for a server on the control addresses.
func (e *examination) findRunning(ctx context.Context) {
	for _, l := range e.config.Control {
		state, err := controlState(ctx, l)
		if err != nil {
			continue
		}
		e.running = l.Address
		if state.Status == "ready" {
			e.ok("server", "runs and is ready, control "+l.Address)
		} else {
			e.fail("server", fmt.Sprintf("runs, but isn't ready: %s (control %s)", state.Reason, l.Address), "see its log")
		}
		return
	}
	e.ok("server", "doesn't run on the configured control address")
}

type readyState struct{ Status, Reason string }

// controlState asks a gatehouse at l whether it is ready.
func controlState(ctx context.Context, l config.Listener) (s readyState, err error) {
	response, err := probe(ctx, l, "/_gatehouse/ready")
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&s); err != nil {
		return s, err
	}
	if s.Status == "" {
		return s, errors.New("no gatehouse")
	}
	return s, nil
}

// probe sends a GET request to a listener of this machine. Its certificate is
// not checked: nothing secret is sent.
func probe(ctx context.Context, l config.Listener, path string) (*http.Response, error) {
	network, address := "tcp", l.Address
	if p, ok := strings.CutPrefix(l.Address, "unix:"); ok {
		network, address = "unix", p
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, dialable(address))
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // our own listener, told by what it answers
	}
	client := &http.Client{Transport: transport, Timeout: probeTime}
	request, err := http.NewRequestWithContext(ctx, "GET", scheme(l)+"://localhost"+path, nil)
	if err != nil {
		return nil, err
	}
	return client.Do(request)
}

// dialable is where to reach a listener on all addresses.
func dialable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return address
}

// listeners checks that every address can be listened on, or is ours already.
func (e *examination) listeners(ctx context.Context) {
	for _, l := range e.config.Invoke {
		e.listener(ctx, "invoke", l)
	}
	for _, l := range e.config.Control {
		e.listener(ctx, "control", l)
	}
}

func (e *examination) listener(ctx context.Context, subject string, l config.Listener) {
	if name, ok := strings.CutPrefix(l.Address, "inherited:"); ok {
		e.ok(subject, "inherited:"+name+": whoever starts the server passes it")
		return
	}
	if path, ok := strings.CutPrefix(l.Address, "unix:"); ok {
		e.unixSocket(subject, path)
		return
	}
	socket, err := net.Listen("tcp", l.Address)
	switch {
	case err == nil:
		socket.Close()
		e.ok(subject, l.Address+" is free")
	case !errors.Is(err, syscall.EADDRINUSE):
		e.fail(subject, err.Error(), mendListen(err, subject))
	case e.running != "" && e.isOurs(ctx, l, subject):
		e.ok(subject, l.Address+" is the running server's")
	default:
		e.fail(subject, l.Address+" is in use by another program", "end that program (ss -ltnp names it), or give another address with --"+subject)
	}
}

func mendListen(err error, subject string) string {
	if errors.Is(err, fs.ErrPermission) {
		return "a port below 1024 needs the capability CAP_NET_BIND_SERVICE, or a socket from systemd: deploy/gatehouse.socket"
	}
	return "give an address of this machine with --" + subject
}

// isOurs says whether a gatehouse answers at l.
func (e *examination) isOurs(ctx context.Context, l config.Listener, subject string) bool {
	if subject == "control" {
		_, err := controlState(ctx, l)
		return err == nil
	}
	if l.ProxyProtocol || l.TLS != nil && l.TLS.TrustStore != "" {
		return true // answers nobody but its proxies, or whom it trusts
	}
	response, err := probe(ctx, l, "/")
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.Header.Get("x-amzn-RequestId") != ""
}

func (e *examination) unixSocket(subject, path string) {
	dir := filepath.Dir(path)
	info, err := os.Lstat(path)
	switch {
	case err == nil && info.Mode().Type() != fs.ModeSocket:
		e.fail(subject, path+" is there and is no socket", "move it away, or give another path")
	case err == nil:
		e.ok(subject, "unix:"+path+" exists: a server's, or left by one and replaced at the start")
	case writableFolder(dir) != nil:
		e.fail(subject, "unix:"+path+": "+writableFolder(dir).Error(), "create "+dir+" and let this user write there")
	default:
		e.ok(subject, "unix:"+path+" can be created")
	}
}

// writableFolder says why nothing can be created in dir; nil when it can.
func writableFolder(dir string) error {
	f, err := os.CreateTemp(dir, ".gatehouse-doctor-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("writable\n")
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}
