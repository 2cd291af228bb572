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
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level %q: use debug, info, warn or error", level)
	}
	if term.IsTerminal(int(f.Fd())) {
		return slog.New(human(f, l)), nil
	}
	return slog.New(slog.NewJSONHandler(f, &slog.HandlerOptions{Level: l})), nil
}

func human(w io.Writer, l slog.Level) slog.Handler {
	return tint.NewTextHandler(w, &tint.Options{Level: l, TimeFormat: "15:04:05.000", NoColor: os.Getenv("NO_COLOR") != ""})
}
