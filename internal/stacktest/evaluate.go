package stacktest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// noValue is what {"Ref": "AWS::NoValue"} gives: the member is left out.
type noValue struct{}

// evaluate gives a value without functions.
func (s *Stack) evaluate(x any) (any, error) {
	switch x := x.(type) {
	case []any:
		list := []any{}
		for _, y := range x {
			v, err := s.evaluate(y)
			if err != nil {
				return nil, err
			}
			if v != (noValue{}) {
				list = append(list, v)
			}
		}
		return list, nil
	case map[string]any:
		if len(x) == 1 {
			for name, in := range x {
				if name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::") {
					return s.function(name, in)
				}
			}
		}
		return s.evaluateMembers(x)
	}
	return x, nil
}

func (s *Stack) evaluateMembers(x map[string]any) (map[string]any, error) {
	object := map[string]any{}
	for name, y := range x {
		v, err := s.evaluate(y)
		if err != nil {
			return nil, err
		}
		if _, none := v.(noValue); !none {
			object[name] = v
		}
	}
	return object, nil
}

func (s *Stack) function(name string, in any) (any, error) {
	if name == "Fn::If" {
		return s.choose(in)
	}
	if name == "Fn::Sub" {
		return s.substitute(in)
	}
	v, err := s.evaluate(in)
	if err != nil {
		return nil, err
	}
	list, _ := v.([]any)
	word, _ := v.(string)
	switch {
	case name == "Ref":
		return s.ref(word)
	case name == "Condition":
		return s.condition(word)
	case name == "Fn::GetAtt" && len(list) == 2:
		return s.attribute(text(list[0]), text(list[1]))
	case name == "Fn::GetAtt" && list == nil:
		resource, attribute, _ := strings.Cut(word, ".")
		return s.attribute(resource, attribute)
	case name == "Fn::Join" && len(list) == 2:
		var parts []string
		for _, p := range list[1].([]any) {
			parts = append(parts, text(p))
		}
		return strings.Join(parts, text(list[0])), nil
	case name == "Fn::Split" && len(list) == 2:
		var parts []any
		for p := range strings.SplitSeq(text(list[1]), text(list[0])) {
			parts = append(parts, p)
		}
		return parts, nil
	case name == "Fn::Select" && len(list) == 2:
		of, _ := list[1].([]any)
		if i, err := strconv.Atoi(text(list[0])); err == nil && i >= 0 && i < len(of) {
			return of[i], nil
		}
	case name == "Fn::Equals" && len(list) == 2:
		return text(list[0]) == text(list[1]), nil
	case name == "Fn::Not" && len(list) == 1:
		return list[0] != true, nil
	case name == "Fn::And":
		return !slices.Contains(list, any(false)), nil
	case name == "Fn::Or":
		return slices.Contains(list, any(true)), nil
	}
	return nil, fmt.Errorf("the function %s of %v isn't known", name, v) // Fn::ImportValue and Fn::Transform, too: nothing here exports values
}

// text is a scalar as a template's strings have it.
func text(x any) string {
	if s, ok := x.(string); ok {
		return s
	}
	return fmt.Sprint(x)
}

func (s *Stack) choose(in any) (any, error) {
	list, _ := in.([]any)
	if len(list) != 3 {
		return nil, fmt.Errorf("Fn::If has %v", in)
	}
	yes, err := s.condition(text(list[0]))
	if err != nil {
		return nil, err
	}
	if yes == true {
		return s.evaluate(list[1])
	}
	return s.evaluate(list[2])
}

func (s *Stack) condition(name string) (any, error) {
	c, ok := s.template.Conditions[name]
	if !ok {
		return nil, fmt.Errorf("no condition %s", name)
	}
	return s.evaluate(c)
}

// substitute is Fn::Sub: ${Name}, ${Name.Attribute}, names of its own, and ${!x}
// for a literal ${x}.
func (s *Stack) substitute(in any) (any, error) {
	own := map[string]any{}
	if list, ok := in.([]any); ok && len(list) == 2 {
		var err error
		if own, err = s.evaluateMembers(list[1].(map[string]any)); err != nil {
			return nil, err
		}
		in = list[0]
	}
	var failed error
	out := subName.ReplaceAllStringFunc(text(in), func(m string) string {
		name := m[2 : len(m)-1]
		if v, ok := own[name]; ok {
			return text(v)
		}
		resource, attribute, of := strings.Cut(name, ".")
		v, err := s.ref(name)
		if of {
			v, err = s.attribute(resource, attribute)
		}
		if err != nil {
			failed = err
		}
		return text(v)
	})
	return strings.ReplaceAll(out, "${!", "${"), failed
}

func (s *Stack) ref(name string) (any, error) {
	switch name {
	case "AWS::NoValue":
		return noValue{}, nil
	case "AWS::Partition":
		return "aws", nil
	case "AWS::Region":
		return s.Region, nil
	case "AWS::AccountId":
		return s.Account, nil
	case "AWS::URLSuffix":
		return "amazonaws.com", nil
	case "AWS::StackName":
		return s.Name, nil
	case "AWS::StackId":
		return "arn:aws:cloudformation:" + s.Region + ":" + s.Account + ":stack/" + s.Name + "/1", nil
	}
	if p, ok := s.template.Parameters[name]; ok {
		v, given := s.parameters[name]
		if !given {
			v = p.Default
		}
		if v == nil || p.AllowedValues != nil && !slices.Contains(p.AllowedValues, v) {
			return nil, fmt.Errorf("parameter %s: %v", name, v)
		}
		return v, nil
	}
	if r := s.resources[name]; r != nil {
		return r.id, nil
	}
	return nil, fmt.Errorf("nothing is called %s", name)
}

func (s *Stack) attribute(resource, name string) (any, error) {
	if r := s.resources[resource]; r != nil && r.attributes[name] != "" {
		return r.attributes[name], nil
	}
	return nil, fmt.Errorf("no attribute %s of %s", name, resource)
}
