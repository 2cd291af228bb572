package integration

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// TestPacer: 10 MB at once, then 2 MB/s (developer guide, "Stream the
// integration response for your proxy integrations in API Gateway").
func TestPacer(t *testing.T) {
	start := time.Date(2025, 11, 19, 0, 0, 0, 0, time.UTC)
	cases := []struct {
		name   string
		passed int64
		after  time.Duration // since the limit was passed
		want   time.Duration
	}{
		{"the first 10 MB", streamFree, 0, 0},
		{"2 MB more at once", streamFree + streamRate, 0, time.Second},
		{"half a second later", streamFree + streamRate, 500 * time.Millisecond, 500 * time.Millisecond},
		{"at the rate", streamFree + streamRate, time.Second, 0},
		{"a source that was slower", streamFree + streamRate, time.Minute, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := pacer{passed: c.passed, began: start}
			if got := p.delay(start.Add(c.after)); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
	p := pacer{passed: streamFree + streamRate, began: start}
	now := start.Add(time.Minute)
	p.delay(now)
	p.passed += 2 * streamRate // a second's worth of it is saved
	if got := p.delay(now); got != time.Second {
		t.Errorf("after a pause of a minute: %v", got)
	}
}

// TestStreamPace: how long a reader of 16 MB is held up.
func TestStreamPace(t *testing.T) {
	var slept time.Duration
	s := NewStream(StreamSource{From: io.LimitReader(zeros{}, 16<<20), Idle: time.Minute, Cancel: func() {}, Closed: func(time.Time, error) {}})
	s.sleep = func(d time.Duration) {
		slept += d
		s.pace.began = s.pace.began.Add(-d) // as if the time had passed
	}
	n, err := io.Copy(io.Discard, s)
	if n != 16<<20 || err != nil || slept < 2900*time.Millisecond || slept > 3100*time.Millisecond {
		t.Errorf("%d bytes, %v, slept %v", n, err, slept)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestStreamClosed: what its end is told.
func TestStreamClosed(t *testing.T) {
	broken := errors.New("broken")
	cases := []struct {
		name string
		from io.Reader
		read int // bytes; -1: all
		want error
		none bool // no first byte
	}{
		{"whole", strings.NewReader("abc"), -1, nil, false},
		{"empty", strings.NewReader(""), -1, nil, true},
		{"left", strings.NewReader("abc"), 1, errUnread, false},
		{"broken", io.MultiReader(strings.NewReader("abc"), failing{broken}), -1, broken, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var ends int
			s := NewStream(StreamSource{From: c.from, Idle: time.Minute, Cancel: func() {}, Closed: func(first time.Time, err error) {
				ends++
				if err != c.want || first.IsZero() != c.none {
					t.Errorf("%v, first byte at %v", err, first)
				}
			}})
			if c.read < 0 {
				_, _ = io.Copy(io.Discard, s)
			} else {
				_, _ = s.Read(make([]byte, c.read))
			}
			s.Close()
			s.Close()
			if ends != 1 {
				t.Errorf("ended %d times", ends)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestStreamIdle: a source that says nothing for too long is given up.
func TestStreamIdle(t *testing.T) {
	r, w := io.Pipe()
	s := NewStream(StreamSource{From: r, Idle: 20 * time.Millisecond, Cancel: func() { w.CloseWithError(io.ErrUnexpectedEOF) }, Closed: func(time.Time, error) {}})
	go w.Write([]byte("abc"))
	body, err := io.ReadAll(s)
	if string(body) != "abc" || !errors.Is(err, errIdle) {
		t.Errorf("%q, %v", body, err)
	}
}
