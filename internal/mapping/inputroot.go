package mapping

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/vtl"
)

// inputObject is $input: the body of the phase and the client's parameters
// (developer guide, "Input variables").
type inputObject struct{}

func (inputObject) Get(run *vtl.Run, name string) (vtl.Value, error) {
	if name == "body" {
		return vtl.StringValue(of(run).bodyText()), nil
	}
	return vtl.Value{}, nil
}

func (inputObject) Set(*vtl.Run, string, vtl.Value) error { return errReadOnly("$input") }

func (inputObject) Append(_ *vtl.Run, dst []byte) ([]byte, bool) { return dst, true }

func (inputObject) Call(run *vtl.Run, method string, args []vtl.Value) (vtl.Value, bool, error) {
	if method == "params" && len(args) == 0 {
		return vtl.HostValue(paramsObject{}), true, nil
	}
	if method != "params" && method != "json" && method != "path" || len(args) != 1 {
		return vtl.Value{}, false, nil
	}
	text, err := run.TextOf(args[0])
	if err != nil {
		return vtl.Value{}, true, err
	}
	v, err := of(run).ask(method, text)
	return v, true, err
}

// ask is $input.params, .json or .path of one text that the template computed.
func (r *Rendering) ask(method, text string) (vtl.Value, error) {
	if method == "params" {
		return r.param(text), nil
	}
	path, err := r.path(text)
	if err != nil {
		return vtl.Value{}, err
	}
	if method == "json" {
		return r.json(path)
	}
	return r.value(path, text == wholeBody)
}

// bindInput compiles the JSON paths that stand in a template as constants. One
// that can't be compiled fails once the rendering comes to it, as on AWS,
// where it is compiled then.
func bindInput(warn func(string)) func(string, []vtl.Value) (vtl.Func, error) {
	return func(method string, args []vtl.Value) (vtl.Func, error) {
		if known := method == "json" || method == "path" || method == "params"; !known || len(args) != 1 && (method != "params" || len(args) != 0) {
			warn(fmt.Sprintf("$input.%s with %d arguments is no function that API Gateway has: it renders empty", method, len(args)))
		}
		if len(args) != 1 || args[0].Kind() != vtl.String {
			return nil, nil
		}
		text := args[0].Text()
		if method == "params" {
			return func(run *vtl.Run, _ []vtl.Value) (vtl.Value, error) { return of(run).param(text), nil }, nil
		}
		if method != "json" && method != "path" {
			return nil, nil
		}
		path, err := jsonpath.Compile(text)
		if err != nil {
			err = fmt.Errorf("$input.%s(%q): %w", method, text, err)
			warn(err.Error() + Fails)
			return func(*vtl.Run, []vtl.Value) (vtl.Value, error) { return vtl.Value{}, err }, nil
		}
		if method == "json" {
			return func(run *vtl.Run, _ []vtl.Value) (vtl.Value, error) { return of(run).json(path) }, nil
		}
		return func(run *vtl.Run, _ []vtl.Value) (vtl.Value, error) { return of(run).value(path, text == wholeBody) }, nil
	}
}

// json is $input.json: what path names as JSON text. What isn't there, or no
// JSON, is two quotes. The text has no blanks between values, and numbers as
// the body has them.
func (r *Rendering) json(path *jsonpath.Path) (vtl.Value, error) {
	found, err := r.find(path)
	if err != nil {
		return vtl.Value{}, err
	}
	if found == nil {
		return vtl.StringValue(`""`), nil
	}
	r.scratch = found.AppendJSON(r.scratch[:0])
	return vtl.StringValue(string(r.scratch)), r.run.Charge(len(r.scratch) / bytesPerStep)
}

// wholeBody is the path of a whole body.
const wholeBody = "$"

// value is $input.path: what path names, null when it isn't there. Of a body
// that is no JSON the path $ is the text, which the templates that turn forms
// into JSON rely on: #set($rawAPIData = $input.path('$')) (seen in many public
// APIs; json-smart, in its permissive mode, reads any text as a string).
func (r *Rendering) value(path *jsonpath.Path, whole bool) (vtl.Value, error) {
	found, err := r.find(path)
	switch {
	case err != nil:
		return vtl.NullValue(), err
	case found != nil:
		return vtl.JSONValue(found), nil
	case whole && isPlainText(r.bodyText()):
		return vtl.StringValue(strings.TrimSpace(r.bodyText())), nil
	}
	return vtl.NullValue(), nil
}

// isPlainText says that a text that is no JSON doesn't begin as if it were.
func isPlainText(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && !strings.ContainsRune("{[]}:,\"'", rune(text[0]))
}

// errReadOnly is why a #set fails.
func errReadOnly(what string) error { return fmt.Errorf("%s can't be set", what) }
