package iam

import (
	"fmt"
	"slices"
	"strings"
)

// condition is one operator on one key: every one of a statement must hold.
type condition struct {
	key      string // in lower case
	values   []operand
	compare  compare
	null     bool // the operator Null: whether the key is absent
	absent   bool // of Null: it has to be
	variable bool // one of values has variables
	negated  bool // StringNotEquals …: none of values may compare
	ifThere  bool // …IfExists
	set      setOperator
}

// operand is a value of a policy, read for its operator.
type operand struct {
	template
	parsed any // what the operator made of a value without variables
}

// setOperator says how many of a key's values have to satisfy.
type setOperator uint8

const (
	noSet setOperator = iota
	forAll
	forAny
)

// holds says whether the condition is met (IAM user guide, "Conditions with
// multiple context keys or values"; a missing key as its table says).
func (c *condition) holds(e *evaluation) bool {
	values := e.values(c.key)
	switch {
	case c.null:
		return c.absent == (len(values) == 0)
	case len(values) == 0 && c.set == forAll:
		return true
	case len(values) == 0 && c.ifThere:
		return true
	case len(values) == 0 && c.set == forAny:
		return false
	case len(values) == 0:
		return c.negated
	}
	// Without a set operator several values of a key are taken as the strict
	// reading has it: one must match, or, negated, none may.
	all := c.set == forAll || c.set == noSet && c.negated
	if c.variable {
		values = slices.Clone(values) // variables want the memory
	}
	for _, v := range values {
		if c.satisfied(v, e) != all {
			return !all
		}
	}
	return all
}

// satisfied says whether one value of the key does.
func (c *condition) satisfied(value string, e *evaluation) bool {
	for i := range c.values {
		o := &c.values[i]
		p, ok := o.expand(e)
		if !ok {
			// A variable without a value: the statement doesn't match.
			if c.negated {
				return false
			}
			continue
		}
		if c.compare(value, p, o.parsed) {
			return !c.negated
		}
	}
	return c.negated
}

// maxConditions bounds the keys of one statement.
const maxConditions = 100

func parseConditions(v any, variables bool, path string) ([]condition, error) {
	operators, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s: must be an object of operators", path)
	}
	var list []condition
	for _, name := range names(operators) {
		at := path + "." + name
		keys, ok := operators[name].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s: must be an object of condition keys", at)
		}
		op, shape, err := parseOperator(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		for _, key := range names(keys) {
			if !isKey(key) {
				return nil, fmt.Errorf("%s: %q is no condition key", at, key)
			}
			c := shape
			c.key = strings.ToLower(key)
			if err := c.read(op, keys[key], variables, at+"."+key); err != nil {
				return nil, err
			}
			list = append(list, c)
		}
	}
	if len(list) > maxConditions {
		return nil, fmt.Errorf("%s: more than %d", path, maxConditions)
	}
	return list, nil
}

// parseOperator reads "ForAnyValue:StringNotLikeIfExists".
func parseOperator(name string) (op operator, shape condition, err error) {
	rest := name
	switch {
	case strings.HasPrefix(rest, "ForAllValues:"):
		shape.set, rest = forAll, strings.TrimPrefix(rest, "ForAllValues:")
	case strings.HasPrefix(rest, "ForAnyValue:"):
		shape.set, rest = forAny, strings.TrimPrefix(rest, "ForAnyValue:")
	}
	if rest == "Null" {
		shape.null = true
		return operator{}, shape, nil
	}
	rest, shape.ifThere = strings.CutSuffix(rest, "IfExists")
	op, ok := operators[rest]
	if !ok {
		return op, shape, fmt.Errorf("no condition operator is called %s", name)
	}
	shape.negated, shape.compare = op.negated, op.compare
	return op, shape, nil
}

// read reads the values that the key is compared with.
func (c *condition) read(op operator, v any, variables bool, path string) error {
	list, err := scalars(v, path)
	if err != nil {
		return err
	}
	if c.null {
		if len(list) != 1 || list[0] != "true" && list[0] != "false" {
			return fmt.Errorf("%s: must be true (the key is absent) or false (it is there)", path)
		}
		c.absent = list[0] == "true"
		return nil
	}
	for i, text := range list {
		o := operand{}
		if o.template, err = parseTemplate(text, op.wildcards, variables && op.variables); err != nil {
			return fmt.Errorf("%s[%d]: %w", path, i, err)
		}
		if op.parse != nil {
			if o.parsed, err = op.parse(text); err != nil {
				return fmt.Errorf("%s[%d]: %w", path, i, err)
			}
		}
		c.values, c.variable = append(c.values, o), c.variable || o.parts != nil
	}
	return nil
}
