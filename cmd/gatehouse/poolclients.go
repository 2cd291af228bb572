package main

import (
	"crypto/tls"
	"errors"
	"fmt"

	"golang.org/x/net/netutil"

	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/gateway"
)

// maxPoolClients is how many connections a listener for the clients of user
// pools has at a time.
const maxPoolClients = 1024

// listenPoolClients opens the listeners for clients of user pools.
func (p *program) listenPoolClients(sockets *gateway.Sockets) error {
	e := p.control
	for _, l := range p.config.UserPools.Listen {
		if err := e.openClients(p, l, sockets); err != nil {
			return fmt.Errorf("userPools: listen: %s: %w", l.Address, err)
		}
	}
	return nil
}

func (e *controlEdge) openClients(p *program, l config.Listener, sockets *gateway.Sockets) error {
	var secure *tls.Config
	if l.TLS != nil {
		var err error
		if secure, err = gateway.ServerTLS(&gateway.TLSConfig{CertFile: l.TLS.Cert, KeyFile: l.TLS.Key, SelfSigned: l.TLS.Development}, p.config.Data, p.log); err != nil {
			return err
		}
		secure.NextProtos = []string{"http/1.1"}
	}
	n := sockets.Take(poolSocket(l.Address))
	if n == nil {
		var err error
		if n, err = openControl(l.Address, sockets); err != nil {
			return err
		}
	}
	e.sockets = append(e.sockets, n)
	bounded := netutil.LimitListener(n, maxPoolClients)
	if secure != nil {
		bounded = tls.NewListener(bounded, secure)
	}
	e.clients = append(e.clients, bounded)
	p.log.Info("clients of user pools are served", "address", baseURL(l, n.Addr()))
	return nil
}

// handOverClients adds the listeners to what a successor takes over.
func (e *controlEdge) handOverClients(h *gateway.Handover, configured []config.Listener) error {
	var all error
	for i, l := range e.sockets {
		all = errors.Join(all, h.Add(poolSocket(configured[i].Address), l))
	}
	return all
}

// poolSocket is what such a listener is called when it is handed over.
func poolSocket(address string) string { return "user pools " + address }
