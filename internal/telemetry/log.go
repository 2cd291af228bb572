// Package telemetry is what Gatehouse says of itself. It knows formats and
// destinations; it must not know what is being reported on.
package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/lmittmann/tint"
	"golang.org/x/term"
)

// NewLogger writes the log to f: for a person when f is a terminal, as JSON, a
// line per record, otherwise. level is debug, info, warn or error.
func NewLogger(f *os.File, level string) (*slog.Logger, error) {
	person := term.IsTerminal(int(f.Fd()))
	return NewLoggerAs(f, level, person, person && os.Getenv("NO_COLOR") == "")
}

// NewLoggerAs is NewLogger for a known reader: a person, with colours or
// without, or a program.
func NewLoggerAs(w io.Writer, level string, person, color bool) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level %q: use debug, info, warn or error", level)
	}
	if person {
		return slog.New(tint.NewTextHandler(w, &tint.Options{Level: l, TimeFormat: "15:04:05.000", NoColor: !color})), nil
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l})), nil
}
