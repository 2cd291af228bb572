package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

func testKey(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func testTrust(t *testing.T, keys ...byte) *Trust {
	t.Helper()
	var list [][]byte
	for _, k := range keys {
		list = append(list, testKey(k))
	}
	trust, err := NewTrust(list...)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

// serveTest answers calls with what they ask, in capitals.
func serveTest(t *testing.T, trust *Trust) (address string, c *Calls) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c = ServeCalls(l, trust, func(_ context.Context, request []byte) ([]byte, error) {
		if string(request) == "odd" {
			return nil, errors.New("an odd call")
		}
		if string(request) == "list" {
			return make([]byte, 200_000*20), nil // IDs of all connections that a node holds by default
		}
		return bytes.ToUpper(request), nil
	}, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { c.Close(t.Context()) })
	return l.Addr().String(), c
}

// Nodes know each other by their master keys, also while those are replaced node
// by node: the first is the one that seals.
func TestTrust(t *testing.T) {
	cases := []struct {
		name           string
		server, caller []byte
		fails          bool
	}{
		{"one key", []byte{1}, []byte{1}, false},
		{"another key", []byte{1}, []byte{2}, true},
		{"the caller has the new key first", []byte{1}, []byte{2, 1}, false},
		{"the other node has it first", []byte{2, 1}, []byte{1}, false},
		{"both have both, in another order", []byte{2, 1}, []byte{1, 2}, false},
		{"the caller has lost the old key", []byte{2, 1}, []byte{2}, false},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			address, _ := serveTest(t, testTrust(t, tt.server...))
			c := NewCaller(testTrust(t, tt.caller...))
			defer c.Close()
			got, err := c.Call(t.Context(), address, []byte("hi"))
			if tt.fails && (err == nil || errors.Is(err, ErrGone)) || !tt.fails && (err != nil || string(got) != "HI") {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// Who has no certificate, or one of a key of his own, gets no answer.
func TestStranger(t *testing.T) {
	address, _ := serveTest(t, testTrust(t, 1))
	stranger := testTrust(t, 9)
	for name, config := range map[string]*tls.Config{
		"none":    {InsecureSkipVerify: true},
		"another": {InsecureSkipVerify: true, Certificates: stranger.certificates},
	} {
		nc, err := tls.Dial("tcp", address, config)
		if err == nil { // with TLS 1.3 the refusal comes behind the handshake
			nc.SetDeadline(time.Now().Add(5 * time.Second))
			nc.Write([]byte("POST " + callPath + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"))
			n, _ := nc.Read(make([]byte, 100))
			if n > 0 {
				t.Errorf("%s: %d bytes were answered", name, n)
			}
			nc.Close()
		}
	}
}

func TestCallErrors(t *testing.T) {
	trust := testTrust(t, 1)
	address, served := serveTest(t, trust)
	c := NewCaller(trust)
	defer c.Close()
	if _, err := c.Call(t.Context(), address, []byte("odd")); err == nil || !strings.Contains(err.Error(), "an odd call") {
		t.Errorf("odd: %v", err)
	}
	if _, err := c.Call(t.Context(), address, []byte("list")); err != nil {
		t.Errorf("a long answer: %v", err)
	}
	if _, err := c.Call(t.Context(), address, make([]byte, maxCall+1)); err == nil {
		t.Error("a call of any length is read")
	}
	if err := served.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(t.Context(), address, []byte("hi")); !errors.Is(err, ErrGone) {
		t.Errorf("closed: %v", err)
	}
	// One that accepts and stays silent.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	began := time.Now()
	if _, err := c.Call(t.Context(), l.Addr().String(), []byte("hi")); err == nil || errors.Is(err, ErrGone) || time.Since(began) > callTime+time.Second {
		t.Errorf("silent: %v after %v", err, time.Since(began))
	}
}
