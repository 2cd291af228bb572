package lambda

import (
	"bytes"
	"context"
	"fmt"
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

// maxLog bounds what is logged of one invocation, in bytes; the rest is read
// and left out, and the log says so.
const maxLog = 8 << 20

// output turns what a function writes into log records, one a line, with the
// ID of the request it is at.
type output struct {
	log     *slog.Logger
	job     atomic.Pointer[job] // the last one; nil before the first
	written atomic.Int64        // bytes since it began
	lines   atomic.Int64        // read
}

// begin starts the account of an invocation. Lines without an ID of their own
// that are read from here on are taken to be its own.
func (o *output) begin(j *job) {
	o.job.Store(j)
	o.written.Store(0)
}

// What a function wrote before its answer may come behind it, on another way:
// it is waited for until nothing came for caughtUp, but no longer than mostBehind.
const (
	caughtUp   = 5 * time.Millisecond
	mostBehind = 100 * time.Millisecond
)

// settle waits for the lines of an invocation that has been answered.
func (o *output) settle() {
	for end := time.Now().Add(mostBehind); time.Now().Before(end); {
		before := o.lines.Load()
		time.Sleep(caughtUp)
		if o.lines.Load() == before {
			return
		}
	}
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
		buf = o.split(buf[:len(buf)+n])
		if err != nil {
			if len(buf) > 0 {
				o.line(buf)
			}
			return
		}
	}
}

// split logs the complete lines in buf and returns buf with the rest at its
// beginning.
func (o *output) split(buf []byte) []byte {
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
	o.lines.Add(1)
	b = bytes.TrimSuffix(b, []byte("\r"))
	j := o.job.Load()
	if j != nil && j.tail != nil {
		j.tail.add(b)
	}
	if len(b) == 0 || !o.log.Enabled(context.Background(), slog.LevelInfo) {
		return
	}
	id := ""
	if j != nil {
		id = j.id
	}
	n := int64(len(b)) + 1
	if total := o.written.Add(n); total > maxLog {
		if total-n <= maxLog {
			o.log.Warn(fmt.Sprintf("the function wrote more than %d MB in one invocation; the rest is left out", maxLog>>20), "requestId", id)
		}
		return
	}
	l := parseLine(b)
	if l.id != "" {
		id = l.id
	}
	o.log.Log(context.Background(), l.level, strings.ToValidUTF8(string(l.text), "\uFFFD"), "requestId", id)
}

// logLine is a line of a function's output.
type logLine struct {
	level slog.Level
	id    string // of the request that the line names; empty when none
	text  []byte
}

const (
	stampSize = len("2006-01-02T15:04:05.000Z")
	idSize    = 36
)

// parseLine reads a line in the text format of Lambda's runtimes: timestamp,
// request ID, level and text of Node.js, or level in brackets, timestamp,
// request ID and text of Python, separated by tabs, with carriage returns for
// the text's own line feeds. Any other line is text.
func parseLine(b []byte) logLine {
	f := bytes.SplitN(b, []byte{'\t'}, 4)
	if len(f) == 4 {
		stamp, id, level := f[0], f[1], f[2]
		if n := len(f[0]); n > 2 && f[0][0] == '[' && f[0][n-1] == ']' {
			stamp, id, level = f[1], f[2], f[0][1:n-1]
		}
		if l, ok := levelOf(string(level)); ok && len(stamp) == stampSize && stamp[stampSize-1] == 'Z' {
			line := logLine{level: l, text: bytes.ReplaceAll(f[3], []byte{'\r'}, []byte{'\n'})}
			if len(id) == idSize && isWord(string(id), "-") {
				line.id = string(id)
			}
			return line
		}
	}
	return logLine{text: b}
}

// levelOf is the level of a line as it is logged here: Lambda shows DEBUG and
// TRACE, too.
func levelOf(name string) (slog.Level, bool) {
	switch name {
	case "TRACE", "DEBUG", "INFO":
		return slog.LevelInfo, true
	case "WARN", "WARNING":
		return slog.LevelWarn, true
	case "ERROR", "CRITICAL", "FATAL":
		return slog.LevelError, true
	}
	return 0, false
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
