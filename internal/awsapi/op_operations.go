package awsapi

import (
	"encoding/json"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
)

// rest are the operations on REST APIs: each turns a wire shape into domain
// values, asks control, and turns the answer back.
type rest struct {
	c              *control.Control
	test           Tester
	testAuthorizer AuthorizerTester
}

// NewOperations returns the operations on REST APIs that are served; the others
// are answered 501. Test runs test invocations; nil: they are answered 501.
func NewOperations(c *control.Control, test Tester, authorizer AuthorizerTester) Operations {
	o := rest{c, test, authorizer}
	ops := o.operations()
	if test == nil {
		ops.TestInvokeMethod, ops.TestInvokeAuthorizer = nil, nil
	}
	return ops
}

func (o rest) operations() Operations {
	return Operations{
		CreateRestApi: o.createRestAPI,
		GetRestApi:    o.getRestAPI,
		GetRestApis:   o.getRestAPIs,
		UpdateRestApi: o.updateRestAPI,
		DeleteRestApi: o.deleteRestAPI,
		ImportRestApi: o.importRestAPI,
		PutRestApi:    o.putRestAPI,

		CreateResource: o.createResource,
		GetResource:    o.getResource,
		GetResources:   o.getResources,
		UpdateResource: o.updateResource,
		DeleteResource: o.deleteResource,

		PutMethod:            o.putMethod,
		GetMethod:            o.getMethod,
		UpdateMethod:         o.updateMethod,
		DeleteMethod:         o.deleteMethod,
		PutMethodResponse:    o.putMethodResponse,
		GetMethodResponse:    o.getMethodResponse,
		UpdateMethodResponse: o.updateMethodResponse,
		DeleteMethodResponse: o.deleteMethodResponse,
		TestInvokeMethod:     o.testInvokeMethod,

		PutIntegration:            o.putIntegration,
		GetIntegration:            o.getIntegration,
		UpdateIntegration:         o.updateIntegration,
		DeleteIntegration:         o.deleteIntegration,
		PutIntegrationResponse:    o.putIntegrationResponse,
		GetIntegrationResponse:    o.getIntegrationResponse,
		UpdateIntegrationResponse: o.updateIntegrationResponse,
		DeleteIntegrationResponse: o.deleteIntegrationResponse,

		CreateDeployment: o.createDeployment,
		GetDeployment:    o.getDeployment,
		GetDeployments:   o.getDeployments,
		UpdateDeployment: o.updateDeployment,
		DeleteDeployment: o.deleteDeployment,

		CreateStage: o.createStage,
		GetStage:    o.getStage,
		GetStages:   o.getStages,
		UpdateStage: o.updateStage,
		DeleteStage: o.deleteStage,

		FlushStageCache: o.flushStageCache,

		GenerateClientCertificate: o.generateClientCertificate,
		GetClientCertificate:      o.getClientCertificate,
		GetClientCertificates:     o.getClientCertificates,
		UpdateClientCertificate:   o.updateClientCertificate,
		DeleteClientCertificate:   o.deleteClientCertificate,

		GetAccount:    o.getAccount,
		UpdateAccount: o.updateAccount,

		CreateModel:      o.createModel,
		GetModel:         o.getModel,
		GetModels:        o.getModels,
		GetModelTemplate: o.getModelTemplate,
		UpdateModel:      o.updateModel,
		DeleteModel:      o.deleteModel,

		CreateAuthorizer:           o.createAuthorizer,
		GetAuthorizer:              o.getAuthorizer,
		GetAuthorizers:             o.getAuthorizers,
		UpdateAuthorizer:           o.updateAuthorizer,
		DeleteAuthorizer:           o.deleteAuthorizer,
		FlushStageAuthorizersCache: o.flushStageAuthorizersCache,
		TestInvokeAuthorizer:       o.testInvokeAuthorizer,

		CreateRequestValidator: o.createRequestValidator,
		GetRequestValidator:    o.getRequestValidator,
		GetRequestValidators:   o.getRequestValidators,
		UpdateRequestValidator: o.updateRequestValidator,
		DeleteRequestValidator: o.deleteRequestValidator,

		PutGatewayResponse:    o.putGatewayResponse,
		GetGatewayResponse:    o.getGatewayResponse,
		GetGatewayResponses:   o.getGatewayResponses,
		UpdateGatewayResponse: o.updateGatewayResponse,
		DeleteGatewayResponse: o.deleteGatewayResponse,

		CreateDocumentationPart:    o.createDocumentationPart,
		GetDocumentationPart:       o.getDocumentationPart,
		GetDocumentationParts:      o.getDocumentationParts,
		UpdateDocumentationPart:    o.updateDocumentationPart,
		DeleteDocumentationPart:    o.deleteDocumentationPart,
		ImportDocumentationParts:   o.importDocumentationParts,
		CreateDocumentationVersion: o.createDocumentationVersion,
		GetDocumentationVersion:    o.getDocumentationVersion,
		GetDocumentationVersions:   o.getDocumentationVersions,
		UpdateDocumentationVersion: o.updateDocumentationVersion,
		DeleteDocumentationVersion: o.deleteDocumentationVersion,

		GetExport: o.getExport,

		GetSdkTypes: o.getSDKTypes,
		GetSdkType:  o.getSDKType,
		GetSdk:      o.getSDK,

		GetTags:       o.getTags,
		TagResource:   o.tagResource,
		UntagResource: o.untagResource,

		CreateApiKey:  o.createAPIKey,
		GetApiKey:     o.getAPIKey,
		GetApiKeys:    o.getAPIKeys,
		UpdateApiKey:  o.updateAPIKey,
		DeleteApiKey:  o.deleteAPIKey,
		ImportApiKeys: o.importAPIKeys,

		CreateUsagePlan:    o.createUsagePlan,
		GetUsagePlan:       o.getUsagePlan,
		GetUsagePlans:      o.getUsagePlans,
		UpdateUsagePlan:    o.updateUsagePlan,
		DeleteUsagePlan:    o.deleteUsagePlan,
		CreateUsagePlanKey: o.createUsagePlanKey,
		GetUsagePlanKey:    o.getUsagePlanKey,
		GetUsagePlanKeys:   o.getUsagePlanKeys,
		DeleteUsagePlanKey: o.deleteUsagePlanKey,
		GetUsage:           o.getUsage,
		UpdateUsage:        o.updateUsage,

		CreateVpcLink: o.createVPCLink,
		GetVpcLink:    o.getVPCLink,
		GetVpcLinks:   o.getVPCLinks,
		UpdateVpcLink: o.updateVPCLink,
		DeleteVpcLink: o.deleteVPCLink,

		CreateDomainName: o.createDomainName,
		GetDomainName:    o.getDomainName,
		GetDomainNames:   o.getDomainNames,
		UpdateDomainName: o.updateDomainName,
		DeleteDomainName: o.deleteDomainName,

		CreateBasePathMapping: o.createBasePathMapping,
		GetBasePathMapping:    o.getBasePathMapping,
		GetBasePathMappings:   o.getBasePathMappings,
		UpdateBasePathMapping: o.updateBasePathMapping,
		DeleteBasePathMapping: o.deleteBasePathMapping,

		CreateDomainNameAccessAssociation: o.createDomainNameAccessAssociation,
		GetDomainNameAccessAssociations:   o.getDomainNameAccessAssociations,
		DeleteDomainNameAccessAssociation: o.deleteDomainNameAccessAssociation,
		RejectDomainNameAccessAssociation: o.rejectDomainNameAccessAssociation,
	}
}

// val is what p points to; the zero value when it wasn't sent.
func val[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// set is a text that is shown; nil, which leaves the member out, when empty.
func set[S ~string](s S) *string {
	if s == "" {
		return nil
	}
	return new(string(s))
}

// named turns a map of one kind of text into another. Nil stays nil and empty
// stays empty: AWS shows the difference.
func named[To, From ~string](m map[string]From) map[string]To {
	if m == nil {
		return nil
	}
	out := make(map[string]To, len(m))
	for k, v := range m {
		out[k] = To(v)
	}
	return out
}

// shown is nil for an empty map: one that is left out.
func shown[V any](m map[string]V) map[string]V {
	if len(m) == 0 {
		return nil
	}
	return m
}

// escapedPolicy is a policy as AWS shows it: the JSON text with its quotes
// escaped, which tools undo before they compare.
func escapedPolicy(policy string) *string {
	if policy == "" {
		return nil
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(policy); err != nil { // a string: it can't fail
		return &policy
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return new(quoted[1 : len(quoted)-1])
}

func apiID(id string) apigw.APIID { return apigw.APIID(id) }
