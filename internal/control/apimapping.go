package control

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// The functions for mappings as version 2 of the API has them: by ID, with keys
// of several levels, for APIs of every kind. They are the base path mappings of
// version 1, of public domain names.

var unknownAPIMapping = unknownPartOf[string]("API mapping")

// mappingID is the ID of a mapping. One that was made before mappings had IDs
// has one of what it is.
func mappingID(d *apigw.DomainName, m *apigw.BasePathMapping) string {
	if m.ID != "" {
		return m.ID
	}
	sum := sha256.Sum256([]byte(d.Name + "/" + m.BasePath))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:6]
}

// checkMappingKey refuses what can't be the key of a mapping. The first two
// texts are those of AWS's documentation of errors; keys of several levels are
// of REGIONAL names with TLS 1.2 (developer guide, "Map API stages to a custom
// domain name").
func checkMappingKey(d *apigw.DomainName, key string) error {
	switch {
	case strings.HasPrefix(key, "/") || strings.Contains(key, "//"):
		return apigw.Errorf(apigw.BadRequest, "API mapping key should not start with a '/' or have consecutive '/'s.")
	case strings.HasSuffix(key, "/"):
		return apigw.Errorf(apigw.BadRequest, "API mapping key should not end with a '/'.")
	case key == noBasePath:
		return apigw.Errorf(apigw.BadRequest, "Invalid API mapping key specified: leave it out for the mapping of what no other has")
	case strings.Contains(key, "/") && (!slices.Equal(d.Types, []string{apigw.EndpointRegional}) || d.SecurityPolicy == "TLS_1_0"):
		return apigw.Errorf(apigw.BadRequest, "API mapping keys of several levels need a REGIONAL domain name with the security policy TLS_1_2")
	}
	return checkBasePathText(key)
}

// APIMappings lists a domain name's mappings by key, each with its ID.
func (c *Control) APIMappings(ctx context.Context, scope apigw.Scope, name string) ([]*apigw.BasePathMapping, error) {
	d, err := c.DomainName(ctx, scope, name, "")
	if err != nil {
		return nil, err
	}
	list := make([]*apigw.BasePathMapping, 0, len(d.Mappings))
	for _, m := range d.Mappings {
		m.ID = mappingID(d, &m)
		list = append(list, &m)
	}
	return list, nil
}

// APIMapping returns a mapping.
func (c *Control) APIMapping(ctx context.Context, scope apigw.Scope, name, id string) (*apigw.BasePathMapping, error) {
	list, err := c.APIMappings(ctx, scope, name)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		if m.ID == id {
			return m, nil
		}
	}
	return nil, unknownAPIMapping(id)
}

// CreateAPIMapping adds a mapping; its ID is made here.
func (c *Control) CreateAPIMapping(ctx context.Context, scope apigw.Scope, name string, m apigw.BasePathMapping) (*apigw.BasePathMapping, error) {
	err := c.changeMappings(ctx, scope, name, m.API, func(s *scopeChange, d *apigw.DomainName) (err error) {
		if m.ID, err = c.freeID(6, func(id string) bool { return mappingAt(d, id) >= 0 }); err != nil {
			return err
		}
		return c.placeMapping(ctx, s, d, m)
	})
	if err != nil {
		return nil, err
	}
	return &m, nil
}

// UpdateAPIMapping changes a mapping, to which another API is told: AWS asks for
// one in every update.
func (c *Control) UpdateAPIMapping(ctx context.Context, scope apigw.Scope, name, id string, api apigw.APIID, mutate func(*apigw.BasePathMapping)) (*apigw.BasePathMapping, error) {
	var changed apigw.BasePathMapping
	err := c.changeMappings(ctx, scope, name, api, func(s *scopeChange, d *apigw.DomainName) error {
		at := mappingAt(d, id)
		if at < 0 {
			return unknownAPIMapping(id)
		}
		changed = d.Mappings[at]
		changed.ID, changed.API = id, api
		mutate(&changed)
		d.Mappings = slices.Delete(slices.Clone(d.Mappings), at, at+1)
		return c.placeMapping(ctx, s, d, changed)
	})
	if err != nil {
		return nil, err
	}
	return &changed, nil
}

// DeleteAPIMapping removes a mapping.
func (c *Control) DeleteAPIMapping(ctx context.Context, scope apigw.Scope, name, id string) error {
	_, err := c.changeDomain(ctx, scope, name, "", func(_ *scopeChange, d *apigw.DomainName) error {
		at := mappingAt(d, id)
		if at < 0 {
			return unknownAPIMapping(id)
		}
		d.Mappings = slices.Delete(slices.Clone(d.Mappings), at, at+1)
		return nil
	})
	return err
}

// changeMappings changes a domain name whose mapping leads to api.
func (c *Control) changeMappings(ctx context.Context, scope apigw.Scope, name string, api apigw.APIID, change func(*scopeChange, *apigw.DomainName) error) error {
	ref := anyRef(scope, api)
	_, err := c.changeDomain(ctx, scope, name, "", func(s *scopeChange, d *apigw.DomainName) error {
		if _, err := c.view(ctx, ref, ref.unknownAPI()); err != nil {
			return err
		}
		return change(s, d)
	})
	return err
}

// placeMapping checks m and puts it where it belongs.
func (c *Control) placeMapping(ctx context.Context, s *scopeChange, d *apigw.DomainName, m apigw.BasePathMapping) error {
	if err := checkMappingKey(d, m.BasePath); err != nil {
		return err
	}
	if len(d.Mappings) >= maxMappings {
		return apigw.Errorf(apigw.LimitExceeded, "Maximum number of API mappings for this domain name has been reached: %d", maxMappings)
	}
	if err := c.mapTo(ctx, s, d, m); err != nil {
		return err
	}
	return addMapping(d, m)
}

// mappingAt is the place of the mapping with an ID; -1: there is none.
func mappingAt(d *apigw.DomainName, id string) int {
	return slices.IndexFunc(d.Mappings, func(m apigw.BasePathMapping) bool { return mappingID(d, &m) == id })
}
