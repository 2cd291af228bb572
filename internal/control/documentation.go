package control

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

func unknownPart() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Documentation part identifier specified")
}

// DocumentationPart returns one part. An unknown API is an unknown part
// (recorded on AWS).
func (c *Control) DocumentationPart(ctx context.Context, scope apigw.Scope, api apigw.APIID, id string) (*apigw.DocumentationPart, error) {
	s, err := c.view(ctx, restRef(scope, api), unknownPart())
	if err != nil {
		return nil, err
	}
	p, ok := s.def.Documentation[id]
	if !ok {
		return nil, unknownPart()
	}
	return p, nil
}

// PartFilter chooses documentation parts; what is empty doesn't matter.
type PartFilter struct {
	Type, Name, Path string
	Undocumented     bool // the entities without a part instead
}

func (f PartFilter) takes(l apigw.DocumentationLocation) bool {
	return (f.Type == "" || f.Type == l.Type) && (f.Name == "" || f.Name == l.Name) && (f.Path == "" || f.Path == l.Complete().Path)
}

// DocumentationParts lists parts by ID; the undocumented have none and are
// ordered by location.
func (c *Control) DocumentationParts(ctx context.Context, scope apigw.Scope, api apigw.APIID, f PartFilter) ([]*apigw.DocumentationPart, error) {
	ref := restRef(scope, api)
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, err
	}
	list := partsByID(s.def)
	if f.Undocumented {
		list = undocumented(s.def)
	}
	return slices.DeleteFunc(list, func(p *apigw.DocumentationPart) bool { return !f.takes(p.Location) }), nil
}

// checkPart checks what a part says and where.
func checkPart(p *apigw.DocumentationPart) error {
	if err := p.Location.Check(); err != nil {
		return err
	}
	if strings.TrimSpace(p.Properties) == "" {
		return apigw.Errorf(apigw.BadRequest, "Documentation part properties must be non-empty")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(p.Properties), &object); err != nil || object == nil {
		return apigw.Errorf(apigw.BadRequest, "Documentation part properties must be a JSON object")
	}
	return nil
}

// partAt is the part of a location, written in whatever form.
func partAt(parts map[string]*apigw.DocumentationPart, l apigw.DocumentationLocation) *apigw.DocumentationPart {
	l = l.Complete()
	for _, p := range parts {
		if p.Location.Complete() == l {
			return p
		}
	}
	return nil
}

// CreateDocumentationPart adds a part; its ID is made here.
func (c *Control) CreateDocumentationPart(ctx context.Context, scope apigw.Scope, api apigw.APIID, part apigw.DocumentationPart) (*apigw.DocumentationPart, error) {
	ref := restRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.DocumentationPart, error) {
		made := part
		if err := checkPart(&made); err != nil {
			return nil, err
		}
		if partAt(e.def.Documentation, made.Location) != nil {
			return nil, apigw.Errorf(apigw.Conflict, "Documentation part already exists for the specified location: %s", made.Location)
		}
		parts := maps.Clone(e.def.Documentation)
		if err := c.addPart(parts, &made); err != nil {
			return nil, err
		}
		e.putDocumentation(parts)
		return &made, nil
	})
}

// addPart gives p an ID and puts it among parts.
func (c *Control) addPart(parts map[string]*apigw.DocumentationPart, p *apigw.DocumentationPart) error {
	id, err := c.freeID(6, func(id string) bool { return parts[id] != nil })
	if err != nil {
		return err
	}
	p.ID = id
	parts[id] = p
	return within("documentation parts", len(parts), c.limits.DocumentationParts)
}

// UpdateDocumentationPart changes a part's properties.
func (c *Control) UpdateDocumentationPart(ctx context.Context, scope apigw.Scope, api apigw.APIID, id string, mutate func(*apigw.DocumentationPart) error) (*apigw.DocumentationPart, error) {
	return mutated(ctx, c, restRef(scope, api), unknownPart(), func(e *edit) (*apigw.DocumentationPart, error) {
		old, ok := e.def.Documentation[id]
		if !ok {
			return nil, unknownPart()
		}
		changed := *old
		if err := mutate(&changed); err != nil {
			return nil, err
		}
		if err := checkPart(&changed); err != nil {
			return nil, err
		}
		parts := maps.Clone(e.def.Documentation)
		parts[id] = &changed
		e.putDocumentation(parts)
		return &changed, nil
	})
}

// DeleteDocumentationPart removes a part; versions that have it keep it. Unlike
// a get or an update it looks for the API first (recorded on AWS).
func (c *Control) DeleteDocumentationPart(ctx context.Context, scope apigw.Scope, api apigw.APIID, id string) error {
	ref := restRef(scope, api)
	return c.mutate(ctx, ref, ref.unknownAPI(), func(e *edit) error {
		if e.def.Documentation[id] == nil {
			return unknownPart()
		}
		parts := maps.Clone(e.def.Documentation)
		delete(parts, id)
		e.putDocumentation(parts)
		return nil
	})
}

// ImportedParts is the outcome of ImportDocumentationParts.
type ImportedParts struct {
	IDs      []string
	Warnings []string
}

// ImportDocumentationParts takes the documentation of a document and nothing
// else of it. With overwrite the parts that it doesn't have go; otherwise an
// attribute of a part that exists is replaced and its others stay (developer
// guide, "Import API documentation").
func (c *Control) ImportDocumentationParts(ctx context.Context, scope apigw.Scope, api apigw.APIID, doc []byte, overwrite, failOnWarnings bool) (*ImportedParts, error) {
	parts, warnings, err := openapi.ParseDocumentation(doc, openapi.Options{Scope: scope})
	if err != nil {
		return nil, documentationError(err)
	}
	if failOnWarnings && len(warnings) > 0 {
		return nil, openapi.FailOnWarnings(warnings)
	}
	ref := restRef(scope, api)
	ids, err := mutatedAlone(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*[]string, error) {
		ids, err := e.importParts(parts, overwrite)
		return &ids, err
	})
	if err != nil {
		return nil, err
	}
	return &ImportedParts{IDs: *ids, Warnings: warnings}, nil
}

func documentationError(err error) error {
	if e, ok := err.(*openapi.Errors); ok && e.Invalid {
		return &apigw.Error{Kind: apigw.BadRequest, Message: "Unable to build importer with provided input.", Cause: err}
	}
	return importError(err)
}

// importParts puts parts where they belong and returns their IDs. A part that
// is there already keeps its ID.
func (e *edit) importParts(imported []*apigw.DocumentationPart, overwrite bool) ([]string, error) {
	at := make(map[apigw.DocumentationLocation]*apigw.DocumentationPart, len(e.def.Documentation))
	for _, p := range e.def.Documentation {
		at[p.Location.Complete()] = p
	}
	parts := maps.Clone(e.def.Documentation)
	if overwrite || parts == nil {
		parts = map[string]*apigw.DocumentationPart{}
	}
	ids := make([]string, 0, len(imported))
	for _, p := range imported {
		made := *p
		if err := checkPart(&made); err != nil {
			return nil, err
		}
		if old := at[made.Location.Complete()]; old == nil {
			if err := e.c.addPart(parts, &made); err != nil {
				return nil, err
			}
		} else {
			made.ID = old.ID
			if !overwrite {
				made.Properties = mergeProperties(old.Properties, made.Properties)
			}
			parts[made.ID] = &made
		}
		ids = append(ids, made.ID)
	}
	e.putDocumentation(parts)
	return ids, within("documentation parts", len(parts), e.c.limits.DocumentationParts)
}

// mergeProperties replaces attributes of old by those of put; text that is
// the same stays as it is.
func mergeProperties(old, put string) string {
	a, err := parseJSON(old)
	if err != nil || a.kind != '{' {
		return put
	}
	b, err := parseJSON(put)
	if err != nil || b.kind != '{' {
		return put
	}
	at := make(map[string]int, len(a.members))
	for i := range a.members {
		if _, twice := at[a.members[i].name]; !twice {
			at[a.members[i].name] = i
		}
	}
	for _, m := range b.members {
		if i, ok := at[m.name]; ok {
			a.members[i] = m
		} else {
			at[m.name] = len(a.members)
			a.members = append(a.members, m)
		}
	}
	return a.String()
}

// mergeDocumentation puts a document's documentation into the API's. Nil: it
// was left out.
func (m *merger) mergeDocumentation() error {
	if m.doc.Documentation == nil || len(m.doc.Documentation) == 0 && (!m.overwrite || len(m.e.def.Documentation) == 0) {
		return nil
	}
	_, err := m.e.importParts(m.doc.Documentation, m.overwrite)
	return err
}

// undocumented lists what of an API could be documented and isn't, as parts
// without an ID.
func undocumented(def *apigw.Definition) []*apigw.DocumentationPart {
	documented := map[apigw.DocumentationLocation]bool{}
	for _, p := range def.Documentation {
		documented[p.Location.Complete()] = true
	}
	var list []*apigw.DocumentationPart
	for l := range entities(def) {
		if !documented[l.Complete()] {
			documented[l.Complete()] = true
			list = append(list, &apigw.DocumentationPart{Location: l})
		}
	}
	slices.SortFunc(list, func(a, b *apigw.DocumentationPart) int {
		return cmp.Compare(a.Location.String(), b.Location.String())
	})
	return list
}
