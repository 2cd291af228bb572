package vtl

import (
	"errors"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/javaregex"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// Limits bound one rendering. A zero field stands for its default.
type Limits struct {
	Steps  int // directives, references and operations, and what they copy; 5 million
	Depth  int // nested directives, calls and strings; 100
	Output int // bytes, of the output and of every string made; 10 MiB
	Loop   int // turns of one #foreach; 1000 (AWS's quota)
}

func (l Limits) withDefaults() Limits {
	if l.Steps == 0 {
		l.Steps = 5_000_000
	}
	if l.Depth == 0 {
		l.Depth = 100
	}
	if l.Output == 0 {
		l.Output = 10 << 20
	}
	if l.Loop == 0 {
		l.Loop = 1000
	}
	return l
}

// Run is one rendering's state; it may be used again, by one goroutine at a
// time.
type Run struct {
	Objects []Object // one for each of Compile's roots
	Host    any      // the host's own
	Limits  Limits
	Trace   func(Step) // nil: none

	limits Limits
	steps  int // left
	depth  int
	out    []byte
	base   int // where this rendering's output begins in out
	vars   []Value
	args   []Value // of the calls under way
	frames []frame // of the macros under way
	hidden []Value // values that their parameters hide
	swaps  []swap  // parameters that are put aside

	changed  map[*jsonpath.Value]any
	patterns map[string]*javaregex.Pattern
}

// Step is what a trace reports: one directive or reference that was evaluated.
type Step struct {
	Line, Column int
	Source       string // as written: "#set($a = 1)", "$a.b"
	Value        string // what it came to
	Cost         int    // steps that it took
}

// Error is a template that can't be compiled, or failed while rendering.
type Error struct {
	Line, Column int // from 1
	Text         string
	Err          error // what a host's function said; nil: none did
}

func (e *Error) Unwrap() error { return e.Err }

// Error is `line 3, column 7: #foreach without #end`.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

// What a limit says; the node that ran into it adds the place.
var (
	errSteps   = errors.New("the template takes more steps than are allowed")
	errDepth   = errors.New("the template is nested deeper than is allowed")
	errTooMuch = errors.New("the template makes more text than is allowed")
)

// step takes one step.
func (r *Run) step() error {
	r.steps--
	if r.steps < 0 {
		return errSteps
	}
	return nil
}

// charge takes n steps.
func (r *Run) charge(n int) error {
	r.steps -= n
	if r.steps < 0 {
		return errSteps
	}
	return nil
}

// Charge takes n steps for what a host's function did. The next step fails
// where none are left.
func (r *Run) Charge(n int) error { return r.charge(n) }

// cells pays for n new elements of Lists and Maps, which are larger than what
// a step may leave behind.
func (r *Run) cells(n int) error { return r.charge(4 * n) }

// made pays for a string of n bytes and holds it to the limit.
func (r *Run) made(n int) error {
	if n > r.limits.Output {
		return errTooMuch
	}
	return r.charge(n >> 6)
}

func (r *Run) enter() error {
	r.depth++
	if r.depth > r.limits.Depth {
		return errDepth
	}
	return nil
}

func (r *Run) leave() { r.depth-- }

// Render appends the rendered text to dst. On an error dst is as it was; the
// error is an *Error.
func (t *Template) Render(dst []byte, r *Run) ([]byte, error) {
	if t.text != nil || len(t.nodes) == 0 {
		return append(dst, t.text...), nil
	}
	r.reset(t, dst)
	err := runNodes(r, t.nodes)
	out := r.out
	r.out = nil
	var to *breakTo
	if err == errStop || err == errBreak || errors.As(err, &to) {
		err = nil
	}
	switch {
	case err == nil && r.steps < 0: // found out too late for a node to tell
		err = errSteps
	case err == nil && len(out)-len(dst) > r.limits.Output:
		err = errTooMuch
	}
	if err != nil {
		return dst, placed(err, position{1, 1})
	}
	return out, nil
}

func (r *Run) reset(t *Template, dst []byte) {
	r.limits = r.Limits.withDefaults()
	r.steps, r.depth, r.out = r.limits.Steps, 0, dst
	r.base = len(dst)
	if cap(r.vars) < t.slots {
		r.vars = make([]Value, t.slots)
	}
	r.vars = r.vars[:t.slots]
	clear(r.vars)
	r.args, r.frames, r.changed = r.args[:0], r.frames[:0], nil
	r.hidden, r.swaps = r.hidden[:0], r.swaps[:0]
	for i, slot := range t.roots {
		if slot >= 0 && i < len(r.Objects) && r.Objects[i] != nil {
			r.vars[slot] = HostValue(r.Objects[i])
		}
	}
}
