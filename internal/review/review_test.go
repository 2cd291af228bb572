package review

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func text(s string) *string { return &s }

// orders is a definition; change changes a copy.
func orders(t *testing.T, change func(*apigw.Definition)) *apigw.Definition {
	t.Helper()
	def := &apigw.Definition{
		API: apigw.RestAPI{ID: "a1b2c3d4e5", Name: "orders", APIKeySource: "HEADER", Created: time.Unix(1, 0)},
		Resources: map[apigw.ResourceID]*apigw.Resource{
			"r1": {ID: "r1", Path: "/"},
			"r2": {ID: "r2", Path: "/orders", Methods: map[apigw.Verb]*apigw.Method{
				"GET": {Verb: "GET", AuthorizationType: "NONE", RequestValidatorID: "v1", Integration: &apigw.Integration{
					Type: "HTTP", HTTPMethod: "GET", URI: "https://orders.internal/v1", TimeoutMillis: 29000, PassthroughBehavior: "WHEN_NO_MATCH", CacheNamespace: "r2",
					RequestTemplates: map[string]*string{"application/json": text("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3,\n  \"d\": 4,\n  \"e\": 5\n}\n")},
					Responses:        map[apigw.StatusCode]*apigw.IntegrationResponse{"200": {StatusCode: "200"}},
				}},
				"DELETE": {Verb: "DELETE", AuthorizationType: "NONE", Integration: &apigw.Integration{Type: "MOCK"}},
			}},
		},
		Validators: map[apigw.ValidatorID]*apigw.RequestValidator{"v1": {ID: "v1", Name: "all", ValidateBody: true}},
		Models:     map[apigw.ModelName]*apigw.Model{"Order": {ID: "m1", Name: "Order", ContentType: "application/json", Schema: "{}"}},
	}
	raw, err := json.Marshal(def)
	if err != nil {
		t.Fatal(err)
	}
	copied := new(apigw.Definition)
	if err := json.Unmarshal(raw, copied); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(copied)
	}
	return copied
}

func printed(t *testing.T, a, b *apigw.Definition) string {
	t.Helper()
	items, err := Between(a, b)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := Print(&out, items); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestReview(t *testing.T) {
	tests := map[string]struct {
		change func(*apigw.Definition)
		want   string
	}{
		"nothing": {nil, "no difference\n"},
		"new identifiers": {func(d *apigw.Definition) {
			d.API.Created = time.Unix(2, 0)
			r := d.Resources["r2"]
			delete(d.Resources, "r2")
			r.ID, r.Methods["GET"].Integration.CacheNamespace, r.Methods["GET"].RequestValidatorID = "r9", "r9", "v9"
			d.Resources["r9"] = r
			d.Validators = map[apigw.ValidatorID]*apigw.RequestValidator{"v9": {ID: "v9", Name: "all", ValidateBody: true}}
		}, "no difference\n"},
		"much": {func(d *apigw.Definition) {
			d.API.BinaryMediaTypes = []string{"image/png", "image/gif"}
			get := d.Resources["r2"].Methods["GET"]
			get.AuthorizationType, get.RequestValidatorID = "AWS_IAM", ""
			i := get.Integration
			i.URI, i.TimeoutMillis = "https://orders.internal/v2/with/a/path/that/is/rather/long", 5000
			i.RequestTemplates["application/json"] = text("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3,\n  \"d\": \"four\",\n  \"e\": 5\n}\n")
			i.Responses["404"] = &apigw.IntegrationResponse{StatusCode: "404", SelectionPattern: text("404")}
			delete(d.Resources["r2"].Methods, "DELETE")
			d.Resources["r3"] = &apigw.Resource{ID: "r3", Path: "/orders/{id}", Methods: map[apigw.Verb]*apigw.Method{
				"GET": {Integration: &apigw.Integration{Type: "HTTP_PROXY", HTTPMethod: "GET", URI: "https://orders.internal/{id}"}}}}
			d.Models["Order"].Schema = `{"type": "object"}`
			d.GatewayResponses = map[string]*apigw.GatewayResponse{"THROTTLED": {StatusCode: "429"}}
		}, `~ API settings
    binaryMediaTypes
      + image/png
      + image/gif
- DELETE /orders  MOCK
~ GET /orders
    authorizationType: NONE → AWS_IAM
    integration uri
      - https://orders.internal/v1
      + https://orders.internal/v2/with/a/path/that/is/rather/long
    integration requestTemplates application/json
        …
          "b": 2,
          "c": 3,
      -   "d": 4,
      +   "d": "four",
          "e": 5
        }
    integration timeoutInMillis: 29000 → 5000
    + integration responses 404 statusCode: 404
    + integration responses 404 selectionPattern: 404
    - request validator: all
+ GET /orders/{id}  HTTP_PROXY GET https://orders.internal/{id}
~ model Order
    schema: {} → {"type": "object"}
+ gateway response THROTTLED  429
2 added, 1 removed, 3 changed
`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, printed(t, orders(t, nil), orders(t, tt.change))); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestNothingIsLeftOut sets every member that a definition has, one at a time:
// each shows, but for names of things and what doesn't act.
func TestNothingIsLeftOut(t *testing.T) {
	silent := []string{"RestAPI.ID", "RestAPI.Created", "RestAPI.Tags", "RestAPI.RootResourceID", "RestAPI.Warnings", "Method.Verb", "Authorizer.ID", "Model.ID", "RequestValidator.ID"}
	get := func(d *apigw.Definition) *apigw.Method { return d.Resources["r2"].Methods["GET"] }
	full := func(d *apigw.Definition) {
		get(d).Responses = map[apigw.StatusCode]*apigw.MethodResponse{"200": {StatusCode: "200"}}
		d.Authorizers = map[apigw.AuthorizerID]*apigw.Authorizer{"x": {ID: "x", Name: "x"}}
		d.GatewayResponses = map[string]*apigw.GatewayResponse{"THROTTLED": {}}
	}
	parts := map[string]func(*apigw.Definition) any{
		"RestAPI":             func(d *apigw.Definition) any { return &d.API },
		"Method":              func(d *apigw.Definition) any { return get(d) },
		"MethodResponse":      func(d *apigw.Definition) any { return get(d).Responses["200"] },
		"Integration":         func(d *apigw.Definition) any { return get(d).Integration },
		"IntegrationResponse": func(d *apigw.Definition) any { return get(d).Integration.Responses["200"] },
		"Authorizer":          func(d *apigw.Definition) any { return d.Authorizers["x"] },
		"Model":               func(d *apigw.Definition) any { return d.Models["Order"] },
		"RequestValidator":    func(d *apigw.Definition) any { return d.Validators["v1"] },
		"GatewayResponse":     func(d *apigw.Definition) any { return d.GatewayResponses["THROTTLED"] },
	}
	for name, part := range parts {
		kind := reflect.TypeOf(part(orders(t, full))).Elem()
		for i := range kind.NumField() {
			field := name + "." + kind.Field(i).Name
			t.Run(field, func(t *testing.T) {
				b := orders(t, func(d *apigw.Definition) {
					full(d)
					fill(t, reflect.ValueOf(part(d)).Elem().Field(i))
				})
				got := printed(t, orders(t, full), b)
				quiet := false
				for _, s := range silent {
					quiet = quiet || s == field
				}
				if (got == "no difference\n") != quiet {
					t.Errorf("a change of it reads: %s", got)
				}
			})
		}
	}
}

// fill puts something else into v.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "other")
	case reflect.Int:
		v.SetInt(v.Int() + 7)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		if v.IsNil() {
			fill(t, p.Elem())
		}
		v.Set(p)
	case reflect.Slice:
		p := reflect.New(v.Type().Elem()).Elem()
		fill(t, p)
		v.Set(reflect.Append(v, p))
	case reflect.Map:
		m := reflect.MakeMap(v.Type())
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		key.SetString("other")
		fill(t, value)
		m.SetMapIndex(key, value)
		v.Set(m)
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			v.Set(reflect.ValueOf(time.Unix(9, 0)))
			return
		}
		fill(t, v.Field(0))
	default:
		t.Fatalf("nothing fills a %s", v.Kind())
	}
}

func FuzzEdits(f *testing.F) {
	f.Add("a\nb\nc", "a\nx\nc")
	f.Add("", "a")
	f.Fuzz(func(t *testing.T, a, b string) {
		var before, after []string
		for _, e := range edits(strings.Split(a, "\n"), strings.Split(b, "\n")) {
			if e.kind != '+' {
				before = append(before, e.line)
			}
			if e.kind != '-' {
				after = append(after, e.line)
			}
		}
		if got := fmt.Sprint(strings.Join(before, "\n") == a, strings.Join(after, "\n") == b); got != "true true" {
			t.Errorf("%q to %q: %s", a, b, got)
		}
	})
}

// TestReviewOfRoutes: an import's new identifiers are no difference; what a
// route calls is the route's.
func TestReviewOfRoutes(t *testing.T) {
	make := func(route apigw.RouteID, integration apigw.RouteIntegrationID, authorizer apigw.AuthorizerID, timeout int) *apigw.Definition {
		return &apigw.Definition{
			RouteAPI: &apigw.RouteAPI{ID: "a1b2c3d4e5", Name: "orders", Protocol: "HTTP", Created: time.Unix(int64(timeout), 0)},
			Routes:   map[apigw.RouteID]*apigw.Route{route: {ID: route, Key: "GET /orders", Target: integration, AuthorizationType: "JWT", AuthorizerID: authorizer}},
			RouteIntegrations: map[apigw.RouteIntegrationID]*apigw.RouteIntegration{integration: {
				ID: integration, Type: "HTTP_PROXY", Method: "GET", URI: "https://orders.internal/", PayloadFormat: "1.0", TimeoutMillis: timeout}},
			RouteAuthorizers: map[apigw.AuthorizerID]*apigw.RouteAuthorizer{authorizer: {ID: authorizer, Name: "people", Type: "JWT", Issuer: "https://issuer.example"}},
		}
	}
	before := make("r1", "i1", "a1", 30000)
	if got := printed(t, before, make("r2", "i2", "a2", 30000)); got != "no difference\n" {
		t.Error(got)
	}
	after := make("r2", "i2", "a2", 5000)
	after.Routes["r3"] = &apigw.Route{ID: "r3", Key: "$default", Target: "i2"}
	want := `+ $default  HTTP_PROXY GET https://orders.internal/
~ GET /orders
    integration timeoutInMillis: 30000 → 5000
1 added, 0 removed, 1 changed
`
	if got := printed(t, before, after); got != want {
		t.Error(cmp.Diff(want, got))
	}
}
