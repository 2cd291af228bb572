package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// jsonReader walks the tokens of a JSON text that is known to be well formed.
type jsonReader struct {
	*reader
	doc    []byte
	dec    *json.Decoder
	offset int // up to which lines are counted
	line   int
}

func (r *reader) json(doc []byte) (*node, error) {
	var raw json.RawMessage
	if err := json.Unmarshal(doc, &raw); err != nil {
		return nil, jsonFatal(doc, err)
	}
	j := &jsonReader{reader: r, doc: doc, dec: json.NewDecoder(bytes.NewReader(doc)), line: 1}
	j.dec.UseNumber()
	t, err := j.token()
	if err != nil {
		return nil, err
	}
	return j.value(t, j.line, 0)
}

func jsonFatal(doc []byte, err error) error {
	line := 1
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		line += bytes.Count(doc[:min(int(s.Offset), len(doc))], []byte("\n"))
	}
	return fatalf(line, "the document isn't JSON: %v", err)
}

// token is the next token; line is then the one it ends on, which for a
// scalar is the one it stands on.
func (j *jsonReader) token() (json.Token, error) {
	t, err := j.dec.Token()
	if err != nil {
		return nil, fatalf(j.line, "the document isn't JSON: %v", err)
	}
	end := int(j.dec.InputOffset())
	j.line += bytes.Count(j.doc[j.offset:end], []byte("\n"))
	j.offset = end
	return t, nil
}

// value is the value that begins with t on line.
func (j *jsonReader) value(t json.Token, line, depth int) (*node, error) {
	n, err := j.node(null, line, depth)
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return n, j.fill(n, object, depth)
		}
		return n, j.fill(n, list, depth)
	case string:
		n.kind, n.text = text, j.text(t)
	case json.Number:
		n.kind, n.text = number, t.String()
	case bool:
		n.kind, n.text = boolean, fmt.Sprint(t)
	}
	return n, nil
}

// fill reads the values of an object or a list up to its end.
func (j *jsonReader) fill(n *node, k kind, depth int) error {
	n.kind = k
	for j.dec.More() {
		t, err := j.token()
		if err != nil {
			return err
		}
		line, key := j.line, ""
		if k == object {
			key = t.(string)
			if t, err = j.token(); err != nil {
				return err
			}
		}
		m, err := j.value(t, line, depth+1)
		if err != nil {
			return err
		}
		m.name, m.pos = key, len(n.items)
		if k == object {
			j.member(n, m)
			continue
		}
		m.parent = n
		n.items = append(n.items, m)
	}
	j.object(n)
	_, err := j.token() // the closing bracket
	return err
}
