package restapi

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/responsecache"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// cacheRules are how a method's answers are cached, by the request's verb: a
// route's ANY has one for each. nil: answers to that verb aren't.
type cacheRules [serving.AnyVerb]*cacheRule

// cacheRule is how answers to one verb of a method are cached.
type cacheRule struct {
	ttl       time.Duration
	wait      time.Duration // for the answer to another's request: the integration's timeout
	sealed    bool          // cacheDataEncrypted
	guarded   bool          // requireAuthorizationForCacheControl
	unallowed cacheControlStrategy

	key     []byte // how keys begin: what is the same for every request
	params  []keyParameter
	convert integration.Conversion
	body    bool // one of params reads the client's body
}

// keyParameter is one of an integration's cacheKeyParameters.
type keyParameter struct {
	place  keyPlace
	name   string
	mapped mapping.Source // of a parameter of the integration
}

type keyPlace uint8

const (
	keyPath keyPlace = iota
	keyQuery
	keyHeader
	keyMapped
)

// cacheControlStrategy is what becomes of a client's max-age=0 when it may not
// send that.
type cacheControlStrategy uint8

const (
	ignoreWarned  cacheControlStrategy = iota // SUCCEED_WITH_RESPONSE_HEADER
	ignoreSilent                              // SUCCEED_WITHOUT_RESPONSE_HEADER
	refuseControl                             // FAIL_WITH_403
)

var cacheControlStrategies = map[string]cacheControlStrategy{
	"": ignoreWarned, "SUCCEED_WITH_RESPONSE_HEADER": ignoreWarned, "SUCCEED_WITHOUT_RESPONSE_HEADER": ignoreSilent, "FAIL_WITH_403": refuseControl,
}

// defaultCacheSize is a stage's that names none, as in AWS's console.
const defaultCacheSize = "0.5"

// cacheSizes are the sizes that API Gateway has, in GB (API reference,
// CreateStage).
var cacheSizes = []string{defaultCacheSize, "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"}

// checkCache refuses sizes that nothing could have, and warns of a cache that
// stays empty: on AWS, too, a cluster alone caches nothing.
func (c *compiler) checkCache(place string) {
	st := c.stage
	if !st.CacheClusterEnabled {
		return
	}
	if st.CacheClusterSize != "" && !slices.Contains(cacheSizes, st.CacheClusterSize) {
		c.refuse(place, fmt.Sprintf("cacheClusterSize %q is none that API Gateway has", st.CacheClusterSize))
	}
	for _, s := range st.MethodSettings {
		if s.CachingEnabled {
			return
		}
	}
	c.warn(place, "cacheClusterEnabled: no method's answers are cached until methodSettings have cachingEnabled for */* or for methods")
}

// openCache finds the stage's cache.
func (c *compiler) openCache() {
	if c.stage == nil || c.env == nil || !c.stage.CacheClusterEnabled || c.trial != nil {
		return
	}
	size := c.stage.CacheClusterSize
	if size == "" {
		size = defaultCacheSize
	}
	gigabytes, err := strconv.ParseFloat(size, 64)
	if err != nil {
		return // refused already
	}
	pool, scope := c.env.responses(), c.out.scope
	cache := pool.Acquire(responsecache.Stage{
		Name:    strings.Join([]string{scope.Partition, scope.Account, scope.Region, string(c.out.apiID), string(c.out.name)}, "/"),
		Cluster: c.stage.CacheCluster, Size: uint64(gigabytes * (1 << 30)),
	})
	c.out.cache = cache
	c.out.observe.OnClose(func() { pool.Release(cache) })
}

// cacheMethod finds how the answers of m are cached.
func (c *compiler) cacheMethod(m *method, from *apigw.Method) {
	if c.stage == nil || !c.stage.CacheClusterEnabled || c.trial != nil || from.Integration == nil {
		return
	}
	var rules cacheRules
	cached := false
	for v := range serving.AnyVerb {
		if m.code != v && m.code != serving.AnyVerb {
			continue
		}
		if s := c.cacheSetting(m, v); s != nil {
			rules[v], cached = c.cacheRule(m, from.Integration, v, s), true
		}
	}
	if !cached {
		return
	}
	if from.Integration.ResponseMode == modeStream {
		c.warn(m.place(), "cachingEnabled: streamed answers aren't cached")
		return
	}
	c.warnShared(m, from)
	m.cache = &rules
}

// cacheSetting are the settings by which answers of m to verb v are cached;
// nil: they aren't. Settings for all methods, and for an ANY, cache GET alone;
// another verb needs settings of its own (developer guide, "Cache settings for
// REST APIs").
func (c *compiler) cacheSetting(m *method, v serving.Verb) *apigw.MethodSetting {
	s := c.settings[plainKey(m.resource.path+"/"+serving.VerbNames[v])]
	if s == nil && v == serving.VerbGET {
		if s = c.settings[plainKey(m.resource.path+"/ANY")]; s == nil || m.code != serving.AnyVerb {
			s = c.settings["*/*"]
		}
	}
	if s == nil || !s.CachingEnabled || s.CacheTTLSeconds <= 0 {
		return nil
	}
	return s
}

func (c *compiler) cacheRule(m *method, i *apigw.Integration, v serving.Verb, s *apigw.MethodSetting) *cacheRule {
	rule := &cacheRule{
		ttl: min(time.Duration(s.CacheTTLSeconds)*time.Second, responsecache.MaxAge), wait: timeout(i),
		sealed: s.CacheDataEncrypted, guarded: s.RequireAuthorizationForCacheControl,
	}
	var known bool
	if rule.unallowed, known = cacheControlStrategies[s.UnauthorizedCacheControlHeaderStrategy]; !known {
		c.refuse(m.place(), "unauthorizedCacheControlHeaderStrategy "+s.UnauthorizedCacheControlHeaderStrategy+" is none that API Gateway has")
	}
	rule.convert, _ = integration.ParseConversion(i.ContentHandling)
	for _, name := range i.CacheKeyParameters {
		p, err := c.keyParameter(i, name)
		if err != nil {
			c.refuse(m.place(), fmt.Sprintf("cacheKeyParameters %s: %v", name, err))
			continue
		}
		rule.params = append(rule.params, p)
		rule.body = rule.body || p.mapped.ReadsBody()
	}
	if c.out.cache != nil {
		names := slices.Sorted(slices.Values(i.CacheKeyParameters))
		namespace := cmp.Or(i.CacheNamespace, string(m.resource.id))
		parts := []string{string(c.out.deployment), namespace, serving.VerbNames[v], strconv.Itoa(len(names))}
		rule.key = c.out.cache.KeyOf(append(parts, names...)...)
	}
	slices.SortFunc(rule.params, compareKeys) // as the names are, so that methods of one namespace agree
	return rule
}

func compareKeys(a, b keyParameter) int {
	if a.place != b.place {
		return int(a.place) - int(b.place)
	}
	return strings.Compare(a.name, b.name)
}

// keyPlaces are what a cache key may be made of (API reference, Integration).
var keyPlaces = []struct {
	prefix string
	place  keyPlace
}{
	{"method.request.path.", keyPath},
	{"method.request.querystring.", keyQuery},
	{"method.request.header.", keyHeader},
	{"integration.request.", keyMapped},
}

func (c *compiler) keyParameter(i *apigw.Integration, name string) (p keyParameter, err error) {
	for _, k := range keyPlaces {
		rest, ok := strings.CutPrefix(name, k.prefix)
		if !ok || rest == "" {
			continue
		}
		p = keyParameter{place: k.place, name: rest}
		if k.place != keyMapped {
			return p, nil
		}
		from, ok := i.RequestParameters[name]
		if !ok {
			return p, fmt.Errorf("requestParameters map nothing to it")
		}
		mapped, err := mapping.ParseParameter(name, from, mapping.RequestPhase, c.vars)
		p.mapped = mapped.Source
		return p, err
	}
	return p, fmt.Errorf("a key is one of method.request.path, .querystring and .header, or a parameter of integration.request")
}

// warnShared says whose answers others will get: AWS does the same, and has
// surprised many with it.
func (c *compiler) warnShared(m *method, from *apigw.Method) {
	keys := from.Integration.CacheKeyParameters
	for _, name := range m.resource.names {
		byMapping := slices.ContainsFunc(keys, func(k string) bool { return from.Integration.RequestParameters[k] == "method.request.path."+name })
		if !byMapping && !slices.Contains(keys, "method.request.path."+name) {
			c.warn(m.place(), "cachingEnabled: the path parameter "+name+" is none of cacheKeyParameters; whatever it is, the answer to the first request is everyone's")
		}
	}
	switch from.AuthorizationType {
	case "", "NONE":
		return
	case "AWS_IAM":
		if m.asCaller {
			return // each caller's answers are its own
		}
	case "CUSTOM", "COGNITO_USER_POOLS":
		sources := "method.request.header.Authorization"
		if a := c.def.Authorizers[from.AuthorizerID]; a != nil && a.IdentitySource != "" {
			sources = a.IdentitySource
		}
		for source := range strings.SplitSeq(sources, ",") {
			if slices.Contains(keys, strings.TrimSpace(source)) {
				return
			}
		}
	}
	c.warn(m.place(), "cachingEnabled: none of cacheKeyParameters tells callers apart; the answer to one is everyone's who may call the method")
}
