package main

import (
	"log/slog"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gatehouse/gatehouse/internal/exchange"
)

// requestLog tells of every request in a line. It is for a person who
// develops, or a program that follows; operators have access logs.
type requestLog struct {
	screen *screen

	mu   sync.Mutex // guards line
	line []byte
}

// Log tells of x, which has been answered.
func (l *requestLog) Log(x *exchange.Exchange) {
	took := time.Since(x.Received)
	if !l.screen.person {
		l.record(x, took)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = l.append(l.line[:0], x, took)
	_, _ = l.screen.w.Write(l.line)
}

// append writes "15:04:05.000 GET     200    3.1 ms  /dev/pets/3  petstore 2.8 ms".
func (l *requestLog) append(b []byte, x *exchange.Exchange, took time.Duration) []byte {
	b = append(b, l.screen.paint(faint, x.Received.Local().Format("15:04:05.000"))...)
	b = append(b, ' ')
	b = pad(appendClean(b, x.Method), len(x.Method), 7)
	b = append(b, ' ')
	b = append(b, l.screen.paint(statusColor(x.Response.Status), strconv.Itoa(x.Response.Status))...)
	b = append(b, ' ')
	text := milliseconds(took)
	b = append(pad(b, len(text), 10), text...)
	b = append(b, "  "...)
	b = appendClean(b, string(requestPath(x)))
	if i := &x.Outcome.Integration; !i.Ended.IsZero() {
		b = append(b, "  "...)
		b = append(b, l.screen.paint(faint, i.Target+" "+milliseconds(i.Ended.Sub(i.Began)))...)
	}
	if x.Outcome.Cache == exchange.CacheHit {
		b = append(b, l.screen.paint(faint, "  response cache")...)
	}
	if f := x.Outcome.Fault; f != nil {
		b = append(b, "  "...)
		b = append(b, l.screen.paint(bad, string(f.Kind))...)
	}
	if x.Response.Aborted {
		b = append(b, l.screen.paint(bad, "  the answer broke off")...)
	}
	return append(b, '\n')
}

// record is the line for a program.
func (l *requestLog) record(x *exchange.Exchange, took time.Duration) {
	list := []any{
		slog.String("requestId", string(x.RequestID[:])), slog.String("method", x.Method), slog.String("path", string(requestPath(x))),
		slog.Int("status", x.Response.Status), slog.Float64("ms", inMilliseconds(took)),
	}
	if o := &x.Outcome; o.Resource != "" {
		list = append(list, slog.String("resource", o.Resource))
	}
	if i := &x.Outcome.Integration; !i.Ended.IsZero() {
		list = append(list, slog.String("integration", i.Target), slog.Float64("integrationMs", inMilliseconds(i.Ended.Sub(i.Began))))
	}
	if c := x.Outcome.Cache; c != "" {
		list = append(list, slog.String("cache", string(c)))
	}
	if f := x.Outcome.Fault; f != nil {
		list = append(list, slog.String("fault", string(f.Kind)))
	}
	l.screen.log.Info("request", list...)
}

// requestPath is the path with the stage or, where none was found, as it came.
// The query is left out: it may hold secrets.
func requestPath(x *exchange.Exchange) []byte {
	if len(x.Address.RequestPath) > 0 {
		return x.Address.RequestPath
	}
	return x.Path
}

func statusColor(status int) string {
	switch {
	case status >= 500:
		return bad
	case status >= 400:
		return odd
	}
	return good
}

func inMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func milliseconds(d time.Duration) string {
	digits := 1
	if d < 10*time.Millisecond {
		digits = 2
	}
	return strconv.FormatFloat(inMilliseconds(d), 'f', digits, 64) + " ms"
}

// pad appends blanks until what took n places takes width.
func pad(b []byte, n, width int) []byte {
	for ; n < width; n++ {
		b = append(b, ' ')
	}
	return b
}

// appendClean appends what a client sent, without what could steer a terminal.
func appendClean(b []byte, s string) []byte {
	for _, c := range s {
		if c < ' ' || c >= 0x7f && c < 0xa0 || c == utf8.RuneError {
			c = '?'
		}
		b = utf8.AppendRune(b, c)
	}
	return b
}
