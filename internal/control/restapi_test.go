package control

import (
	"regexp"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestCreateRestAPI(t *testing.T) {
	w := newWorld(t)
	n := -1
	tests := []struct {
		name string
		in   NewRestAPI
		want string // text of the refusal
		end  apigw.EndpointConfiguration
	}{
		{name: "defaults", end: apigw.EndpointConfiguration{Type: "EDGE", IPAddressType: "ipv4"}},
		{name: "regional", in: NewRestAPI{EndpointTypes: []string{"REGIONAL"}}, end: apigw.EndpointConfiguration{Type: "REGIONAL", IPAddressType: "ipv4"}},
		{name: "private is dualstack", in: NewRestAPI{EndpointTypes: []string{"PRIVATE"}}, end: apigw.EndpointConfiguration{Type: "PRIVATE", IPAddressType: "dualstack"}},
		{name: "description and compression", in: NewRestAPI{EmptyDescription: true, API: apigw.RestAPI{MinimumCompressionSize: &n}}, want: "Description cannot be an empty string"},
		{name: "compression and types", in: NewRestAPI{EndpointTypes: []string{}, API: apigw.RestAPI{MinimumCompressionSize: &n}}, want: "Invalid minimum compression size, must be between 0 and 10485760"},
		{name: "no types", in: NewRestAPI{EndpointTypes: []string{}}, want: "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."},
		{name: "two types", in: NewRestAPI{EndpointTypes: []string{"EDGE", "REGIONAL"}}, want: "Cannot create an api with multiple Endpoint Types."},
		{name: "private with ipv4", in: NewRestAPI{EndpointTypes: []string{"PRIVATE"}, API: apigw.RestAPI{Endpoint: apigw.EndpointConfiguration{IPAddressType: "ipv4"}}},
			want: "Only dualstack ipAddressType is supported for Private APIs."},
		{name: "policy that isn't JSON", in: NewRestAPI{API: apigw.RestAPI{Policy: "{"}}, want: "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."},
		{name: "clone of nothing", in: NewRestAPI{CloneFrom: "nothing"}, want: "Invalid REST API identifier specified"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			tc.in.API.Name = "n"
			api, err := w.CreateRestAPI(t.Context(), w.scope, tc.in)
			if tc.want != "" {
				wantError(t, err, apigw.BadRequest, tc.want)
				return
			}
			want := &apigw.RestAPI{Name: "n", Created: w.clock.Truncate(time.Second), APIKeySource: "HEADER", Endpoint: tc.end}
			if d := cmp.Diff(want, api, cmpopts.IgnoreFields(apigw.RestAPI{}, "ID", "RootResourceID")); err != nil || d != "" {
				t.Fatal(err, d)
			}
			id := regexp.MustCompile(`^[a-z0-9]{10}$`)
			if !id.MatchString(string(api.ID)) || !id.MatchString(string(api.RootResourceID)) {
				t.Fatal(api.ID, api.RootResourceID)
			}
			got := must[*apigw.RestAPI](t)(w.RestAPI(t.Context(), w.scope, api.ID))
			if d := cmp.Diff(api, got); d != "" {
				t.Fatal(d)
			}
		})
	}
}

func TestDefaultModels(t *testing.T) {
	w := newWorld(t)
	s := must[*snapshot](t)(w.load(t.Context(), restRef(w.scope, w.newAPI().ID)))
	if len(s.def.Models) != 2 || s.def.Models["Empty"].Schema != emptySchema || s.def.Models["Error"].Schema != errorSchema {
		t.Fatal(s.def.Models)
	}
}

func TestPolicyIsExpanded(t *testing.T) {
	w := newWorld(t)
	api := must[*apigw.RestAPI](t)(w.CreateRestAPI(t.Context(), w.scope, NewRestAPI{API: apigw.RestAPI{Name: "n",
		Policy: `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}`}}))
	want := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:` +
		w.scope.Account + `:` + string(api.ID) + `/*"}]}`
	if api.Policy != want {
		t.Fatal(api.Policy)
	}
}

func TestListRestAPIs(t *testing.T) {
	w := newWorld(t)
	made := map[apigw.APIID]bool{}
	for range 5 {
		made[w.newAPI().ID] = true
	}
	var after apigw.APIID
	for more, pages := true, 0; more; pages++ {
		var list []*apigw.RestAPI
		var err error
		list, more, err = w.RestAPIs(t.Context(), w.scope, after, 2)
		if err != nil || pages > 3 {
			t.Fatal(pages, err)
		}
		for _, api := range list {
			delete(made, api.ID)
			after = api.ID
		}
	}
	if len(made) > 0 {
		t.Fatal("not listed:", made)
	}
}

func TestDeleteRestAPI(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	w.newMock(api)
	dep := w.deploy(api, "prod")
	if err := w.DeleteRestAPI(t.Context(), w.scope, api.ID); err != nil {
		t.Fatal(err)
	}
	unknown := "Invalid API identifier specified " + w.scope.Account + ":" + string(api.ID)
	_, err := w.RestAPI(t.Context(), w.scope, api.ID)
	wantError(t, err, apigw.NotFound, unknown)
	wantError(t, w.DeleteRestAPI(t.Context(), w.scope, api.ID), apigw.NotFound, unknown)
	_, err = w.Stage(t.Context(), w.scope, api.ID, "prod")
	wantError(t, err, apigw.NotFound, "Invalid stage identifier specified")
	_, err = w.Deployment(t.Context(), w.scope, api.ID, dep.ID)
	wantError(t, err, apigw.NotFound, "Invalid Deployment identifier specified")
	left, _, _, err := shared.List(t.Context(), ScopePrefix(w.scope), "", 0)
	if err != nil || len(left) > 0 {
		t.Fatal(err, left)
	}
}

func TestCloneRestAPI(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	pets := w.newResource(api, api.RootResourceID, "pets")
	m := w.method(api, pets.ID, "GET")
	must[*apigw.Method](t)(w.PutMethod(t.Context(), m, apigw.Method{AuthorizationType: "NONE"}))
	must[*apigw.Integration](t)(w.PutIntegration(t.Context(), m, apigw.Integration{Type: apigw.IntegrationMock}))
	copied := must[*apigw.RestAPI](t)(w.CreateRestAPI(t.Context(), w.scope, NewRestAPI{API: apigw.RestAPI{Name: "n"}, CloneFrom: api.ID}))
	list := must[[]*apigw.Resource](t)(w.Resources(t.Context(), w.scope, copied.ID))
	if len(list) != 2 || list[1].Path != "/pets" || list[1].ID == pets.ID || list[1].ParentID != copied.RootResourceID {
		t.Fatalf("%+v", list)
	}
	if in := list[1].Methods["GET"].Integration; in.CacheNamespace != string(list[1].ID) {
		t.Fatal(in.CacheNamespace)
	}
}
