package wsconn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// endpoint accepts connections, reads the handshake as the gateway does and
// hands them to a Server.
type endpoint struct {
	*Server
	listener net.Listener
	h1       http1.Server
	tls      *tls.Config
	handler  func() Handler
	opened   func(*Conn)
}

func newEndpoint(limits Limits, secure bool, handler func() Handler) (*endpoint, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &endpoint{Server: NewServer(limits), listener: listener, handler: handler, opened: func(*Conn) {}}
	if secure {
		if e.tls, err = certificate(); err != nil {
			return nil, err
		}
	}
	e.h1.Handler = e.upgrade
	return e, nil
}

func (e *endpoint) addr() string { return e.listener.Addr().String() }

func (e *endpoint) accept() {
	for {
		nc, err := e.listener.Accept()
		if err != nil {
			return
		}
		go func() {
			if e.tls != nil {
				c := tls.Server(nc, e.tls)
				if c.Handshake() != nil {
					nc.Close()
					return
				}
				nc = c
			}
			e.h1.ServeConn(nc, http1.ConnInfo{Remote: nc.RemoteAddr(), Local: nc.LocalAddr()})
		}()
	}
}

func (e *endpoint) upgrade(c *http1.ServerConn, r *http1.Request) {
	if err := CheckHandshake(r.Method, &r.Header); err != nil {
		c.Respond(400, nil, []byte(err.Error()))
		return
	}
	head, err := Answer(&r.Header, nil)
	if err != nil {
		c.Respond(500, nil, []byte(err.Error()))
		return
	}
	nc, early, err := c.Hijack()
	if err != nil {
		return
	}
	conn := e.Open(nc, head, early, e.handler())
	e.opened(conn)
	conn.Start()
}

// serve starts an endpoint for one test.
func serve(t *testing.T, limits Limits, secure bool, handler func() Handler) *endpoint {
	t.Helper()
	e, err := newEndpoint(limits, secure, handler)
	if err != nil {
		t.Fatal(err)
	}
	go e.accept()
	t.Cleanup(func() { e.listener.Close() })
	return e
}

func certificate() (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, nil
}

// echo sends back what it gets.
type echo struct{}

func (echo) Message(c *Conn, payload []byte, binary bool) Job {
	if binary {
		c.SendBinary(payload)
	} else {
		c.Send(payload)
	}
	return nil
}
func (echo) Closed(*Conn, int, string) {}
