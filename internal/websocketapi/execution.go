package websocketapi

import (
	"strconv"
	"unicode/utf8"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// executionLevel is how much of a route's events the execution log has.
type executionLevel uint8

const (
	logOff executionLevel = iota
	logErrors
	logInfo
)

// logging is what a stage's settings say of a route's execution log.
type logging struct {
	level executionLevel
	data  bool // with the texts of messages
}

var levels = map[string]executionLevel{"": logOff, "OFF": logOff, "ERROR": logErrors, "INFO": logInfo}

func loggingOf(s *apigw.RouteSettings) logging {
	l := logging{level: levels[s.LoggingLevel], data: s.DataTrace}
	if l.data && l.level == logOff {
		l.level = logInfo
	}
	return l
}

// maxLine is the most bytes of a text in a line, as on AWS.
const maxLine = 1024

// logExecution writes the event's lines, each with its request's ID in front, in
// the words of REST APIs' execution logs: those of WebSocket APIs aren't known.
// Fields and query of a client that connects are left out: they may hold
// secrets.
func (e *Event) logExecution() {
	group := e.Stage.observe.execution
	if group == nil {
		return
	}
	l := e.Stage.logging
	if e.Route != nil {
		l = e.Route.logging
	}
	f := e.X.Outcome.Fault
	if l.level == logOff || l.level == logErrors && f == nil {
		return
	}
	lines := execution{id: e.X.ExtendedID[:], text: e.scratch[:0]}
	if l.level == logInfo {
		lines.say("Extended Request Id: ", string(e.X.ExtendedID[:]))
		lines.say("Event: ", kindNames[e.kind], " Connection Id: ", e.id.String(), " Route: ", e.routeKey())
		if l.data && e.kind == messageEvent {
			lines.say("Message body before transformations: ", string(e.body))
		}
		if i := &e.X.Outcome.Integration; i.Target != "" {
			lines.say("Sending request to ", i.Target)
			if i.Status != 0 {
				lines.say("Received response. Status: ", strconv.Itoa(i.Status), ", Integration latency: ", strconv.FormatInt(i.Ended.Sub(i.Began).Milliseconds(), 10), " ms")
			}
		}
	}
	if e.validation != "" {
		lines.say("Request body does not match model schema: ", e.validation)
	}
	if f != nil {
		why := f.Message
		if f.Cause != nil {
			why = f.Cause.Error()
		}
		lines.say("Execution failed (", string(f.Kind), "): ", why)
	}
	if l.level == logInfo {
		lines.say("Completed with status: ", strconv.Itoa(e.X.Response.Status))
	}
	group.Add(lines.text, lines.count)
	e.scratch = lines.text
}

type execution struct {
	id, text []byte
	count    int64
}

// say adds a line. What would break it apart, or isn't text, is replaced.
func (x *execution) say(parts ...string) {
	x.text = append(append(append(x.text, '('), x.id...), ") "...)
	from := len(x.text)
	for _, p := range parts {
		for len(p) > 0 && len(x.text)-from < maxLine {
			r, n := utf8.DecodeRuneInString(p)
			if r < ' ' || r == 0x7f {
				r = ' '
			}
			x.text, p = utf8.AppendRune(x.text, r), p[n:]
		}
		if len(p) > 0 {
			x.text = append(x.text, " [TRUNCATED]"...)
			break
		}
	}
	x.text = append(x.text, '\n')
	x.count++
}
