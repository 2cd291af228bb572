package apigatewayv2

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
)

// serve runs an operation of the table.
func serve(t *testing.T, ops Operations, name string, r wire.Request) (*wire.Response, error) {
	t.Helper()
	for _, op := range ops.Table() {
		if op.Name == name {
			w := new(wire.Response)
			return w, op.Serve(context.Background(), new(wire.Call), &r, w)
		}
	}
	t.Fatalf("no operation %s", name)
	return nil, nil
}

// TestDecode: absent, null and empty are told apart, and maps of maps are read.
func TestDecode(t *testing.T) {
	var got *UpdateIntegrationRequest
	ops := Operations{UpdateIntegration: func(_ context.Context, _ *wire.Call, in *UpdateIntegrationRequest) (*UpdateIntegrationResult, error) {
		got = in
		return new(UpdateIntegrationResult), nil
	}}
	body := `{"description":"","integrationMethod":null,"requestParameters":{"append:header.a":""},"responseParameters":{"404":{},"500":{"overwrite:statuscode":"404"}},"tlsConfig":{}}`
	if _, err := serve(t, ops, "UpdateIntegration", wire.Request{Labels: map[string]string{"apiId": "a", "integrationId": "i"}, Body: []byte(body)}); err != nil {
		t.Fatal(err)
	}
	want := &UpdateIntegrationRequest{
		ApiId: "a", IntegrationId: "i", Description: new(""), RequestParameters: map[string]string{"append:header.a": ""},
		ResponseParameters: map[string]map[string]string{"404": {}, "500": {"overwrite:statuscode": "404"}}, TlsConfig: new(TlsConfigInput),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestEncode: times are ISO 8601 to the second in UTC, rows are items, and
// what is unset is left out (API Gateway V2 reference; the service's public
// model).
func TestEncode(t *testing.T) {
	at := time.Date(2026, 5, 31, 14, 35, 13, 123456789, time.FixedZone("", 2*60*60))
	ops := Operations{
		GetApis: func(context.Context, *wire.Call, *GetApisRequest) (*GetApisResponse, error) {
			return &GetApisResponse{Items: []*Api{{ApiId: new("a"), CreatedDate: &at, Tags: map[string]string{}}}, NextToken: new("n")}, nil
		},
		GetIntegration: func(context.Context, *wire.Call, *GetIntegrationRequest) (*GetIntegrationResult, error) {
			return &GetIntegrationResult{ResponseParameters: map[string]map[string]string{"500": {"b": "2", "a": "1"}, "404": {}}}, nil
		},
		DeleteVpcLink: func(context.Context, *wire.Call, *DeleteVpcLinkRequest) (*DeleteVpcLinkResponse, error) {
			return new(DeleteVpcLinkResponse), nil
		},
		ExportApi: func(context.Context, *wire.Call, *ExportApiRequest) (*ExportApiResponse, error) {
			return &ExportApiResponse{Body: []byte("openapi: 3.0.1"), ContentType: new("application/yaml")}, nil
		},
	}
	for name, want := range map[string]string{
		"GetApis":        `{"items":[{"apiId":"a","createdDate":"2026-05-31T12:35:13Z","tags":{}}],"nextToken":"n"}`,
		"GetIntegration": `{"responseParameters":{"404":{},"500":{"a":"1","b":"2"}}}`,
		"DeleteVpcLink":  `{}`,
		"ExportApi":      `openapi: 3.0.1`,
	} {
		r := wire.Request{Labels: map[string]string{"specification": "OAS30"}, Query: []wire.QueryParameter{{Name: "outputType", Value: "YAML"}}}
		if !strings.HasPrefix(name, "Export") {
			r.Query = nil
		}
		w, err := serve(t, ops, name, r)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(w.Body); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

// TestCheck: lengths are those that the model's shapes are named after. An
// empty text is too short only where something is required: elsewhere it takes
// back what was set.
func TestCheck(t *testing.T) {
	none := Operations{
		CreateApi: func(context.Context, *wire.Call, *CreateApiRequest) (*CreateApiResponse, error) {
			return new(CreateApiResponse), nil
		},
		UpdateApi: func(context.Context, *wire.Call, *UpdateApiRequest) (*UpdateApiResponse, error) {
			return new(UpdateApiResponse), nil
		},
		UpdateStage: func(context.Context, *wire.Call, *UpdateStageRequest) (*UpdateStageResponse, error) {
			return new(UpdateStageResponse), nil
		},
		CreateIntegration: func(context.Context, *wire.Call, *CreateIntegrationRequest) (*CreateIntegrationResult, error) {
			return new(CreateIntegrationResult), nil
		},
		UntagResource: func(context.Context, *wire.Call, *UntagResourceRequest) error { return nil },
	}
	for name, c := range map[string]struct{ operation, body, want string }{
		"nothing":         {"CreateApi", `{}`, "2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; Value null at 'protocolType' failed to satisfy constraint: Member must not be null"},
		"no name":         {"CreateApi", `{"name":"","protocolType":"HTTP"}`, "1 validation error detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		"protocol":        {"CreateApi", `{"name":"a","protocolType":"REST"}`, ""}, // refused later, in other words
		"taken back":      {"UpdateApi", `{"version":"","description":""}`, ""},
		"long version":    {"UpdateApi", `{"version":"` + strings.Repeat("1", 65) + `"}`, "1 validation error detected: Value '" + strings.Repeat("1", 65) + "' at 'version' failed to satisfy constraint: Member must have length less than or equal to 64"},
		"max age":         {"UpdateApi", `{"corsConfiguration":{"maxAge":-2}}`, "1 validation error detected: Value '-2' at 'corsConfiguration.maxAge' failed to satisfy constraint: Member must have value greater than or equal to -1"},
		"level":           {"UpdateStage", `{"routeSettings":{"$default":{"loggingLevel":"ALL"}}}`, "1 validation error detected: Value 'ALL' at 'routeSettings.$default.member.loggingLevel' failed to satisfy constraint: Member must satisfy enum value set: [ERROR, INFO, OFF]"},
		"long format":     {"UpdateStage", `{"accessLogSettings":{"format":"` + strings.Repeat("a", 3072) + `"}}`, ""},
		"longer format":   {"UpdateStage", `{"accessLogSettings":{"format":"` + strings.Repeat("é", 3073) + `"}}`, "1 validation error detected: Value at 'accessLogSettings.format' failed to satisfy constraint: Member must have length less than or equal to 3072"},
		"timeout":         {"CreateIntegration", `{"integrationType":"HTTP_PROXY","timeoutInMillis":30001}`, "1 validation error detected: Value '30001' at 'timeoutInMillis' failed to satisfy constraint: Member must have value less than or equal to 30000"},
		"long parameter":  {"CreateIntegration", `{"integrationType":"HTTP_PROXY","responseParameters":{"200":{"a":"` + strings.Repeat("a", 513) + `"}}}`, "1 validation error detected: Value at 'responseParameters.200' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 512]"},
		"null parameters": {"CreateIntegration", `{"integrationType":"HTTP_PROXY","responseParameters":{"200":null}}`, "1 validation error detected: Value '{200=null}' at 'createIntegrationInput.responseParameters' failed to satisfy constraint: Map value must satisfy constraint: [Member must not be null]"},
		"no keys":         {"UntagResource", ``, "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"},
		"unknown":         {"UpdateApi", `{"nickname":"a"}`, "Unknown member 'updateApiInput.nickname' in the request body"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := serve(t, none, c.operation, wire.Request{Labels: map[string]string{}, Body: []byte(c.body)})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
