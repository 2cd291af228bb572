package openapi

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// isObject tells whether n is an object; anything else but nothing is a problem.
func (im *importer) isObject(n *node, what string) bool {
	return im.is(object, n, what, "an object")
}

// isList tells whether n is a list; anything else but nothing is a problem.
func (im *importer) isList(n *node, what string) bool {
	return im.is(list, n, what, "a list")
}

func (im *importer) is(k kind, n *node, what, wanted string) bool {
	if !n.present() || n.refused {
		return false
	}
	if n.kind != k {
		im.problem(n, "%s must be %s", what, wanted)
		return false
	}
	return im.spend(1 + len(n.items))
}

// text is a scalar's text: YAML writers leave the quotes of "1.0" and "200"
// out. Nothing and null are empty.
func (im *importer) text(n *node, what string) string {
	if !n.present() || n.refused {
		return ""
	}
	if n.scalar() {
		return n.text
	}
	n.refused = true
	if len(n.items) == 1 && n.items[0].name == "Ref" {
		im.problem(n, "Ref is a CloudFormation function, which an import doesn't resolve: write its value")
	} else {
		im.problem(n, "%s must be a string", what)
	}
	return ""
}

// address is a URI, ARN or the like: what is left of the AWS variables in it
// has no value.
func (im *importer) address(n *node, what string) string {
	s := im.text(n, what)
	if _, rest, ok := strings.Cut(s, "${AWS::"); ok {
		name, _, _ := strings.Cut(rest, "}")
		im.problem(n, "${AWS::%s} has no value here: an import knows ${AWS::AccountId}, ${AWS::Region} and ${AWS::Partition}", name)
	}
	return s
}

// choice is one of the values, upper-cased; empty when there is none.
func (im *importer) choice(n *node, what string, values ...string) string {
	s := strings.ToUpper(im.text(n, what))
	if s == "" {
		return ""
	}
	for _, v := range values {
		if s == strings.ToUpper(v) {
			return v
		}
	}
	im.problem(n, "%s %q is none of %s", what, n.text, strings.Join(values, ", "))
	return ""
}

// boolean is true or false, also as text; nil for nothing.
func (im *importer) boolean(n *node, what string) *bool {
	s := im.text(n, what)
	if s == "" {
		return nil
	}
	b := strings.EqualFold(s, "true")
	if !b && !strings.EqualFold(s, "false") {
		im.problem(n, "%s must be true or false", what)
		return nil
	}
	return &b
}

// integer is a whole number, also as text; nil for nothing.
func (im *importer) integer(n *node, what string) *int {
	s := im.text(n, what)
	if s == "" {
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
		im.problem(n, "%s must be a whole number", what)
		return nil
	}
	i := int(f)
	return &i
}

// texts is a list of strings; nil for nothing, not nil for an empty list.
func (im *importer) texts(n *node, what string) []string {
	if !im.isList(n, what) {
		return nil
	}
	s := make([]string, 0, len(n.items))
	for _, i := range n.items {
		if t := im.text(i, "an item of "+what); t != "" {
			s = append(s, t)
		} else if !i.refused {
			im.problem(i, "an item of %s must not be empty", what)
		}
	}
	return s
}

// object checks that n has no members but those named; it tells whether n is
// an object. Extensions of other vendors are let pass.
func (im *importer) object(n *node, what string, known ...string) bool {
	if !im.isObject(n, what) {
		return false
	}
	set := make(map[string]bool, len(known))
	for _, k := range known {
		set[k] = true
	}
	for _, m := range n.items {
		if !set[m.name] && !strings.HasPrefix(m.name, "x-") {
			im.problem(m, "%s has no member %q", what, m.name)
		}
	}
	return true
}

var statusCode = regexp.MustCompile(`^[1-5]\d\d$`)

// status is a status code, which YAML writers give as a number.
func (im *importer) status(n *node, what string) string {
	s := im.text(n, what)
	if s != "" && !statusCode.MatchString(s) {
		im.problem(n, "%s must be a status code of 100 to 599", what)
		return ""
	}
	return s
}

// json writes n as compact JSON, its members in the document's order; ref, if
// any, says what a $ref becomes.
func (im *importer) json(n *node, ref func(*node) string) string {
	return string(im.appendJSON(nil, n, ref))
}

func (im *importer) appendJSON(b []byte, n *node, ref func(*node) string) []byte {
	if !im.spend(1) {
		return b // an error is certain
	}
	switch n.kind {
	case boolean:
		return append(b, n.text...)
	case number:
		return append(b, im.numeral(n)...)
	case text:
		if ref != nil && n.name == "$ref" && n.parent.kind == object {
			return appendString(b, ref(n))
		}
		return appendString(b, n.text)
	case list:
		b = append(b, '[')
		for i, m := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = im.appendJSON(b, m, ref)
		}
		return append(b, ']')
	case object:
		b = append(b, '{')
		for i, m := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, m.name), ':')
			b = im.appendJSON(b, m, ref)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// numeral is a number's JSON form; YAML knows more forms than JSON.
func (im *importer) numeral(n *node) string {
	if json.Valid([]byte(n.text)) {
		return n.text
	}
	s, err := jsonNumber(n.text)
	if err != nil {
		im.problem(n, "%s is a number that JSON can't say", n.text)
		return "null"
	}
	return s
}

// appendString appends s in JSON's quotes, < > & as they are.
func appendString(b []byte, s string) []byte {
	var w strings.Builder
	enc := json.NewEncoder(&w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes, and a builder always takes it
	return append(b, strings.TrimSuffix(w.String(), "\n")...)
}
