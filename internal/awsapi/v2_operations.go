package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/control"
)

// routed are the operations on APIs of routes, of version 2 of the management
// API: each turns a wire shape into domain values, asks control, and turns the
// answer back.
type routed struct {
	c      *control.Control
	issuer IssuerCheck
}

// IssuerCheck says in AWS's words why a JWT authorizer can't ask an issuer for
// its keys; nil: it can.
type IssuerCheck func(ctx context.Context, issuer string) error

// NewRouteOperations returns the operations of version 2 that are served; the
// others are answered 501. A nil check believes in every issuer.
func NewRouteOperations(c *control.Control, issuer IssuerCheck) RouteOperations {
	o := routed{c, issuer}
	return RouteOperations{
		CreateApi:               o.createAPI,
		GetApi:                  o.getAPI,
		GetApis:                 o.getAPIs,
		UpdateApi:               o.updateAPI,
		DeleteApi:               o.deleteAPI,
		DeleteCorsConfiguration: o.deleteCORS,
		ImportApi:               o.importAPI,
		ReimportApi:             o.reimportAPI,
		ExportApi:               o.exportAPI,

		CreateRoute:                 o.createRoute,
		GetRoute:                    o.getRoute,
		GetRoutes:                   o.getRoutes,
		UpdateRoute:                 o.updateRoute,
		DeleteRoute:                 o.deleteRoute,
		DeleteRouteRequestParameter: o.deleteRouteRequestParameter,
		CreateRouteResponse:         o.createRouteResponse,
		GetRouteResponse:            o.getRouteResponse,
		GetRouteResponses:           o.getRouteResponses,
		UpdateRouteResponse:         o.updateRouteResponse,
		DeleteRouteResponse:         o.deleteRouteResponse,

		CreateIntegration:         o.createIntegration,
		GetIntegration:            o.getIntegration,
		GetIntegrations:           o.getIntegrations,
		UpdateIntegration:         o.updateIntegration,
		DeleteIntegration:         o.deleteIntegration,
		CreateIntegrationResponse: o.createIntegrationResponse,
		GetIntegrationResponse:    o.getIntegrationResponse,
		GetIntegrationResponses:   o.getIntegrationResponses,
		UpdateIntegrationResponse: o.updateIntegrationResponse,
		DeleteIntegrationResponse: o.deleteIntegrationResponse,

		CreateAuthorizer:      o.createAuthorizer,
		GetAuthorizer:         o.getAuthorizer,
		GetAuthorizers:        o.getAuthorizers,
		UpdateAuthorizer:      o.updateAuthorizer,
		DeleteAuthorizer:      o.deleteAuthorizer,
		ResetAuthorizersCache: o.resetAuthorizersCache,

		CreateModel:      o.createModel,
		GetModel:         o.getModel,
		GetModels:        o.getModels,
		GetModelTemplate: o.getModelTemplate,
		UpdateModel:      o.updateModel,
		DeleteModel:      o.deleteModel,

		CreateDeployment: o.createDeployment,
		GetDeployment:    o.getDeployment,
		GetDeployments:   o.getDeployments,
		UpdateDeployment: o.updateDeployment,
		DeleteDeployment: o.deleteDeployment,

		CreateStage:             o.createStage,
		GetStage:                o.getStage,
		GetStages:               o.getStages,
		UpdateStage:             o.updateStage,
		DeleteStage:             o.deleteStage,
		DeleteRouteSettings:     o.deleteRouteSettings,
		DeleteAccessLogSettings: o.deleteAccessLogSettings,

		CreateDomainName: o.createDomainName,
		GetDomainName:    o.getDomainName,
		GetDomainNames:   o.getDomainNames,
		UpdateDomainName: o.updateDomainName,
		DeleteDomainName: o.deleteDomainName,

		CreateApiMapping:  o.createAPIMapping,
		GetApiMapping:     o.getAPIMapping,
		GetApiMappings:    o.getAPIMappings,
		UpdateApiMapping:  o.updateAPIMapping,
		DeleteApiMapping:  o.deleteAPIMapping,
		CreateRoutingRule: o.createRoutingRule,
		GetRoutingRule:    o.getRoutingRule,
		ListRoutingRules:  o.listRoutingRules,
		PutRoutingRule:    o.putRoutingRule,
		DeleteRoutingRule: o.deleteRoutingRule,

		CreateVpcLink: o.createVPCLink,
		GetVpcLink:    o.getVPCLink,
		GetVpcLinks:   o.getVPCLinks,
		UpdateVpcLink: o.updateVPCLink,
		DeleteVpcLink: o.deleteVPCLink,

		GetTags:       o.getTags,
		TagResource:   o.tagResource,
		UntagResource: o.untagResource,
	}
}
