package lambda

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxLine bounds one line of a function's output; a longer one is logged in
// parts.
const maxLine = 8 * 1024

// output turns what a function writes into log records, one a line, with the
// ID of the request it is at.
type output struct {
	log     *slog.Logger
	request atomic.Pointer[string] // nil between invocations
}

func (o *output) copy(r io.Reader) {
	buf := make([]byte, 0, 512)
	for {
		if len(buf) == cap(buf) {
			if cap(buf) >= maxLine {
				o.line(buf)
				buf = buf[:0]
			} else {
				buf = append(make([]byte, 0, 4*cap(buf)), buf...)
			}
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = o.lines(buf[:len(buf)+n])
		if err != nil {
			if len(buf) > 0 {
				o.line(buf)
			}
			return
		}
	}
}

// lines logs the complete lines in buf and returns buf with the rest at its
// beginning.
func (o *output) lines(buf []byte) []byte {
	rest := buf
	for {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return buf[:copy(buf, rest)]
		}
		o.line(rest[:i])
		rest = rest[i+1:]
	}
}

func (o *output) line(b []byte) {
	b = bytes.TrimSuffix(b, []byte("\r"))
	if len(b) == 0 || !o.log.Enabled(context.Background(), slog.LevelInfo) {
		return
	}
	id := ""
	if p := o.request.Load(); p != nil {
		id = *p
	}
	o.log.Info(strings.ToValidUTF8(string(b), "\uFFFD"), "requestId", id)
}

// leftoverWait is how long a process that left its group may go on holding
// the output of a function that ended.
const leftoverWait = 250 * time.Millisecond

// closeWhenRead closes r when its reader has come to the end, which is at
// once unless a descendant that got away still holds the other end.
func closeWhenRead(r *os.File, reading *sync.WaitGroup) {
	timer := time.AfterFunc(leftoverWait, func() { r.Close() })
	reading.Wait()
	timer.Stop()
	r.Close()
}
