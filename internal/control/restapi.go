package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// NewRestAPI is what CreateRestApi takes.
type NewRestAPI struct {
	// API gives the settings; its ID, Created, RootResourceID and
	// Endpoint.Type are made here. Empty APIKeySource and IPAddressType take
	// AWS's defaults.
	API apigw.RestAPI
	// EndpointTypes as sent; nil: not sent.
	EndpointTypes []string
	// EmptyDescription: a description was sent and is empty, which AWS
	// refuses.
	EmptyDescription bool
	// CloneFrom is the API whose definition is copied; empty: none.
	CloneFrom apigw.APIID
}

// CreateRestAPI makes an API with its root resource and AWS's two default
// models, or a copy of another.
func (c *Control) CreateRestAPI(ctx context.Context, scope apigw.Scope, in NewRestAPI) (*apigw.RestAPI, error) {
	api := in.API
	if in.EmptyDescription {
		return nil, apigw.Errorf(apigw.BadRequest, "Description cannot be an empty string")
	}
	if err := c.completeAPI(&api, in.EndpointTypes); err != nil {
		return nil, err
	}
	root, err := c.newID(10)
	if err != nil {
		return nil, err
	}
	api.RootResourceID = apigw.ResourceID(root)
	api.Created = c.seconds()
	def := newDefinition(scope, api)
	def.Resources[api.RootResourceID] = &apigw.Resource{ID: api.RootResourceID, Path: "/"}
	if in.CloneFrom == "" {
		err = c.addDefaultModels(def)
	} else {
		err = c.cloneInto(ctx, restRef(scope, in.CloneFrom), def)
	}
	if err != nil {
		return nil, err
	}
	return c.createDefinition(ctx, scope, def, func(e *edit) error {
		e.resolveModelURLs()
		return nil
	})
}

// createDefinition stores def under a new ID, after finish, which may look at
// the ID in e.ref and change what is stored.
func (c *Control) createDefinition(ctx context.Context, scope apigw.Scope, def *apigw.Definition, finish func(e *edit) error) (api *apigw.RestAPI, err error) {
	err = c.withNewID(scope, restKind, func(ref apiRef) error {
		api, err = c.tryCreate(ctx, ref, def, finish)
		return err
	})
	return api, err
}

// withNewID runs create with IDs of a new API until one isn't taken.
func (c *Control) withNewID(scope apigw.Scope, kind apiKind, create func(apiRef) error) error {
	for attempt := 1; ; attempt++ {
		id, err := c.newID(10)
		if err != nil {
			return err
		}
		err = create(apiRef{scope, apigw.APIID(id), kind})
		if err == nil || !errors.Is(err, store.ErrConflict) || attempt == maxAttempts {
			return storeError(err)
		}
	}
}

func (c *Control) tryCreate(ctx context.Context, ref apiRef, def *apigw.Definition, finish func(e *edit) error) (*apigw.RestAPI, error) {
	e := newCreation(c, ref, def)
	err := e.run(func(e *edit) error {
		api := e.def.API
		api.ID = ref.api
		api.Policy = ref.expandPolicy(api.Policy)
		e.putAPI(api)
		e.touchAll()
		return finish(e)
	})
	if err != nil {
		return nil, err
	}
	known, err := c.noteScope(ctx, ref.scope)
	if err != nil {
		return nil, err
	}
	s, err := e.create(ctx, append(known, guardOp(ref)))
	if err != nil {
		return nil, err
	}
	c.cache.put(s)
	return &s.def.API, nil
}

// completeAPI applies defaults and checks settings in AWS's order (recorded:
// compression before the endpoint's types before their address types).
func (c *Control) completeAPI(api *apigw.RestAPI, types []string) error {
	if api.APIKeySource == "" {
		api.APIKeySource = "HEADER"
	}
	if err := c.checkAPI(api); err != nil {
		return err
	}
	switch {
	case types == nil:
		api.Endpoint.Type = "EDGE"
	case len(types) == 0:
		return apigw.Errorf(apigw.BadRequest, "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
	case len(types) > 1:
		return apigw.Errorf(apigw.BadRequest, "Cannot create an api with multiple Endpoint Types.")
	default:
		api.Endpoint.Type = types[0]
	}
	if api.Endpoint.IPAddressType == "" {
		api.Endpoint.IPAddressType = "ipv4"
		if api.Endpoint.Type == "PRIVATE" {
			api.Endpoint.IPAddressType = "dualstack"
		}
	}
	return checkEndpoint(api.Endpoint)
}

func (c *Control) checkAPI(api *apigw.RestAPI) error {
	if api.Name == "" {
		return apigw.Errorf(apigw.BadRequest, "Name cannot be an empty string")
	}
	if n := api.MinimumCompressionSize; n != nil && (*n < 0 || *n > 10485760) {
		return apigw.Errorf(apigw.BadRequest, "Invalid minimum compression size, must be between 0 and 10485760")
	}
	if err := c.checkPolicy(api.Policy); err != nil {
		return err
	}
	return checkTags(api.Tags)
}

func checkEndpoint(e apigw.EndpointConfiguration) error {
	if e.Type == "PRIVATE" && e.IPAddressType != "dualstack" {
		return apigw.Errorf(apigw.BadRequest, "Only dualstack ipAddressType is supported for Private APIs.")
	}
	if e.Type != "PRIVATE" && len(e.VPCEndpointIDs) > 0 {
		return apigw.Errorf(apigw.BadRequest, "Only Private APIs can have VPC endpoint IDs")
	}
	return nil
}

func (c *Control) checkPolicy(policy string) error {
	if policy == "" {
		return nil
	}
	var document map[string]any
	if err := json.Unmarshal([]byte(policy), &document); err != nil || document["Statement"] == nil {
		return apigw.Errorf(apigw.BadRequest, "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.")
	}
	if len(policy) > c.limits.PolicyBytes {
		return apigw.Errorf(apigw.BadRequest, "Invalid policy document. The policy has %d bytes, %d at most", len(policy), c.limits.PolicyBytes)
	}
	return nil
}

// expandPolicy completes resources given in the short form "execute-api:/*",
// as AWS does when a policy is saved.
func (r apiRef) expandPolicy(policy string) string {
	return strings.ReplaceAll(policy, `"execute-api:/`, `"`+r.arn()+`/`)
}

// RestAPI returns one API's settings.
func (c *Control) RestAPI(ctx context.Context, scope apigw.Scope, id apigw.APIID) (*apigw.RestAPI, error) {
	ref := restRef(scope, id)
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, err
	}
	return &s.def.API, nil
}

// RestAPIs lists at most limit APIs of a scope, by ID, from the one behind
// after on. More says whether there are others.
func (c *Control) RestAPIs(ctx context.Context, scope apigw.Scope, after apigw.APIID, limit int) (list []*apigw.RestAPI, more bool, err error) {
	heads, more, err := c.heads(ctx, scope, restKind, after, limit)
	for _, def := range heads {
		list = append(list, &def.API)
	}
	return list, more, err
}

// headsPage is how many heads are read at once, at most.
const headsPage = 200

// heads are the settings of at most limit APIs of a kind, by ID, from the one
// behind after on; limit 0: all. More says whether there are others.
func (c *Control) heads(ctx context.Context, scope apigw.Scope, kind apiKind, after apigw.APIID, limit int) (list []*apigw.Definition, more bool, err error) {
	prefix := kindPrefix(scope, KeyAPI)
	start := ""
	if after != "" {
		start = prefix + segment(string(after))
	}
	page := headsPage
	if limit > 0 {
		page = min(limit+1, headsPage)
	}
	for {
		records, rest, _, err := c.store.List(ctx, prefix, start, page)
		if err != nil {
			return nil, false, storeError(err)
		}
		for _, r := range records {
			start = r.Key
			def, err := decodeHead(scope, r)
			switch {
			case err != nil:
				return nil, false, storeError(err)
			case !kind.means(kindOf(def)):
			case limit > 0 && len(list) == limit:
				return list, true, nil
			default:
				list = append(list, def)
			}
		}
		if !rest {
			return list, false, nil
		}
	}
}

// decodeHead is the API's settings as a definition without anything else.
func decodeHead(scope apigw.Scope, r store.Record) (*apigw.Definition, error) {
	tree, err := store.DecodeTree(r)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.Key, err)
	}
	def, err := decodeMeta(scope, tree.Meta())
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.Key, err)
	}
	return def, nil
}

// UpdateRestAPI changes an API's settings.
func (c *Control) UpdateRestAPI(ctx context.Context, scope apigw.Scope, id apigw.APIID, mutate func(*apigw.RestAPI) error) (*apigw.RestAPI, error) {
	ref := restRef(scope, id)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.RestAPI, error) {
		api := cloneAPI(e.def.API)
		if err := mutate(api); err != nil {
			return nil, err
		}
		if err := c.checkAPI(api); err != nil {
			return nil, err
		}
		if err := checkEndpoint(api.Endpoint); err != nil {
			return nil, err
		}
		if err := c.checkEndpointChange(ctx, ref, e.def.API.Endpoint.Type, api.Endpoint.Type); err != nil {
			return nil, err
		}
		api.Policy = ref.expandPolicy(api.Policy)
		e.putAPI(*api)
		return api, nil
	})
}

// DeleteRestAPI removes an API with everything under it, stages and
// deployments included, and its stages from usage plans, in one transaction.
// One that a domain name is mapped to stays.
func (c *Control) DeleteRestAPI(ctx context.Context, scope apigw.Scope, id apigw.APIID) error {
	return c.deleteAPI(ctx, restRef(scope, id))
}

// deleteAPI is DeleteRestAPI for an API of either kind.
func (c *Control) deleteAPI(ctx context.Context, ref apiRef) error {
	return c.exclusive(ctx, ref, func(ctx context.Context) (int64, error) {
		head, err := c.store.Get(ctx, ref.key(KeyAPI))
		if errors.Is(err, store.ErrNotFound) {
			return 0, ref.unknownAPI()
		}
		if err != nil {
			return 0, err
		}
		tree, err := store.DecodeTree(head)
		if err != nil {
			return 0, err
		}
		guard, err := c.guard(ctx, ref)
		if err != nil {
			return 0, err
		}
		if err := c.refuseMapped(ctx, ref, ""); err != nil {
			return 0, err
		}
		stages, _, _, err := c.store.List(ctx, ref.key(KeyStage)+"/", "", 1)
		if err != nil {
			return 0, err
		}
		txn := store.Txn{
			If: []store.Condition{guard.unchanged()},
			Ops: []store.Op{
				{Key: ref.key(KeyGuard)},
				{Key: ref.key(KeyStage) + "/", Prefix: true},
				{Key: ref.key(KeyDeployment) + "/", Prefix: true},
			},
		}
		if err := c.detachStages(ctx, ref, "", &txn); err != nil {
			return 0, err
		}
		c.cache.drop(ref)
		revision, err := c.store.DeleteTree(ctx, ref.base(), tree, txn)
		if len(stages) == 0 {
			revision = 0
		}
		return revision, err
	})
}

func checkTags(tags map[string]string) error {
	if len(tags) > 50 {
		return apigw.Errorf(apigw.BadRequest, "Invalid tags: at most 50 per resource")
	}
	keys := make([]string, 0, len(tags))
	for k := range tags {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		switch {
		case k == "" || len(k) > 128:
			return apigw.Errorf(apigw.BadRequest, "Invalid tag key %q: 1 to 128 characters", k)
		case len(tags[k]) > 256:
			return apigw.Errorf(apigw.BadRequest, "Invalid value of tag %q: at most 256 characters", k)
		case strings.HasPrefix(k, "aws:"):
			return apigw.Errorf(apigw.BadRequest, "Invalid tag key %q: names that begin with aws: are reserved", k)
		}
	}
	return nil
}
