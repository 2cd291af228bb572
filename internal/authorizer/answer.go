package authorizer

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// Form is how functions answer an API kind.
type Form uint8

// The forms.
const (
	// Policy is REST APIs': principalId, policyDocument, a flat context and
	// usageIdentifierKey (developer guide, "Output from an API Gateway Lambda
	// authorizer").
	Policy Form = iota
	// ConnectPolicy is WebSocket APIs': the same, of at most 8 KB.
	ConnectPolicy
	// RoutePolicy1 is HTTP APIs' in payload format 1.0: a context of any JSON, but
	// for claims, a name that stands for a verified token's there.
	RoutePolicy1
	// RoutePolicy2 is the same in payload format 2.0, where nothing is reserved.
	RoutePolicy2
	// Simple is HTTP APIs' simple response: isAuthorized, and a context of any
	// JSON (developer guide, "Lambda function response for format 2.0").
	Simple
)

// Limits of an answer.
var answerLimits = jsonpath.Limits{Depth: 32, Nodes: 10_000}

const (
	maxAnswer        = 64 << 10 // bytes
	maxConnectAnswer = 8 << 10  // of WebSocket APIs (quotas page)
	maxContext       = 500      // entries
)

// Parse reads a function's answer. Members that the form hasn't are ignored.
func (f Form) Parse(payload []byte) (*Answer, error) {
	limit := maxAnswer
	if f == ConnectPolicy {
		limit = maxConnectAnswer
	}
	if len(payload) > limit {
		return nil, fmt.Errorf("its answer is longer than %d bytes", limit)
	}
	doc, err := jsonpath.Parse(payload, answerLimits)
	if err != nil {
		return nil, fmt.Errorf("its answer is no JSON: %w", err)
	}
	if doc.Kind != jsonpath.Object {
		return nil, errors.New("its answer is no object")
	}
	a := new(Answer)
	if f == Simple {
		err = a.readVerdict(doc)
	} else {
		err = a.readPolicy(doc)
	}
	if err != nil {
		return nil, err
	}
	if err := a.readContext(doc.Member("context"), f); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Answer) readVerdict(doc *jsonpath.Value) error {
	authorized := doc.Member("isAuthorized")
	if authorized == nil || authorized.Kind != jsonpath.Bool {
		return errors.New("its answer has no isAuthorized, which must be true or false")
	}
	a.verdict = iam.ExplicitDeny
	if authorized.Bool {
		a.verdict = iam.Allow
	}
	return nil
}

func (a *Answer) readPolicy(doc *jsonpath.Value) error {
	principal := doc.Member("principalId")
	if principal == nil || principal.Kind != jsonpath.String {
		return errors.New("its answer has no principalId, which must be text")
	}
	a.PrincipalID = principal.Text
	policy := doc.Member("policyDocument")
	if policy == nil || policy.Kind != jsonpath.Object {
		return errors.New("its answer has no policyDocument, which must be an object")
	}
	a.Policy = string(policy.AppendJSON(nil))
	compiled, err := iam.Parse(a.Policy, iam.Identity)
	if err != nil {
		return fmt.Errorf("its policyDocument: %w", err)
	}
	a.policies = []*iam.Policy{compiled}
	if key := doc.Member("usageIdentifierKey"); key != nil && key.Kind == jsonpath.String {
		a.UsageKey = key.Text
	}
	return nil
}

// readContext makes text of every value; null is none at all. For HTTP APIs
// the whole is kept as JSON, too; for others a list or an object is no value
// that can be handed on.
func (a *Answer) readContext(context *jsonpath.Value, f Form) error {
	if context == nil || context.Kind == jsonpath.Null {
		return nil
	}
	if context.Kind != jsonpath.Object || len(context.Items) > maxContext {
		return fmt.Errorf("its context is no object of at most %d members", maxContext)
	}
	nested := f >= RoutePolicy1
	for i, name := range context.Names {
		v := &context.Items[i]
		switch v.Kind {
		case jsonpath.String, jsonpath.Number:
			a.Context = append(a.Context, Entry{name, v.Text})
		case jsonpath.Bool:
			a.Context = append(a.Context, Entry{name, strconv.FormatBool(v.Bool)})
		case jsonpath.Null:
		default:
			if !nested {
				return fmt.Errorf("its context's %.80q is a list or an object, not text, a number or a boolean", name)
			}
			a.Context = append(a.Context, Entry{name, string(v.AppendJSON(nil))})
		}
		if f == RoutePolicy1 && name == "claims" {
			return errors.New("its context has claims, a name that is for a token's")
		}
	}
	if nested {
		a.ContextJSON = string(context.AppendJSON(nil))
	}
	return nil
}
