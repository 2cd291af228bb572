package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
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

func readText(file string, most int) (string, error) {
	in := os.Stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("%s has more than %d bytes", file, most)
	}
	return string(text), err
}

// rendering is what the options describe.
func (o *templateOptions) rendering() (*mapping.Rendering, error) {
	in, err := o.parameters()
	if err != nil {
		return nil, err
	}
	body := new(mapping.Body)
	if o.input != "" {
		text, err := readText(o.input, integration.MaxBody)
		if err != nil {
			return nil, err
		}
		body.Set([]byte(text))
	}
	variables := map[string]string{}
	for _, pair := range o.variables {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, &usageError{fmt.Sprintf("--stage-variables %q is no NAME=VALUE", pair)}
		}
		variables[name] = value
	}
	context, err := o.contextDocument()
	if err != nil {
		return nil, err
	}
	r := mapping.NewRendering()
	r.Begin(in, mapping.NewStageVariables(variables), mapping.DocumentContext{Document: context})
	r.Body = body
	return r, nil
}

// parameters are the client's parameters.
func (o *templateOptions) parameters() (*mapping.Input, error) {
	in := &mapping.Input{X: &exchange.Exchange{Header: new(http1.Header)}, Query: new(mapping.Query)}
	var query []byte
	for _, pair := range o.params {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, &usageError{fmt.Sprintf("--params %q is no NAME=VALUE", pair)}
		}
		if header, ok := strings.CutPrefix(name, "header."); ok {
			in.X.Header.Add(header, value)
		} else if path, ok := strings.CutPrefix(name, "path."); ok {
			in.Params.Add(path, value)
		} else {
			query = mapping.AppendQueryPair(query, strings.TrimPrefix(name, "querystring."), value)
		}
	}
	in.Query.Parse(query)
	return in, nil
}

// exampleContext is $context where --context says nothing else.
const exampleContext = `{"resourceId":"abc123","resourcePath":"/","httpMethod":"POST","extendedRequestId":"AbCdEfGhIjKlMnO=",
"requestTime":"18/Jun/2025:17:28:59 +0000","path":"/test/","accountId":"000000000000","protocol":"HTTP/1.1","requestOverride":{},
"stage":"test","domainPrefix":"a1b2c3d4e5","requestTimeEpoch":1750267739123,"requestId":"0b5f0c3e-1111-4222-8333-444455556666",
"identity":{"cognitoIdentityPoolId":null,"accountId":null,"cognitoIdentityId":null,"caller":null,"sourceIp":"198.51.100.7",
"principalOrgId":null,"accessKey":null,"cognitoAuthenticationType":null,"cognitoAuthenticationProvider":null,"userArn":null,
"userAgent":"example/1.0","user":null},"domainName":"a1b2c3d4e5.execute-api.us-east-1.amazonaws.com","deploymentId":"d3p10y",
"responseOverride":{},"apiId":"a1b2c3d4e5"}`

func (o *templateOptions) contextDocument() (*jsonpath.Value, error) {
	base, err := jsonpath.Parse([]byte(exampleContext), mapping.BodyLimits)
	if err != nil || o.context == "" {
		return base, err
	}
	text, err := readText(o.context, integration.MaxBody)
	if err != nil {
		return nil, err
	}
	over, err := jsonpath.Parse(bytes.TrimSpace([]byte(text)), mapping.BodyLimits)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.context, err)
	}
	if over.Kind != jsonpath.Object {
		return nil, fmt.Errorf("%s holds no JSON object", o.context)
	}
	return merged(base, over), nil
}

// merged is base with over's members, object by object.
func merged(base, over *jsonpath.Value) *jsonpath.Value {
	out := &jsonpath.Value{Kind: jsonpath.Object}
	for i, name := range base.Names {
		v := base.Items[i]
		if o := over.Member(name); o != nil && o.Kind == jsonpath.Object && v.Kind == jsonpath.Object {
			v = *merged(&v, o)
		} else if o != nil {
			v = *o
		}
		out.Names, out.Items = append(out.Names, name), append(out.Items, v)
	}
	for i, name := range over.Names {
		if base.Member(name) == nil {
			out.Names, out.Items = append(out.Names, name), append(out.Items, over.Items[i])
		}
	}
	return out
}
