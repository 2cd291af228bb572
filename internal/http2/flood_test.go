package http2

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	h2 "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/gatehouse/gatehouse/internal/http1"
)

func TestFloods(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	cases := []struct {
		name string
		send func(c *raw, i int) error
	}{
		{"resets", func(c *raw, i int) error {
			c.open(uint32(2*i+1), true)
			return c.WriteRSTStream(uint32(2*i+1), h2.ErrCodeCancel)
		}},
		{"streams beyond the limit", func(c *raw, i int) error { return c.open(uint32(2*i+1), true) }},
		{"resets that errors cause", func(c *raw, i int) error {
			c.open(uint32(2*i+1), false)
			return c.WriteWindowUpdate(uint32(2*i+1), 0)
		}},
		{"pieces of a header block", func(c *raw, i int) error {
			if i == 0 {
				return c.WriteHeaders(h2.HeadersFrameParam{StreamID: 1})
			}
			return c.WriteContinuation(1, false, nil)
		}},
		{"pings", func(c *raw, _ int) error { return c.WritePing(false, [8]byte{}) }},
		{"answers to no ping", func(c *raw, _ int) error { return c.WritePing(true, [8]byte{}) }},
		{"settings", func(c *raw, _ int) error { return c.WriteSettings() }},
		{"one SETTINGS of many", func(c *raw, _ int) error {
			return c.WriteSettings(slices.Repeat([]h2.Setting{{ID: h2.SettingInitialWindowSize, Val: 1}}, 1000)...)
		}},
		{"priorities", func(c *raw, i int) error {
			return c.WritePriority(uint32(2*i+1), h2.PriorityParam{StreamDep: 7777})
		}},
		{"unknown frames", func(c *raw, _ int) error { return c.WriteRawFrame(0xbb, 0, 0, []byte("?")) }},
		{"window updates", func(c *raw, _ int) error { return c.WriteWindowUpdate(0, 1) }},
		{"empty DATA", func(c *raw, i int) error {
			if i == 0 {
				return c.open(1, false)
			}
			return c.WriteData(1, false, nil)
		}},
		{"DATA after the end", func(c *raw, i int) error {
			if i == 0 {
				return c.open(1, true)
			}
			return c.WriteData(1, false, []byte("x"))
		}},
		{"a header block without end", func(c *raw, i int) error {
			if i == 0 {
				return c.WriteHeaders(h2.HeadersFrameParam{StreamID: 1})
			}
			return c.WriteContinuation(1, false, append([]byte{0x40, 1, 'a', 127, 0x80, 0x7f}, make([]byte, 16000)...))
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := dial(t, &Server{Handler: func(s *Stream, _ *http1.Request) { <-block }})
			c.AllowIllegalWrites = true
			ended := make(chan bool, 1)
			go func() { ended <- c.until(isGoAway(h2.ErrCodeEnhanceYourCalm)) != nil }()
			for i := range 5000 {
				if tc.send(c, i) != nil {
					break
				}
			}
			select {
			case ok := <-ended:
				if !ok {
					t.Error("the connection ended without a reason")
				}
			case <-time.After(10 * time.Second):
				t.Error("it goes on forever")
			}
		})
	}
}

// TestHandlersOfResetStreamsAreBounded: resetting doesn't buy more work at a
// time than waiting does.
func TestHandlersOfResetStreamsAreBounded(t *testing.T) {
	block := make(chan struct{})
	var mu sync.Mutex
	running, most := 0, 0
	c := dial(t, &Server{MaxStreams: 10, Handler: func(s *Stream, _ *http1.Request) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		<-block
		mu.Lock()
		running--
		mu.Unlock()
	}})
	for i := range 100 {
		c.open(uint32(2*i+1), true)
		c.WriteRSTStream(uint32(2*i+1), h2.ErrCodeCancel)
	}
	c.WritePing(false, [8]byte{1})
	c.until(func(f h2.Frame) bool { p, ok := f.(*h2.PingFrame); return ok && p.IsAck() })
	close(block)
	mu.Lock()
	defer mu.Unlock()
	if most > 20 {
		t.Errorf("%d handlers ran at once", most)
	}
}

func TestPingsThatNobodyReads(t *testing.T) {
	c := dial(t, &Server{Handler: echo, Limits: http1.Limits{WriteTimeout: 200 * time.Millisecond}})
	c.nc.(*net.TCPConn).SetReadBuffer(4096)
	for range 1_000_000 {
		if err := c.WritePing(false, [8]byte{}); err != nil {
			return
		}
	}
	t.Error("a million pings were taken")
}

func TestIdleTimeout(t *testing.T) {
	c := dial(t, &Server{Handler: echo, Limits: http1.Limits{IdleTimeout: 50 * time.Millisecond}})
	c.open(1, true)
	if c.until(isGoAway(h2.ErrCodeNo)) == nil {
		t.Error("no goodbye")
	}
}

func TestSlowFrames(t *testing.T) {
	for name, bytes := range map[string]string{"half a preface": h2.ClientPreface[:10], "half a header": h2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" + "\x00\x00",
		"a header block without its end": h2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" + "\x00\x00\x00\x01\x00\x00\x00\x00\x01"} {
		nc, err := net.Dial("tcp", listen(t, &Server{Handler: echo, Limits: http1.Limits{HeaderTimeout: 50 * time.Millisecond}}).Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(nc, bytes)
		nc.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, nc); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: it waits for ever", name)
		}
		nc.Close()
	}
}

// FuzzConnection: whatever a client sends, the connection ends, and nothing
// breaks.
func FuzzConnection(f *testing.F) {
	var b bytes.Buffer
	w := h2.NewFramer(&b, nil)
	enc := hpack.NewEncoder(&b)
	enc.WriteField(hpack.HeaderField{Name: ":method", Value: "POST"})
	enc.WriteField(hpack.HeaderField{Name: ":scheme", Value: "http"})
	enc.WriteField(hpack.HeaderField{Name: ":path", Value: "/"})
	block := bytes.Clone(b.Bytes())
	b.Reset()
	w.WriteSettings(h2.Setting{ID: h2.SettingInitialWindowSize, Val: 3})
	w.WriteHeaders(h2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true, PadLength: 3})
	w.WriteDataPadded(1, true, []byte("hello"), []byte{0, 0})
	w.WriteWindowUpdate(1, 100)
	w.WritePing(false, [8]byte{})
	w.WriteRSTStream(1, 8)
	w.WriteHeaders(h2.HeadersFrameParam{StreamID: 3, BlockFragment: block[:2]})
	w.WriteContinuation(3, true, block[2:])
	f.Add(bytes.Clone(b.Bytes()))
	f.Add([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00"))
	s := &Server{Handler: echo, Limits: http1.Limits{WriteTimeout: time.Second, BodyTimeout: time.Second}}
	f.Fuzz(func(t *testing.T, in []byte) {
		ours, theirs := net.Pipe()
		go func() {
			io.WriteString(theirs, h2.ClientPreface)
			theirs.Write(in)
			theirs.Close()
		}()
		go io.Copy(io.Discard, theirs)
		s.ServeConn(ours, http1.ConnInfo{})
	})
}
