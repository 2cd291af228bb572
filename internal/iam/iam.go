// Package iam reads IAM policy documents and decides by them whether an
// action on a resource is allowed. It knows the policy language; it must not
// know who holds a policy nor which actions exist.
//
// Of the language it has statements of Effect, Action and Resource with
// wildcards, which is enough to say who may call the management API. All else
// (Condition, NotAction, NotResource, Principal, policy variables) is refused
// by its place in the document when the document is read, never skipped.
package iam

import "strings"

// Policy is a compiled document. It never changes.
type Policy struct{ statements []statement }

type statement struct {
	deny      bool
	actions   []string // in lower case
	resources []resourcePattern
}

// resourcePattern is "*", or the six parts of an ARN with wildcards in each.
type resourcePattern struct {
	all   bool
	parts [arnParts]string
}

const arnParts = 6

// Decision is what policies say of one action on one resource.
type Decision uint8

// The decisions. An explicit deny outweighs every allow.
const (
	ImplicitDeny Decision = iota // no statement matches
	Allow
	ExplicitDeny
)

// Evaluate is the decision of all policies together.
func Evaluate(policies []*Policy, action, resource string) Decision {
	decision := ImplicitDeny
	action = strings.ToLower(action)
	for _, p := range policies {
		for i := range p.statements {
			s := &p.statements[i]
			if !s.deny && decision == Allow || !s.matches(action, resource) {
				continue
			}
			if s.deny {
				return ExplicitDeny
			}
			decision = Allow
		}
	}
	return decision
}

func (s *statement) matches(action, resource string) bool {
	for _, a := range s.actions {
		if glob(a, action) {
			return s.matchesResource(resource)
		}
	}
	return false
}

func (s *statement) matchesResource(resource string) bool {
	for i := range s.resources {
		if s.resources[i].matches(resource) {
			return true
		}
	}
	return false
}

// matches compares part by part: a wildcard doesn't reach over a colon, but
// for the last part, which may hold colons itself (IAM user guide, "Resource").
func (p *resourcePattern) matches(resource string) bool {
	if p.all {
		return true
	}
	for i, pattern := range p.parts {
		part := resource
		if i < arnParts-1 {
			var ok bool
			if part, resource, ok = strings.Cut(resource, ":"); !ok {
				return false
			}
		}
		if !glob(pattern, part) {
			return false
		}
	}
	return true
}

// glob matches the whole text: * is any run of characters, ? is one.
func glob(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
