package lambda

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"regexp"
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

func TestParseLine(t *testing.T) {
	const id, stamp = "8a53da27-cb24-4c64-8c4e-d5c9d4a2b9ee", "2026-01-02T03:04:05.678Z"
	type line struct {
		Level    slog.Level
		ID, Text string
	}
	cases := []struct {
		name, in string
		want     line
	}{
		{"Node.js", stamp + "\t" + id + "\tINFO\ta\tb\rc", line{slog.LevelInfo, id, "a\tb\nc"}},
		{"Node.js warning", stamp + "\t" + id + "\tWARN\t", line{slog.LevelWarn, id, ""}},
		{"Node.js at start", stamp + "\tundefined\tERROR\tx", line{slog.LevelError, "", "x"}},
		{"Python", "[INFO]\t" + stamp + "\t" + id + "\tx", line{slog.LevelInfo, id, "x"}},
		{"Python at start", "[WARNING]\t" + stamp + "\t\tx", line{slog.LevelWarn, "", "x"}},
		{"Python critical", "[CRITICAL]\t" + stamp + "\t" + id + "\tx", line{slog.LevelError, id, "x"}},
		{"text", "x", line{slog.LevelInfo, "", "x"}},
		{"tabs", "a\tb\tc\td", line{slog.LevelInfo, "", "a\tb\tc\td"}},
		{"another level", stamp + "\t" + id + "\tLOUD\tx", line{slog.LevelInfo, "", stamp + "\t" + id + "\tLOUD\tx"}},
		{"brackets", "[]\t[]\t[]\t[]", line{slog.LevelInfo, "", "[]\t[]\t[]\t[]"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := parseLine([]byte(c.in))
			if d := cmp.Diff(c.want, line{got.level, got.id, string(got.text)}); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte("2026-01-02T03:04:05.678Z\t8a53da27-cb24-4c64-8c4e-d5c9d4a2b9ee\tINFO\tx"))
	f.Add([]byte("[ERROR]\t2026-01-02T03:04:05.678Z\t\tx"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if l := parseLine(line); !strings.HasSuffix(strings.ReplaceAll(string(line), "\r", "\n"), strings.ReplaceAll(string(l.text), "\r", "\n")) {
			t.Errorf("%q became %q", line, l.text)
		}
	})
}

// TestLogLimit: what an invocation writes beyond the limit isn't logged, and
// the next one begins anew.
func TestLogLimit(t *testing.T) {
	var got []string
	o := &output{log: slog.New(lines{&got})}
	o.begin(&job{id: "id"})
	o.copy(strings.NewReader(strings.Repeat(strings.Repeat("x", 1023)+"\n", 2*maxLog/1024)))
	if n := maxLog/1024 + 1; len(got) != n || !strings.Contains(got[n-1], "wrote more than 8 MB in one invocation") {
		t.Errorf("%d lines, the last one %q", len(got), got[len(got)-1])
	}
	o.begin(&job{id: "id"})
	o.copy(strings.NewReader("next\n"))
	if got[len(got)-1] != "next" {
		t.Errorf("%q", got[len(got)-1])
	}
}

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

// TestLogTail: a caller gets the end of what the function wrote in its own
// invocation (AWS Lambda API reference, "Invoke": the last 4 KB).
func TestLogTail(t *testing.T) {
	f, _ := raw(t, nil)
	var out Result
	tail := func(event string) string {
		t.Helper()
		payload, _ := json.Marshal(event)
		if err := f.Invoke(t.Context(), &Invocation{Function: "raw", Payload: payload, LogTail: true}, &out); err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(out.LogTail), out.RequestID, "ID")
	}
	want := regexp.MustCompile(`^START RequestId: ID Version: \$LATEST\n(one line\nand an error|and an error\none line)\nEND RequestId: ID\n` +
		`REPORT RequestId: ID\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\n$`)
	for range 2 {
		if got := tail("print one line"); !want.MatchString(got) {
			t.Errorf("%q", got)
		}
	}
	if got := tail("x"); strings.Contains(got, "one line") {
		t.Errorf("of the invocation before: %q", got)
	}
	if got := tail("print " + strings.Repeat("y", 3*maxTail)); len(out.LogTail) != maxTail || !strings.Contains(got, "yyy\n") {
		t.Errorf("%d bytes: %.80q…", len(out.LogTail), got)
	}
	if tail("exit 3"); !strings.Contains(string(out.LogTail), "REPORT") || out.FunctionError == "" {
		t.Errorf("of one that ended: %q", out.LogTail)
	}
	if call(t, f, "x"); len(out.LogTail) == 0 {
		t.Error("no tail")
	}
	s, err := f.InvokeStream(t.Context(), &Invocation{Function: "raw", Payload: []byte(`"print streamed"`), LogTail: true})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(s)
	if string(body) != `"printed"` || err != nil || !strings.Contains(string(s.Log()), "\nstreamed\n") {
		t.Errorf("streamed: %q, %v, %q", body, err, s.Log())
	}
}
