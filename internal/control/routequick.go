package control

import (
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// QuickCreate is what makes an HTTP API whole in one call (API reference,
// CreateApi): an integration, a route to it and a stage $default that deploys
// by itself, all of them managed.
type QuickCreate struct {
	Target      string // a web address, or the ARN of a function
	RouteKey    string // empty: $default
	Credentials string
}

// quickParts puts integration and route into def and returns the stage.
func (c *Control) quickParts(def *apigw.Definition, quick QuickCreate) (*apigw.Stage, error) {
	if def.RouteAPI.Protocol != apigw.ProtocolHTTP {
		return nil, apigw.Errorf(apigw.BadRequest, "Quick create is not supported on protocolType %s", def.RouteAPI.Protocol)
	}
	if quick.Target == "" {
		return nil, apigw.Errorf(apigw.BadRequest, "A target is required for quick create")
	}
	e := newEdit(c, &snapshot{ref: apiRef{scope: def.Scope, kind: routesKind}, def: def})
	i := &apigw.RouteIntegration{Managed: true, Credentials: quick.Credentials}
	aim(i, quick.Target)
	if err := e.addRouteIntegration(i); err != nil {
		return nil, err
	}
	key := quick.RouteKey
	if key == "" {
		key = apigw.DefaultRoute
	}
	if err := e.addRoute(&apigw.Route{Key: key, Target: i.ID, Managed: true}); err != nil {
		return nil, err
	}
	*def = *e.def
	now := c.seconds()
	return &apigw.Stage{Name: apigw.DefaultStage, Created: now, Updated: now, Routes: &apigw.RouteStage{AutoDeploy: true, Managed: true}}, nil
}

// aim has i call target.
func aim(i *apigw.RouteIntegration, target string) {
	i.URI = target
	if strings.HasPrefix(target, "arn:") {
		i.Type, i.Method, i.PayloadFormat = apigw.IntegrationAWSProxy, "POST", "2.0"
		return
	}
	i.Type, i.Method, i.PayloadFormat = apigw.IntegrationHTTPProxy, "ANY", "1.0"
}

// quickChange changes what a quick creation made (API reference, UpdateApi).
func (e *edit) quickChange(quick QuickCreate) error {
	if quick == (QuickCreate{}) {
		return nil
	}
	var route *apigw.Route
	for _, r := range e.def.Routes {
		if r.Managed {
			route = cloneRoute(r)
		}
	}
	if route == nil || e.def.RouteIntegrations[route.Target] == nil {
		return apigw.Errorf(apigw.BadRequest, "target, routeKey and credentialsArn can only be changed for an API that was made with quick create")
	}
	i := cloneRouteIntegration(e.def.RouteIntegrations[route.Target])
	if quick.Target != "" {
		aim(i, quick.Target)
	}
	if quick.Credentials != "" {
		i.Credentials = quick.Credentials
	}
	if err := e.c.checkRouteIntegration(e.def, i); err != nil {
		return err
	}
	e.putRouteIntegration(i)
	return e.quickRekey(route, quick.RouteKey)
}

// quickRekey replaces the key of the managed route, which only this may do.
func (e *edit) quickRekey(route *apigw.Route, key string) error {
	if key == "" || key == route.Key {
		return nil
	}
	if err := checkRouteKey(e.def.RouteAPI, key); err != nil {
		return err
	}
	if sameRoute(e.def, key, route.ID) != nil {
		return apigw.Errorf(apigw.Conflict, "Route with key %s already exists for this API", key)
	}
	route.Key = key
	e.putRoute(route)
	return nil
}
