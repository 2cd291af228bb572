package nameserver

import (
	"net"
	"time"

	"github.com/miekg/dns"
)

// packets reads datagrams, without such as would be answered by more bytes than
// they have, whoever asks how often: those whose question has its name compressed,
// which there is nothing for, and which answers spell out.
type packets struct{ dns.PacketConnReader }

func readPackets(r dns.Reader) dns.Reader { return packets{r.(dns.PacketConnReader)} }

// ReadUDP implements dns.Reader.
func (p packets) ReadUDP(conn *net.UDPConn, timeout time.Duration) ([]byte, *dns.SessionUDP, error) {
	m, session, err := p.PacketConnReader.ReadUDP(conn, timeout)
	return spelt(m), session, err
}

// ReadPacketConn implements dns.PacketConnReader.
func (p packets) ReadPacketConn(conn net.PacketConn, timeout time.Duration) ([]byte, net.Addr, error) {
	m, from, err := p.PacketConnReader.ReadPacketConn(conn, timeout)
	return spelt(m), from, err
}

// headerSize is where the question begins (RFC 1035, section 4.1.1).
const headerSize = 12

// spelt is a message, or nothing, which gets no answer, when its question's name
// isn't spelt out.
func spelt(m []byte) []byte {
	for at := headerSize; at < len(m) && m[at] != 0; at += 1 + int(m[at]) {
		if m[at]&0xc0 != 0 {
			return m[:0]
		}
	}
	return m
}
