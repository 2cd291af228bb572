package http2

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	h2 "golang.org/x/net/http2"

	"github.com/gatehouse/gatehouse/internal/http1"
)

func TestBodiesBothWays(t *testing.T) {
	l := listen(t, &Server{Handler: func(s *Stream, _ *http1.Request) {
		var h http1.Header
		if s.Length() > 0 {
			h.Add("x-length", fmt.Sprint(s.Length()))
		}
		s.Start(200, &h, s.Length())
		buf := make([]byte, 10000)
		for {
			n, err := s.Read(buf)
			if _, err := s.Write(buf[:n]); err != nil {
				return
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
		if err := s.Finish(); err != nil {
			t.Error(err)
		}
	}})
	hc := client(t)
	random := rand.New(rand.NewSource(1))
	var all sync.WaitGroup
	for i, size := range []int{1, 16384, 16385, 65535, 65536, 300_000, 3 << 20, 1 << 20, 5000, 2 << 20} {
		body := make([]byte, size)
		random.Read(body)
		all.Go(func() {
			var in io.Reader = bytes.NewReader(body)
			if i%2 == 1 {
				in = io.MultiReader(in) // without a length
			}
			resp, err := hc.Post("http://"+l.Addr().String()+"/", "", in)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if err != nil || sha256.Sum256(got) != sha256.Sum256(body) {
				t.Errorf("%d bytes came back as %d, %v", size, len(got), err)
			}
		})
	}
	all.Wait()
}

func TestReadAllLimits(t *testing.T) {
	l := listen(t, &Server{Handler: func(s *Stream, _ *http1.Request) {
		_, err := s.ReadAll(nil, 1000)
		code := 200
		if errors.Is(err, http1.ErrBodyTooLarge) {
			code = 413
		} else if err != nil {
			t.Error(err)
		}
		s.Respond(code, nil, nil)
	}})
	for _, known := range []bool{false, true} {
		for size, want := range map[int]int{0: 200, 1000: 200, 1001: 413, 11 << 20: 413} {
			var in io.Reader = strings.NewReader(strings.Repeat("a", size))
			if !known {
				in = io.MultiReader(in)
			}
			resp, err := client(t).Post("http://"+l.Addr().String()+"/", "", in)
			if err != nil {
				t.Error(err)
				continue
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%d bytes, known %v: %s", size, known, resp.Status)
			}
		}
	}
}

func TestFlowControlStops(t *testing.T) {
	ended := make(chan error, 1)
	c := dial(t, &Server{Limits: http1.Limits{WriteTimeout: 100 * time.Millisecond}, Handler: func(s *Stream, _ *http1.Request) {
		ended <- s.Respond(200, nil, make([]byte, 100_000))
	}})
	c.open(1, true)
	got := 0
	c.until(func(f h2.Frame) bool {
		if d, ok := f.(*h2.DataFrame); ok {
			got += len(d.Data())
		}
		return isReset(1, h2.ErrCodeCancel)(f)
	})
	if got != streamWindow {
		t.Errorf("%d bytes came without a window for them", got)
	}
	if err := <-ended; err != errStalled {
		t.Errorf("the handler got %v", err)
	}
}

// TestTinyWindows: a client that takes an answer byte by byte gets all of it,
// and its many window updates don't count as a flood.
func TestTinyWindows(t *testing.T) {
	const size = 5000
	c := dial(t, &Server{Handler: func(s *Stream, _ *http1.Request) { s.Respond(200, nil, make([]byte, size)) }})
	c.WriteSettings(h2.Setting{ID: h2.SettingInitialWindowSize, Val: 1})
	c.open(1, true)
	got := 0
	c.until(func(f h2.Frame) bool {
		d, ok := f.(*h2.DataFrame)
		if !ok {
			return false
		}
		if len(d.Data()) > 1 {
			t.Fatalf("%d bytes at once", len(d.Data()))
		}
		got += len(d.Data())
		if !d.StreamEnded() {
			c.WriteWindowUpdate(1, 1)
			c.WriteWindowUpdate(0, 1)
		}
		return d.StreamEnded()
	})
	if got != size {
		t.Errorf("%d bytes came", got)
	}
}

// TestShrunkWindow: a window that SETTINGS make negative opens again by
// updates alone.
func TestShrunkWindow(t *testing.T) {
	begun := make(chan struct{})
	c := dial(t, &Server{Handler: func(s *Stream, _ *http1.Request) {
		s.Start(200, nil, 20)
		s.Write(make([]byte, 10))
		s.Flush()
		<-begun
		s.Write(make([]byte, 10))
		s.Finish()
	}})
	c.WriteSettings(h2.Setting{ID: h2.SettingInitialWindowSize, Val: 10})
	c.open(1, true)
	isData := func(f h2.Frame) bool { d, ok := f.(*h2.DataFrame); return ok && len(d.Data()) == 10 }
	c.until(isData)
	c.WriteSettings(h2.Setting{ID: h2.SettingInitialWindowSize, Val: 0}) // -10 are left
	c.WritePing(false, [8]byte{1})
	c.until(func(f h2.Frame) bool { p, ok := f.(*h2.PingFrame); return ok && p.IsAck() })
	close(begun)
	c.WriteWindowUpdate(1, 20)
	if c.until(isData) == nil {
		t.Error("the rest doesn't come")
	}
}

// TestWindowsAreGivenBack: bodies that nobody reads, reads in part or that the
// client resets don't use the connection's window up.
func TestWindowsAreGivenBack(t *testing.T) {
	s := &Server{Handler: func(s *Stream, r *http1.Request) {
		switch string(r.Path) {
		case "/part":
			io.ReadFull(s, make([]byte, 1000))
		case "/all":
			echo(s, r)
			return
		}
		s.Respond(403, nil, nil)
	}}
	c := dial(t, s)
	grown := make(chan int, 10_000)
	go c.until(func(f h2.Frame) bool {
		if w, ok := f.(*h2.WindowUpdateFrame); ok && w.StreamID == 0 {
			grown <- int(w.Increment)
		}
		return false
	})
	window := streamWindow
	request := func(id uint32, path string, length int, more ...string) {
		c.WriteHeaders(h2.HeadersFrameParam{StreamID: id, EndHeaders: true,
			BlockFragment: c.encode(append([]string{":method", "PUT", ":scheme", "http", ":authority", "h", ":path", path}, more...)...)})
		for left := length; left > 0; {
			n := min(left, 10_000)
			left -= n
			for window -= n + 101; window < 0; {
				window += <-grown
			}
			c.WriteDataPadded(id, left == 0, make([]byte, n), make([]byte, 100))
		}
	}
	for i := range uint32(100) { // 6 MB in all, the window is 1 MB
		id := 8*i + 1
		request(id, "/none", 60_000)
		request(id+2, "/part", 60_000)
		request(id+4, "/all", 60_000, "content-length", "30000") // reset for what is too much
		request(id+6, "/all", 50_000)
		c.WriteRSTStream(id+6, h2.ErrCodeCancel)
	}
	sc := onlyConn(s)
	for settled := false; !settled; {
		sc.mu.Lock()
		settled = sc.running == 0 && sc.lastID == 8*99+7
		if got := sc.window + int64(sc.unsaid); settled && got != connWindow {
			t.Errorf("of the window of %d bytes %d are left", connWindow, got)
		}
		if settled && (sc.open != 0 || len(sc.streams) != 0) {
			t.Errorf("%d streams are open, %d known", sc.open, len(sc.streams))
		}
		sc.mu.Unlock()
		runtime.Gosched()
	}
}

// onlyConn is the one connection of s.
func onlyConn(s *Server) *conn {
	for {
		s.mu.Lock()
		for c := range s.conns {
			s.mu.Unlock()
			return c
		}
		s.mu.Unlock()
		runtime.Gosched()
	}
}
