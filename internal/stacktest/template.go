// Package stacktest does in tests what AWS CloudFormation does with a
// template: it evaluates the intrinsic functions, orders the resources by what
// they refer to, and makes the management calls of each resource's handler with
// AWS's SDK for Go. It knows the resource types of REST, HTTP and WebSocket APIs
// and what their templates have beside them, and fails on every other type. No
// program links it.
//
// Evidence: AWS CloudFormation user guide ("Intrinsic function reference",
// "DeletionPolicy attribute", "Update behaviors of stack resources") and the
// published resource schemas of AWS::ApiGateway, AWS::Lambda,
// AWS::ElasticLoadBalancingV2 and AWS::ServiceDiscovery, whose handlers' permissions
// name the calls.
package stacktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Template is a CloudFormation template in JSON.
type Template struct {
	Parameters map[string]struct {
		Type, Description string
		Default           any
		AllowedValues     []any
	}
	Conditions map[string]any
	Resources  map[string]*Resource
	Outputs    map[string]struct {
		Description string
		Value       any
		Export      any
		Condition   string
	}
	AWSTemplateFormatVersion, Description string
}

// Resource is one of a template, before its functions are evaluated.
type Resource struct {
	Type                string
	Properties          map[string]any
	DependsOn           any // a name, or several
	Condition           string
	DeletionPolicy      string
	UpdateReplacePolicy string
	Metadata            any
	Version             any // of a custom resource
}

// Parse reads a template; a section or an attribute it doesn't know is an
// error.
func Parse(text []byte) (*Template, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	d.DisallowUnknownFields()
	t := new(Template)
	if err := d.Decode(t); err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	return t, nil
}

var subName = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

// needs are the resources that a value refers to.
func (t *Template) needs(x any, into map[string]bool) {
	name := func(n string) {
		if n, _, _ := bytes.Cut([]byte(n), []byte(".")); t.Resources[string(n)] != nil {
			into[string(n)] = true
		}
	}
	switch x := x.(type) {
	case []any:
		for _, y := range x {
			t.needs(y, into)
		}
	case map[string]any:
		for key, y := range x {
			text, _ := y.(string)
			switch list, _ := y.([]any); {
			case key == "Ref":
				name(text)
			case key == "Fn::GetAtt" && len(list) == 2:
				name(list[0].(string))
			case key == "Fn::GetAtt":
				name(text)
			case key == "Fn::Sub":
				if len(list) > 0 {
					text, _ = list[0].(string)
				}
				for _, m := range subName.FindAllStringSubmatch(text, -1) {
					name(m[1])
				}
				t.needs(list, into)
			default:
				t.needs(y, into)
			}
		}
	}
}

// order has every resource after those it refers to or depends on, otherwise by
// name.
func (t *Template) order() ([]string, error) {
	var list []string
	state := map[string]int{} // 1: being visited, 2: in the list
	var visit func(name string) error
	visit = func(name string) error {
		switch state[name] {
		case 1:
			return fmt.Errorf("circular dependency at %s", name)
		case 2:
			return nil
		}
		state[name] = 1
		r, before := t.Resources[name], map[string]bool{}
		t.needs(r.Properties, before)
		switch d := r.DependsOn.(type) {
		case string:
			before[d] = true
		case []any:
			for _, n := range d {
				before[n.(string)] = true
			}
		}
		for _, n := range slices.Sorted(maps.Keys(before)) {
			if t.Resources[n] == nil {
				return fmt.Errorf("%s depends on %s, which isn't in the template", name, n)
			}
			if err := visit(n); err != nil {
				return err
			}
		}
		state[name], list = 2, append(list, name)
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(t.Resources)) {
		if err := visit(name); err != nil {
			return nil, err
		}
	}
	return list, nil
}
