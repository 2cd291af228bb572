package control

import (
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func cloneRouteAPI(a *apigw.RouteAPI) *apigw.RouteAPI {
	c := *a
	c.Tags = maps.Clone(a.Tags)
	c.CORS = cloneCORS(a.CORS)
	return &c
}

func cloneCORS(cors *apigw.CORS) *apigw.CORS {
	if cors == nil {
		return nil
	}
	c := *cors
	c.AllowOrigins = slices.Clone(cors.AllowOrigins)
	c.AllowMethods = slices.Clone(cors.AllowMethods)
	c.AllowHeaders = slices.Clone(cors.AllowHeaders)
	c.ExposeHeaders = slices.Clone(cors.ExposeHeaders)
	return &c
}

// cloneRoute copies a route with its map of responses, not the responses.
func cloneRoute(r *apigw.Route) *apigw.Route {
	c := *r
	c.AuthorizationScopes = slices.Clone(r.AuthorizationScopes)
	c.RequestModels = maps.Clone(r.RequestModels)
	c.RequestParameters = maps.Clone(r.RequestParameters)
	c.Responses = maps.Clone(r.Responses)
	return &c
}

func cloneRouteResponse(r *apigw.RouteResponse) *apigw.RouteResponse {
	c := *r
	c.ResponseModels = maps.Clone(r.ResponseModels)
	c.ResponseParameters = maps.Clone(r.ResponseParameters)
	return &c
}

// cloneRouteIntegration copies an integration with its map of responses, not
// the responses.
func cloneRouteIntegration(i *apigw.RouteIntegration) *apigw.RouteIntegration {
	c := *i
	c.RequestParameters = maps.Clone(i.RequestParameters)
	c.ResponseParameters = maps.Clone(i.ResponseParameters)
	for status, parameters := range c.ResponseParameters {
		c.ResponseParameters[status] = maps.Clone(parameters)
	}
	c.RequestTemplates = maps.Clone(i.RequestTemplates)
	c.Responses = maps.Clone(i.Responses)
	return &c
}

func cloneRouteIntegrationResponse(r *apigw.RouteIntegrationResponse) *apigw.RouteIntegrationResponse {
	c := *r
	c.ResponseTemplates = maps.Clone(r.ResponseTemplates)
	c.ResponseParameters = maps.Clone(r.ResponseParameters)
	return &c
}

func cloneRouteAuthorizer(a *apigw.RouteAuthorizer) *apigw.RouteAuthorizer {
	c := *a
	c.IdentitySource = slices.Clone(a.IdentitySource)
	c.Audience = slices.Clone(a.Audience)
	return &c
}

func cloneRouteStage(r *apigw.RouteStage) *apigw.RouteStage {
	if r == nil {
		return nil
	}
	c := *r
	c.DefaultSettings = cloneRouteSettings(r.DefaultSettings)
	c.Settings = maps.Clone(r.Settings)
	for key, s := range c.Settings {
		c.Settings[key] = cloneRouteSettings(s)
	}
	return &c
}

func cloneRouteSettings(s *apigw.RouteSettings) *apigw.RouteSettings {
	if s == nil {
		return nil
	}
	c := *s
	return &c
}
