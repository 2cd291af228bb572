package jsonpath

import "strings"

// literal reads a value in a filter or an argument: JSON, with strings in
// either kind of quotes. (json-smart reads them in its permissive mode, which
// takes bare words too; those are refused: they are mostly forgotten quotes.)
func (c *compiler) literal(depth int) (*Value, error) {
	c.blanks()
	if depth > maxPathDepth {
		return nil, c.fail("a literal is nested too deeply")
	}
	switch b := c.peek(); b {
	case '\'', '"':
		s, err := c.string(b)
		return &Value{Kind: String, Text: s}, err
	case '[':
		return c.list(depth)
	case '{':
		return c.object(depth)
	}
	for _, w := range []struct {
		word  string
		value Value
	}{{"true", Value{Kind: Bool, Bool: true}}, {"false", Value{Kind: Bool}}, {"null", Value{}}} {
		if strings.HasPrefix(c.text[c.pos:], w.word) {
			c.pos += len(w.word)
			return &w.value, nil
		}
	}
	return c.number()
}

func (c *compiler) number() (*Value, error) {
	from := c.pos
	for b := c.peek(); b != 0 && strings.IndexByte("0123456789+-.eE", b) >= 0; b = c.peek() {
		c.pos++
	}
	text := c.text[from:c.pos]
	if _, ok := parseDecimal(text); !ok {
		c.pos = from
		return nil, c.fail("expected a path or a literal")
	}
	return &Value{Kind: Number, Text: text}, nil
}

func (c *compiler) list(depth int) (*Value, error) {
	list := &Value{Kind: Array}
	c.pos++
	for !c.take(']') {
		if len(list.Items) > 0 && !c.take(',') {
			return nil, c.fail("expected ',' or ']' in a list")
		}
		v, err := c.literal(depth + 1)
		if err != nil {
			return nil, err
		}
		list.Items = append(list.Items, *v)
	}
	return list, nil
}

func (c *compiler) object(depth int) (*Value, error) {
	object := &Value{Kind: Object}
	c.pos++
	for !c.take('}') {
		if len(object.Items) > 0 && !c.take(',') {
			return nil, c.fail("expected ',' or '}' in an object")
		}
		c.blanks()
		quote := c.peek()
		if quote != '\'' && quote != '"' {
			return nil, c.fail("expected a member name in quotes")
		}
		name, err := c.string(quote)
		if err != nil {
			return nil, err
		}
		if !c.take(':') {
			return nil, c.fail("expected ':' after a member name")
		}
		v, err := c.literal(depth + 1)
		if err != nil {
			return nil, err
		}
		object.Names, object.Items = append(object.Names, name), append(object.Items, *v)
	}
	return object, nil
}
