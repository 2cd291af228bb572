package jsonpath

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// call is a function in a path.
type call struct {
	name  string
	args  []argument
	inner *Path // length($.a) is that of $.a[*]
}

// argument is a path on the whole document, or a value.
type argument struct {
	path  *Path
	value *Value
}

var functionNames = []string{"length", "size", "keys", "min", "max", "avg", "stddev", "sum",
	"concat", "append", "first", "last", "index"}

func newCall(name string, args []argument) *call {
	c := &call{name: name, args: args}
	if (name == "length" || name == "size") && len(args) > 0 {
		c.inner = args[0].path
		if n := len(c.inner.tokens); n == 0 || c.inner.tokens[n-1].kind != called {
			all := append(slices.Clone(c.inner.tokens), token{kind: wildcard})
			c.inner = newPath(all, c.inner.root)
		}
	}
	return c
}

// function reads the arguments of function name.
func (c *compiler) function(name string) error {
	if !slices.Contains(functionNames, name) {
		return c.fail("there is no function %s", name)
	}
	c.pos++
	var args []argument
	for !c.take(')') {
		if len(args) > 0 && !c.take(',') {
			return c.fail("expected ',' or ')' after an argument")
		}
		arg, err := c.argument()
		if err != nil {
			return err
		}
		args = append(args, arg)
	}
	switch {
	case len(args) == 0 && c.pos < len(c.text):
		return c.fail("nothing may follow %s()", name)
	case (name == "length" || name == "size") && len(args) > 0 && args[0].path == nil:
		return c.fail("the argument of %s is a path", name)
	case name == "index" && len(args) == 0:
		return c.fail("index needs an argument")
	}
	c.tokens = append(c.tokens, token{kind: called, call: newCall(name, args)})
	return nil
}

// argument reads a JSON value, or a path up to the comma or parenthesis that
// ends it.
func (c *compiler) argument() (argument, error) {
	c.blanks()
	if b := c.peek(); b != '$' && b != '@' {
		v, err := c.literal(c.depth)
		return argument{value: v}, err
	}
	from, depth := c.pos, 0
	for ; c.pos < len(c.text); c.pos++ {
		switch b := c.text[c.pos]; b {
		case '\'', '"':
			if _, err := c.string(b); err != nil {
				return argument{}, err
			}
			c.pos--
		case '(', '[':
			depth++
		case ']':
			depth--
		case ')', ',':
			if depth == 0 {
				p, err := compile(c.text[from:c.pos], c.depth+1)
				return argument{path: p}, err
			}
			if b == ')' {
				depth--
			}
		}
	}
	return argument{}, c.fail("the arguments of a function don't end")
}

// call is what a function makes of v.
func (e *evaluator) call(c *call, v *Value) (*Value, error) {
	args, err := e.arguments(c.args)
	if err != nil {
		return nil, err
	}
	if c.name == "length" || c.name == "size" {
		return e.length(c, v)
	}
	e.left -= len(v.Items)
	for _, arg := range args {
		e.left -= len(arg.Items)
	}
	if e.left < 0 {
		return nil, ErrLimit
	}
	switch c.name {
	case "keys":
		return keys(v), nil
	case "concat":
		joined := concat(v, args)
		return joined, e.read(joined.Text)
	case "append":
		return appended(v, args), nil
	case "first", "last", "index":
		return elementOf(c.name, v, args)
	}
	return aggregate(c.name, v, args)
}

func (e *evaluator) arguments(args []argument) ([]*Value, error) {
	values := make([]*Value, len(args))
	for i, a := range args {
		values[i] = a.value
		if a.path == nil {
			continue
		}
		v, err := e.find(a.path, e.root, false)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

// length is how many elements or members there are, null for a scalar.
func (e *evaluator) length(c *call, v *Value) (*Value, error) {
	if c.inner != nil {
		within := evaluator{root: v, left: e.left}
		found, err := within.find(c.inner, v, false)
		e.left = within.left
		if err != nil {
			return nil, err
		}
		if found.Kind == Array {
			v = found
		}
	}
	if v.Kind != Array && v.Kind != Object {
		return &Value{}, nil
	}
	return &Value{Kind: Number, Text: strconv.Itoa(len(v.Items))}, nil
}

func keys(v *Value) *Value {
	if v.Kind != Object {
		return &Value{}
	}
	list := &Value{Kind: Array, Items: make([]Value, len(v.Names))}
	for i, name := range v.Names {
		list.Items[i] = Value{Kind: String, Text: name}
	}
	return list
}

// concat joins the strings of an array and the texts of the arguments.
func concat(v *Value, args []*Value) *Value {
	var b strings.Builder
	for i := range v.Items {
		if v.Kind == Array && v.Items[i].Kind == String {
			b.WriteString(v.Items[i].Text)
		}
	}
	for _, arg := range args {
		items := []Value{*arg}
		if arg.Kind == Array {
			items = arg.Items
		}
		for i := range items {
			b.WriteString(text(&items[i]))
		}
	}
	return &Value{Kind: String, Text: b.String()}
}

// text is v as concat takes it; null is nothing.
func text(v *Value) string {
	switch v.Kind {
	case Null:
		return ""
	case String, Number:
		return v.Text
	}
	return string(v.AppendJSON(nil))
}

// appended is array v with the arguments after its elements. Jayway changes
// the document; here it stays.
func appended(v *Value, args []*Value) *Value {
	if v.Kind != Array {
		return v
	}
	list := &Value{Kind: Array, Items: slices.Clone(v.Items)}
	for _, arg := range args {
		list.Items = append(list.Items, *arg)
	}
	return list
}

// elementOf is the element that first, last or index(n) names. As in Jayway,
// counting from the end never reaches the first element: last() of one element
// fails.
func elementOf(name string, v *Value, args []*Value) (*Value, error) {
	at := 0
	switch name {
	case "last":
		at = -1
	case "index":
		numbers := numbersOf(args)
		if len(numbers) == 0 {
			return nil, errFailed
		}
		at = int(max(min(numbers[0], math.MaxInt32), math.MinInt32))
	}
	if at < 0 && len(v.Items)+at <= 0 {
		return nil, errFailed
	}
	if found := v.element(at); found != nil {
		return found, nil
	}
	return nil, errFailed
}

func numbersOf(values []*Value) []float64 {
	var numbers []float64
	for _, v := range values {
		items := []Value{*v}
		if v.Kind == Array {
			items = v.Items
		}
		for i := range items {
			if items[i].Kind == Number {
				numbers = append(numbers, float(items[i].Text))
			}
		}
	}
	return numbers
}

// float is a number as Java's double has it.
func float(text string) float64 {
	f, _ := strconv.ParseFloat(text, 64) // too large is infinite, as in Java
	return f
}

// aggregate is a number made of the numbers in array v and in the arguments;
// of none it fails. As in Jayway the maximum is never less than Java's
// Double.MIN_VALUE, the smallest number above zero.
func aggregate(name string, v *Value, args []*Value) (*Value, error) {
	if v.Kind == Array {
		args = append([]*Value{v}, args...)
	}
	numbers := numbersOf(args)
	if len(numbers) == 0 {
		return nil, errFailed
	}
	count, sum, squares := float64(len(numbers)), 0.0, 0.0
	least, most := math.MaxFloat64, math.SmallestNonzeroFloat64
	for _, n := range numbers {
		sum += n
		squares += n * n
		least, most = min(least, n), max(most, n)
	}
	result := sum
	switch name {
	case "min":
		result = least
	case "max":
		result = most
	case "avg":
		result = sum / count
	case "stddev":
		result = math.Sqrt(squares/count - sum*sum/count/count)
	}
	return double(result), nil
}

// double is f as Java prints it; null when JSON has no such number.
func double(f float64) *Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return &Value{}
	}
	return &Value{Kind: Number, Text: string(appendDouble(nil, f))}
}
