package nameserver

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// packet is a socket that says that what it gets comes from an address of a
// network.
type packet struct {
	net.PacketConn
	from net.Addr
	in   chan []byte
	out  chan []byte
}

func (p *packet) ReadFrom(b []byte) (int, net.Addr, error) {
	sent, ok := <-p.in
	if !ok {
		return 0, nil, net.ErrClosed
	}
	return copy(b, sent), p.from, nil
}

func (p *packet) WriteTo(b []byte, _ net.Addr) (int, error) {
	p.out <- append([]byte(nil), b...)
	return len(b), nil
}

// within82 is a message of one question, whose name's labels are within one another:
// of 82 bytes, the name has 239.
func within82() []byte {
	name := make([]byte, 66)
	for i, next := range []byte{13, 14, 15, 16} {
		name[i], name[64-2*i], name[65-2*i] = byte(63-3*i), 0xc0, next
	}
	return append(append([]byte{0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, name...), 0, 1, 0, 1)
}

// TestCompressedQuestions: they get no answer, which would be longer than they
// are.
func TestCompressedQuestions(t *testing.T) {
	long := new(dns.Msg)
	if err := long.Unpack(within82()); err != nil || long.Len() < 3*len(within82()) {
		t.Fatalf("%v, %v", long, err)
	}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &packet{socket, udp("192.0.2.1", 4711), make(chan []byte), make(chan []byte, 10)}
	s := New(Config{Logger: slog.New(slog.DiscardHandler), Listeners: []Listener{{Packets: p, Streams: newPipes(t), View: fuzzed().view}}})
	broken := append(within82(), 0)
	broken[7] = 1 // record, which isn't whole
	query := new(dns.Msg)
	query.SetQuestion("_c._d.a.b.", dns.TypeA)
	whole, err := query.Pack()
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range [][]byte{within82(), broken, whole} {
		p.in <- message
	}
	close(p.in)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = s.Close(ctx)
	if len(p.out) != 1 {
		t.Fatalf("%d answers", len(p.out))
	}
	answer := new(dns.Msg)
	if err := answer.Unpack(<-p.out); err != nil || len(answer.Answer) == 0 || answer.Id != query.Id {
		t.Errorf("%v, %v", answer, err)
	}
}
