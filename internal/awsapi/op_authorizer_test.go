package awsapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAuthorizers: an unknown API is a conflict once the URI's form was checked,
// lists are by name, and Cognito shows no URI (recorded on AWS); a name that is
// taken and an authorizer in use are refused in words known from reports.
func TestAuthorizers(t *testing.T) {
	h := newHouse(t)
	h.api()
	const uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
	token := `{"name":"b","type":"TOKEN","authorizerUri":"` + uri + `","identitySource":"method.request.header.Auth"}`
	h.refused("POST /restapis/nothing/authorizers", `{"name":"b","type":"TOKEN","authorizerUri":"x","identitySource":"method.request.header.Auth"}`, 400, "Invalid ARN specified in the request")
	h.refused("POST /restapis/nothing/authorizers", token, 409, "Unable to complete operation due to concurrent modification. Please try again later.")
	made := h.ok("POST /restapis/{api}/authorizers", token)
	id := made["id"].(string)
	want := map[string]any{"id": id, "name": "b", "type": "TOKEN", "authType": "custom", "authorizerUri": uri, "identitySource": "method.request.header.Auth"}
	if d := cmp.Diff(want, made); d != "" || len(id) != 6 {
		t.Errorf("%s %s", id, d)
	}
	h.vars = append(h.vars, "{auth}", "/restapis/"+h.expand("{api}")+"/authorizers/"+id)
	h.refused("POST /restapis/{api}/authorizers", token, 409, "Authorizer name must be unique. Authorizer b already exists in this RestApi.")
	pools := h.ok("POST /restapis/{api}/authorizers", `{"name":"a","type":"COGNITO_USER_POOLS","providerARNs":["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a"],"identitySource":"method.request.header.Authorization"}`)
	if pools["authType"] != "cognito_user_pools" || pools["authorizerUri"] != nil || pools["authorizerResultTtlInSeconds"] != nil {
		t.Error(pools)
	}
	var names []any
	for _, item := range h.ok("GET /restapis/{api}/authorizers", "")["item"].([]any) {
		names = append(names, item.(map[string]any)["name"])
	}
	if d := cmp.Diff([]any{"a", "b"}, names); d != "" {
		t.Error(d)
	}
	h.patches("{auth}", 200, []patch{
		{name: "validity", ops: `{"op":"replace","path":"/authorizerResultTtlInSeconds","value":"60"}`, want: `{"authorizerResultTtlInSeconds":60}`},
		{name: "too long", ops: `{"op":"replace","path":"/authorizerResultTtlInSeconds","value":"3601"}`, status: 400, text: "Authorizer result TTL must be between 0 and 3600 seconds"},
		{name: "no number", ops: `{"op":"replace","path":"/authorizerResultTtlInSeconds","value":"x"}`, status: 400, text: "Invalid integer value 'x' for authorizerResultTtlInSeconds"},
		{name: "expression", ops: `{"op":"replace","path":"/identityValidationExpression","value":"a.*"}`, want: `{"identityValidationExpression":"a.*"}`},
		{name: "no source", ops: `{"op":"remove","path":"/identitySource"}`, status: 400, text: "Identity source is required for authorizers of type TOKEN"},
		{name: "source", ops: `{"op":"add","path":"/identitySource","value":"method.request.header.X"}`, want: `{"identitySource":"method.request.header.X"}`},
		{name: "two sources", ops: `{"op":"replace","path":"/identitySource","value":"method.request.path.X"}`, status: 400, text: "Invalid identity source specified: method.request.path.X"},
		{name: "type", ops: `{"op":"replace","path":"/type","value":"OTHER"}`, status: 400, text: "Invalid authorizer type specified: OTHER"},
		{name: "op", ops: `{"op":"add","path":"/name","value":"c"}`, status: 400, text: "Invalid patch path  '/name' specified for op 'add'. Please choose supported operations"},
	})

	h.ok("PATCH {get}", `{"patchOperations":[{"op":"replace","path":"/authorizationType","value":"CUSTOM"},{"op":"replace","path":"/authorizerId","value":"`+id+`"}]}`)
	h.refused("DELETE {auth}", "", 409, "Cannot delete authorizer 'b', is referenced in method: GET//")
	h.ok("PATCH {get}", `{"patchOperations":[{"op":"replace","path":"/authorizationType","value":"NONE"}]}`)
	if status, _ := h.call("DELETE {auth}", ""); status != 202 {
		t.Error(status)
	}
	h.refused("GET {auth}", "", 404, "Invalid Authorizer identifier specified")
	h.refused("DELETE /restapis/{api}/stages/none/cache/authorizers", "", 404, "Invalid stage identifier specified")
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"s"}`)
	if status, _ := h.call("DELETE /restapis/{api}/stages/s/cache/authorizers", ""); status != 202 {
		t.Error(status)
	}
}
