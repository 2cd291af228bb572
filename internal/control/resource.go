package control

import (
	"context"
	"iter"
	"regexp"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// pathPart is what a resource may be called: a static name, {name}, or the
// greedy {name+} (Amazon API Gateway developer guide, known issues: letters,
// digits, _ - . , : and braces).
var pathPart = regexp.MustCompile(`^([a-zA-Z0-9._:,-]+|\{[a-zA-Z0-9._:-]+\+?\})$`)

func isVariable(part string) bool { return strings.HasPrefix(part, "{") }

func isGreedy(part string) bool { return strings.HasSuffix(part, "+}") }

// Resource returns one resource.
func (c *Control) Resource(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.ResourceID) (*apigw.Resource, error) {
	s, err := c.view(ctx, restRef(scope, api), unknownResource())
	if err != nil {
		return nil, err
	}
	r, ok := s.def.Resources[id]
	if !ok {
		return nil, unknownResource()
	}
	return r, nil
}

// Resources lists an API's resources, ordered by path.
func (c *Control) Resources(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*apigw.Resource, error) {
	ref := restRef(scope, api)
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, err
	}
	return s.byPath(), nil
}

// CreateResource makes a resource under parent.
func (c *Control) CreateResource(ctx context.Context, scope apigw.Scope, api apigw.APIID, parent apigw.ResourceID, part string) (*apigw.Resource, error) {
	ref := restRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.Resource, error) {
		above, ok := e.def.Resources[parent]
		if !ok {
			return nil, unknownResource()
		}
		if err := e.checkPathPart(above, part, ""); err != nil {
			return nil, err
		}
		return e.addResource(above, part)
	})
}

// addResource puts a new resource; the part was checked.
func (e *edit) addResource(parent *apigw.Resource, part string) (*apigw.Resource, error) {
	if len(e.def.Resources) >= e.c.limits.Resources {
		return nil, apigw.Errorf(apigw.LimitExceeded, "Maximum number of resources for this API has been reached: %d", e.c.limits.Resources)
	}
	id, err := e.c.freeID(6, func(id string) bool { return e.def.Resources[apigw.ResourceID(id)] != nil })
	if err != nil {
		return nil, err
	}
	r := &apigw.Resource{ID: apigw.ResourceID(id), ParentID: parent.ID, PathPart: part, Path: childPath(parent.Path, part)}
	e.putResource(r)
	return r, nil
}

func childPath(parent, part string) string {
	if parent == "/" {
		return "/" + part
	}
	return parent + "/" + part
}

// checkPathPart says whether a resource called part may stand under parent.
// Self is the resource itself when it is renamed or moved.
func (e *edit) checkPathPart(parent *apigw.Resource, part string, self apigw.ResourceID) error {
	return checkPathPart(parent, part, func(yield func(*apigw.Resource) bool) {
		for _, r := range e.def.Resources {
			if r.ParentID == parent.ID && r.ID != self && !yield(r) {
				return
			}
		}
	})
}

func checkPathPart(parent *apigw.Resource, part string, siblings iter.Seq[*apigw.Resource]) error {
	if !pathPart.MatchString(part) {
		return apigw.Errorf(apigw.BadRequest, "Resource's path part only allow a-zA-Z0-9._- and curly braces at the beginning and the end.")
	}
	if isGreedy(parent.PathPart) {
		return apigw.Errorf(apigw.BadRequest, "Cannot create a child of a resource with a greedy path variable: %s", parent.PathPart)
	}
	var variable string
	for r := range siblings {
		if r.PathPart == part {
			return apigw.Errorf(apigw.Conflict, "Another resource with the same parent already has this name: %s", part)
		}
		if isVariable(r.PathPart) {
			variable = r.PathPart
		}
	}
	if variable != "" && isVariable(part) {
		return apigw.Errorf(apigw.BadRequest, "A sibling (%s) of this resource already has a variable path part -- only one is allowed", variable)
	}
	return nil
}

// ResourceChange is what UpdateResource may change; nil: as it is.
type ResourceChange struct {
	PathPart *string
	ParentID *apigw.ResourceID
}

// UpdateResource renames or moves a resource, and what is below it with it.
func (c *Control) UpdateResource(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.ResourceID, mutate func(*ResourceChange) error) (*apigw.Resource, error) {
	return mutated(ctx, c, restRef(scope, api), unknownResource(), func(e *edit) (*apigw.Resource, error) {
		r, ok := e.def.Resources[id]
		if !ok {
			return nil, unknownResource()
		}
		var change ResourceChange
		if err := mutate(&change); err != nil {
			return nil, err
		}
		if err := e.moveResource(r, change); err != nil {
			return nil, err
		}
		return e.def.Resources[id], nil
	})
}

func (e *edit) moveResource(r *apigw.Resource, change ResourceChange) error {
	if change == (ResourceChange{}) {
		return nil
	}
	if r.ParentID == "" {
		member := "pathPart"
		if change.ParentID != nil {
			member = "parentId"
		}
		return apigw.Errorf(apigw.BadRequest, "Root resource cannot update its %s.", member)
	}
	moved := cloneResource(r)
	if change.PathPart != nil {
		moved.PathPart = *change.PathPart
	}
	if change.ParentID != nil {
		moved.ParentID = *change.ParentID
	}
	parent, ok := e.def.Resources[moved.ParentID]
	if !ok {
		return unknownResource()
	}
	for up := parent; up != nil; up = e.def.Resources[up.ParentID] {
		if up.ID == r.ID {
			return apigw.Errorf(apigw.BadRequest, "Resources cannot be cyclical.")
		}
	}
	if err := e.checkPathPart(parent, moved.PathPart, r.ID); err != nil {
		return err
	}
	var below map[apigw.ResourceID][]*apigw.Resource
	if e.hasChildren(r.ID) {
		below = e.children()
	}
	if isGreedy(moved.PathPart) && below != nil {
		return apigw.Errorf(apigw.BadRequest, "Cannot create a child of a resource with a greedy path variable: %s", moved.PathPart)
	}
	e.repath(moved, parent.Path, below)
	return nil
}

func (e *edit) hasChildren(id apigw.ResourceID) bool {
	for _, r := range e.def.Resources {
		if r.ParentID == id {
			return true
		}
	}
	return false
}

// children lists the resources under each resource.
func (e *edit) children() map[apigw.ResourceID][]*apigw.Resource {
	below := map[apigw.ResourceID][]*apigw.Resource{}
	for _, r := range e.def.Resources {
		below[r.ParentID] = append(below[r.ParentID], r)
	}
	return below
}

// repath puts moved under the path parent, and all below it.
func (e *edit) repath(moved *apigw.Resource, parent string, below map[apigw.ResourceID][]*apigw.Resource) {
	moved.Path = childPath(parent, moved.PathPart)
	e.putResource(moved)
	for _, child := range below[moved.ID] {
		e.repath(cloneResource(child), moved.Path, below)
	}
}

// DeleteResource removes a resource with all below it and all their methods.
func (c *Control) DeleteResource(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.ResourceID) error {
	return c.mutate(ctx, restRef(scope, api), unknownResource(), func(e *edit) error {
		r, ok := e.def.Resources[id]
		if !ok {
			return unknownResource()
		}
		if r.ParentID == "" {
			return apigw.Errorf(apigw.BadRequest, "Root resource cannot be deleted.")
		}
		e.removeSubtree(r.ID, e.children())
		return nil
	})
}

func (e *edit) removeSubtree(id apigw.ResourceID, below map[apigw.ResourceID][]*apigw.Resource) {
	for _, child := range below[id] {
		e.removeSubtree(child.ID, below)
	}
	e.deleteResource(id)
}
