package awsapi

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

func TestAPIKeys(t *testing.T) {
	h := newHouse(t)
	made := h.ok("POST /apikeys", `{"name":"first","tags":{"a":"b"},"customerId":"me"}`)
	if !regexp.MustCompile(`^[a-zA-Z0-9]{40}$`).MatchString(made["value"].(string)) || len(made["id"].(string)) != 10 || made["enabled"] != false {
		t.Error(made)
	}
	h.vars = append(h.vars, "{key}", made["id"].(string))
	if got := h.ok("GET /apikeys/{key}", ""); got["value"] != nil || got["name"] != "first" {
		t.Error(got)
	}
	if got := h.ok("GET /apikeys/{key}?includeValue=true", ""); got["value"] != made["value"] {
		t.Error(got)
	}
	const value = "abcdefghij0123456789"
	h.ok("POST /apikeys", `{"name":"second","enabled":true,"value":"`+value+`"}`)
	h.refused("POST /apikeys", `{"value":"`+value+`"}`, 409, "API Key already exists")
	h.refused("POST /apikeys", `{"value":"abcdefghij 0123456789"}`, 400, "API Key value can only have visible ASCII characters")
	h.refused("POST /apikeys", `{"stageKeys":[{"restApiId":"a","stageName":"b"}]}`, 400, "Invalid stage identifier specified")
	if rows := h.rows("GET /apikeys?name=sec&includeValues=true"); len(rows) != 1 || rows[0]["value"] != value {
		t.Error(rows)
	}
	if rows := h.rows("GET /apikeys?name=Sec&limit=-1"); len(rows) != 0 {
		t.Error(rows)
	}
	if rows := h.rows("GET /apikeys?customerId=me"); len(rows) != 1 || rows[0]["value"] != nil {
		t.Error(rows)
	}
	if got := h.ok("GET /apikeys?limit=1", ""); got["position"] == nil || len(h.rows("GET /apikeys?limit=1&position="+got["position"].(string))) != 1 {
		t.Error(got)
	}
	h.patches("/apikeys/{key}", 200, []patch{
		{name: "enabled", ops: `{"op":"replace","path":"/enabled","value":"true"}`, want: `{"enabled":true,"value":null,"tags":{"a":"b"}}`},
		{name: "texts", ops: `{"op":"replace","path":"/name","value":""},{"op":"replace","path":"/description","value":"d"}`, want: `{"name":null,"description":"d"}`},
		{name: "op", ops: `{"op":"add","path":"/name","value":"n"}`, status: 400, text: "Invalid patch path  '/name' specified for op 'add'. Please choose supported operations"},
		{name: "value", ops: `{"op":"replace","path":"/value","value":"n"}`, status: 400, text: "Invalid patch path  '/value' specified for op 'replace'. Must be one of: [/description, /enabled, /name, /customerId]"},
	})
	if status, _ := h.call("DELETE /apikeys/{key}", ""); status != 202 {
		t.Error(status)
	}
	h.refused("GET /apikeys/{key}", "", 404, "Invalid API Key identifier specified")
	h.ok("POST /apikeys", `{"value":"`+made["value"].(string)+`"}`)
}

func TestImportAPIKeys(t *testing.T) {
	h := newHouse(t)
	plan := h.ok("POST /usageplans", `{"name":"p"}`)["id"].(string)
	h.vars = append(h.vars, "{plan}", plan)
	a, b := strings.Repeat("a", 30), strings.Repeat("b", 128)
	got := h.ok("POST /apikeys?mode=import&format=csv", "key,NAME,Other,description,Enabled,usageplanids\n"+a+",first,x,,false,\n"+b+",,x,\"with, comma\",,\"{plan},nothing\"\n")
	ids := got["ids"].([]any)
	if len(ids) != 2 || !cmp.Equal(got["warnings"], []any{"Usage Plan nothing doesn't exist. Ignoring it for API Key ''"}) {
		t.Fatal(got)
	}
	h.vars = append(h.vars, "{b}", ids[1].(string))
	if k := h.ok("GET /apikeys/{b}?includeValue=true", ""); k["enabled"] != true || k["value"] != b || k["description"] != "with, comma" || k["name"] != nil {
		t.Error(k)
	}
	if keys := h.rows("GET /usageplans/{plan}/keys"); len(keys) != 1 || keys[0]["id"] != ids[1] || keys[0]["value"] != b || keys[0]["type"] != "API_KEY" {
		t.Error(keys)
	}
	again := h.ok("POST /apikeys?mode=import&format=csv", "Name,key\nrenamed,"+b+"\n")
	if d := cmp.Diff(map[string]any{"ids": []any{ids[1]}}, again); d != "" || h.ok("GET /apikeys/{b}", "")["name"] != "renamed" {
		t.Error(d)
	}
	for body, text := range map[string]string{
		"":                              "The file of API keys has no header",
		"key\n" + a:                     "The file of API keys has no column name",
		"name,key\nx,short":             "Line 2 of the file of API keys: API Key value should be at least 30 characters",
		"name,key\nx," + a + "\ny," + a: "Line 3 of the file of API keys: its key is in the file twice",
		"name,key,usageplanids\nx," + a + ",\"" + strings.Repeat("p,", 400) + "\"": "Line 2 of the file of API keys: it names more than 300 usage plans",
		"name,key,enabled\nx," + a + ",perhaps":                                    "Line 2 of the file of API keys: Enabled is neither true nor false",
	} {
		h.refused("POST /apikeys?mode=import&format=csv", body, 400, text)
	}
	h.refused("POST /apikeys?mode=import&format=csv&failonwarnings=true", "name,key,usageplanids\nnew,"+strings.Repeat("c", 40)+",nothing\n", 400,
		"Warnings found during import:\n\tUsage Plan nothing doesn't exist. Ignoring it for API Key 'new'")
	var file strings.Builder
	file.WriteString("name,key,usageplanids\n")
	for i := range 20 {
		fmt.Fprintf(&file, "new,%s%02d,\"%s\"\n", strings.Repeat("d", 40), i, strings.TrimSuffix(strings.Repeat("nothing,", 100), ","))
	}
	_, answer := h.call("POST /apikeys?mode=import&format=csv&failonwarnings=true", file.String())
	many, _ := answer["message"].(string)
	if !strings.HasSuffix(many, "and 1000 more usage plans that don't exist") {
		t.Errorf("%.100s … %s", many, many[max(len(many)-100, 0):])
	}
	if rows := h.rows("GET /apikeys?name=new"); len(rows) != 0 {
		t.Error(rows)
	}
}

func TestUsagePlans(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"prod"}`)
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"dev"}`)
	h.refused("POST /usageplans", `{"name":"p","apiStages":[{"apiId":"{api}","stage":"nothing"}]}`, 404, "API Stage not found: {api}:nothing")
	h.refused("POST /usageplans", `{"name":"p","apiStages":[{"apiId":"{api}"}]}`, 400, "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s")
	h.refused("POST /usageplans", `{"name":"p","quota":{"limit":0,"period":"DAY"}}`, 400, "Usage Plan quota limit must be greater than 0")
	made := h.ok("POST /usageplans", `{"name":"p","apiStages":[{"apiId":"{api}","stage":"prod","throttle":{"//GET":{"burstLimit":1}}}],"quota":{"limit":10,"period":"MONTH"}}`)
	h.vars = append(h.vars, "{plan}", made["id"].(string))
	if made["tags"] != nil || len(made["id"].(string)) != 6 {
		t.Error(made)
	}
	stage := func(throttle string) string {
		return `{"apiStages":[{"apiId":"{api}","stage":"prod"` + throttle + `}]}`
	}
	h.patches("/usageplans/{plan}", 200, []patch{
		{name: "rate with decimals", ops: `{"op":"add","path":"/throttle/rateLimit","value":"10.000000"}`, want: `{"throttle":{"burstLimit":0,"rateLimit":10}}`},
		{name: "no throttle", ops: `{"op":"remove","path":"/throttle"}`, want: `{"throttle":null,"tags":{}}`},
		{name: "no quota", ops: `{"op":"remove","path":"/quota"}`, want: `{"quota":null}`},
		{name: "half a quota", ops: `{"op":"add","path":"/quota/limit","value":"5"}`, status: 400, text: "Usage Plan quota period must be one of DAY, WEEK, MONTH"},
		{name: "quota", ops: `{"op":"add","path":"/quota/limit","value":"5"},{"op":"add","path":"/quota/period","value":"DAY"}`, want: `{"quota":{"limit":5,"offset":0,"period":"DAY"}}`},
		{name: "method throttles", ops: `{"op":"replace","path":"/apiStages/{api}:prod/throttle","value":"{\"/pets/GET\":{\"burstLimit\":2,\"rateLimit\":1.5}}"}`, want: stage(`,"throttle":{"/pets/GET":{"burstLimit":2,"rateLimit":1.5}}`)},
		{name: "one limit, escaped", ops: `{"op":"replace","path":"/apiStages/{api}:prod/throttle/~1pets/GET/rateLimit","value":"3"}`, want: stage(`,"throttle":{"/pets/GET":{"burstLimit":2,"rateLimit":3}}`)},
		{name: "one method", ops: `{"op":"remove","path":"/apiStages/{api}:prod/throttle/~1pets/GET"}`, want: stage("")},
		{name: "the root", ops: `{"op":"add","path":"/apiStages/{api}:prod/throttle/~1/GET/burstLimit","value":"3"}`, want: stage(`,"throttle":{"//GET":{"burstLimit":3,"rateLimit":0}}`)},
		{name: "no throttles", ops: `{"op":"remove","path":"/apiStages/{api}:prod/throttle"}`, want: stage("")},
		{name: "unknown stage", ops: `{"op":"add","path":"/apiStages","value":"{api}:nothing"}`, status: 404, text: "Invalid API Stage {api: {api}, stage: nothing} specified for usageplan {plan}"},
		{name: "stage", ops: `{"op":"add","path":"/apiStages","value":"{api}:dev"}`, want: `{"apiStages":[{"apiId":"{api}","stage":"prod"},{"apiId":"{api}","stage":"dev"}]}`},
		{name: "stage again", ops: `{"op":"add","path":"/apiStages","value":"{api}:dev"}`, status: 409, text: "API Stage {api}:dev is already in the usage plan"},
		{name: "op", ops: `{"op":"replace","path":"/apiStages","value":"{api}:dev"}`, status: 400, text: "Invalid patch path  '/apiStages' specified for op 'replace'. Please choose supported operations"},
		{name: "name", ops: `{"op":"replace","path":"/name","value":"q"},{"op":"add","path":"/productCode","value":"c"}`, want: `{"name":"q","productCode":"c"}`},
	})
	h.refused("DELETE /usageplans/{plan}", "", 400, "Cannot delete Usage Plan {plan} because there are API Stages associated with it, including {api}:prod")
	// A stage that goes leaves its plans, and so do those of an API.
	h.ok("DELETE /restapis/{api}/stages/prod", "")
	if got := h.ok("GET /usageplans/{plan}", "")["apiStages"].([]any); len(got) != 1 {
		t.Error(got)
	}
	h.ok("DELETE /restapis/{api}", "")
	if got := h.ok("GET /usageplans/{plan}", "")["apiStages"].([]any); len(got) != 0 {
		t.Error(got)
	}
	if status, _ := h.call("DELETE /usageplans/{plan}", ""); status != 202 {
		t.Error(status)
	}
	h.refused("GET /usageplans/{plan}", "", 404, "Invalid Usage Plan ID specified")
}

func TestUsagePlanKeys(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"prod"}`)
	key := h.ok("POST /apikeys", `{"name":"k"}`)
	h.vars = append(h.vars, "{key}", key["id"].(string))
	for _, name := range []string{"{p}", "{q}"} {
		h.vars = append(h.vars, name, h.ok("POST /usageplans", `{"name":"p","apiStages":[{"apiId":"{api}","stage":"prod"}],"quota":{"limit":10,"period":"WEEK"}}`)["id"].(string))
	}
	if rows := h.rows("GET /usageplans/nothing/keys"); len(rows) != 0 {
		t.Error(rows)
	}
	h.refused("POST /usageplans/{p}/keys", `{"keyId":"{key}","keyType":"OTHER"}`, 400, "Invalid Usage Plan Key type specified. Valid options are API_KEY")
	h.refused("POST /usageplans/{p}/keys", `{"keyId":"nothing","keyType":"API_KEY"}`, 404, "Invalid API Key identifier specified")
	h.refused("POST /usageplans/nothing/keys", `{"keyId":"{key}","keyType":"API_KEY"}`, 404, "Invalid Usage Plan ID specified")
	made := h.ok("POST /usageplans/{p}/keys", `{"keyId":"{key}","keyType":"API_KEY"}`)
	if d := cmp.Diff(map[string]any{"id": key["id"], "type": "API_KEY", "value": key["value"], "name": "k"}, made); d != "" {
		t.Error(d)
	}
	h.refused("POST /usageplans/{p}/keys", `{"keyId":"{key}","keyType":"API_KEY"}`, 409, "API Key {key} is already in usage plan {p}")
	h.refused("POST /usageplans/{q}/keys", `{"keyId":"{key}","keyType":"API_KEY"}`, 409, "API Key {key} is already in usage plan {p}, which has the API Stage {api}:prod too")
	if rows := h.rows("GET /usageplans?keyId={key}"); len(rows) != 1 || rows[0]["id"] != h.expand("{p}") {
		t.Error(rows)
	}
	h.ok("PATCH /usageplans/{q}", `{"patchOperations":[{"op":"remove","path":"/apiStages","value":"{api}:prod"}]}`)
	h.ok("POST /usageplans/{q}/keys", `{"keyId":"{key}","keyType":"API_KEY"}`)
	h.refused("PATCH /usageplans/{q}", `{"patchOperations":[{"op":"add","path":"/apiStages","value":"{api}:prod"}]}`, 409, "API Key {key} is already in usage plan {p}, which has the API Stage {api}:prod too")
	if rows := h.rows("GET /usageplans/{p}/keys?name=K"); len(rows) != 0 {
		t.Error(rows)
	}
	usage := h.ok("GET /usageplans/{p}/usage?startDate=2026-01-01&endDate=2026-01-02", "")
	if d := cmp.Diff(map[string]any{"usagePlanId": h.expand("{p}"), "startDate": "2026-01-01", "endDate": "2026-01-02",
		"values": map[string]any{h.expand("{key}"): []any{[]any{0.0, 10.0}, []any{0.0, 10.0}}}}, usage); d != "" {
		t.Error(d)
	}
	h.refused("GET /usageplans/{p}/usage?startDate=2026-01-01&endDate=2026-05-02", "", 400, "Usage can be asked for 90 days at most")
	got := h.ok("PATCH /usageplans/{p}/keys/{key}/usage", `{"patchOperations":[{"op":"replace","path":"/remaining","value":"99"}]}`)
	if d := cmp.Diff(map[string]any{h.expand("{key}"): []any{[]any{0.0, 99.0}}}, got["values"]); d != "" {
		t.Error(d)
	}
	h.ok("DELETE /usageplans/{q}/keys/{key}", "")
	h.refused("GET /usageplans/{q}/keys/{key}", "", 404, "Invalid Usage Plan Key identifier specified")
	h.ok("DELETE /apikeys/{key}", "")
	if rows := h.rows("GET /usageplans/{p}/keys"); len(rows) != 0 {
		t.Error(rows)
	}
}

func TestSDKUsage(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"prod"}`)
	c, ctx := h.sdkClient(), t.Context()
	key, err := c.CreateApiKey(ctx, &sdk.CreateApiKeyInput{Name: aws.String("k"), Enabled: true})
	if err != nil || len(*key.Value) != 40 || !key.Enabled {
		t.Fatal(key, err)
	}
	plan, err := c.CreateUsagePlan(ctx, &sdk.CreateUsagePlanInput{Name: aws.String("p"), Throttle: &types.ThrottleSettings{BurstLimit: 5, RateLimit: 2.5},
		ApiStages: []types.ApiStage{{ApiId: aws.String(h.expand("{api}")), Stage: aws.String("prod")}},
		Quota:     &types.QuotaSettings{Limit: 7, Period: types.QuotaPeriodTypeDay}})
	if err != nil || plan.Throttle.RateLimit != 2.5 || *plan.ApiStages[0].Stage != "prod" {
		t.Fatal(plan, err)
	}
	if _, err := c.CreateUsagePlanKey(ctx, &sdk.CreateUsagePlanKeyInput{UsagePlanId: plan.Id, KeyId: key.Id, KeyType: aws.String("API_KEY")}); err != nil {
		t.Fatal(err)
	}
	usage, err := c.GetUsage(ctx, &sdk.GetUsageInput{UsagePlanId: plan.Id, StartDate: aws.String("2026-01-01"), EndDate: aws.String("2026-01-01")})
	if err != nil || !cmp.Equal(usage.Items[*key.Id], [][]int64{{0, 7}}) {
		t.Fatal(usage, err)
	}
	imported, err := c.ImportApiKeys(ctx, &sdk.ImportApiKeysInput{Format: types.ApiKeysFormatCsv, Body: []byte("name,key\nn," + strings.Repeat("x", 30) + "\n")})
	if err != nil || len(imported.Ids) != 1 {
		t.Fatal(imported, err)
	}
	var names []string
	for p := sdk.NewGetApiKeysPaginator(c, &sdk.GetApiKeysInput{Limit: aws.Int32(1), IncludeValues: aws.Bool(true)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range page.Items {
			names = append(names, *k.Name)
		}
	}
	if len(names) != 2 {
		t.Error(names)
	}
	link, err := c.CreateVpcLink(ctx, &sdk.CreateVpcLinkInput{Name: aws.String("l"), TargetArns: []string{"arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"}})
	if err != nil || link.Status != types.VpcLinkStatusPending {
		t.Fatal(link, err)
	}
}
