package control

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func unknownAuthorizer() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Authorizer identifier specified")
}

// Authorizer returns one authorizer, and the definition that it is in as that
// stands now: a test of the authorizer needs it.
func (c *Control) Authorizer(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.AuthorizerID) (*apigw.Authorizer, *apigw.Definition, error) {
	s, err := c.view(ctx, restRef(scope, api), unknownAuthorizer())
	if err != nil {
		return nil, nil, err
	}
	a, ok := s.def.Authorizers[id]
	if !ok {
		return nil, nil, unknownAuthorizer()
	}
	return a, s.def, nil
}

// Authorizers lists an API's authorizers by name (recorded on AWS).
func (c *Control) Authorizers(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*apigw.Authorizer, error) {
	ref := restRef(scope, api)
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(s.def.Authorizers), func(a, b *apigw.Authorizer) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	}), nil
}

// CreateAuthorizer adds an authorizer; its ID is made here. For an unknown API
// AWS answers 409 here alone, once the URI's form was checked (recorded on
// AWS).
func (c *Control) CreateAuthorizer(ctx context.Context, scope apigw.Scope, api apigw.APIID, a apigw.Authorizer) (*apigw.Authorizer, error) {
	if a.AuthType == "" {
		a.AuthType = map[bool]string{true: "cognito_user_pools", false: "custom"}[a.Type == "COGNITO_USER_POOLS"]
	}
	if err := checkAuthorizer(&a); err != nil {
		return nil, err
	}
	missing := apigw.Errorf(apigw.Conflict, "Unable to complete operation due to concurrent modification. Please try again later.")
	return mutated(ctx, c, restRef(scope, api), missing, func(e *edit) (*apigw.Authorizer, error) {
		id, err := c.freeID(6, func(id string) bool { return e.def.Authorizers[apigw.AuthorizerID(id)] != nil })
		if err != nil {
			return nil, err
		}
		made := a
		made.ID = apigw.AuthorizerID(id)
		if err := checkAuthorizerName(e.def, &made); err != nil {
			return nil, err
		}
		e.putAuthorizer(&made)
		return &made, within("authorizers", len(e.def.Authorizers), c.limits.Authorizers)
	})
}

// checkAuthorizerName: AWS's message is known from reports in the field.
func checkAuthorizerName(def *apigw.Definition, a *apigw.Authorizer) error {
	for id, other := range def.Authorizers {
		if id != a.ID && other.Name == a.Name {
			return apigw.Errorf(apigw.Conflict, "Authorizer name must be unique. Authorizer %s already exists in this RestApi.", a.Name)
		}
	}
	return nil
}

// checkAuthorizer checks what needs no definition (API reference,
// CreateAuthorizer). The texts aren't recorded but for the URI's.
func checkAuthorizer(a *apigw.Authorizer) error {
	bad := func(format string, args ...any) error { return apigw.Errorf(apigw.BadRequest, format, args...) }
	if strings.TrimSpace(a.Name) == "" {
		return bad("Authorizer name cannot be empty")
	}
	if ttl := a.TTLSeconds; ttl != nil && (*ttl < 0 || *ttl > 3600) {
		return bad("Authorizer result TTL must be between 0 and 3600 seconds")
	}
	switch a.Type {
	case "COGNITO_USER_POOLS":
		return checkPoolAuthorizer(a)
	case "TOKEN", "REQUEST":
	default:
		return bad("Invalid authorizer type specified: %s", a.Type)
	}
	if a.URI == "" {
		return bad("Authorizer URI cannot be empty for authorizers of type %s", a.Type)
	}
	if _, _, err := splitAWSURI(a.URI); err != nil {
		return err
	}
	if a.Type == "REQUEST" && a.IdentitySource == "" && (a.TTLSeconds == nil || *a.TTLSeconds > 0) {
		return bad("Identity source is required for authorizers of type REQUEST when caching is enabled")
	}
	for source := range strings.SplitSeq(a.IdentitySource, ",") {
		if source = strings.TrimSpace(source); source != "" && !identitySource(source, a.Type) {
			return bad("Invalid identity source specified: %s", source)
		}
	}
	if a.Type == "TOKEN" && a.IdentitySource == "" {
		return bad("Identity source is required for authorizers of type TOKEN")
	}
	return nil
}

func checkPoolAuthorizer(a *apigw.Authorizer) error {
	if len(a.ProviderARNs) == 0 {
		return apigw.Errorf(apigw.BadRequest, "Provider ARNs are required for authorizers of type COGNITO_USER_POOLS")
	}
	for _, arn := range a.ProviderARNs {
		if parts := strings.Split(arn, ":"); len(parts) != 6 || parts[0] != "arn" || parts[2] != "cognito-idp" || !strings.HasPrefix(parts[5], "userpool/") {
			return apigw.Errorf(apigw.BadRequest, "Invalid Cognito ARN specified: %s", arn)
		}
	}
	if !identitySource(a.IdentitySource, "TOKEN") {
		return apigw.Errorf(apigw.BadRequest, "Identity source is required for authorizers of type COGNITO_USER_POOLS")
	}
	return nil
}

// identitySource says whether an authorizer may take a client's identity from
// there: a TOKEN authorizer and user pools from one header, a REQUEST
// authorizer from more (developer guide, "Configure a Lambda authorizer").
func identitySource(source, kind string) bool {
	places := []string{"method.request.header."}
	if kind == "REQUEST" {
		places = append(places, "method.request.querystring.", "method.request.multivalueheader.", "method.request.multivaluequerystring.", "stageVariables.", "context.")
	}
	for _, place := range places {
		if name, ok := strings.CutPrefix(source, place); ok && name != "" && !strings.ContainsAny(name, " ,") {
			return true
		}
	}
	return false
}

// UpdateAuthorizer changes an authorizer.
func (c *Control) UpdateAuthorizer(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.AuthorizerID, mutate func(*apigw.Authorizer) error) (*apigw.Authorizer, error) {
	return mutated(ctx, c, restRef(scope, api), unknownAuthorizer(), func(e *edit) (*apigw.Authorizer, error) {
		old, ok := e.def.Authorizers[id]
		if !ok {
			return nil, unknownAuthorizer()
		}
		changed := *old
		changed.ProviderARNs = slices.Clone(old.ProviderARNs)
		if err := mutate(&changed); err != nil {
			return nil, err
		}
		if err := checkAuthorizer(&changed); err != nil {
			return nil, err
		}
		if err := checkAuthorizerName(e.def, &changed); err != nil {
			return nil, err
		}
		e.putAuthorizer(&changed)
		return &changed, nil
	})
}

// DeleteAuthorizer removes an authorizer that no method uses.
func (c *Control) DeleteAuthorizer(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.AuthorizerID) error {
	return c.mutate(ctx, restRef(scope, api), unknownAuthorizer(), func(e *edit) error {
		a, ok := e.def.Authorizers[id]
		if !ok {
			return unknownAuthorizer()
		}
		for _, r := range resourcesByPath(e.def) {
			for _, verb := range slices.Sorted(maps.Keys(r.Methods)) {
				if r.Methods[verb].AuthorizerID == id {
					return apigw.Errorf(apigw.Conflict, "Cannot delete authorizer '%s', is referenced in method: %s/%s", a.Name, verb, r.Path)
				}
			}
		}
		e.deleteAuthorizer(id)
		return nil
	})
}
