package openapi_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

// someWord is a text that JSON and YAML must carry unchanged.
func someWord(r *rapid.T, label string) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"yes", "0123", "1e3", "null", "~", "a: b", "- a", "tab\tand \"quotes\"", " leads", "ü\u2028é😀", "{{a}}", "\r\n", "%a", "'", "*x", "2026-01-01"}),
		rapid.StringMatching(`[ -~]{1,12}`),
	).Draw(r, label)
}

func some[T any](r *rapid.T, label string, of ...T) T { return rapid.SampledFrom(of).Draw(r, label) }

func someRouteIntegration(r *rapid.T, id apigw.RouteIntegrationID) *apigw.RouteIntegration {
	i := &apigw.RouteIntegration{ID: id, ConnectionType: "INTERNET", PayloadFormat: "1.0", TimeoutMillis: rapid.IntRange(50, 30000).Draw(r, "timeout")}
	switch some(r, "kind", "http", "lambda", "service", "private") {
	case "http":
		i.Type, i.Method, i.URI = apigw.IntegrationHTTPProxy, some(r, "method", "ANY", "GET", "DELETE"), "https://example.com/{proxy}?a=b"
	case "lambda":
		i.Type, i.Method, i.URI, i.PayloadFormat = apigw.IntegrationAWSProxy, "POST", functionURI, some(r, "format", "1.0", "2.0")
	case "service":
		i.Type, i.Subtype, i.Credentials = apigw.IntegrationAWSProxy, "SQS-SendMessage", "arn:aws:iam::123456789012:role/r"
		i.RequestParameters = map[string]string{"QueueUrl": "https://q", "MessageBody": "$request.body." + rapid.StringMatching(`[a-z]{1,5}`).Draw(r, "path")}
	case "private":
		i.Type, i.Method, i.URI = apigw.IntegrationHTTPProxy, "ANY", "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/b/c"
		i.ConnectionType, i.ConnectionID = "VPC_LINK", "abc123"
		if name := some(r, "server", "", "example.com", "none"); name != "none" {
			i.TLSServerName = &name
		}
	}
	if i.Subtype == "" && rapid.Bool().Draw(r, "mapped") {
		i.RequestParameters = map[string]string{"append:header.x": someWord(r, "value"), "remove:querystring.y": "''"}
		i.ResponseParameters = map[apigw.StatusCode]map[string]string{"200": {"overwrite:statuscode": "201"}, "404": {"append:header.a": someWord(r, "value")}}
	}
	return i
}

func someCORS(r *rapid.T) *apigw.CORS {
	c := &apigw.CORS{AllowOrigins: some(r, "origins", nil, []string{}, []string{"*"}, []string{"https://a", "http://*"}), AllowMethods: some(r, "methods", nil, []string{"GET", "*"}), AllowHeaders: some(r, "headers", nil, []string{"x-a"}), ExposeHeaders: some(r, "exposed", nil, []string{"date"})}
	if rapid.Bool().Draw(r, "age") {
		age := rapid.IntRange(-1, 86400).Draw(r, "maxAge")
		c.MaxAge = &age
	}
	if rapid.Bool().Draw(r, "credentials") {
		allow := rapid.Bool().Draw(r, "allowCredentials")
		c.AllowCredentials = &allow
	}
	return c
}

func someAuthorizers(r *rapid.T) map[apigw.AuthorizerID]*apigw.RouteAuthorizer {
	all := map[apigw.AuthorizerID]*apigw.RouteAuthorizer{}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"sigv4", "jwt-1", "f.1", "a_b"}), 0, 3, rapid.ID).Draw(r, "authorizers") {
		a := &apigw.RouteAuthorizer{ID: apigw.AuthorizerID(name), Name: name}
		if rapid.Bool().Draw(r, "jwt") {
			a.Type, a.Issuer, a.Audience = "JWT", "https://issuer.example/a", []string{"a", someWord(r, "audience")}
			a.IdentitySource = []string{some(r, "source", "$request.header.Authorization", "$request.querystring.token")}
		} else {
			a.Type, a.URI, a.PayloadFormat = "REQUEST", functionURI, some(r, "format", "1.0", "2.0")
			a.SimpleResponses = a.PayloadFormat == "2.0" && rapid.Bool().Draw(r, "simple")
			a.TTLSeconds = rapid.IntRange(0, 3600).Draw(r, "ttl")
			a.IdentitySource = some(r, "sources", nil, []string{"$request.header.a"}, []string{"$request.querystring.q", "$context.routeKey"})
		}
		all[a.ID] = a
	}
	return all
}

func someHTTPAPI(r *rapid.T) *apigw.Definition {
	def := &apigw.Definition{
		RouteAPI: &apigw.RouteAPI{
			Name: "t" + someWord(r, "name"), Version: some(r, "version", "1", "1.0", "v"), Description: some(r, "description", "", someWord(r, "text")), Protocol: "HTTP",
			RouteSelection: "$request.method $request.path", APIKeySelection: "$request.header.x-api-key", IPAddressType: some(r, "address", "ipv4", "dualstack"),
			DisableExecuteAPIEndpoint: rapid.Bool().Draw(r, "disabled"),
		},
		Routes: map[apigw.RouteID]*apigw.Route{}, RouteIntegrations: map[apigw.RouteIntegrationID]*apigw.RouteIntegration{},
		RouteAuthorizers: someAuthorizers(r), RouteModels: map[apigw.RouteModelID]*apigw.RouteModel{},
	}
	if rapid.Bool().Draw(r, "cors") {
		def.RouteAPI.CORS = someCORS(r)
	}
	if rapid.Bool().Draw(r, "tagged") {
		def.RouteAPI.Tags = map[string]string{"a": "", "httpapi:createdBy": someWord(r, "tag")}
	}
	var ids []apigw.RouteIntegrationID
	for n := range rapid.IntRange(0, 4).Draw(r, "integrations") {
		id := apigw.RouteIntegrationID(fmt.Sprintf("int%d", n))
		ids = append(ids, id)
		def.RouteIntegrations[id] = someRouteIntegration(r, id)
	}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"$default", "GET /", "ANY /", "POST /pets", "GET /pets/{id}", "DELETE /pets/{id}", "ANY /{proxy+}", "OPTIONS /a/{b}/c/{d+}"}), 0, 6, rapid.ID).Draw(r, "routes") {
		route := &apigw.Route{ID: apigw.RouteID(key), Key: key, AuthorizationType: some(r, "authorization", "NONE", "AWS_IAM"), OperationName: some(r, "operation", "", "op "+key)}
		if len(ids) > 0 && rapid.Bool().Draw(r, "targeted") {
			route.Target = rapid.SampledFrom(ids).Draw(r, "target")
		}
		for _, id := range slices.Sorted(maps.Keys(def.RouteAuthorizers)) {
			a := def.RouteAuthorizers[id]
			if route.AuthorizationType == "NONE" && rapid.Bool().Draw(r, "guarded") {
				route.AuthorizationType, route.AuthorizerID = "CUSTOM", id
				if a.Type == "JWT" {
					route.AuthorizationType, route.AuthorizationScopes = "JWT", some(r, "scopes", nil, []string{"a", "b"})
				}
			}
		}
		def.Routes[route.ID] = route
	}
	return def
}

// TestHTTPExportProperty: whatever is exported, in either form, another's
// parser takes, and it comes back an equal API.
func TestHTTPExportProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		def := someHTTPAPI(r)
		for _, o := range []openapi.HTTPExportOptions{{}, {YAML: true}, {Extensions: true}, {YAML: true, Extensions: true, Stage: "prod"}} {
			o.Host = "abc.execute-api.us-east-1.amazonaws.com"
			body, err := openapi.ExportHTTP(def, o)
			if err != nil {
				r.Fatal(err)
			}
			if err := isOpenAPI(body); err != nil {
				r.Errorf("not a valid document: %v\n%s", err, body)
			}
			if !o.Extensions {
				if strings.Contains(strings.ReplaceAll(string(body), "x-amazon-apigateway-any-method", ""), "x-amazon-") {
					r.Errorf("extensions that weren't asked for:\n%s", body)
				}
				continue
			}
			back, err := openapi.ParseHTTP(body, openapi.Options{})
			if err != nil {
				r.Fatalf("%v\n%s", err, body)
			}
			if len(back.Warnings) > 0 {
				r.Errorf("warnings %q\n%s", back.Warnings, body)
			}
			if d := cmp.Diff(comparable(def), comparable(back.Definition)); d != "" {
				r.Errorf("%+v: %s\n%s", o, d, body)
			}
		}
	})
}

// comparable is a definition with what its routes call in place of the
// integrations' IDs.
func comparable(def *apigw.Definition) map[string]any {
	api := *def.RouteAPI
	api.ImportInfo, api.Warnings = nil, nil
	routes, calls := map[string]apigw.Route{}, map[string]apigw.RouteIntegration{}
	shared := map[apigw.RouteIntegrationID]string{} // the integration → its routes
	for _, r := range def.Routes {
		shared[r.Target] += r.Key + "; "
	}
	counted := map[string]int{}
	unused := map[string]int{}
	for id, i := range def.RouteIntegrations {
		plain := *i
		plain.ID = ""
		if shared[id] == "" {
			unused[fmt.Sprintf("%+v %v", plain, plain.TLSServerName != nil)[:40]]++
		}
	}
	for _, r := range def.Routes {
		plain := *r
		plain.Target = ""
		routes[r.Key] = plain
		if i := def.RouteIntegrations[r.Target]; i != nil {
			call := *i
			call.ID = ""
			calls[r.Key] = call
			counted[r.Key] = strings.Count(shared[r.Target], "; ")
		}
	}
	return map[string]any{"api": api, "routes": routes, "calls": calls, "shared": counted, "unused": unused, "authorizers": def.RouteAuthorizers, "integrations": len(def.RouteIntegrations)}
}

// isOpenAPI reads a document with a parser of others, which takes a server
// variable's default that is empty (as AWS writes it) for one that is missing.
func isOpenAPI(body []byte) error {
	filled := strings.NewReplacer(`"default" : ""`, `"default" : "x"`, `default: ""`, `default: "x"`).Replace(string(body))
	doc, err := openapi3.NewLoader().LoadFromData([]byte(filled))
	if err != nil {
		return err
	}
	return doc.Validate(openapi3.NewLoader().Context, openapi3.DisableExamplesValidation())
}
