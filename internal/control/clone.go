package control

import (
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// A stored value is never changed: who changes it gets a copy. The copies go
// as deep as the mutators reach, and share what those replace as a whole.

func cloneAPI(a apigw.RestAPI) *apigw.RestAPI {
	a.BinaryMediaTypes = slices.Clone(a.BinaryMediaTypes)
	a.Endpoint.VPCEndpointIDs = slices.Clone(a.Endpoint.VPCEndpointIDs)
	a.Tags = maps.Clone(a.Tags)
	return &a
}

// cloneResource copies a resource with its map of methods, not the methods.
func cloneResource(r *apigw.Resource) *apigw.Resource {
	c := *r
	c.Methods = maps.Clone(r.Methods)
	return &c
}

// cloneMethod copies a method with its map of responses and its integration,
// not the responses.
func cloneMethod(m *apigw.Method) *apigw.Method {
	c := *m
	c.AuthorizationScopes = slices.Clone(m.AuthorizationScopes)
	c.RequestParameters = maps.Clone(m.RequestParameters)
	c.RequestModels = maps.Clone(m.RequestModels)
	c.Responses = maps.Clone(m.Responses)
	if m.Integration != nil {
		c.Integration = cloneIntegration(m.Integration)
	}
	return &c
}

func cloneMethodResponse(r *apigw.MethodResponse) *apigw.MethodResponse {
	c := *r
	c.ResponseParameters = maps.Clone(r.ResponseParameters)
	c.ResponseModels = maps.Clone(r.ResponseModels)
	return &c
}

// cloneIntegration copies an integration with its map of responses, not the
// responses.
func cloneIntegration(i *apigw.Integration) *apigw.Integration {
	c := *i
	c.RequestParameters = maps.Clone(i.RequestParameters)
	c.RequestTemplates = maps.Clone(i.RequestTemplates)
	c.TemplateOrder = slices.Clone(i.TemplateOrder)
	c.CacheKeyParameters = slices.Clone(i.CacheKeyParameters)
	c.Responses = maps.Clone(i.Responses)
	return &c
}

func cloneIntegrationResponse(r *apigw.IntegrationResponse) *apigw.IntegrationResponse {
	c := *r
	c.ResponseParameters = maps.Clone(r.ResponseParameters)
	c.ResponseTemplates = maps.Clone(r.ResponseTemplates)
	c.TemplateOrder = slices.Clone(r.TemplateOrder)
	return &c
}

func cloneStage(s *apigw.Stage) *apigw.Stage {
	c := *s
	c.Variables = maps.Clone(s.Variables)
	c.Tags = maps.Clone(s.Tags)
	c.MethodSettings = maps.Clone(s.MethodSettings)
	for k, v := range c.MethodSettings {
		setting := *v
		c.MethodSettings[k] = &setting
	}
	if s.AccessLog != nil {
		log := *s.AccessLog
		c.AccessLog = &log
	}
	if s.Canary != nil {
		canary := *s.Canary
		canary.StageVariableOverrides = maps.Clone(s.Canary.StageVariableOverrides)
		c.Canary = &canary
	}
	c.Routes = cloneRouteStage(s.Routes)
	return &c
}
