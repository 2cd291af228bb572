package gateway

import (
	"crypto/tls"
	"net"
	"sync"
)

// handedTable holds the connections by custom domain names that were handed to
// who serves them beyond their request, as a WebSocket API does. A request is
// judged by what its domain name asks for when it comes; who sends no more of
// them is judged when that changes.
type handedTable struct {
	mu    sync.Mutex // guards what follows
	conns map[*peer]handed
}

// handed is such a connection.
type handed struct {
	nc   net.Conn // beneath TLS: closing it waits for nobody
	host string   // without the port
}

// handedOver is told that the session's connection goes to who serves it now.
// The trust stores that let the client in go on to watch it.
func (s *session) handedOver(nc net.Conn) (gone func()) {
	p, t := s.peer, &s.gateway.handed
	custom := s.x.Address.Custom
	if !custom && len(p.vouched) == 0 {
		return nil
	}
	if over, ok := nc.(*tls.Conn); ok {
		nc = over.NetConn()
	}
	p.handed, p.info.Tag = true, nil
	if !custom {
		return p.leave
	}
	h := handed{nc, string(hostName(s.x.Host))}
	t.add(p, h)
	h.judge(p, s.gateway.domains.Load()) // it may have changed since the request was judged
	return func() {
		t.remove(p)
		p.leave()
	}
}

func (t *handedTable) add(p *peer, h handed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conns == nil {
		t.conns = map[*peer]handed{}
	}
	t.conns[p] = h
}

func (t *handedTable) remove(p *peer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, p)
}

// judge cuts connections that their domain names wouldn't take any more.
func (t *handedTable) judge(domains *domainTable) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, h := range t.conns {
		h.judge(p, domains)
	}
}

func (h handed) judge(p *peer, domains *domainTable) {
	var memory [maxDomain]byte
	host := []byte(h.host)
	if d := domains.find(host, &memory); d != nil && d.refuses(p, host) != "" {
		h.nc.Close() // its owner has it removed
	}
}
