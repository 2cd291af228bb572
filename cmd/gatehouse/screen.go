package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// screen is where serve tells of what it serves: text for a person, or
// records of the log.
type screen struct {
	w      io.Writer // never waits
	behind *behind   // under w
	log    *slog.Logger
	person bool
	color  bool
}

// newScreen is the screen and log for a --log-format: json, text, or empty
// for text on a terminal and json elsewhere.
func newScreen(stderr *os.File, level, format string) (*screen, error) {
	terminal := term.IsTerminal(int(stderr.Fd()))
	s := &screen{person: terminal, color: terminal && os.Getenv("NO_COLOR") == ""}
	switch format {
	case "":
	case "json":
		s.person, s.color = false, false
	case "text":
		s.person = true
	default:
		return nil, fmt.Errorf("log format %q: use json or text", format)
	}
	direct, err := telemetry.NewLoggerAs(stderr, level, s.person, s.color)
	if err != nil {
		return nil, err
	}
	s.behind = newBehind(stderr, func(lines int64) {
		direct.Warn("what reads this is slower than what is told; lines were left out", "lines", lines)
	})
	s.w = s.behind
	s.log, err = telemetry.NewLoggerAs(s.behind, level, s.person, s.color)
	return s, err
}

// close ends what is told of.
func (s *screen) close() { s.behind.close() }

// The colours of a terminal, by what they mean.
const (
	good  = "32"
	bad   = "31"
	odd   = "33"
	faint = "2"
)

// paint colours text, on a screen that has colours.
func (s *screen) paint(color, text string) string {
	if !s.color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// reloaded tells of an edit that is served, and what it changed.
func (s *screen) reloaded(kind, name string, took time.Duration, changes []string) {
	took = took.Round(time.Millisecond)
	if !s.person {
		s.log.Info("reloaded", kind, name, "took", took.String(), "changes", changes)
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s in %s\n", s.paint(good, "reloaded"), name, took)
	for _, c := range changes {
		color := good
		if c[0] == '-' {
			color = bad
		}
		fmt.Fprintf(&text, "    %s%s\n", s.paint(color, c[:1]), c[1:])
	}
	io.WriteString(s.w, text.String())
}

// refused tells why an edit isn't served.
func (s *screen) refused(kind, name string, problems []string) {
	if !s.person {
		s.log.Error("an edit isn't served; what was served before goes on", kind, name, "problems", problems)
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: what was served before goes on\n", s.paint(bad, "not reloaded"), name)
	for _, p := range problems {
		fmt.Fprintf(&text, "    %s\n", p)
	}
	io.WriteString(s.w, text.String())
}

// withdrawn tells that a definition isn't served any more.
func (s *screen) withdrawn(name string) {
	if !s.person {
		s.log.Info("withdrawn", "definition", name)
		return
	}
	fmt.Fprintf(s.w, "%s %s: the file is gone; its API keeps its ID\n", s.paint(odd, "withdrawn"), name)
}
