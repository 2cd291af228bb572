package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/nameserver"
)

// names answers DNS queries, where that is configured. A nil one doesn't.
type names struct {
	*nameserver.Names
	configured *config.NameServer
	listeners  []nameserver.Listener
	server     *nameserver.Server // nil: not yet
}

// listenDNS opens the addresses that names are asked at; answering begins once
// what they lead to is served.
func (p *program) listenDNS(sockets *gateway.Sockets) (*names, error) {
	c := p.config.NameServer()
	if c == nil {
		return nil, nil
	}
	n := &names{configured: c, Names: &nameserver.Names{Region: p.config.Region, TTL: c.TTL, Public: c.Public, Endpoints: c.Endpoints,
		Serves: func(api string) bool { return p.gateway.Serves(api) }}}
	for _, l := range c.Listeners {
		packets, streams, err := openDNS(l.Address, sockets)
		if err != nil {
			n.close(context.Background())
			return nil, fmt.Errorf("dns: listen: %s: %w", l.Address, err)
		}
		n.listeners = append(n.listeners, nameserver.Listener{Packets: packets, Streams: streams, View: n.In(l.VPC)})
	}
	return n, nil
}

func openDNS(address string, sockets *gateway.Sockets) (net.PacketConn, net.Listener, error) {
	packets, streams := sockets.TakePackets(dnsSocket(address)), sockets.Take(dnsSocket(address))
	if packets != nil && streams != nil {
		return packets, streams, nil
	}
	name, inherited := strings.CutPrefix(address, "inherited:")
	if !inherited {
		return nameserver.Open(address)
	}
	packets, streams = sockets.TakePackets(name), sockets.Take(name)
	if packets == nil || streams == nil {
		return nil, nil, fmt.Errorf("it takes two inherited sockets of this name, for TCP and for UDP; there are: %s", sockets)
	}
	return packets, streams, nil
}

// dnsSocket is what both sockets of a listener are called when they are handed
// over.
func dnsSocket(address string) string { return "dns " + address }

// serve begins to answer.
func (n *names) serve(p *program) {
	if n == nil {
		return
	}
	n.Services = p.parts.registry
	n.server = nameserver.New(nameserver.Config{Listeners: n.listeners, Forward: n.configured.Forward, Trusted: n.configured.Trusted, Logger: p.log})
	for _, l := range n.listeners {
		p.log.Info("names are answered", "address", l.Streams.Addr().String())
	}
}

// setDomainNames has custom domain names served and found.
func (p *program) setDomainNames(list []*apigw.DomainName) {
	p.gateway.SetDomainNames(list)
	if p.names != nil {
		p.names.SetDomains(list)
	}
}

// handOver adds the sockets to what a successor takes over.
func (n *names) handOver(h *gateway.Handover) error {
	if n == nil {
		return nil
	}
	var all error
	for i, l := range n.listeners {
		name := dnsSocket(n.configured.Listeners[i].Address)
		all = errors.Join(all, h.Add(name, l.Streams), h.Add(name, l.Packets))
	}
	return all
}

func (n *names) close(ctx context.Context) {
	switch {
	case n == nil:
	case n.server != nil:
		_ = n.server.Close(ctx)
	default:
		for _, l := range n.listeners {
			l.Packets.Close()
			l.Streams.Close()
		}
	}
}
