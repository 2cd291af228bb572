package control

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func unknownVersion() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Documentation version specified")
}

// DocumentationVersion returns one version with its parts.
func (c *Control) DocumentationVersion(ctx context.Context, scope apigw.Scope, api apigw.APIID, version string) (*apigw.DocumentationVersion, error) {
	ref := restRef(scope, api)
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, err
	}
	v, ok := s.def.DocumentationVersions[version]
	if !ok {
		return nil, unknownVersion()
	}
	return v, nil
}

// DocumentationVersions lists an API's versions by name.
func (c *Control) DocumentationVersions(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*apigw.DocumentationVersion, error) {
	ref := restRef(scope, api)
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(s.def.DocumentationVersions), func(a, b *apigw.DocumentationVersion) int {
		return cmp.Compare(a.Version, b.Version)
	}), nil
}

// CreateDocumentationVersion keeps the API's documentation as it is now under
// a name, and gives it to a stage when one is named.
func (c *Control) CreateDocumentationVersion(ctx context.Context, scope apigw.Scope, api apigw.APIID, version, description string, stage apigw.StageName) (*apigw.DocumentationVersion, error) {
	ref := restRef(scope, api)
	if stage != "" {
		if _, err := c.view(ctx, ref, ref.unknownAPI()); err != nil {
			return nil, err
		}
		if _, err := c.Stage(ctx, scope, api, stage); err != nil {
			return nil, err
		}
	}
	made, err := mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.DocumentationVersion, error) {
		if version == "" || len(version) > 128 {
			return nil, apigw.Errorf(apigw.BadRequest, "Documentation version must have 1 to 128 characters")
		}
		if e.def.DocumentationVersions[version] != nil {
			return nil, apigw.Errorf(apigw.Conflict, "Documentation version already exists: %s", version)
		}
		made := &apigw.DocumentationVersion{Version: version, Description: description, Created: c.seconds(), Parts: partsByID(e.def)}
		e.putDocumentationVersion(made)
		return made, within("documentation versions", len(e.def.DocumentationVersions), c.limits.DocumentationSaved)
	})
	if err != nil || stage == "" {
		return made, err
	}
	_, err = c.UpdateStage(ctx, scope, api, stage, func(s *apigw.Stage) error {
		s.DocumentationVersion = version
		return nil
	})
	return made, err
}

// UpdateDocumentationVersion changes a version's description; what it says
// never changes.
func (c *Control) UpdateDocumentationVersion(ctx context.Context, scope apigw.Scope, api apigw.APIID, version string, mutate func(*apigw.DocumentationVersion) error) (*apigw.DocumentationVersion, error) {
	ref := restRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.DocumentationVersion, error) {
		old, ok := e.def.DocumentationVersions[version]
		if !ok {
			return nil, unknownVersion()
		}
		changed := *old
		if err := mutate(&changed); err != nil {
			return nil, err
		}
		e.putDocumentationVersion(&changed)
		return &changed, nil
	})
}

// DeleteDocumentationVersion removes a version that no stage has.
func (c *Control) DeleteDocumentationVersion(ctx context.Context, scope apigw.Scope, api apigw.APIID, version string) error {
	ref := restRef(scope, api)
	return c.mutate(ctx, ref, ref.unknownAPI(), func(e *edit) error {
		if e.def.DocumentationVersions[version] == nil {
			return unknownVersion()
		}
		stages, err := c.stages(ctx, ref)
		if err != nil {
			return err
		}
		for _, s := range stages {
			if s.DocumentationVersion == version {
				return apigw.Errorf(apigw.Conflict, "Cannot delete documentation version '%s', is referenced in stage: %s", version, s.Name)
			}
		}
		e.deleteDocumentationVersion(version)
		return nil
	})
}
