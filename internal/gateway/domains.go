package gateway

import (
	"bytes"
	"cmp"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
)

// maxDomain is the length of the longest name (RFC 1035).
const maxDomain = 253

// domainTable leads from a custom domain name to what it is mapped to. It
// never changes: a change of any name makes another one. A nil one is empty.
type domainTable struct {
	exact   map[string]*domain      // by name, in lower case
	wild    map[string]*domain      // "*.example.com", by "example.com"
	private map[string]*domainTable // of endpoints, by ID
}

func newDomainTable() *domainTable {
	return &domainTable{exact: map[string]*domain{}, wild: map[string]*domain{}, private: map[string]*domainTable{}}
}

// at are the names that a listener serves: public ones, or those that are
// associated with its endpoint.
func (t *domainTable) at(e *exchange.Endpoint) *domainTable {
	if e == nil {
		return t
	}
	return t.private[e.ID]
}

// domain is one custom domain name.
type domain struct {
	domainTLS
	mappings map[string]*mapped // by base path: "v1", "sales/reports"
	depth    int                // segments of the longest base path
	rest     *mapped            // of the empty base path; nil: there is none
	rules    []routingRule      // by priority; they come before the mappings
	all      []*mapped
	private  *exchange.PrivateDomain // nil: it is public
}

// mapped is where a base path leads.
type mapped struct {
	basePath string
	rule     string // ID of the routing rule that leads there; empty: a mapping does
	api      []byte
	stage    []byte // empty: the next segment names it
}

// SetDomainNames has the gateway serve these custom domain names and no
// others, private ones at the endpoints that are associated with them.
func (g *Gateway) SetDomainNames(list []*apigw.DomainName) {
	t := newDomainTable()
	for _, d := range list {
		made := newDomain(d)
		made.domainTLS = g.domainTLS(d)
		if d.Private() {
			made.private = g.privateDomain(d)
			t.associate(d, made)
			continue
		}
		if under, ok := strings.CutPrefix(d.Name, "*."); ok {
			t.wild[under] = made
		} else {
			t.exact[d.Name] = made
		}
	}
	g.domains.Store(t)
	g.domainTrust.retain(list)
	g.handed.judge(t)
}

// associate makes d reachable at its endpoints.
func (t *domainTable) associate(d *apigw.DomainName, made *domain) {
	for _, a := range d.Associations {
		if a.Rejected {
			continue
		}
		at := t.private[a.Source]
		if at == nil {
			at = newDomainTable()
			t.private[a.Source] = at
		}
		at.exact[d.Name] = made
	}
}

// privateDomain compiles who may call d. A policy that can't be enforced lets
// nobody through, as none at all does.
func (g *Gateway) privateDomain(d *apigw.DomainName) *exchange.PrivateDomain {
	p := &exchange.PrivateDomain{ARN: string(d.InvokeARN())}
	if d.Policy == "" {
		return p
	}
	policy, err := iam.Parse(d.Policy, iam.Resource)
	if err != nil {
		g.log.Error("the policy of a private custom domain name can't be enforced; nobody may call it", "domainName", d.Key(), "error", err)
		return p
	}
	p.Policies = []*iam.Policy{policy}
	return p
}

func newDomain(d *apigw.DomainName) *domain {
	made := &domain{mappings: map[string]*mapped{}}
	made.rules = newRules(d)
	for i := range made.rules {
		made.all = append(made.all, &made.rules[i].to)
	}
	if d.RoutingMode == apigw.RoutesByRule {
		return made
	}
	for _, m := range d.Mappings {
		to := &mapped{basePath: m.BasePath, api: []byte(m.API), stage: []byte(m.Stage)}
		made.all = append(made.all, to)
		if m.BasePath == "" {
			made.rest = to
			continue
		}
		made.mappings[m.BasePath] = to
		made.depth = max(made.depth, 1+strings.Count(m.BasePath, "/"))
	}
	return made
}

// find is the domain of a host without its port, in any case, or nil. An exact
// name wins over a wildcard, which stands for one label (developer guide,
// "Wildcard custom domain names").
func (t *domainTable) find(host []byte, memory *[maxDomain]byte) *domain {
	if t == nil || len(t.exact)+len(t.wild) == 0 {
		return nil
	}
	host = bytes.TrimSuffix(host, []byte{'.'}) // the root's, which a client may write
	if len(host) > maxDomain {
		return nil
	}
	name := memory[:len(host)]
	for i, c := range host {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		name[i] = c
	}
	if d := t.exact[string(name)]; d != nil {
		return d
	}
	label, under, _ := bytes.Cut(name, []byte{'.'})
	if len(label) == 0 {
		return nil
	}
	return t.wild[string(under)]
}

// match is the mapping of the longest base path that path begins with, by
// whole segments, and what follows the base path; without one the empty base
// path's. Path begins with one slash. Nil: there is neither (developer guide,
// "Map API stages to a custom domain name").
func (d *domain) match(path []byte) (to *mapped, rest []byte) {
	to, rest = d.rest, path
	for at, n := 1, 0; n < d.depth && at <= len(path); n++ {
		end := len(path)
		if slash := bytes.IndexByte(path[at:], '/'); slash >= 0 {
			end = at + slash
		}
		if m := d.mappings[string(path[1:end])]; m != nil {
			to, rest = m, path[end:]
		}
		at = end + 1
	}
	return to, rest
}

// findMapped is find for a request to a custom domain name.
func (f *finder) findMapped(g *Gateway, x *exchange.Exchange, at address) *stage {
	f.nameHost(x)
	x.Address.Custom, x.Address.Private = true, at.domain.private
	if !f.mayAsk(g, x, at.domain) {
		return nil
	}
	path := oneSlash(at.path)
	if len(path) == 0 || path[0] != '/' { // the asterisk form
		x.Decide("address", "none", "the path of a custom domain name begins with a slash")
		g.kindFor(at.domain).NoStage(x)
		return nil
	}
	to, rest := at.domain.route(x, path)
	if to == nil {
		x.Decide("address", "none", "the custom domain name has no mapping for this path")
		g.kindFor(at.domain).NoStage(x)
		return nil
	}
	a := g.hosts.api(to.api)
	if a == nil {
		x.Decide("address", "none", "the API that the custom domain name is mapped to has no stage here")
		g.kindFor(at.domain).NoStage(x)
		return nil
	}
	x.Address.APIID = a.id
	s := f.mappedStage(x, a, to, path, rest)
	if s == nil {
		x.Decide("address", a.id, "the API that the custom domain name is mapped to has no stage of this name")
		g.kindOf(a).NoStage(x)
		return nil
	}
	x.Address.Stage = s.name
	if x.Explaining() {
		how := "the custom domain name maps the base path " + cmp.Or(to.basePath, "(none)") + " to it"
		if to.rule != "" {
			how = "the routing rule " + to.rule + " of the custom domain name leads to it"
		}
		x.Decide("address", a.id+"/"+s.name, how)
	}
	return s
}

// mappedStage fills the paths of x, and returns the stage. What the client sent
// is the path that $context.path shows and functions see, with the base path (as
// reported in the field). Where the client names the stage, functions don't see
// it, as at an API's own address; what AWS has there isn't known. A client that
// names none gets $default.
func (f *finder) mappedStage(x *exchange.Exchange, a *api, to *mapped, path, rest []byte) *stage {
	x.Address.BasePath, x.Address.RoutingRule = to.basePath, to.rule
	x.Address.RequestPath, x.Address.EventPath = path, path
	rest = oneSlash(rest)
	if len(to.stage) > 0 {
		x.Address.StagePath = rest
		return a.stage(to.stage)
	}
	var name, behind []byte
	if len(rest) > 0 {
		name, behind = cutSegment(rest[1:])
	}
	s := a.named(name)
	if s == nil {
		x.Address.StagePath = rest
		return a.stage(defaultStage)
	}
	rest = oneSlash(behind)
	x.Address.StagePath, x.Address.EventPath = rest, rest
	if to.basePath != "" {
		f.path = append(append(append(f.path[:0], '/'), to.basePath...), rest...)
		x.Address.EventPath = f.path
	}
	return s
}
