package vpclink

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// BenchmarkCall compares a call over a VPC link to 100 targets with one of a
// backend that an integration names itself: the same server, the same request.
func BenchmarkCall(b *testing.B) {
	addr := serveBare(b)
	book := NewBook(Config{})
	defer book.Close()
	book.SetLinks([]Link{{Scope: scope, ID: "v2link"}})
	group := targetGroup(groupARN, "HTTP")
	for i := range 100 {
		group.Targets = append(group.Targets, target(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(i + 1)}), addr.Port())))
	}
	book.SetTargetGroups([]*apigw.TargetGroup{group})
	book.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	pools := integration.NewPools(integration.PoolConfig{})
	defer pools.Close()
	for _, way := range []struct {
		name    string
		backend *integration.Backend
	}{{"direct", pools.Acquire(parseURI(b, "http://"+addr.String()+"/"), false, nil)}, {"link", book.Acquire(albPlace(b, "http://private.example/"))}} {
		b.Run(way.name, func(b *testing.B) {
			c := newCaller()
			call := func() {
				c.call.Reset()
				req := &c.call.Request
				req.Method, req.Host, req.Target = "GET", append(req.Host, "private.example"...), append(req.Target, "/item"...)
				req.Header.Add("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793")
				body, f := c.call.Do(&c.x, way.backend, time.Now().Add(time.Minute), c.body[:0])
				if c.body = body; f != nil {
					b.Fatal(f)
				}
			}
			for range 200 {
				call() // makes the connections
			}
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}

// serveBare answers every request with the same few bytes, as fast as can be.
func serveBare(b *testing.B) netip.AddrPort {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				for in := make([]byte, 4096); ; {
					if _, err := nc.Read(in); err != nil {
						return
					}
					if _, err := nc.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")); err != nil {
						return
					}
				}
			}()
		}
	}()
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.MustParseAddrPort(l.Addr().String()).Port())
}
