package control

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// noBasePath is how AWS writes the empty base path.
const noBasePath = "(none)"

const maxBasePath = 300

// ShownBasePath is a base path as AWS shows it.
func ShownBasePath(path string) string { return cmp.Or(path, noBasePath) }

func unknownMapping() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid base path mapping identifier specified")
}

// readBasePath is a base path as it is stored: "(none)" is the empty one.
func readBasePath(path string) string {
	if path == noBasePath {
		return ""
	}
	return path
}

// checkBasePath refuses what can't be the base path of a mapping. The first
// text is AWS's, as reported in the field.
func checkBasePath(path string) error {
	if strings.Contains(path, "/") {
		return apigw.Errorf(apigw.BadRequest, "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.")
	}
	return checkBasePathText(path)
}

// checkBasePathText is what holds for base paths of several levels, too.
func checkBasePathText(path string) error {
	switch {
	case len(path) > maxBasePath:
		return apigw.Errorf(apigw.BadRequest, "Invalid base path specified: it has %d characters, %d at most", len(path), maxBasePath)
	case path == "ping" || path == "sping":
		return apigw.Errorf(apigw.BadRequest, "Invalid base path specified: /ping and /sping of a domain name are reserved for health checks")
	}
	if strings.ContainsFunc(path, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("$-_.+!*'()/", r)
	}) {
		return apigw.Errorf(apigw.BadRequest, "Invalid base path specified: letters, digits and $-_.+!*'() only")
	}
	return nil
}

// CreateBasePathMapping adds a mapping to a domain name.
func (c *Control) CreateBasePathMapping(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID, m apigw.BasePathMapping) (*apigw.BasePathMapping, error) {
	m.BasePath = readBasePath(m.BasePath)
	if err := checkBasePath(m.BasePath); err != nil {
		return nil, err
	}
	_, err := c.changeDomain(ctx, scope, name, id, func(s *scopeChange, d *apigw.DomainName) error {
		if len(d.Mappings) >= maxMappings {
			return apigw.Errorf(apigw.LimitExceeded, "Maximum number of base path mappings for this domain name has been reached: %d", maxMappings)
		}
		if err := c.mapTo(ctx, s, d, m); err != nil {
			return err
		}
		return addMapping(d, m)
	})
	if err != nil {
		return nil, err
	}
	return &m, nil
}

// addMapping adds m where it belongs. The texts are AWS's, as reported in the
// field. A domain name may have an empty base path beside others: it gets what
// no other does (developer guide, "Map API stages to a custom domain name").
func addMapping(d *apigw.DomainName, m apigw.BasePathMapping) error {
	if d.Mapping(m.BasePath) >= 0 {
		if m.BasePath == "" {
			return apigw.Errorf(apigw.Conflict, "Only one base path mapping is allowed if the base path is empty.")
		}
		return apigw.Errorf(apigw.Conflict, "Base path already exists for this domain name")
	}
	d.Mappings = append(slices.Clone(d.Mappings), m)
	slices.SortFunc(d.Mappings, func(a, b apigw.BasePathMapping) int { return cmp.Compare(a.BasePath, b.BasePath) })
	return nil
}

// mapTo checks what a mapping leads to, and holds the change to it: while it is
// stored, neither the API nor the stage goes. A deletion that comes later
// finds the mapping.
func (c *Control) mapTo(ctx context.Context, s *scopeChange, d *apigw.DomainName, m apigw.BasePathMapping) error {
	ref := anyRef(s.scope, m.API)
	unknown := apigw.Errorf(apigw.BadRequest, "Invalid REST API identifier specified")
	guard, err := c.guard(ctx, ref)
	if err != nil {
		return orUnknown(err, unknown)
	}
	api, err := c.view(ctx, ref, unknown)
	if err != nil {
		return err
	}
	if err := c.checkMapped(ctx, s.scope, d, api.def); err != nil {
		return err
	}
	if m.Stage != "" {
		if _, _, err := c.readStage(ctx, ref, m.Stage); err != nil {
			return orUnknown(err, apigw.Errorf(apigw.BadRequest, "Invalid stage identifier specified"))
		}
	}
	s.txn.If = append(s.txn.If, guard.unchanged())
	s.txn.Ops = append(s.txn.Ops, guard.op())
	return nil
}

// checkMapped: a private domain name has private APIs alone. HTTP and WebSocket
// APIs have REGIONAL names of TLS 1.2 alone, and messages don't share a name
// with requests (developer guide, "Custom domain names for HTTP APIs" and "for
// WebSocket APIs").
func (c *Control) checkMapped(ctx context.Context, scope apigw.Scope, d *apigw.DomainName, def *apigw.Definition) error {
	endpoint := def.API.Endpoint.Type
	if def.RouteAPI != nil {
		endpoint = apigw.EndpointRegional
	}
	if private := endpoint == apigw.EndpointPrivate; private != d.Private() {
		return apigw.Errorf(apigw.BadRequest, "A PRIVATE domain name maps to PRIVATE APIs, and no other does: the API is %s", endpoint)
	}
	if def.RouteAPI != nil && len(d.Rules) > 0 {
		return apigw.Errorf(apigw.BadRequest, "A domain name with routing rules can't be mapped to HTTP and WebSocket APIs: %s has %d", d.Name, len(d.Rules))
	}
	if def.RouteAPI != nil && (!slices.Equal(d.Types, []string{apigw.EndpointRegional}) || d.SecurityPolicy != "TLS_1_2") {
		return apigw.Errorf(apigw.BadRequest, "Only REGIONAL domain names with the security policy TLS_1_2 can be mapped to HTTP and WebSocket APIs: %s is %s with %s",
			d.Name, strings.Join(d.Types, " and "), d.SecurityPolicy)
	}
	for _, m := range d.Mappings {
		ref := anyRef(scope, m.API)
		other, err := c.view(ctx, ref, ref.unknownAPI())
		if err != nil {
			return err // a mapped API can't be deleted
		}
		if messages(other.def) != messages(def) {
			return apigw.Errorf(apigw.BadRequest, "A domain name can't be mapped to WebSocket APIs together with REST or HTTP APIs: %s is mapped to %s", d.Name, m.API)
		}
	}
	return nil
}

// messages says whether an API is a WebSocket API.
func messages(def *apigw.Definition) bool {
	return def.RouteAPI != nil && def.RouteAPI.Protocol == apigw.ProtocolWebSocket
}

// BasePathMapping returns the mapping of a base path.
func (c *Control) BasePathMapping(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID, basePath string) (*apigw.BasePathMapping, error) {
	d, err := c.DomainName(ctx, scope, name, id)
	if err != nil {
		return nil, err
	}
	at := d.Mapping(readBasePath(basePath))
	if at < 0 {
		return nil, unknownMapping()
	}
	return &d.Mappings[at], nil
}

// UpdateBasePathMapping changes a mapping; a new base path moves it.
func (c *Control) UpdateBasePathMapping(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID, basePath string, mutate func(*apigw.BasePathMapping) error) (*apigw.BasePathMapping, error) {
	var changed apigw.BasePathMapping
	_, err := c.changeDomain(ctx, scope, name, id, func(s *scopeChange, d *apigw.DomainName) error {
		at := d.Mapping(readBasePath(basePath))
		if at < 0 {
			return unknownMapping()
		}
		old := d.Mappings[at]
		changed = old
		if err := mutate(&changed); err != nil {
			return err
		}
		changed.BasePath = readBasePath(changed.BasePath)
		if err := checkBasePath(changed.BasePath); err != nil {
			return err
		}
		if changed.BasePath != old.BasePath {
			changed.ID = mappingID(d, &old) // which may come of the base path
		}
		d.Mappings = slices.Delete(slices.Clone(d.Mappings), at, at+1)
		if changed.API != old.API || changed.Stage != old.Stage {
			if err := c.mapTo(ctx, s, d, changed); err != nil {
				return err
			}
		}
		return addMapping(d, changed)
	})
	if err != nil {
		return nil, err
	}
	return &changed, nil
}

// DeleteBasePathMapping removes a mapping.
func (c *Control) DeleteBasePathMapping(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID, basePath string) error {
	_, err := c.changeDomain(ctx, scope, name, id, func(_ *scopeChange, d *apigw.DomainName) error {
		at := d.Mapping(readBasePath(basePath))
		if at < 0 {
			return unknownMapping()
		}
		d.Mappings = slices.Delete(slices.Clone(d.Mappings), at, at+1)
		return nil
	})
	return err
}

// refuseMapped refuses to delete an API, or with a name one of its stages,
// while a domain name is mapped to it, or a routing rule leads there. Whoever asks holds the deletion to the
// API's guard, which a new mapping writes. The texts are AWS's, as reported in
// the field.
func (c *Control) refuseMapped(ctx context.Context, ref apiRef, stage apigw.StageName) error {
	list, err := c.DomainNames(ctx, ref.scope)
	if err != nil {
		return err
	}
	var domains []string
	for _, d := range list {
		if slices.ContainsFunc(d.Mappings, func(m apigw.BasePathMapping) bool {
			return m.API == ref.api && (stage == "" || m.Stage == stage)
		}) || slices.ContainsFunc(d.Rules, func(r apigw.RoutingRule) bool {
			return r.API == ref.api && (stage == "" || r.Stage == stage)
		}) {
			domains = append(domains, d.Name)
		}
	}
	switch {
	case len(domains) == 0:
		return nil
	case stage == "" && ref.kind == routesKind:
		return apigw.Errorf(apigw.BadRequest, "Deleting API %s failed. Please remove all API mappings for the API from your custom domain names.", ref.api)
	case stage == "":
		return apigw.Errorf(apigw.BadRequest, "Deleting RestApi %s failed. Please remove all base path mappings related to the RestApi in your domains: %s", ref.api, strings.Join(domains, ", "))
	}
	return apigw.Errorf(apigw.BadRequest, "Deleting stage %s failed. Please remove all base path mappings related to the stage in your domains: %s", stage, strings.Join(domains, ", "))
}
