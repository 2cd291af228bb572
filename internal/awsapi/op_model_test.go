package awsapi

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

// refused checks the answer to a call that must fail.
func (h *house) refused(request, body string, status int, message string) {
	h.Helper()
	got, answer := h.call(request, body)
	if got != status || answer["message"] != h.expand(message) {
		h.Errorf("%s %s\ngot  %d %v\nwant %d %s", request, body, got, answer["message"], status, h.expand(message))
	}
}

const modelRoot = "https://apigateway.amazonaws.com/restapis/{api}/models/"

func TestModels(t *testing.T) {
	h := newHouse(t)
	h.api()
	pet := `{"name":"Pet","contentType":"application/json","schema":"{\"type\":\"object\",\"properties\":{\"z\":{\"type\":\"integer\"},\"a\":{\"$ref\":\"` + modelRoot + `Name\"}}}"}`
	h.refused("POST /restapis/{api}/models", pet, 400, "Invalid model identifier specified: Name")
	h.ok("POST /restapis/{api}/models", `{"name":"Name","contentType":"application/json","description":"","schema":"{\"type\":\"string\"}"}`)
	made := h.ok("POST /restapis/{api}/models", pet)
	if len(made["id"].(string)) != 6 || made["description"] != nil {
		t.Error(made)
	}
	h.refused("POST /restapis/{api}/models", pet, 409, "Model name already exists for this REST API")
	h.refused("POST /restapis/{api}/models", `{"name":"a-b","contentType":"application/json","schema":"{}"}`, 400, "Model name must be alphanumeric: a-b")
	h.refused("POST /restapis/{api}/models", `{"name":"a","contentType":"application/json","schema":"{"}`, 400,
		"Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]")
	h.refused("POST /restapis/{api}/models", `{"name":"a","contentType":"application/json","schema":"{\"$ref\":\"other.json\"}"}`, 400,
		"Invalid model specified: Validation Result: warnings : [], errors : [Model reference must be in canonical form]")
	h.ok("POST /restapis/{api}/models", `{"name":"X","contentType":"application/xml","schema":"<any/>"}`)

	var names []string
	for position, more := "", true; more; {
		page := h.ok("GET /restapis/{api}/models?limit=2"+position, "")
		for _, item := range page["item"].([]any) {
			names = append(names, item.(map[string]any)["name"].(string))
		}
		next, ok := page["position"].(string)
		position, more = "&position="+next, ok
	}
	if d := cmp.Diff([]string{"Empty", "Error", "Name", "Pet", "X"}, names); d != "" {
		t.Error(d)
	}
	flat := h.ok("GET /restapis/{api}/models/Pet?flatten=true", "")["schema"]
	if want := `{"type":"object","properties":{"z":{"type":"integer"},"a":{"$ref":"#/definitions/Name"}},"definitions":{"Name":{"type":"string"}}}`; flat != want {
		t.Errorf("got  %s\nwant %s", flat, want)
	}
	const begin = "#set($inputRoot = $input.path('$'))\n"
	for name, want := range map[string]string{
		"Empty": begin + "{ }",
		"Pet":   begin + "{\n  \"z\" : 42,\n  \"a\" : \"foo\"\n}",
	} {
		if got := h.ok("GET /restapis/{api}/models/"+name+"/default_template", "")["value"]; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	h.patches("/restapis/{api}/models/Pet", 200, []patch{
		{name: "description", ops: `{"op":"replace","path":"/description","value":"d"}`, want: `{"description":"d","name":"Pet","contentType":"application/json"}`},
		{name: "path", ops: `{"op":"replace","path":"/name","value":"d"}`, status: 400, text: "Invalid patch path  '/name' specified for op 'replace'. Must be one of: [/description, /schema]"},
		{name: "op", ops: `{"op":"add","path":"/schema","value":"d"}`, status: 400, text: "Invalid patch path  '/schema' specified for op 'add'. Please choose supported operations"},
		{name: "no schema", ops: `{"op":"replace","path":"/schema","value":""}`, status: 400, text: "Model schema must have at least 1 property or array items defined"},
	})
	h.refused("PATCH /restapis/{api}/models/Nothing", `{"patchOperations":[]}`, 404, "Invalid model name specified: Nothing")
	h.refused("GET /restapis/{api}/models/Nothing/default_template", "", 404, "Invalid model name specified: Nothing")
}

// TestModelsInUse: what refers to a model keeps it.
func TestModelsInUse(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.ok("POST /restapis/{api}/models", `{"name":"A","contentType":"application/json","schema":"{\"type\":\"object\"}"}`)
	h.ok("POST /restapis/{api}/models", `{"name":"B","contentType":"application/json","schema":"{\"items\":{\"$ref\":\"`+modelRoot+`A\"}}"}`)
	h.refused("DELETE /restapis/{api}/models/A", "", 409, "Cannot delete model 'A', is referenced in model: B")
	h.ok("PATCH {get}", `{"patchOperations":[{"op":"add","path":"/requestModels/application~1json","value":"A"}]}`)
	h.refused("DELETE /restapis/{api}/models/A", "", 409, "Cannot delete model 'A', is referenced in method request: //GET")
	h.ok("PUT {get}/responses/200", `{"responseModels":{"application/json":"B"}}`)
	h.refused("DELETE /restapis/{api}/models/B", "", 409, "Cannot delete model 'B', is referenced in method response: //GET")
	h.ok("DELETE {get}", "")
	h.ok("DELETE /restapis/{api}/models/B", "")
	if status, _ := h.call("DELETE /restapis/{api}/models/A", ""); status != 202 {
		t.Error(status)
	}
	h.refused("DELETE /restapis/{api}/models/A", "", 404, "Invalid model name specified: A")
}

func TestRequestValidators(t *testing.T) {
	h := newHouse(t)
	h.api()
	if got := h.ok("GET /restapis/{api}/requestvalidators", ""); !cmp.Equal(got, map[string]any{"item": []any{}}) {
		t.Error(got)
	}
	made := h.ok("POST /restapis/{api}/requestvalidators", `{"name":"v"}`)
	h.vars = append(h.vars, "{v}", made["id"].(string))
	if d := cmp.Diff(map[string]any{"id": made["id"], "name": "v", "validateRequestBody": false, "validateRequestParameters": false}, made); d != "" {
		t.Error(d)
	}
	h.patches("/restapis/{api}/requestvalidators/{v}", 200, []patch{
		{name: "both", ops: `{"op":"replace","path":"/validateRequestBody","value":"true"},{"op":"replace","path":"/validateRequestParameters","value":"true"}`, want: `{"validateRequestBody":true,"validateRequestParameters":true}`},
		{name: "without a value", ops: `{"op":"replace","path":"/validateRequestBody"}`, want: `{"validateRequestBody":false,"validateRequestParameters":true}`},
		{name: "blank", ops: `{"op":"replace","path":"/name","value":" "}`, status: 400, text: "Request Validator name cannot be blank"},
	})
	h.refused("POST /restapis/{api}/requestvalidators", `{"name":"v"}`, 409, "Request Validator name must be unique. Request Validator v already exists in this RestApi.")
	h.refused("PATCH {get}", `{"patchOperations":[{"op":"replace","path":"/requestValidatorId","value":"nobody"}]}`, 400, "Invalid Request Validator identifier specified")
	h.ok("PATCH {get}", `{"patchOperations":[{"op":"replace","path":"/requestValidatorId","value":"{v}"}]}`)
	h.refused("DELETE /restapis/{api}/requestvalidators/{v}", "", 409, "Cannot delete request validator 'v', is referenced in method request: //GET")
	h.ok("PATCH {get}", `{"patchOperations":[{"op":"replace","path":"/requestValidatorId","value":""}]}`)
	h.ok("DELETE /restapis/{api}/requestvalidators/{v}", "")
	h.refused("GET /restapis/{api}/requestvalidators/{v}", "", 404, "Invalid Request Validator identifier specified")
}

func TestPatchGatewayResponse(t *testing.T) {
	h := newHouse(t)
	h.api()
	const (
		stock = `"responseTemplates":{"application/json":"{\"message\":$context.error.messageString}"}`
		at    = "/restapis/{api}/gatewayresponses/"
	)
	h.ok("PUT "+at+"DEFAULT_4XX", `{"statusCode":"418","responseParameters":{"gatewayresponse.header.X":"'y'"}}`)
	h.patches(at+"THROTTLED", 200, []patch{
		{name: "status of none", ops: `{"op":"add","path":"/statusCode","value":"400"}`, status: 400, text: "Invalid patch path /statusCode"},
		{name: "no path", ops: `{"op":"add","value":"400"}`, status: 400, text: "Invalid patch path null"},
		{name: "no parameter", ops: `{"op":"replace","path":"/responseParameters/gatewayresponse.header.Z","value":"'a'"}`, status: 404, text: "Invalid parameter name specified"},
		{name: "no template", ops: `{"op":"add","path":"/responseTemplates/a~1b"}`, status: 400, text: "Invalid null or empty value in responseTemplates"},
		{name: "no value", ops: `{"op":"add","path":"/responseParameters/gatewayresponse.header.X"}`, status: 400, text: "Invalid null or empty value in responseParameters"},
	})
	if got := h.ok("GET "+at+"THROTTLED", ""); got["defaultResponse"] != true || got["statusCode"] != "418" {
		t.Error("a refused patch set it:", got)
	}
	h.patches(at+"THROTTLED", 200, []patch{
		{name: "from the stock answer", ops: `{"op":"add","path":"/responseParameters/gatewayresponse.header.A","value":"context.requestId"}`,
			want: `{"defaultResponse":false,"statusCode":"429","responseParameters":{"gatewayresponse.header.A":"context.requestId"},` + stock + `}`},
		{name: "status", ops: `{"op":"replace","path":"/statusCode","value":"430"}`, want: `{"statusCode":"430"}`},
		{name: "bad status", ops: `{"op":"replace","path":"/statusCode","value":"6"}`, status: 400, text: "Invalid status code specified: 6"},
		{name: "bad source", ops: `{"op":"add","path":"/responseParameters/gatewayresponse.header.A","value":"integration.response.header.a"}`, status: 400,
			text: "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: integration.response.header.a]"},
		{name: "another template", ops: `{"op":"add","path":"/responseTemplates/text~1html","value":"<p>"},{"op":"remove","path":"/responseTemplates/application~1json"}`, want: `{"responseTemplates":{"text/html":"<p>"}}`},
		{name: "no more templates", ops: `{"op":"remove","path":"/responseTemplates/text~1html"},{"op":"remove","path":"/responseParameters/gatewayresponse.header.A"}`, want: `{"responseTemplates":{},"responseParameters":{}}`},
	})
	if status, _ := h.call("DELETE "+at+"THROTTLED", ""); status != 202 {
		t.Error(status)
	}
	h.refused("PUT "+at+"THROTTLED", `{"responseTemplates":{"a/b":null}}`, 400, "Invalid null or empty value in responseTemplates")
	if got := h.ok("GET "+at+"THROTTLED", ""); got["defaultResponse"] != true || got["statusCode"] != "418" || got["responseParameters"].(map[string]any)["gatewayresponse.header.X"] != "'y'" {
		t.Error(got)
	}
}

// sdkClient is AWS's own client of the house.
func (h *house) sdkClient() *sdk.Client {
	return sdk.New(sdk.Options{BaseEndpoint: &h.url, Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(testCredentials)})
}

func TestSDKModels(t *testing.T) {
	h := newHouse(t)
	h.api()
	c, ctx, api := h.sdkClient(), t.Context(), aws.String(h.expand("{api}"))
	if _, err := c.CreateModel(ctx, &sdk.CreateModelInput{RestApiId: api, Name: aws.String("A"), ContentType: aws.String("application/json"), Schema: aws.String(`{"type":"object"}`)}); err != nil {
		t.Fatal(err)
	}
	models, err := c.GetModels(ctx, &sdk.GetModelsInput{RestApiId: api})
	if err != nil || len(models.Items) != 3 || *models.Items[0].Name != "A" {
		t.Fatal(models, err)
	}
	v, err := c.CreateRequestValidator(ctx, &sdk.CreateRequestValidatorInput{RestApiId: api, Name: aws.String("v"), ValidateRequestBody: true})
	if err != nil || !v.ValidateRequestBody {
		t.Fatal(v, err)
	}
	g, err := c.PutGatewayResponse(ctx, &sdk.PutGatewayResponseInput{RestApiId: api, ResponseType: types.GatewayResponseTypeThrottled, StatusCode: aws.String("430")})
	if err != nil || g.DefaultResponse || *g.StatusCode != "430" {
		t.Fatal(g, err)
	}
	all, err := c.GetGatewayResponses(ctx, &sdk.GetGatewayResponsesInput{RestApiId: api})
	if err != nil || len(all.Items) != 21 {
		t.Fatal(all, err)
	}
}
