package awsapi

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

func TestDocumentationParts(t *testing.T) {
	h := newHouse(t)
	h.api()
	const parts = "/restapis/{api}/documentation/parts"
	made := h.ok("POST "+parts, `{"location":{"type":"METHOD","method":"GET"},"properties":"{ \"a\" : 1 }"}`)
	h.vars = append(h.vars, "{part}", made["id"].(string))
	if d := cmp.Diff(map[string]any{"id": made["id"], "location": map[string]any{"type": "METHOD", "method": "GET"}, "properties": `{ "a" : 1 }`}, made); d != "" || len(made["id"].(string)) != 6 {
		t.Error(d)
	}
	for _, tc := range []struct {
		body    string
		status  int
		message string
	}{
		{`{"location":{"type":"METHOD","method":"GET","path":"/"},"properties":"{}"}`, 409, "Documentation part already exists for the specified location: type 'METHOD', path '/', method 'GET'"},
		{`{"location":{"type":"API"},"properties":""}`, 400, "Documentation part properties must be non-empty"},
		{`{"location":{"type":"API"},"properties":"[1]"}`, 400, "Documentation part properties must be a JSON object"},
		{`{"location":{"type":"API","path":"/"},"properties":"{}"}`, 400, "Invalid documentation part location: type API has no path"},
		{`{"location":{"type":"REQUEST_HEADER"},"properties":"{}"}`, 400, "Invalid documentation part location: type REQUEST_HEADER needs a name"},
		{`{"location":{"type":"MOON"},"properties":"{}"}`, 400, "1 validation error detected: Value 'MOON' at 'createDocumentationPartInput.location.type' failed to satisfy constraint: Member must satisfy enum value set: [RESPONSE_BODY, RESPONSE, METHOD, MODEL, AUTHORIZER, RESPONSE_HEADER, RESOURCE, PATH_PARAMETER, REQUEST_BODY, QUERY_PARAMETER, API, REQUEST_HEADER]"},
	} {
		h.refused("POST "+parts, tc.body, tc.status, tc.message)
	}
	h.patches(parts+"/{part}", 200, []patch{
		{name: "properties", ops: `{"op":"replace","path":"/properties","value":"{\"b\":2}"}`, want: `{"properties":"{\"b\":2}"}`},
		{name: "no object", ops: `{"op":"replace","path":"/properties","value":"b"}`, status: 400, text: "Documentation part properties must be a JSON object"},
	})
	h.ok("POST "+parts, `{"location":{"type":"MODEL","name":"Error"},"properties":"{}"}`)
	if n := len(h.rows("GET " + parts)); n != 2 {
		t.Error(n)
	}
	if rows := h.rows("GET " + parts + "?type=METHOD&path=/"); len(rows) != 1 || rows[0]["id"] != made["id"] {
		t.Error(rows)
	}
	var missing []string
	for _, row := range h.rows("GET " + parts + "?locationStatus=UNDOCUMENTED") {
		l := row["location"].(map[string]any)
		name, _ := l["name"].(string)
		missing = append(missing, strings.TrimSpace(l["type"].(string)+" "+name))
	}
	if d := cmp.Diff([]string{"API", "MODEL Empty", "RESOURCE"}, missing); d != "" {
		t.Error(d)
	}
	h.ok("DELETE "+parts+"/{part}", "")
	h.refused("GET "+parts+"/{part}", "", 404, "Invalid Documentation part identifier specified")
	h.refused("DELETE "+parts+"/{part}", "", 404, "Invalid Documentation part identifier specified")
	h.refused("GET /restapis/nothing/documentation/parts/{part}", "", 404, "Invalid Documentation part identifier specified")
	h.refused("DELETE /restapis/nothing/documentation/parts/{part}", "", 404, "Invalid API identifier specified 000000000000:nothing")
}

// rows are the rows of a list.
func (h *house) rows(request string) (rows []map[string]any) {
	h.Helper()
	for _, item := range h.ok(request, "")["item"].([]any) {
		rows = append(rows, item.(map[string]any))
	}
	return rows
}

// TestImportDocumentation: merged, attributes that the document doesn't have
// stay; overwritten, so don't parts. A part keeps its ID.
func TestImportDocumentation(t *testing.T) {
	h := newHouse(t)
	h.api()
	const parts = "/restapis/{api}/documentation/parts"
	api := h.ok("POST "+parts, `{"location":{"type":"API"},"properties":"{\"a\":1,\"b\":2}"}`)["id"]
	h.ok("POST "+parts, `{"location":{"type":"MODEL","name":"Empty"},"properties":"{}"}`)
	const doc = `{"openapi":"3.0.1","paths":{"/":{"x-amazon-nothing":1}},"x-amazon-apigateway-documentation":{"documentationParts":[{"location":{"type":"API"},"properties":{"b":3,"c":4}}]}}`
	got := h.ok("PUT "+parts+"?mode=merge", doc)
	if d := cmp.Diff(map[string]any{"ids": []any{api}}, got); d != "" {
		t.Error(d)
	}
	if p := h.rows("GET " + parts + "?type=API")[0]; p["properties"] != `{"a":1,"b":3,"c":4}` || len(h.rows("GET "+parts)) != 2 {
		t.Error(p)
	}
	h.ok("PUT "+parts+"?mode=overwrite", doc)
	if rows := h.rows("GET " + parts); len(rows) != 1 || rows[0]["properties"] != `{"b":3,"c":4}` || rows[0]["id"] != api {
		t.Error(rows)
	}
	h.refused("PUT "+parts, "]", 400, "Unable to build importer with provided input.")
	h.refused("PUT /restapis/nothing/documentation/parts", doc, 404, "Invalid API identifier specified 000000000000:nothing")
}

func TestDocumentationVersions(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"prod"}`)
	const versions = "/restapis/{api}/documentation/versions"
	h.refused("POST "+versions, `{"documentationVersion":"1","stageName":"nothing"}`, 404, "Invalid stage identifier specified")
	h.refused("PATCH /restapis/{api}/stages/prod", `{"patchOperations":[{"op":"replace","path":"/documentationVersion","value":"1"}]}`, 400, "Invalid Documentation version specified")
	h.ok("POST "+versions, `{"documentationVersion":"1","stageName":"prod","description":"first"}`)
	h.refused("POST "+versions, `{"documentationVersion":"1"}`, 409, "Documentation version already exists: 1")
	if got := h.ok("GET /restapis/{api}/stages/prod", "")["documentationVersion"]; got != "1" {
		t.Error(got)
	}
	h.refused("DELETE "+versions+"/1", "", 409, "Cannot delete documentation version '1', is referenced in stage: prod")
	h.patches(versions+"/1", 200, []patch{
		{name: "description", ops: `{"op":"replace","path":"/description","value":"d"}`, want: `{"description":"d","version":"1"}`},
		{name: "version", ops: `{"op":"replace","path":"/version","value":"d"}`, status: 400, text: "Invalid patch path  '/version' specified for op 'replace'. Must be one of: [/description]"},
	})
	h.ok("PATCH /restapis/{api}/stages/prod", `{"patchOperations":[{"op":"replace","path":"/documentationVersion","value":""}]}`)
	if status, _ := h.call("DELETE "+versions+"/1", ""); status != 202 {
		t.Error(status)
	}
	h.refused("GET "+versions+"/1", "", 404, "Invalid Documentation version specified")
}

func TestSDKDocumentation(t *testing.T) {
	h := newHouse(t)
	h.api()
	c, ctx, api := h.sdkClient(), t.Context(), aws.String(h.expand("{api}"))
	part, err := c.CreateDocumentationPart(ctx, &sdk.CreateDocumentationPartInput{RestApiId: api, Properties: aws.String("{}"),
		Location: &types.DocumentationPartLocation{Type: types.DocumentationPartTypeRequestHeader, Name: aws.String("X"), Path: aws.String("/")}})
	if err != nil || *part.Location.Name != "X" {
		t.Fatal(part, err)
	}
	ids, err := c.ImportDocumentationParts(ctx, &sdk.ImportDocumentationPartsInput{RestApiId: api, Mode: types.PutModeOverwrite, FailOnWarnings: true,
		Body: []byte("swagger: '2.0'\ninfo: {description: d}\n")})
	if err != nil || len(ids.Ids) != 1 {
		t.Fatal(ids, err)
	}
	version, err := c.CreateDocumentationVersion(ctx, &sdk.CreateDocumentationVersionInput{RestApiId: api, DocumentationVersion: aws.String("v1")})
	if err != nil || version.CreatedDate == nil {
		t.Fatal(version, err)
	}
	list, err := c.GetDocumentationVersions(ctx, &sdk.GetDocumentationVersionsInput{RestApiId: api})
	if err != nil || len(list.Items) != 1 || *list.Items[0].Version != "v1" {
		t.Fatal(list, err)
	}
}
