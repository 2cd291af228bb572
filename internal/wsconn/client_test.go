package wsconn

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// client speaks frames, right or wrong.
type client struct {
	t    testing.TB
	nc   net.Conn
	in   *bufio.Reader
	chop int  // bytes per write; 0: all at once
	done bool // a close frame was sent
}

const handshakeRequest = "GET /prod HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

func dial(t testing.TB, e *endpoint) *client {
	t.Helper()
	nc, err := net.Dial("tcp", e.addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if e.tls != nil {
		nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
	}
	if _, err := io.WriteString(nc, handshakeRequest); err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, nc: nc, in: bufio.NewReader(nc)}
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.Header.Get("Sec-WebSocket-Accept"); answer.StatusCode != 101 || got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("the handshake was answered with %d, accept %q", answer.StatusCode, got)
	}
	return c
}

// frame is one that is sent, or came.
type frame struct {
	head    byte // FIN, RSV and opcode
	payload string
}

const (
	fin    = 0x80
	text   = byte(ws.OpText)
	bin    = byte(ws.OpBinary)
	cont   = byte(ws.OpContinuation)
	closes = fin | byte(ws.OpClose)
	ping   = fin | byte(ws.OpPing)
	pong   = fin | byte(ws.OpPong)
)

func masked(f frame) []byte {
	out := []byte{f.head}
	switch n := len(f.payload); {
	case n <= 125:
		out = append(out, 0x80|byte(n))
	case n <= 0xffff:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	var mask [4]byte
	rand.Read(mask[:])
	out = append(out, mask[:]...)
	at := len(out)
	out = append(out, f.payload...)
	for i := range len(f.payload) {
		out[at+i] ^= mask[i%4]
	}
	return out
}

// send writes frames. An error means that the server has hung up, which what
// is read next tells better.
func (c *client) send(frames ...frame) {
	var all []byte
	for _, f := range frames {
		all = append(all, masked(f)...)
		c.done = c.done || f.head == closes
	}
	c.write(all)
}

func (c *client) write(all []byte) {
	for len(all) > 0 {
		n := len(all)
		if c.chop > 0 {
			n = min(n, c.chop)
		}
		if _, err := c.nc.Write(all[:n]); err != nil {
			return
		}
		all = all[n:]
	}
}

// next is the next frame, or message when it came in several.
func (c *client) next() (frame, error) {
	h, err := ws.ReadHeader(c.in)
	if err != nil {
		return frame{}, err
	}
	if h.Masked || h.Rsv != 0 {
		return frame{}, errors.New("the server sent a frame that no client takes")
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(c.in, payload); err != nil {
		return frame{}, err
	}
	f := frame{byte(h.OpCode), string(payload)}
	if h.Fin {
		f.head |= fin
		return f, nil
	}
	rest, err := c.next()
	return frame{f.head | fin, f.payload + rest.payload}, err
}

// expect reads frames and compares them.
func (c *client) expect(want ...frame) {
	c.t.Helper()
	for i, w := range want {
		got, err := c.next()
		if err != nil {
			c.t.Fatalf("frame %d: %v instead of %x %.40q", i, err, w.head, w.payload)
		}
		if got != w {
			c.t.Fatalf("frame %d is %x %.40q (%d bytes) instead of %x %.40q (%d bytes)", i, got.head, got.payload, len(got.payload), w.head, w.payload, len(w.payload))
		}
	}
}

// expectEnd reads a close frame with code, answers it unless it is an answer, and reads the end of the
// connection, without an error.
func (c *client) expectEnd(code int) {
	c.t.Helper()
	f, err := c.next()
	if err != nil {
		c.t.Fatalf("the connection ended without a close frame: %v", err)
	}
	got := CodeNoStatus
	if len(f.payload) >= 2 {
		got = int(binary.BigEndian.Uint16([]byte(f.payload)))
	}
	if f.head != closes || got != code {
		c.t.Fatalf("got %x %q instead of a close frame with %d", f.head, f.payload, code)
	}
	if !c.done {
		c.send(f)
	}
	if f, err := c.next(); err != io.EOF {
		c.t.Fatalf("after the close frame came %v, %v instead of the end", f, err)
	}
	c.nc.Close()
}

// closing is a close frame.
func closing(code int, reason string) frame {
	return frame{closes, string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason}
}
