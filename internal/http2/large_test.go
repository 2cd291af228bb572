package http2

import (
	"io"
	"testing"
	"testing/iotest"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// TestLargeAnswers: Go's client, which sends two window updates every 4 KB, is
// no flood when it reads what it asked for.
func TestLargeAnswers(t *testing.T) {
	const size = 40 << 20
	s := &Server{Handler: func(st *Stream, _ *http1.Request) {
		if st.Start(200, nil, -1) != nil {
			return
		}
		for piece, sent := make([]byte, 32<<10), 0; sent < size; sent += len(piece) {
			if _, err := st.Write(piece); err != nil {
				return
			}
			_ = st.Flush()
		}
		_ = st.Finish()
	}}
	c, url := client(t), "http://"+listen(t, s).Addr().String()
	for name, reader := range map[string]func(io.Reader) io.Reader{"at once": func(r io.Reader) io.Reader { return r }, "in halves": iotest.HalfReader} {
		t.Run(name, func(t *testing.T) {
			r, err := c.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			n, err := io.Copy(io.Discard, reader(r.Body))
			if n != size || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
}

// TestBudgetOfUpdates: window updates are free for what was sent, and no more.
func TestBudgetOfUpdates(t *testing.T) {
	at := now()
	var b budget
	b.sent(100 * bytesPerUpdate)
	for i := range 100 + budgetSize {
		if !b.spendUpdate(at) {
			t.Fatalf("update %d was one too many", i)
		}
	}
	if b.spendUpdate(at) {
		t.Error("a flood of updates passed")
	}
	for range 10_000 {
		b.sent(1 << 20)
	}
	if b.taken != mostTaken {
		t.Errorf("%d bytes are remembered", b.taken)
	}
}
