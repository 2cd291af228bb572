package gateway

import (
	"net"
	"slices"
	"testing"
)

func TestHandedOver(t *testing.T) {
	cases := []struct {
		name string
		env  map[string]string
		want []string
	}{
		{"nothing", nil, nil},
		{"from a predecessor", map[string]string{SocketsVariable: "127.0.0.1%3A8080,unix%3A%2Ftmp%2Fa%2Cb"}, []string{"127.0.0.1:8080", "unix:/tmp/a,b"}},
		{"from systemd", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "web:admin"}, []string{"web", "admin"}},
		{"from systemd without names", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "2"}, []string{"unknown", "unknown"}},
		{"meant for another process", map[string]string{"LISTEN_PID": "41", "LISTEN_FDS": "2"}, nil},
		{"no number", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "x"}, nil},
		{"too many", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "100000"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := handedOver(func(k string) string { return c.env[k] }, 42); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestSockets(t *testing.T) {
	open := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	s := &Sockets{names: []string{"127.0.0.1:8080", "web", "rest"}, listeners: []net.Listener{open(), open(), open()}}
	if s.Take("127.0.0.1:9999") != nil {
		t.Error("took a socket of another name")
	}
	for _, name := range []string{"127.0.0.1:8080", "inherited:web"} {
		l := s.Take(name)
		if l == nil {
			t.Fatalf("no socket %s", name)
		}
		l.Close()
		if s.Take(name) != nil {
			t.Errorf("took %s twice", name)
		}
	}
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.names, s.listeners, s.packets = append(s.names, "dns", "dns"), append(s.listeners, nil, open()), []net.PacketConn{nil, nil, nil, packets, nil}
	if p, l := s.TakePackets("inherited:dns"), s.Take("inherited:dns"); p != packets || l == nil || s.TakePackets("dns") != nil {
		t.Error("of two sockets of one name, not each is taken once")
	} else {
		p.Close()
		l.Close()
	}
	rest := s.listeners[2]
	s.Close()
	if _, err := rest.Accept(); err == nil {
		t.Error("what nobody took stays open")
	}
	g := newGateway(t, &fakeKind{}, func(c *Config) { c.Listeners = []ListenerConfig{{Network: "inherited", Address: "web"}} })
	if err := g.Listen(); err == nil {
		t.Error("listens on a socket that wasn't handed over")
	}
}
