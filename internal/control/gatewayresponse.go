package control

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// GatewayResponse is a gateway response as it is shown: complete, with what
// it takes from its type's own values or from DEFAULT_4XX or DEFAULT_5XX.
type GatewayResponse struct {
	apigw.GatewayResponse
	Default bool // the API doesn't set it
}

// shownResponse completes what the API sets for a type. A type that isn't set
// shows all of what the API sets for its class, one that is set nothing of it
// (recorded on AWS).
func shownResponse(def *apigw.Definition, t apigw.GatewayResponseType) *GatewayResponse {
	from := def.GatewayResponses[t.Name]
	g := &GatewayResponse{Default: from == nil}
	if from == nil {
		from = def.GatewayResponses[t.Fallback]
	}
	if from != nil {
		g.GatewayResponse = *from
	}
	g.Type = t.Name
	if g.StatusCode == "" {
		g.StatusCode = t.StatusCode
	}
	if g.ResponseParameters == nil {
		g.ResponseParameters = map[string]string{}
	}
	if g.ResponseTemplates == nil {
		g.ResponseTemplates = stockTemplates()
	}
	return g
}

func gatewayResponseType(name string) (apigw.GatewayResponseType, error) {
	for _, t := range apigw.GatewayResponseTypes() {
		if t.Name == name {
			return t, nil
		}
	}
	return apigw.GatewayResponseType{}, apigw.Errorf(apigw.BadRequest, "Invalid gateway response type: %s", name)
}

// GatewayResponse returns the answer for one type, set or not.
func (c *Control) GatewayResponse(ctx context.Context, scope apigw.Scope, api apigw.APIID, name string) (*GatewayResponse, error) {
	ref := restRef(scope, api)
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, err
	}
	t, err := gatewayResponseType(name)
	if err != nil {
		return nil, err
	}
	return shownResponse(s.def, t), nil
}

// GatewayResponses lists the answers for all types, by name.
func (c *Control) GatewayResponses(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*GatewayResponse, error) {
	ref := restRef(scope, api)
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, err
	}
	var list []*GatewayResponse
	for _, t := range apigw.GatewayResponseTypes() {
		list = append(list, shownResponse(s.def, t))
	}
	return list, nil
}

// PutGatewayResponse sets the answer for a type; what isn't sent is the
// type's own (recorded on AWS).
func (c *Control) PutGatewayResponse(ctx context.Context, scope apigw.Scope, api apigw.APIID, r apigw.GatewayResponse) (*GatewayResponse, error) {
	return c.changeGatewayResponse(ctx, restRef(scope, api), r.Type, func(*apigw.GatewayResponse) (*apigw.GatewayResponse, error) {
		put := cloneGatewayResponse(&r)
		if len(put.ResponseTemplates) == 0 {
			put.ResponseTemplates = nil
		}
		return put, nil
	})
}

// UpdateGatewayResponse changes the answer for a type. One that isn't set
// begins from the stock answer (recorded on AWS). Mutate sees the stock
// template when there is no other; as long as it leaves that alone, the body
// stays the type's own.
func (c *Control) UpdateGatewayResponse(ctx context.Context, scope apigw.Scope, api apigw.APIID, name string, mutate func(*apigw.GatewayResponse) error) (*GatewayResponse, error) {
	return c.changeGatewayResponse(ctx, restRef(scope, api), name, func(old *apigw.GatewayResponse) (*apigw.GatewayResponse, error) {
		changed := &apigw.GatewayResponse{Type: name}
		if old != nil {
			changed = cloneGatewayResponse(old)
		}
		stock := changed.ResponseTemplates == nil
		if stock {
			changed.ResponseTemplates = stockTemplates()
		}
		err := mutate(changed)
		if stock && maps.Equal(changed.ResponseTemplates, stockTemplates()) {
			changed.ResponseTemplates = nil
		}
		return changed, err
	})
}

func stockTemplates() map[string]string {
	return map[string]string{"application/json": apigw.StockTemplate}
}

func cloneGatewayResponse(r *apigw.GatewayResponse) *apigw.GatewayResponse {
	c := *r
	c.ResponseParameters = maps.Clone(r.ResponseParameters)
	c.ResponseTemplates = maps.Clone(r.ResponseTemplates)
	return &c
}

func (c *Control) changeGatewayResponse(ctx context.Context, ref apiRef, name string, change func(old *apigw.GatewayResponse) (*apigw.GatewayResponse, error)) (*GatewayResponse, error) {
	t, err := gatewayResponseType(name)
	if err != nil {
		return nil, err
	}
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*GatewayResponse, error) {
		r, err := change(e.def.GatewayResponses[name])
		if err != nil {
			return nil, err
		}
		if err := checkGatewayResponse(r); err != nil {
			return nil, err
		}
		e.putGatewayResponse(r)
		return shownResponse(e.def, t), nil
	})
}

// checkGatewayResponse checks status, parameters and content types. Values
// come from the request, the context, a stage variable or a 'constant'
// (developer guide, "Set up gateway responses").
func checkGatewayResponse(r *apigw.GatewayResponse) error {
	if s := r.StatusCode; s != "" && (len(s) != 3 || s[0] < '1' || s[0] > '5' || s[1] < '0' || s[1] > '9' || s[2] < '0' || s[2] > '9') {
		return apigw.Errorf(apigw.BadRequest, "Invalid status code specified: %s", s)
	}
	for _, key := range slices.Sorted(maps.Keys(r.ResponseParameters)) {
		if place, _, ok := cutParameter(key, "gatewayresponse."); !ok || place != "header" {
			return undeclaredParameter(key)
		}
		source := r.ResponseParameters[key]
		if source == "" {
			return apigw.Errorf(apigw.BadRequest, "Invalid null or empty value in responseParameters")
		}
		if !gatewaySource(source) {
			return invalidMapping(source)
		}
	}
	for _, contentType := range slices.Sorted(maps.Keys(r.ResponseTemplates)) {
		if err := checkContentType(contentType); err != nil {
			return err
		}
		if r.ResponseTemplates[contentType] == "" {
			return apigw.Errorf(apigw.BadRequest, "Invalid null or empty value in responseTemplates")
		}
	}
	return nil
}

func gatewaySource(source string) bool {
	if commonSource(source) {
		return true
	}
	place, _, ok := cutParameter(source, "method.request.")
	return ok && slices.Contains([]string{"path", "querystring", "header", "multivaluequerystring", "multivalueheader"}, strings.ToLower(place))
}

// DeleteGatewayResponse makes a type's answer the stock one again.
func (c *Control) DeleteGatewayResponse(ctx context.Context, scope apigw.Scope, api apigw.APIID, name string) error {
	ref := restRef(scope, api)
	return c.mutate(ctx, ref, ref.unknownAPI(), func(e *edit) error {
		if e.def.GatewayResponses[name] == nil {
			return apigw.Errorf(apigw.NotFound, "Gateway response type not defined on api")
		}
		e.deleteGatewayResponse(name)
		return nil
	})
}
