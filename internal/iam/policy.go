// Package iam reads IAM policy documents and decides by them whether a
// principal may do an action on a resource. It knows the policy language (IAM
// user guide, "IAM JSON policy reference"); it must not know who holds a
// policy, which actions exist, nor where the values of condition keys come
// from. Whatever it can't evaluate is refused by its place in the document
// when the document is read, never skipped.
package iam

import "strings"

// Policy is a compiled document. It never changes.
type Policy struct{ statements []statement }

type statement struct {
	name         string // "Statement[1]", with its Sid if there is one
	deny         bool
	principals   *principals // nil: the policy of an identity
	actions      []matcher   // in lower case
	notActions   bool
	resources    []resource // nil: of a trust, which has none
	notResources bool
	conditions   []condition
}

// Request is what policies are evaluated for. One that is used again keeps its
// memory; it is for one goroutine at a time.
type Request struct {
	Action    string // "execute-api:Invoke", in any case
	Resource  string // an ARN
	Principal Principal
	Keys      Keys // nil: no condition key has a value

	room []string
}

// Keys has the values of condition keys.
type Keys interface {
	// Values appends the values of key, which is in lower case ("aws:sourceip",
	// "aws:principaltag/team"), to dst; none: the request has no such key. A
	// time is RFC 3339 or seconds since 1970.
	Values(dst []string, key string) []string
}

// Effect is what policies say of one request.
type Effect uint8

// The effects, from the weakest. An explicit deny outweighs every allow.
const (
	ImplicitDeny Effect = iota // no statement matches
	// AllowAccount: a resource's policy allows it to the principal's account,
	// which leaves it to the account's own policies (IAM user guide, "Account
	// principals").
	AllowAccount
	Allow
	ExplicitDeny
)

// Decision is an Effect and the statement that it comes from.
type Decision struct {
	Effect    Effect
	Statement string // "Statement[1] (Sid)"; empty when no statement matches
}

// evaluation is a request on its way through policies.
type evaluation struct {
	*Request
	action   string // in lower case
	resource arn
	isARN    bool
}

// values are those of a condition key. They are good until the next call.
func (e *evaluation) values(key string) []string {
	if e.Keys == nil {
		return nil
	}
	e.room = e.Keys.Values(e.room[:0], key)
	return e.room
}

// Evaluate is the decision of all policies together.
func Evaluate(policies []*Policy, r *Request) Decision {
	e := evaluation{Request: r, action: strings.ToLower(r.Action)}
	e.resource, e.isARN = splitARN(r.Resource)
	var d Decision
	for _, p := range policies {
		for i := range p.statements {
			s := &p.statements[i]
			effect := s.evaluate(&e, d.Effect)
			if effect <= d.Effect {
				continue
			}
			d = Decision{effect, s.name}
			if effect == ExplicitDeny {
				return d
			}
		}
	}
	return d
}

// evaluate is the statement's effect, ImplicitDeny when it has none, or none
// above what is known already.
func (s *statement) evaluate(e *evaluation, known Effect) Effect {
	if !s.deny && known >= Allow || !s.matchesAction(e.action) || !s.matchesResource(e) {
		return ImplicitDeny
	}
	effect := Allow
	if s.principals != nil {
		effect = s.principals.match(&e.Principal, s.deny)
	}
	if effect == ImplicitDeny {
		return ImplicitDeny
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(e) {
			return ImplicitDeny
		}
	}
	if s.deny {
		return ExplicitDeny
	}
	return effect
}

func (s *statement) matchesAction(action string) bool {
	for i := range s.actions {
		if s.actions[i].match(action) {
			return !s.notActions
		}
	}
	return s.notActions
}

func (s *statement) matchesResource(e *evaluation) bool {
	if s.resources == nil {
		return true
	}
	for i := range s.resources {
		matches, known := s.resources[i].matches(e)
		if !known && s.notResources {
			return false // a variable without a value: the statement doesn't match
		}
		if matches {
			return !s.notResources
		}
	}
	return s.notResources
}

// Together is the decision for a request within one account: the policies of
// the identity, or what an authorizer answered, with those of the resource
// (API Gateway developer guide, "Authorization flow", table A).
func Together(identity, resource Decision) Decision {
	switch {
	case identity.Effect == ExplicitDeny:
		return identity
	case resource.Effect == ExplicitDeny:
		return resource
	case identity.Effect == Allow:
		return identity
	case resource.Effect == Allow:
		return resource
	}
	return Decision{}
}

// Across is the decision for a request from another account: both sides must
// allow it (API Gateway developer guide, "Authorization flow", table B).
func Across(identity, resource Decision) Decision {
	switch {
	case identity.Effect == ExplicitDeny:
		return identity
	case resource.Effect == ExplicitDeny:
		return resource
	case identity.Effect == Allow && resource.Effect >= AllowAccount:
		return identity
	}
	return Decision{}
}
