package main

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/nameserver"
)

// names checks that the addresses of dns can be listened on, or are ours already.
func (e *examination) names(ctx context.Context) {
	c := e.config.NameServer()
	if c == nil {
		return
	}
	for _, l := range c.Listeners {
		if strings.HasPrefix(l.Address, "inherited:") {
			e.ok("dns", l.Address+": whoever starts the server passes it")
			continue
		}
		packets, streams, err := openDNS(l.Address, (*gateway.Sockets)(nil))
		switch {
		case err == nil:
			packets.Close()
			streams.Close()
			e.ok("dns", l.Address+" is free")
		case !errors.Is(err, syscall.EADDRINUSE):
			e.fail("dns", l.Address+": "+err.Error(), "port 53 needs the capability CAP_NET_BIND_SERVICE, or sockets from systemd; see docs/dns.md")
		case e.running != "" && nameserver.Answers(ctx, l.Address, nameserver.Zone(e.config.Region)):
			e.ok("dns", l.Address+" is the running server's")
		default:
			e.fail("dns", l.Address+" is in use by another program", "end that program (ss -lntup names it), or give another address in dns: listen")
		}
	}
}
