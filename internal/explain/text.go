package explain

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/gatehouse/gatehouse/internal/exchange"
)

// Print writes r for a person.
func (r *Report) Print(w io.Writer) error {
	var t strings.Builder
	fmt.Fprintf(&t, "%s %s: %d in %.2f ms, %d bytes%s\n", r.Method, r.Path, r.Status, r.Total, r.Sent, aborted(r.Aborted))
	fmt.Fprintf(&t, "request %s (%s), received %s from %s, Host %s\n", r.RequestID, r.ExtendedID, r.Received.Format("2006-01-02 15:04:05.000Z"), r.Client, r.Host)
	if r.API != "" {
		fmt.Fprintf(&t, "API %s, stage %s, resource %s\n", r.API, or(r.Stage, "unknown"), or(r.Resource, "none"))
	}
	if f := r.Fault; f != nil {
		fmt.Fprintf(&t, "fault %s: %s\n", f.Kind, or(f.Cause, or(f.Message, "its usual answer")))
	}
	if c := r.Integration; c != nil && c.Began > 0 {
		fmt.Fprintf(&t, "integration %s %s: status %d, %.2f ms of %.2f ms%s\n", c.Type, c.Target, c.Status, c.Took, r.Total, prefixed(", its request ", c.RequestID))
	}
	fmt.Fprintln(&t)
	table := tabwriter.NewWriter(&t, 0, 0, 2, ' ', 0)
	for _, s := range r.Steps {
		fmt.Fprintf(table, "%8.2f ms\t%s\t%s\t%s\n", s.At, s.Name, plain(s.Result), plain(s.Why))
	}
	fmt.Fprintf(table, "%8.2f ms\tanswered\t%d\t\n", r.Total, r.Status)
	table.Flush()
	_, err := io.WriteString(w, printable(t.String()))
	return err
}

func aborted(yes bool) string {
	if yes {
		return " (the answer broke off)"
	}
	return ""
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// plain keeps a text in its cell of a table.
func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

// printable keeps what a client sent from steering a terminal.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || unicode.IsPrint(c) {
			return c
		}
		return '?'
	}, s)
}

// maxHeader bounds Header, in bytes.
const maxHeader = 2048

// Header is the decisions about x so far in one line, for a field of its
// answer: "address api/stage; route GET /pets; fault ...".
func Header(x *exchange.Exchange) string {
	var t strings.Builder
	add := func(parts ...string) {
		if t.Len() > 0 {
			t.WriteString("; ")
		}
		t.WriteString(strings.TrimSpace(strings.Join(parts, " ")))
	}
	for _, d := range x.Decisions() {
		add(d.Step, d.Result)
	}
	if c := &x.Outcome.Integration; !c.Ended.IsZero() {
		add("integration took", fmt.Sprintf("%.2f ms", milliseconds(c.Ended.Sub(c.Began))))
	}
	line := []byte(t.String())
	for i, c := range line {
		if c < ' ' || c > '~' {
			line[i] = '?'
		}
	}
	return string(line[:min(len(line), maxHeader)])
}
