package stacktest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
)

// Stack is what was made of a template.
type Stack struct {
	Name, Region, Account string

	API    *apigateway.Client
	Routes *apigatewayv2.Client
	Lambda *lambda.Client

	Balancers *elasticloadbalancingv2.Client
	Registry  *servicediscovery.Client

	// Pools makes a call of Cognito's.
	Pools func(operation string, in map[string]any) (map[string]any, error)
	// Code is the archive of a function whose template names one in S3, as
	// tools upload it before they deploy a stack.
	Code func(key string) ([]byte, error)

	template   *Template
	parameters map[string]any
	resources  map[string]*resource
	made       []string // the names in resources, in the order of their making
}

// resource is one that exists.
type resource struct {
	name, kind string
	id         string            // what Ref gives
	attributes map[string]string // what Fn::GetAtt gives
	properties map[string]any    // evaluated
	old        map[string]any    // those before the update under way
	retain     bool              // when it is deleted, and when it is replaced
	kept       bool              // by the update under way, not made by it
}

// call is what a handler gets: the resource and the clients.
type call struct {
	*Stack
	*resource
	ctx context.Context
}

// handler makes the calls for a type of resource.
type handler struct {
	// replaced: a change of one of these makes a new resource (createOnly in the
	// type's schema).
	replaced []string
	create   func(c *call) error
	// read gives the properties as they are; nil where nothing can be read.
	read   func(c *call) (map[string]any, error)
	update func(c *call) error
	remove func(c *call) error
}

// Update makes what exists as the template says: it creates and updates in the
// order of dependencies, then deletes what was replaced or isn't in the template
// any more, the latest first. On a new Stack it creates everything.
func (s *Stack) Update(ctx context.Context, t *Template, parameters map[string]any) error {
	order, err := t.order()
	if err != nil {
		return err
	}
	before, order0 := s.resources, s.made
	s.template, s.parameters, s.resources, s.made = t, parameters, map[string]*resource{}, nil
	var obsolete []*resource
	for _, name := range order {
		if r := t.Resources[name]; r.Condition != "" {
			if yes, err := s.condition(r.Condition); err != nil {
				return err
			} else if yes != true {
				continue
			}
		}
		old := before[name]
		if err := s.make(ctx, name, old); err != nil {
			return fmt.Errorf("%s (%s): %w", name, t.Resources[name].Type, err)
		}
		s.made = append(s.made, name)
		if s.resources[name].kept {
			delete(before, name)
		}
	}
	for _, name := range order0 { // what is left in before
		if old := before[name]; old != nil {
			obsolete = append(obsolete, old)
		}
	}
	return s.removeAll(ctx, obsolete)
}

// make creates or updates one resource.
func (s *Stack) make(ctx context.Context, name string, old *resource) error {
	in := s.template.Resources[name]
	h, ok := handlers()[in.Type]
	if !ok {
		return errors.New("this type isn't known")
	}
	evaluated, err := s.evaluateMembers(in.Properties)
	if err != nil {
		return err
	}
	r := &resource{name: name, kind: in.Type, attributes: map[string]string{}, properties: evaluated,
		retain: in.DeletionPolicy == "Retain" || in.UpdateReplacePolicy == "Retain"}
	s.resources[name] = r
	c := &call{s, r, ctx}
	if old == nil || old.kind != in.Type || h.replaces(old.properties, evaluated) {
		return h.create(c)
	}
	r.id, r.attributes, r.old, r.kept = old.id, old.attributes, old.properties, true
	if reflect.DeepEqual(old.properties, evaluated) {
		return nil
	}
	if h.update == nil {
		return errors.New("this type can't be updated")
	}
	return h.update(c)
}

func (h handler) replaces(old, properties map[string]any) bool {
	for _, name := range h.replaced {
		if name == "*" && !reflect.DeepEqual(old, properties) || !reflect.DeepEqual(old[name], properties[name]) {
			return true
		}
	}
	return false
}

// Delete deletes everything, the latest first, but for what is retained.
func (s *Stack) Delete(ctx context.Context) error {
	var all []*resource
	for _, name := range s.made {
		all = append(all, s.resources[name])
	}
	s.resources, s.made = nil, nil
	return s.removeAll(ctx, all)
}

func (s *Stack) removeAll(ctx context.Context, list []*resource) error {
	for _, r := range slices.Backward(list) {
		if r.retain {
			continue
		}
		if err := handlers()[r.kind].remove(&call{s, r, ctx}); err != nil {
			return fmt.Errorf("delete %s (%s): %w", r.name, r.kind, err)
		}
	}
	return nil
}

// Drift lists where what is there differs from what the template says.
func (s *Stack) Drift(ctx context.Context) ([]string, error) {
	var list []string
	for _, name := range s.made {
		r := s.resources[name]
		h := handlers()[r.kind]
		if h.read == nil {
			continue
		}
		got, err := h.read(&call{s, r, ctx})
		if err != nil {
			return nil, fmt.Errorf("read %s (%s): %w", name, r.kind, err)
		}
		list = append(list, drift(name, r.properties, got)...)
	}
	return list, nil
}

// Outputs are the template's outputs.
func (s *Stack) Outputs() (map[string]string, error) {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.template.Outputs)) {
		v, err := s.evaluate(s.template.Outputs[name].Value)
		if err != nil {
			return nil, fmt.Errorf("output %s: %w", name, err)
		}
		out[name] = text(v)
	}
	return out, nil
}

// Of are the IDs of the resources of a type.
func (s *Stack) Of(kind string) []string {
	var list []string
	for _, name := range s.made {
		if s.resources[name].kind == kind {
			list = append(list, s.resources[name].id)
		}
	}
	return list
}
