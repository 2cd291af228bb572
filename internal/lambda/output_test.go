package lambda

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// lines is a log handler that keeps the messages.
type lines struct{ list *[]string }

func (l lines) Enabled(context.Context, slog.Level) bool { return true }
func (l lines) Handle(_ context.Context, r slog.Record) error {
	*l.list = append(*l.list, r.Message)
	return nil
}
func (l lines) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l lines) WithGroup(string) slog.Handler      { return l }

func TestOutputLines(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	cases := []struct {
		name, in string
		want     []string
	}{
		{"lines", "one\ntwo\r\n\nthree", []string{"one", "two", "three"}},
		{"long", long + "yz\nnext\n", []string{long, "yz", "next"}},
		{"as long as can be", long[1:] + "\nnext\n", []string{long[1:], "next"}},
		{"invalid UTF-8", "a\xffb\n", []string{"a\uFFFDb"}},
		{"nothing", "", nil},
	}
	readers := map[string]func(io.Reader) io.Reader{
		"at once": func(r io.Reader) io.Reader { return r },
		"bytes":   iotest.OneByteReader,
		"halves":  iotest.HalfReader,
	}
	for _, c := range cases {
		for how, reader := range readers {
			t.Run(c.name+" "+how, func(t *testing.T) {
				var got []string
				o := &output{log: slog.New(lines{&got})}
				o.copy(reader(strings.NewReader(c.in)))
				if d := cmp.Diff(c.want, got); d != "" {
					t.Error(d)
				}
			})
		}
	}
}
