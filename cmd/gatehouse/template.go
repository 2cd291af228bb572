package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/vtl"
)

// templateOptions say what a template is rendered with.
type templateOptions struct {
	input, context    string
	params, variables []string
	trace, asJSON     bool
}

// templateResult is what a rendering came to, as --json prints it.
type templateResult struct {
	Output           string         `json:"output"`
	RequestOverride  map[string]any `json:"requestOverride,omitempty"`
	ResponseOverride map[string]any `json:"responseOverride,omitempty"`
	Steps            int            `json:"steps"`
	Trace            []traceStep    `json:"trace,omitempty"`
	Warnings         []string       `json:"warnings,omitempty"`
	Error            *templateError `json:"error,omitempty"`
}

type traceStep struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Source string `json:"source"`
	Value  string `json:"value"`
	Cost   int    `json:"cost"`
}

type templateError struct {
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Text   string `json:"text"`
}

// renderTemplate renders a mapping template at the terminal, as a request or
// response would be.
func renderTemplate(args []string, stdout, stderr *os.File) error {
	var o templateOptions
	flags := pflag.NewFlagSet("template", pflag.ContinueOnError)
	flags.StringVar(&o.input, "input", "", "file with the body ($input); - reads standard input")
	flags.StringArrayVar(&o.params, "params", nil, "a parameter, NAME=VALUE: a query parameter, or path.NAME=VALUE, header.NAME=VALUE")
	flags.StringVar(&o.context, "context", "", "JSON file with $context; what it doesn't have stays as in an example request")
	flags.StringArrayVar(&o.variables, "stage-variables", nil, "a stage variable, NAME=VALUE")
	flags.BoolVar(&o.trace, "trace", false, "tell each step: line, expression, value, cost")
	flags.BoolVar(&o.asJSON, "json", false, "print the result as JSON")
	files, err := parse(flags, args, stderr, 1, 1)
	if err != nil {
		return err
	}
	text, err := readText(files[0], mapping.MaxTemplate)
	if err != nil {
		return err
	}
	r, err := o.rendering()
	if err != nil {
		return err
	}
	result, failed := renderText(text, r, o.trace)
	if o.asJSON {
		e := json.NewEncoder(stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(result); err != nil || failed == nil {
			return err
		}
	} else {
		result.print(stdout, stderr)
	}
	return excerpt(files[0], text, failed)
}

// renderText compiles and renders a template.
func renderText(text string, r *mapping.Rendering, trace bool) (*templateResult, error) {
	result := new(templateResult)
	r.Trace(func(s vtl.Step) {
		result.Steps += s.Cost
		if trace {
			result.Trace = append(result.Trace, traceStep(s))
		}
	})
	program, err := mapping.CompileProgram(text)
	if err == nil {
		result.Warnings = program.Warnings
		var out []byte
		out, err = program.Render(nil, r)
		result.Output = string(out)
	}
	if err != nil {
		result.Error = &templateError{Text: err.Error()}
		if at, ok := errors.AsType[*vtl.Error](err); ok {
			*result.Error = templateError{at.Line, at.Column, at.Text}
		}
	}
	result.RequestOverride, result.ResponseOverride = r.Request.Shown(), r.Response.Shown()
	return result, err
}

// print writes the text to out, and what else is to be told to notes.
func (t *templateResult) print(out, notes io.Writer) {
	for _, w := range t.Warnings {
		fmt.Fprintln(notes, "warning:", strings.TrimSuffix(w, mapping.Fails))
	}
	t.printTrace(notes)
	for _, o := range []struct {
		name   string
		values map[string]any
	}{{"requestOverride", t.RequestOverride}, {"responseOverride", t.ResponseOverride}} {
		if len(o.values) > 0 {
			text, _ := json.Marshal(o.values)
			fmt.Fprintf(notes, "%s %s\n", o.name, text)
		}
	}
	if t.Error == nil {
		fmt.Fprint(out, t.Output)
	}
}

// printTrace writes a table of the steps.
func (t *templateResult) printTrace(notes io.Writer) {
	if len(t.Trace) == 0 {
		return
	}
	const most = 64 // characters of an expression
	width := len("expression")
	for _, s := range t.Trace {
		width = max(width, utf8.RuneCountInString(oneLine(s.Source, most)))
	}
	fmt.Fprintf(notes, "line  cost  %-*s  value\n", width, "expression")
	for _, s := range t.Trace {
		fmt.Fprintf(notes, "%4d  %4d  %-*s  %s\n", s.Line, s.Cost, width, oneLine(s.Source, most), oneLine(s.Value, 80))
	}
}

// oneLine is text in one line of at most most characters.
func oneLine(text string, most int) string {
	text = strings.NewReplacer("\r", `\r`, "\n", `\n`, "\t", `\t`).Replace(text)
	if chars := []rune(text); len(chars) > most {
		return string(chars[:most-1]) + "…"
	}
	return text
}

// excerpt is err with the line of the template that it is about.
func excerpt(file, text string, err error) error {
	at, ok := errors.AsType[*vtl.Error](err)
	if !ok {
		return err
	}
	lines := strings.Split(text, "\n")
	if at.Line < 1 || at.Line > len(lines) {
		return err
	}
	line := []rune(strings.TrimSuffix(strings.ReplaceAll(lines[at.Line-1], "\t", " "), "\r"))
	number, column := fmt.Sprint(at.Line), min(max(at.Column, 1), len(line)+1)
	return fmt.Errorf("%s:%d:%d: %s\n  %s | %s\n  %s | %s^", file, at.Line, at.Column, at.Text,
		number, string(line), strings.Repeat(" ", len(number)), strings.Repeat(" ", column-1))
}
