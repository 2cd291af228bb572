package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/lxzan/gws"
	"github.com/valyala/fasthttp"
)

// wsDialer opens WebSocket connections to an API of Gatehouse's, or to the bare
// server.
type wsDialer struct {
	address, host string
	local         *net.TCPAddr // nil: any
	tls           *tls.Config  // nil: plain
}

// wsClient is a connection that takes little of its process.
type wsClient struct {
	raw  *net.TCPConn
	file *os.File // in raw's place, out of the reach of the runtime's poller; nil: raw is used
	io.ReadWriter
}

// detach takes a plain connection out of the runtime's poller, which a byte for
// it would wake: it can be read by blocking a thread.
func (c *wsClient) detach() (err error) {
	if c.file, err = c.raw.File(); err != nil {
		return err
	}
	c.ReadWriter = c.file
	return c.raw.Close()
}

func (d *wsDialer) dial() (*wsClient, error) {
	to, err := net.ResolveTCPAddr("tcp", d.address)
	if err != nil {
		return nil, err
	}
	raw, err := net.DialTCP("tcp", d.local, to)
	if err != nil {
		return nil, err
	}
	c := &wsClient{raw: raw, ReadWriter: raw}
	if d.tls != nil {
		c.ReadWriter = tls.Client(raw, d.tls)
	}
	raw.SetDeadline(time.Now().Add(tooLong))
	if err := c.handshake(d.host); err != nil {
		c.drop()
		return nil, err
	}
	raw.SetDeadline(time.Time{})
	return c, nil
}

func (c *wsClient) handshake(host string) error {
	const request = "GET /bench HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err := fmt.Fprintf(c, request, host); err != nil {
		return err
	}
	var buf [1024]byte
	n := 0
	for !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")) {
		m, err := c.Read(buf[n:])
		if err != nil {
			return fmt.Errorf("%w after %q", err, buf[:n])
		}
		n += m
	}
	if !bytes.HasPrefix(buf[:n], []byte("HTTP/1.1 101 ")) {
		return fmt.Errorf("the handshake was answered %q", buf[:n])
	}
	return nil
}

// drop ends the connection without a word, and leaves no port waiting.
func (c *wsClient) drop() {
	if c.file != nil {
		_ = syscall.SetsockoptLinger(int(c.file.Fd()), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
		c.file.Close()
		return
	}
	c.raw.SetLinger(0)
	c.raw.Close()
}

// frameOf is a message as a client sends it, masked with zeros.
func frameOf(text string) []byte {
	head := []byte{0x81, 0x80 | byte(len(text))}
	if len(text) > 125 {
		head = binary.BigEndian.AppendUint16([]byte{0x81, 0x80 | 126}, uint16(len(text)))
	}
	return append(append(head, 0, 0, 0, 0), text...)
}

func (c *wsClient) write(text string) error {
	_, err := c.Write(frameOf(text))
	return err
}

// read is the next message, of at most 1 KB, that comes by itself.
func (c *wsClient) read() (string, error) {
	if c.file == nil {
		c.raw.SetReadDeadline(time.Now().Add(tooLong))
	}
	var buf [1028]byte
	n := 0
	for {
		m, err := c.Read(buf[n:])
		if err != nil {
			return "", err
		}
		n += m
		text, ok, err := parseFrame(buf[:n])
		if ok || err != nil {
			return string(text), err
		}
	}
}

// parseFrame reads a text of a server that is all of p.
func parseFrame(p []byte) (text []byte, ok bool, err error) {
	if len(p) < 4 {
		return nil, false, nil
	}
	at, length := 2, int(p[1])
	if length == 126 {
		at, length = 4, int(binary.BigEndian.Uint16(p[2:]))
	}
	if p[0] != 0x81 || length > 1024 {
		return nil, false, fmt.Errorf("a frame begins with % x", p[:4])
	}
	return p[at:], len(p) == at+length, nil
}

// echo has n connections send a message each, and the next when it is answered.
func echo(address, host, message string, n int, d time.Duration, p *process) (m measurement, err error) {
	dialer := &wsDialer{address: address, host: host}
	took, errs := make([][]float64, n), make([]error, n)
	var ready, done sync.WaitGroup
	var end time.Time
	begin := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			c, err := dialer.dial()
			ready.Done()
			if errs[i] = err; err != nil {
				return
			}
			defer c.drop()
			<-begin
			took[i], errs[i] = c.echo(message, end)
		})
	}
	ready.Wait()
	before := p.cpu()
	end = time.Now().Add(d)
	close(begin)
	done.Wait()
	used := p.cpu() - before
	if err := errors.Join(errs...); err != nil {
		return m, err
	}
	all := slices.Concat(took...)
	if len(all) == 0 {
		return m, errors.New("no message was answered")
	}
	slices.Sort(all)
	m.perSecond, m.cpuPerRequest = float64(len(all))/d.Seconds(), float64(used.Microseconds())/float64(len(all))
	m.p50, m.p99 = all[len(all)/2], all[len(all)*99/100]
	return m, nil
}

func (c *wsClient) echo(message string, end time.Time) (took []float64, err error) {
	c.raw.SetDeadline(end.Add(tooLong))
	frame, r := frameOf(message), bufio.NewReader(c)
	for now := time.Now(); now.Before(end); {
		if _, err := c.Write(frame); err != nil {
			return nil, err
		}
		if err := skipFrame(r); err != nil {
			return nil, err
		}
		then := time.Now()
		took = append(took, float64(then.Sub(now).Nanoseconds())/1e3)
		now = then
	}
	return took, nil
}

// skipFrame reads a text that is no error.
func skipFrame(r *bufio.Reader) error {
	head, err := r.Peek(4)
	if err != nil {
		return err
	}
	at, length := 2, int(head[1])
	if length == 126 {
		at, length = 4, int(binary.BigEndian.Uint16(head[2:]))
	}
	text, err := r.Peek(min(at+length, r.Size()))
	if err != nil {
		return err
	}
	if text[0] != 0x81 || bytes.HasPrefix(text[at:], []byte(`{"message":`)) {
		return fmt.Errorf("answered %q", text[at:])
	}
	_, err = r.Discard(at + length)
	return err
}

// serveEchoes is a bare WebSocket server on one address and an HTTP one on the
// other, both of which send back what they get.
func serveEchoes(sockets, requests string) error {
	http := &fasthttp.Server{NoDefaultServerHeader: true, Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetBody(ctx.Request.Body()) }}
	failed := make(chan error, 2)
	go func() { failed <- http.ListenAndServe(requests) }()
	go func() { failed <- gws.NewServer(bareEcho{}, nil).Run(sockets) }()
	return <-failed
}

type bareEcho struct{ gws.BuiltinEventHandler }

func (bareEcho) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	_ = c.WriteMessage(m.Opcode, m.Bytes())
}
