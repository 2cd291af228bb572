package main

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// ops is a list of patch operations, from triples of operation, path and value.
func ops(texts ...string) []types.PatchOperation {
	var list []types.PatchOperation
	for i := 0; i < len(texts); i += 3 {
		list = append(list, types.PatchOperation{Op: types.Op(texts[i]), Path: aws.String(texts[i+1]), Value: aws.String(texts[i+2])})
	}
	return list
}

// walked is what the walk makes once and its parts share.
type walked struct {
	api, root, hello, deployment *string
	get, prod                    *string // the names
	keys                         []*string
	plan                         *string
}

// everything makes what the model has, reads, lists, changes and deletes it.
func (w *walk) everything() {
	x := &walked{get: aws.String("GET"), prod: aws.String("prod")}
	w.apis(x)
	w.resources(x)
	w.methods(x)
	w.integrations(x)
	w.models(x)
	w.validators(x)
	w.gatewayResponses(x)
	w.authorizers(x)
	w.documentation(x)
	w.deployments(x)
	w.stages(x)
	w.clients(x)
	w.certificates()
	w.keysAndPlans(x)
	w.usage(x)
	w.domainNames(x)
	w.links()
	w.account()
	w.dismantle(x)
}

func (w *walk) apis(x *walked) {
	made, _ := w.CreateRestApi(w.ctx, &api.CreateRestApiInput{Name: aws.String("walk")})
	x.api, x.root = made.Id, made.RootResourceId
	second, _ := w.ImportRestApi(w.ctx, &api.ImportRestApiInput{Body: []byte(`{"swagger":"2.0","info":{"title":"imported","version":"1"},"paths":{}}`)})
	put, _ := w.PutRestApi(w.ctx, &api.PutRestApiInput{RestApiId: second.Id, Mode: types.PutModeMerge, Body: []byte(`{"openapi":"3.0.1","info":{"title":"merged","version":"2"},"paths":{}}`)})
	w.same("PutRestApi", *put.Id, *second.Id)
	changed, _ := w.UpdateRestApi(w.ctx, &api.UpdateRestApiInput{RestApiId: x.api, PatchOperations: ops("replace", "/description", "d")})
	read, _ := w.GetRestApi(w.ctx, &api.GetRestApiInput{RestApiId: x.api})
	w.same("description", []string{*changed.Description, *read.Description}, []string{"d", "d"})
	pages(w, "GetRestApis", api.NewGetRestApisPaginator(w, &api.GetRestApisInput{Limit: aws.Int32(1)}), func(o *api.GetRestApisOutput) int { return len(o.Items) }, 2)
	w.DeleteRestApi(w.ctx, &api.DeleteRestApiInput{RestApiId: second.Id})

	arn := aws.String("arn:aws:apigateway:us-east-1::/restapis/" + *x.api)
	w.TagResource(w.ctx, &api.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"team": "blue", "gone": "x"}})
	w.UntagResource(w.ctx, &api.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"gone"}})
	tags, _ := w.GetTags(w.ctx, &api.GetTagsInput{ResourceArn: arn})
	w.same("tags", tags.Tags, map[string]string{"team": "blue"})
}

func (w *walk) resources(x *walked) {
	made, _ := w.CreateResource(w.ctx, &api.CreateResourceInput{RestApiId: x.api, ParentId: x.root, PathPart: aws.String("hi")})
	x.hello = made.Id
	changed, _ := w.UpdateResource(w.ctx, &api.UpdateResourceInput{RestApiId: x.api, ResourceId: x.hello, PatchOperations: ops("replace", "/pathPart", "hello")})
	read, _ := w.GetResource(w.ctx, &api.GetResourceInput{RestApiId: x.api, ResourceId: x.hello})
	w.same("path", []string{*changed.Path, *read.Path}, []string{"/hello", "/hello"})
	gone, _ := w.CreateResource(w.ctx, &api.CreateResourceInput{RestApiId: x.api, ParentId: x.hello, PathPart: aws.String("gone")})
	pages(w, "GetResources", api.NewGetResourcesPaginator(w, &api.GetResourcesInput{RestApiId: x.api, Limit: aws.Int32(1)}), func(o *api.GetResourcesOutput) int { return len(o.Items) }, 3)
	w.DeleteResource(w.ctx, &api.DeleteResourceInput{RestApiId: x.api, ResourceId: gone.Id})
}

func (w *walk) methods(x *walked) {
	w.PutMethod(w.ctx, &api.PutMethodInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, AuthorizationType: aws.String("NONE")})
	w.UpdateMethod(w.ctx, &api.UpdateMethodInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, PatchOperations: ops("replace", "/operationName", "Hello")})
	method, _ := w.GetMethod(w.ctx, &api.GetMethodInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get})
	w.same("operation", *method.OperationName, "Hello")
	for _, status := range []string{"200", "400"} {
		w.PutMethodResponse(w.ctx, &api.PutMethodResponseInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, StatusCode: &status, ResponseParameters: map[string]bool{"method.response.header.X": false}})
	}
	ok := aws.String("200")
	w.UpdateMethodResponse(w.ctx, &api.UpdateMethodResponseInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, StatusCode: ok, PatchOperations: ops("add", "/responseModels/application~1json", "Empty")})
	response, _ := w.GetMethodResponse(w.ctx, &api.GetMethodResponseInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, StatusCode: ok})
	w.same("response models", response.ResponseModels, map[string]string{"application/json": "Empty"})
	w.DeleteMethodResponse(w.ctx, &api.DeleteMethodResponseInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, StatusCode: aws.String("400")})

	post := aws.String("POST")
	w.PutMethod(w.ctx, &api.PutMethodInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: post, AuthorizationType: aws.String("NONE")})
	w.PutIntegration(w.ctx, &api.PutIntegrationInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: post, Type: types.IntegrationTypeMock})
	w.DeleteIntegration(w.ctx, &api.DeleteIntegrationInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: post})
	w.DeleteMethod(w.ctx, &api.DeleteMethodInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: post})
}

func (w *walk) integrations(x *walked) {
	w.PutIntegration(w.ctx, &api.PutIntegrationInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, Type: types.IntegrationTypeMock,
		RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`}})
	w.UpdateIntegration(w.ctx, &api.UpdateIntegrationInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, PatchOperations: ops("replace", "/timeoutInMillis", "3000")})
	integration, _ := w.GetIntegration(w.ctx, &api.GetIntegrationInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get})
	w.same("timeout", integration.TimeoutInMillis, int32(3000))
	ok, failed := aws.String("200"), aws.String("400")
	w.PutIntegrationResponse(w.ctx, &api.PutIntegrationResponseInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, StatusCode: ok})
	w.UpdateIntegrationResponse(w.ctx, &api.UpdateIntegrationResponseInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, StatusCode: ok,
		PatchOperations: ops("add", "/responseTemplates/application~1json", "hello", "add", "/responseParameters/method.response.header.X", "'y'")})
	response, _ := w.GetIntegrationResponse(w.ctx, &api.GetIntegrationResponseInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, StatusCode: ok})
	w.same("mapping", response.ResponseParameters, map[string]string{"method.response.header.X": "'y'"})
	w.PutMethodResponse(w.ctx, &api.PutMethodResponseInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, StatusCode: failed})
	w.PutIntegrationResponse(w.ctx, &api.PutIntegrationResponseInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, StatusCode: failed, SelectionPattern: aws.String("4..")})
	w.DeleteIntegrationResponse(w.ctx, &api.DeleteIntegrationResponseInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get, StatusCode: failed})

	tested, _ := w.TestInvokeMethod(w.ctx, &api.TestInvokeMethodInput{RestApiId: x.api, ResourceId: x.hello, HttpMethod: x.get})
	w.same("test", []any{tested.Status, *tested.Body, tested.Headers["X"]}, []any{int32(200), "hello", "y"})
}

func (w *walk) models(x *walked) {
	name := aws.String("Walk")
	w.CreateModel(w.ctx, &api.CreateModelInput{RestApiId: x.api, Name: name, ContentType: aws.String("application/json"), Schema: aws.String(`{"type":"object","properties":{"a":{"type":"string"}}}`)})
	w.UpdateModel(w.ctx, &api.UpdateModelInput{RestApiId: x.api, ModelName: name, PatchOperations: ops("replace", "/description", "d")})
	model, _ := w.GetModel(w.ctx, &api.GetModelInput{RestApiId: x.api, ModelName: name})
	w.same("model", *model.Description, "d")
	template, _ := w.GetModelTemplate(w.ctx, &api.GetModelTemplateInput{RestApiId: x.api, ModelName: name})
	w.same("template", strings.Contains(*template.Value, `"a"`), true)
	pages(w, "GetModels", api.NewGetModelsPaginator(w, &api.GetModelsInput{RestApiId: x.api, Limit: aws.Int32(1)}), func(o *api.GetModelsOutput) int { return len(o.Items) }, 3) // with Empty and Error
	w.DeleteModel(w.ctx, &api.DeleteModelInput{RestApiId: x.api, ModelName: name})
}

func (w *walk) validators(x *walked) {
	made, _ := w.CreateRequestValidator(w.ctx, &api.CreateRequestValidatorInput{RestApiId: x.api, Name: aws.String("v"), ValidateRequestBody: true})
	w.UpdateRequestValidator(w.ctx, &api.UpdateRequestValidatorInput{RestApiId: x.api, RequestValidatorId: made.Id, PatchOperations: ops("replace", "/validateRequestParameters", "true")})
	read, _ := w.GetRequestValidator(w.ctx, &api.GetRequestValidatorInput{RestApiId: x.api, RequestValidatorId: made.Id})
	w.same("validator", []bool{read.ValidateRequestBody, read.ValidateRequestParameters}, []bool{true, true})
	list, _ := w.GetRequestValidators(w.ctx, &api.GetRequestValidatorsInput{RestApiId: x.api})
	w.same("validators", len(list.Items), 1)
	w.DeleteRequestValidator(w.ctx, &api.DeleteRequestValidatorInput{RestApiId: x.api, RequestValidatorId: made.Id})
}

func (w *walk) gatewayResponses(x *walked) {
	const kind = types.GatewayResponseTypeAccessDenied
	w.PutGatewayResponse(w.ctx, &api.PutGatewayResponseInput{RestApiId: x.api, ResponseType: kind, StatusCode: aws.String("404")})
	w.UpdateGatewayResponse(w.ctx, &api.UpdateGatewayResponseInput{RestApiId: x.api, ResponseType: kind, PatchOperations: ops("replace", "/statusCode", "418")})
	read, _ := w.GetGatewayResponse(w.ctx, &api.GetGatewayResponseInput{RestApiId: x.api, ResponseType: kind})
	w.same("gateway response", []any{*read.StatusCode, read.DefaultResponse}, []any{"418", false})
	list, _ := w.GetGatewayResponses(w.ctx, &api.GetGatewayResponsesInput{RestApiId: x.api, Limit: aws.Int32(500)})
	w.same("gateway responses", len(list.Items) > 15, true)
	w.DeleteGatewayResponse(w.ctx, &api.DeleteGatewayResponseInput{RestApiId: x.api, ResponseType: kind})
}

func (w *walk) authorizers(x *walked) {
	made, _ := w.CreateAuthorizer(w.ctx, &api.CreateAuthorizerInput{RestApiId: x.api, Name: aws.String("a"), Type: types.AuthorizerTypeToken, IdentitySource: aws.String("method.request.header.Authorization"),
		AuthorizerUri: aws.String("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:allow/invocations")})
	w.UpdateAuthorizer(w.ctx, &api.UpdateAuthorizerInput{RestApiId: x.api, AuthorizerId: made.Id, PatchOperations: ops("replace", "/authorizerResultTtlInSeconds", "60")})
	read, _ := w.GetAuthorizer(w.ctx, &api.GetAuthorizerInput{RestApiId: x.api, AuthorizerId: made.Id})
	w.same("authorizer", *read.AuthorizerResultTtlInSeconds, int32(60))
	list, _ := w.GetAuthorizers(w.ctx, &api.GetAuthorizersInput{RestApiId: x.api})
	w.same("authorizers", len(list.Items), 1)
	tested, _ := w.TestInvokeAuthorizer(w.ctx, &api.TestInvokeAuthorizerInput{RestApiId: x.api, AuthorizerId: made.Id, Headers: map[string]string{"Authorization": "t"}})
	w.same("tested authorizer", []any{tested.ClientStatus, aws.ToString(tested.PrincipalId)}, []any{int32(0), "ann"})
	w.DeleteAuthorizer(w.ctx, &api.DeleteAuthorizerInput{RestApiId: x.api, AuthorizerId: made.Id})
}

func (w *walk) documentation(x *walked) {
	made, _ := w.CreateDocumentationPart(w.ctx, &api.CreateDocumentationPartInput{RestApiId: x.api, Properties: aws.String(`{"description":"a"}`),
		Location: &types.DocumentationPartLocation{Type: types.DocumentationPartTypeResource, Path: aws.String("/hello")}})
	w.UpdateDocumentationPart(w.ctx, &api.UpdateDocumentationPartInput{RestApiId: x.api, DocumentationPartId: made.Id, PatchOperations: ops("replace", "/properties", `{"description":"b"}`)})
	read, _ := w.GetDocumentationPart(w.ctx, &api.GetDocumentationPartInput{RestApiId: x.api, DocumentationPartId: made.Id})
	w.same("documentation", *read.Properties, `{"description":"b"}`)
	imported, _ := w.ImportDocumentationParts(w.ctx, &api.ImportDocumentationPartsInput{RestApiId: x.api, Mode: types.PutModeMerge, Body: []byte("swagger: '2.0'\ninfo: {description: d}\n")})
	list, _ := w.GetDocumentationParts(w.ctx, &api.GetDocumentationPartsInput{RestApiId: x.api})
	w.same("parts", []int{len(imported.Ids), len(list.Items)}, []int{1, 2})
	w.DeleteDocumentationPart(w.ctx, &api.DeleteDocumentationPartInput{RestApiId: x.api, DocumentationPartId: &imported.Ids[0]})

	version := aws.String("v1")
	w.CreateDocumentationVersion(w.ctx, &api.CreateDocumentationVersionInput{RestApiId: x.api, DocumentationVersion: version})
	w.UpdateDocumentationVersion(w.ctx, &api.UpdateDocumentationVersionInput{RestApiId: x.api, DocumentationVersion: version, PatchOperations: ops("replace", "/description", "d")})
	shown, _ := w.GetDocumentationVersion(w.ctx, &api.GetDocumentationVersionInput{RestApiId: x.api, DocumentationVersion: version})
	versions, _ := w.GetDocumentationVersions(w.ctx, &api.GetDocumentationVersionsInput{RestApiId: x.api})
	w.same("versions", []any{*shown.Description, len(versions.Items)}, []any{"d", 1})
	w.DeleteDocumentationVersion(w.ctx, &api.DeleteDocumentationVersionInput{RestApiId: x.api, DocumentationVersion: version})
}

func (w *walk) deployments(x *walked) {
	first, _ := w.CreateDeployment(w.ctx, &api.CreateDeploymentInput{RestApiId: x.api})
	made, _ := w.CreateDeployment(w.ctx, &api.CreateDeploymentInput{RestApiId: x.api})
	x.deployment = made.Id
	w.UpdateDeployment(w.ctx, &api.UpdateDeploymentInput{RestApiId: x.api, DeploymentId: made.Id, PatchOperations: ops("replace", "/description", "d")})
	read, _ := w.GetDeployment(w.ctx, &api.GetDeploymentInput{RestApiId: x.api, DeploymentId: made.Id})
	w.same("deployment", *read.Description, "d")
	pages(w, "GetDeployments", api.NewGetDeploymentsPaginator(w, &api.GetDeploymentsInput{RestApiId: x.api, Limit: aws.Int32(1)}), func(o *api.GetDeploymentsOutput) int { return len(o.Items) }, 2)
	w.DeleteDeployment(w.ctx, &api.DeleteDeploymentInput{RestApiId: x.api, DeploymentId: first.Id})
}

func (w *walk) stages(x *walked) {
	for _, name := range []string{"prod", "gone"} {
		w.CreateStage(w.ctx, &api.CreateStageInput{RestApiId: x.api, DeploymentId: x.deployment, StageName: &name, Variables: map[string]string{"a": "1"}})
	}
	w.DeleteStage(w.ctx, &api.DeleteStageInput{RestApiId: x.api, StageName: aws.String("gone")})
	w.UpdateStage(w.ctx, &api.UpdateStageInput{RestApiId: x.api, StageName: x.prod, PatchOperations: ops("replace", "/variables/a", "2", "replace", "/cacheClusterEnabled", "true")})
	read, _ := w.GetStage(w.ctx, &api.GetStageInput{RestApiId: x.api, StageName: x.prod})
	list, _ := w.GetStages(w.ctx, &api.GetStagesInput{RestApiId: x.api, DeploymentId: x.deployment})
	w.same("stage", []any{read.Variables["a"], read.CacheClusterStatus, len(list.Item)}, []any{"2", types.CacheClusterStatusAvailable, 1})
	w.FlushStageCache(w.ctx, &api.FlushStageCacheInput{RestApiId: x.api, StageName: x.prod})
	w.FlushStageAuthorizersCache(w.ctx, &api.FlushStageAuthorizersCacheInput{RestApiId: x.api, StageName: x.prod})
	export, _ := w.GetExport(w.ctx, &api.GetExportInput{RestApiId: x.api, StageName: x.prod, ExportType: aws.String("oas30"), Accepts: aws.String("application/json"),
		Parameters: map[string]string{"extensions": "integrations"}})
	w.same("export", []any{strings.Contains(string(export.Body), `"/hello"`), *export.ContentType}, []any{true, "application/octet-stream"})
}

func (w *walk) clients(x *walked) {
	list, _ := w.GetSdkTypes(w.ctx, &api.GetSdkTypesInput{Limit: aws.Int32(500)})
	one, _ := w.GetSdkType(w.ctx, &api.GetSdkTypeInput{Id: aws.String("javascript")})
	made, _ := w.GetSdk(w.ctx, &api.GetSdkInput{RestApiId: x.api, StageName: x.prod, SdkType: one.Id})
	w.same("SDK", []bool{len(list.Items) > 0, strings.HasPrefix(string(made.Body), "PK")}, []bool{true, true})
}

func (w *walk) certificates() {
	made, _ := w.GenerateClientCertificate(w.ctx, &api.GenerateClientCertificateInput{Description: aws.String("c")})
	second, _ := w.GenerateClientCertificate(w.ctx, &api.GenerateClientCertificateInput{})
	w.UpdateClientCertificate(w.ctx, &api.UpdateClientCertificateInput{ClientCertificateId: made.ClientCertificateId, PatchOperations: ops("replace", "/description", "d")})
	read, _ := w.GetClientCertificate(w.ctx, &api.GetClientCertificateInput{ClientCertificateId: made.ClientCertificateId})
	w.same("certificate", []any{*read.Description, strings.HasPrefix(*read.PemEncodedCertificate, "-----BEGIN CERTIFICATE-----")}, []any{"d", true})
	pages(w, "GetClientCertificates", api.NewGetClientCertificatesPaginator(w, &api.GetClientCertificatesInput{Limit: aws.Int32(1)}), func(o *api.GetClientCertificatesOutput) int { return len(o.Items) }, 2)
	for _, id := range []*string{made.ClientCertificateId, second.ClientCertificateId} {
		w.DeleteClientCertificate(w.ctx, &api.DeleteClientCertificateInput{ClientCertificateId: id})
	}
}

func (w *walk) keysAndPlans(x *walked) {
	made, _ := w.CreateApiKey(w.ctx, &api.CreateApiKeyInput{Name: aws.String("k"), Enabled: true})
	imported, _ := w.ImportApiKeys(w.ctx, &api.ImportApiKeysInput{Format: types.ApiKeysFormatCsv, Body: []byte("name,key\nn,0123456789012345678901234567890123456789\n")})
	x.keys = []*string{made.Id, &imported.Ids[0]}
	w.UpdateApiKey(w.ctx, &api.UpdateApiKeyInput{ApiKey: made.Id, PatchOperations: ops("replace", "/enabled", "false")})
	key, _ := w.GetApiKey(w.ctx, &api.GetApiKeyInput{ApiKey: made.Id, IncludeValue: aws.Bool(true)})
	w.same("key", []any{key.Enabled, *key.Value}, []any{false, *made.Value})
	pages(w, "GetApiKeys", api.NewGetApiKeysPaginator(w, &api.GetApiKeysInput{Limit: aws.Int32(1)}), func(o *api.GetApiKeysOutput) int { return len(o.Items) }, 2)

	plan, _ := w.CreateUsagePlan(w.ctx, &api.CreateUsagePlanInput{Name: aws.String("p"), Quota: &types.QuotaSettings{Limit: 10, Period: types.QuotaPeriodTypeDay}})
	second, _ := w.CreateUsagePlan(w.ctx, &api.CreateUsagePlanInput{Name: aws.String("q")})
	x.plan = plan.Id
	w.UpdateUsagePlan(w.ctx, &api.UpdateUsagePlanInput{UsagePlanId: x.plan, PatchOperations: ops("add", "/apiStages", *x.api+":prod")})
	shown, _ := w.GetUsagePlan(w.ctx, &api.GetUsagePlanInput{UsagePlanId: x.plan})
	w.same("plan", *shown.ApiStages[0].ApiId, *x.api)
	pages(w, "GetUsagePlans", api.NewGetUsagePlansPaginator(w, &api.GetUsagePlansInput{Limit: aws.Int32(1)}), func(o *api.GetUsagePlansOutput) int { return len(o.Items) }, 2)
	w.DeleteUsagePlan(w.ctx, &api.DeleteUsagePlanInput{UsagePlanId: second.Id})
}

func (w *walk) usage(x *walked) {
	for _, key := range x.keys {
		w.CreateUsagePlanKey(w.ctx, &api.CreateUsagePlanKeyInput{UsagePlanId: x.plan, KeyId: key, KeyType: aws.String("API_KEY")})
	}
	read, _ := w.GetUsagePlanKey(w.ctx, &api.GetUsagePlanKeyInput{UsagePlanId: x.plan, KeyId: x.keys[0]})
	w.same("key of plan", *read.Id, *x.keys[0])
	pages(w, "GetUsagePlanKeys", api.NewGetUsagePlanKeysPaginator(w, &api.GetUsagePlanKeysInput{UsagePlanId: x.plan, Limit: aws.Int32(1)}), func(o *api.GetUsagePlanKeysOutput) int { return len(o.Items) }, 2)
	w.UpdateUsage(w.ctx, &api.UpdateUsageInput{UsagePlanId: x.plan, KeyId: x.keys[0], PatchOperations: ops("replace", "/remaining", "7")})
	today := aws.String(time.Now().UTC().Format(time.DateOnly))
	pages(w, "GetUsage", api.NewGetUsagePaginator(w, &api.GetUsageInput{UsagePlanId: x.plan, StartDate: today, EndDate: today, Limit: aws.Int32(1)}), func(o *api.GetUsageOutput) int { return len(o.Items) }, 2)
	for _, key := range x.keys {
		w.DeleteUsagePlanKey(w.ctx, &api.DeleteUsagePlanKeyInput{UsagePlanId: x.plan, KeyId: key})
		w.DeleteApiKey(w.ctx, &api.DeleteApiKeyInput{ApiKey: key})
	}
}

func (w *walk) links() {
	var ids []*string
	for _, name := range []string{"a", "b"} {
		made, _ := w.CreateVpcLink(w.ctx, &api.CreateVpcLinkInput{Name: &name, TargetArns: []string{"arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"}})
		ids = append(ids, made.Id)
	}
	w.UpdateVpcLink(w.ctx, &api.UpdateVpcLinkInput{VpcLinkId: ids[0], PatchOperations: ops("replace", "/description", "d")})
	read, _ := w.GetVpcLink(w.ctx, &api.GetVpcLinkInput{VpcLinkId: ids[0]})
	w.same("VPC link", []any{*read.Description, read.Status}, []any{"d", types.VpcLinkStatusAvailable})
	pages(w, "GetVpcLinks", api.NewGetVpcLinksPaginator(w, &api.GetVpcLinksInput{Limit: aws.Int32(1)}), func(o *api.GetVpcLinksOutput) int { return len(o.Items) }, 2)
	for _, id := range ids {
		w.DeleteVpcLink(w.ctx, &api.DeleteVpcLinkInput{VpcLinkId: id})
	}
}

func (w *walk) account() {
	const role = "arn:aws:iam::000000000000:role/logs"
	w.UpdateAccount(w.ctx, &api.UpdateAccountInput{PatchOperations: ops("replace", "/cloudwatchRoleArn", role)})
	read, _ := w.GetAccount(w.ctx, &api.GetAccountInput{})
	w.same("account", *read.CloudwatchRoleArn, role)
}

func (w *walk) dismantle(x *walked) {
	w.UpdateUsagePlan(w.ctx, &api.UpdateUsagePlanInput{UsagePlanId: x.plan, PatchOperations: ops("remove", "/apiStages", *x.api+":prod")})
	w.DeleteUsagePlan(w.ctx, &api.DeleteUsagePlanInput{UsagePlanId: x.plan})
	w.DeleteRestApi(w.ctx, &api.DeleteRestApiInput{RestApiId: x.api})
	left, _ := w.GetRestApis(w.ctx, &api.GetRestApisInput{})
	w.same("APIs that are left", len(left.Items), 0)
}

// domainNames comes while the stage prod is there, and leaves nothing.
func (w *walk) domainNames(x *walked) {
	certificate := w.certificate
	names := []*string{aws.String("a.example.com"), aws.String("b.example.com")}
	for _, name := range names {
		w.CreateDomainName(w.ctx, &api.CreateDomainNameInput{DomainName: name, CertificateArn: aws.String(certificate)})
	}
	w.UpdateDomainName(w.ctx, &api.UpdateDomainNameInput{DomainName: names[0], PatchOperations: ops("replace", "/securityPolicy", "TLS_1_0")})
	read, _ := w.GetDomainName(w.ctx, &api.GetDomainNameInput{DomainName: names[0]})
	w.same("domain name", []any{read.SecurityPolicy, read.DomainNameStatus}, []any{types.SecurityPolicyTls10, types.DomainNameStatusAvailable})
	pages(w, "GetDomainNames", api.NewGetDomainNamesPaginator(w, &api.GetDomainNamesInput{Limit: aws.Int32(1)}), func(o *api.GetDomainNamesOutput) int { return len(o.Items) }, 2)
	for _, path := range []string{"", "v1"} {
		w.CreateBasePathMapping(w.ctx, &api.CreateBasePathMappingInput{DomainName: names[0], BasePath: &path, RestApiId: x.api, Stage: x.prod})
	}
	w.UpdateBasePathMapping(w.ctx, &api.UpdateBasePathMappingInput{DomainName: names[0], BasePath: aws.String("v1"), PatchOperations: ops("replace", "/basePath", "v2")})
	mapping, _ := w.GetBasePathMapping(w.ctx, &api.GetBasePathMappingInput{DomainName: names[0], BasePath: aws.String("(none)")})
	w.same("base path mapping", *mapping.Stage, "prod")
	pages(w, "GetBasePathMappings", api.NewGetBasePathMappingsPaginator(w, &api.GetBasePathMappingsInput{DomainName: names[0], Limit: aws.Int32(1)}), func(o *api.GetBasePathMappingsOutput) int { return len(o.Items) }, 2)
	w.DeleteBasePathMapping(w.ctx, &api.DeleteBasePathMappingInput{DomainName: names[0], BasePath: aws.String("v2")})
	for _, name := range names {
		w.DeleteDomainName(w.ctx, &api.DeleteDomainNameInput{DomainName: name})
	}
	w.domainAccess(certificate)
}

func (w *walk) domainAccess(certificate string) {
	private, _ := w.CreateDomainName(w.ctx, &api.CreateDomainNameInput{DomainName: aws.String("p.example.com"), CertificateArn: &certificate,
		EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypePrivate}}})
	var made []*string
	for _, endpoint := range []string{"vpce-1", "vpce-2"} {
		a, _ := w.CreateDomainNameAccessAssociation(w.ctx, &api.CreateDomainNameAccessAssociationInput{DomainNameArn: private.DomainNameArn,
			AccessAssociationSource: &endpoint, AccessAssociationSourceType: types.AccessAssociationSourceTypeVpce})
		made = append(made, a.DomainNameAccessAssociationArn)
	}
	list, _ := w.GetDomainNameAccessAssociations(w.ctx, &api.GetDomainNameAccessAssociationsInput{})
	w.same("access associations", len(list.Items), 2)
	w.DeleteDomainNameAccessAssociation(w.ctx, &api.DeleteDomainNameAccessAssociationInput{DomainNameAccessAssociationArn: made[0]})
	w.RejectDomainNameAccessAssociation(w.ctx, &api.RejectDomainNameAccessAssociationInput{DomainNameAccessAssociationArn: made[1], DomainNameArn: private.DomainNameArn})
	w.DeleteDomainName(w.ctx, &api.DeleteDomainNameInput{DomainName: private.DomainName, DomainNameId: private.DomainNameId})
}
