package control

import (
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/google/go-cmp/cmp"
)

func paths(w *world, api apigw.APIID) (list []string) {
	for _, r := range must[[]*apigw.Resource](w)(w.Resources(w.Context(), w.scope, api)) {
		list = append(list, r.Path)
	}
	return list
}

func TestCreateResourceRefusals(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	greedy := w.newResource(api, api.RootResourceID, "{proxy+}")
	w.newResource(api, api.RootResourceID, "pets")
	const charset = "Resource's path part only allow a-zA-Z0-9._- and curly braces at the beginning and the end."
	tests := []struct {
		name   string
		api    apigw.APIID
		parent apigw.ResourceID
		part   string
		kind   apigw.Kind
		want   string
	}{
		{"unknown API", "nothing", api.RootResourceID, "a", apigw.NotFound, "Invalid API identifier specified " + w.scope.Account + ":nothing"},
		{"unknown parent", api.ID, "nothing", "a", apigw.NotFound, "Invalid Resource identifier specified"},
		{"same name", api.ID, api.RootResourceID, "pets", apigw.Conflict, "Another resource with the same parent already has this name: pets"},
		{"second variable", api.ID, api.RootResourceID, "{dynamic}", apigw.BadRequest, "A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed"},
		{"below greedy", api.ID, greedy.ID, "child", apigw.BadRequest, "Cannot create a child of a resource with a greedy path variable: {proxy+}"},
		{"variable below greedy", api.ID, greedy.ID, "{child}", apigw.BadRequest, "Cannot create a child of a resource with a greedy path variable: {proxy+}"},
		{"slash", api.ID, api.RootResourceID, "a/b", apigw.BadRequest, charset},
		{"braces inside", api.ID, api.RootResourceID, "a{b}", apigw.BadRequest, charset},
		{"dollar", api.ID, api.RootResourceID, "$metadata", apigw.BadRequest, charset},
		{"empty", api.ID, api.RootResourceID, "", apigw.BadRequest, charset},
		{"empty variable", api.ID, api.RootResourceID, "{}", apigw.BadRequest, charset},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := w.CreateResource(t.Context(), w.scope, tc.api, tc.parent, tc.part)
			wantError(t, err, tc.kind, tc.want)
		})
	}
}

func TestUpdateResource(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	a := w.newResource(api, api.RootResourceID, "a")
	b := w.newResource(api, a.ID, "b")
	c := w.newResource(api, b.ID, "c")
	id := func(id apigw.ResourceID) *apigw.ResourceID { return &id }
	tests := []struct {
		name   string
		target apigw.ResourceID
		change ResourceChange
		kind   apigw.Kind
		want   string
		paths  []string
	}{
		{"root's name", api.RootResourceID, ResourceChange{PathPart: text("x")}, apigw.BadRequest, "Root resource cannot update its pathPart.", nil},
		{"root's parent", api.RootResourceID, ResourceChange{ParentID: id(api.RootResourceID)}, apigw.BadRequest, "Root resource cannot update its parentId.", nil},
		{"cycle", a.ID, ResourceChange{ParentID: id(c.ID)}, apigw.BadRequest, "Resources cannot be cyclical.", nil},
		{"below itself", a.ID, ResourceChange{ParentID: id(a.ID)}, apigw.BadRequest, "Resources cannot be cyclical.", nil},
		{"unknown parent", c.ID, ResourceChange{ParentID: id("nothing")}, apigw.NotFound, "Invalid Resource identifier specified", nil},
		{"greedy with children", a.ID, ResourceChange{PathPart: text("{a+}")}, apigw.BadRequest, "Cannot create a child of a resource with a greedy path variable: {a+}", nil},
		{name: "rename", target: a.ID, change: ResourceChange{PathPart: text("z")}, paths: []string{"/", "/z", "/z/b", "/z/b/c"}},
		{name: "move", target: b.ID, change: ResourceChange{ParentID: id(api.RootResourceID)}, paths: []string{"/", "/b", "/b/c", "/z"}},
		{name: "nothing", target: api.RootResourceID, paths: []string{"/", "/b", "/b/c", "/z"}},
		{"name taken", a.ID, ResourceChange{PathPart: text("b")}, apigw.Conflict, "Another resource with the same parent already has this name: b", nil},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := w.UpdateResource(t.Context(), w.scope, api.ID, tc.target, func(c *ResourceChange) error {
				*c = tc.change
				return nil
			})
			if tc.want != "" {
				wantError(t, err, tc.kind, tc.want)
				return
			}
			if d := cmp.Diff(tc.paths, paths(w, api.ID)); err != nil || d != "" {
				t.Fatal(err, d)
			}
		})
	}
}

func TestDeleteResource(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	a := w.newResource(api, api.RootResourceID, "a")
	b := w.newResource(api, a.ID, "b")
	if err := w.DeleteResource(t.Context(), w.scope, api.ID, a.ID); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.DeleteResource(t.Context(), w.scope, api.ID, b.ID), apigw.NotFound, "Invalid Resource identifier specified")
	wantError(t, w.DeleteResource(t.Context(), w.scope, api.ID, api.RootResourceID), apigw.BadRequest, "Root resource cannot be deleted.")
	if d := cmp.Diff([]string{"/"}, paths(w, api.ID)); d != "" {
		t.Fatal(d)
	}
}
