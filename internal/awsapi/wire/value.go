package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

type kind byte

const (
	nullValue kind = iota
	boolValue
	numberValue
	stringValue
	listValue
	objectValue
)

// value is one JSON value; an object keeps the order of its members.
type value struct {
	kind   kind
	text   string // of a string or a number; "true" or "false"
	list   []value
	fields []field
}

type field struct {
	name  string
	value value
}

// maxDepth bounds how deep a body's JSON may nest; the deepest shape has 5.
const maxDepth = 64

// parse reads one JSON value and nothing behind it.
func parse(body []byte) (value, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, err := parseValue(d, maxDepth)
	if err != nil {
		return value{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return value{}, errors.New("text behind the end of the JSON value")
	}
	return v, nil
}

func parseValue(d *json.Decoder, depth int) (value, error) {
	if depth == 0 {
		return value{}, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return value{}, err
	}
	switch t := t.(type) {
	case bool:
		return value{kind: boolValue, text: strconv.FormatBool(t)}, nil
	case json.Number:
		return value{kind: numberValue, text: t.String()}, nil
	case string:
		return value{kind: stringValue, text: t}, nil
	case json.Delim:
		if t == '[' {
			return parseList(d, depth)
		}
		return parseObject(d, depth)
	}
	return value{}, nil
}

func parseList(d *json.Decoder, depth int) (value, error) {
	v := value{kind: listValue}
	for d.More() {
		e, err := parseValue(d, depth-1)
		if err != nil {
			return v, err
		}
		v.list = append(v.list, e)
	}
	_, err := d.Token()
	return v, err
}

func parseObject(d *json.Decoder, depth int) (value, error) {
	v := value{kind: objectValue}
	at := map[string]int{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return v, err
		}
		e, err := parseValue(d, depth-1)
		if err != nil {
			return v, err
		}
		name, _ := t.(string)
		if i, twice := at[name]; twice { // the last one counts, at the first one's place
			v.fields[i].value = e
			continue
		}
		at[name] = len(v.fields)
		v.fields = append(v.fields, field{name, e})
	}
	_, err := d.Token()
	return v, err
}
