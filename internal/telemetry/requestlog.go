package telemetry

import (
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
)

// RequestStyle is how a RequestLog writes.
type RequestStyle uint8

// The styles.
const (
	RequestJSON   RequestStyle = iota // for programs, an object per line
	RequestPlain                      // for people
	RequestColour                     // for people at a terminal
)

// RequestLog writes a line per request for who works on an API: what was
// called, how it was answered, and how long that and the integration took. It
// never holds up a request: a reader that doesn't keep up misses lines.
type RequestLog struct {
	style RequestStyle
	logs  *Logs
	group *Group
	now   func() time.Time // nil: time.Now
}

// NewRequestLog writes to w. log hears of lines that are lost.
func NewRequestLog(w io.Writer, style RequestStyle, log *slog.Logger) *RequestLog {
	l := NewLogs(Stream{w}, log)
	return &RequestLog{style: style, logs: l, group: l.Open("requests")}
}

// Log writes x's line. Call it once x's last byte is out (Exchange.OnEnd).
func (l *RequestLog) Log(x *exchange.Exchange) {
	now := time.Now
	if l.now != nil {
		now = l.now
	}
	var memory [512]byte
	line := memory[:0]
	if l.style == RequestJSON {
		line = appendJSONRequest(line, x, now())
	} else {
		line = appendRequest(line, x, now(), l.style == RequestColour)
	}
	l.group.Add(line, 1)
}

// Close writes what waits.
func (l *RequestLog) Close() error { return l.logs.Close() }

// The escape sequences of a terminal.
const (
	reset  = "\x1b[0m"
	faint  = "\x1b[2m"
	green  = "\x1b[32m"
	cyan   = "\x1b[36m"
	yellow = "\x1b[33m"
	red    = "\x1b[31m"
)

// painter appends in colour, or not.
type painter struct {
	dst    []byte
	colour bool
}

func (p *painter) in(colour, text string) {
	if p.colour {
		p.dst = append(append(append(p.dst, colour...), text...), reset...)
		return
	}
	p.dst = append(p.dst, text...)
}

func colourOf(status int) string {
	switch status / 100 {
	case 2:
		return green
	case 3:
		return cyan
	case 4:
		return yellow
	}
	return red
}

// maxShownPath is how many bytes of a path a line shows.
const maxShownPath = 200

// appendRequest appends
//
//	15:04:05.000 GET    /prod/pets/7  200  1.9 ms  petstore 1.2 ms
func appendRequest(dst []byte, x *exchange.Exchange, ended time.Time, colour bool) []byte {
	p := painter{dst, colour}
	p.in(faint, ended.Format("15:04:05.000"))
	p.dst = append(p.dst, ' ')
	p.dst = appendPadded(p.dst, x.Method, len("OPTIONS"))
	p.dst = append(p.dst, ' ')
	p.dst = appendTarget(p.dst, x)
	p.dst = append(p.dst, "  "...)
	p.in(colourOf(x.Response.Status), strconv.Itoa(x.Response.Status))
	p.dst = append(p.dst, "  "...)
	p.dst = appendMillis(p.dst, ended.Sub(x.Received))
	if i := &x.Outcome.Integration; !i.Ended.IsZero() {
		p.dst = append(p.dst, "  "...)
		p.in(faint, i.Target+" "+string(appendMillis(nil, i.Ended.Sub(i.Began))))
	}
	if why := problem(x); why != "" {
		p.dst = append(p.dst, "  "...)
		p.in(red, string(appendOneLine(nil, why[:min(len(why), maxShownPath)])))
	}
	if x.Response.Aborted {
		p.in(red, "  broke off")
	}
	return append(p.dst, '\n')
}

// problem is why a request failed by no fault of its client's.
func problem(x *exchange.Exchange) string {
	f := x.Outcome.Fault
	switch {
	case f == nil:
		return ""
	case f.Cause != nil:
		return f.Cause.Error()
	case x.Response.Status >= 500:
		return string(f.Kind)
	}
	return ""
}

func appendPadded(dst []byte, text string, width int) []byte {
	dst = append(dst, text...)
	for n := len(text); n < width; n++ {
		dst = append(dst, ' ')
	}
	return dst
}

// appendTarget appends the path with its stage, and no query: those carry
// tokens.
func appendTarget(dst []byte, x *exchange.Exchange) []byte {
	path := x.Address.RequestPath
	if path == nil {
		path = x.Path
	}
	return appendOneLine(dst, string(path[:min(len(path), maxShownPath)]))
}

// appendMillis appends d with as many digits as one wants to read: "0.31 ms",
// "4.2 ms", "120 ms".
func appendMillis(dst []byte, d time.Duration) []byte {
	ms, digits := float64(d)/1e6, 2
	switch {
	case ms >= 100:
		digits = 0
	case ms >= 1:
		digits = 1
	}
	return append(strconv.AppendFloat(dst, ms, 'f', digits, 64), " ms"...)
}

// appendJSONRequest appends an object with time, requestId, method, path,
// status, ms, and, when an integration was called, integration, target and
// integrationMs, and error when something failed.
func appendJSONRequest(dst []byte, x *exchange.Exchange, ended time.Time) []byte {
	dst = append(dst, `{"time":"`...)
	dst = ended.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z07:00")
	dst = append(append(append(dst, `","requestId":"`...), x.RequestID[:]...), `","method":`...)
	dst = appendJSON(dst, x.Method)
	dst = append(dst, `,"path":`...)
	dst = appendJSON(dst, string(appendTarget(nil, x)))
	dst = strconv.AppendInt(append(dst, `,"status":`...), int64(x.Response.Status), 10)
	dst = strconv.AppendFloat(append(dst, `,"ms":`...), float64(ended.Sub(x.Received))/1e6, 'f', 3, 64)
	if i := &x.Outcome.Integration; !i.Ended.IsZero() {
		dst = appendJSON(append(dst, `,"integration":`...), i.Type)
		dst = appendJSON(append(dst, `,"target":`...), i.Target)
		dst = strconv.AppendFloat(append(dst, `,"integrationMs":`...), float64(i.Ended.Sub(i.Began))/1e6, 'f', 3, 64)
	}
	if why := problem(x); why != "" {
		dst = appendJSON(append(dst, `,"error":`...), why)
	}
	if x.Response.Aborted {
		dst = append(dst, `,"aborted":true`...)
	}
	return append(dst, '}', '\n')
}

// appendJSON appends text as a JSON string.
func appendJSON(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range text { // what isn't UTF-8 becomes U+FFFD
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', byte(c))
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, string(c)...)
		}
	}
	return append(dst, '"')
}
