package userpool

import (
	"crypto/rsa"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/jwt"
)

// place is a pool that this node knows, with what its tokens need.
type place struct {
	scope  apigw.Scope
	pool   *Pool
	issuer string
	keys   *jwt.Keys

	once    sync.Once
	private []*rsa.PrivateKey
	failed  error
}

// catalog is what this node knows of all pools and their clients, whichever
// node made them: clients call without saying in which account a pool is.
type catalog struct {
	mu      sync.RWMutex
	pools   map[PoolID]*place
	clients map[ClientID]*Client
	domains map[string]PoolID
	// revisions are of the records that are known or, until the watch tells of
	// it too, deleted.
	revisions map[string]int64

	// byIssuer is read with every token.
	byIssuer atomic.Pointer[map[string]*jwt.Keys]
}

func newCatalog() *catalog {
	return &catalog{pools: map[PoolID]*place{}, clients: map[ClientID]*Client{}, domains: map[string]PoolID{}, revisions: map[string]int64{}}
}

// Keys are the keys with which an embedded pool signs, by what its tokens have
// in iss; nil: no embedded pool has it.
func (s *Service) Keys(issuer string) *jwt.Keys {
	known := s.catalog.byIssuer.Load()
	if known == nil {
		return nil
	}
	return (*known)[issuer]
}

// Apply takes up a record of a pool, client or domain as it is since a
// revision; a nil value: it is gone. What is older than what is known is
// ignored. The error says that a record can't be read: what it was is gone
// for this node.
func (s *Service) Apply(scope apigw.Scope, key string, value []byte, revision int64) error {
	c := s.catalog
	full := scope.Partition + "/" + scope.Account + "/" + scope.Region + "/" + key
	c.mu.Lock()
	defer c.mu.Unlock()
	if revision < c.revisions[full] {
		return nil
	}
	if c.revisions[full] = revision; value == nil {
		delete(c.revisions, full)
	}
	return c.take(scope, key, value, revision)
}

// committed takes up what this node itself stored.
func (s *Service) committed(scope apigw.Scope, change Change, revision int64) {
	c := s.catalog
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, value := range change.Writes {
		if !watched(key) {
			continue
		}
		c.revisions[scope.Partition+"/"+scope.Account+"/"+scope.Region+"/"+key] = revision
		_ = c.take(scope, key, value, revision) // we have just written it
	}
	for _, prefix := range change.Drop {
		if !strings.HasPrefix(prefix, ClientPrefix) {
			continue
		}
		for id, client := range c.clients {
			if strings.HasPrefix(clientKey(client.Pool, id), prefix) {
				delete(c.clients, id)
			}
		}
	}
}

func watched(key string) bool {
	return strings.HasPrefix(key, PoolPrefix) || strings.HasPrefix(key, ClientPrefix) || strings.HasPrefix(key, DomainPrefix)
}

// take is Apply with c.mu held.
func (c *catalog) take(scope apigw.Scope, key string, value []byte, revision int64) error {
	r := Record{key, value, revision}
	switch {
	case strings.HasPrefix(key, PoolPrefix):
		return c.takePool(scope, PoolID(strings.TrimPrefix(key, PoolPrefix)), r)
	case strings.HasPrefix(key, ClientPrefix):
		id := ClientID(key[strings.LastIndexByte(key, '/')+1:])
		delete(c.clients, id)
		client, err := decode[Client](r)
		if client != nil {
			c.clients[id] = client
		}
		return err
	case strings.HasPrefix(key, DomainPrefix):
		name := strings.TrimPrefix(key, DomainPrefix)
		delete(c.domains, name)
		d, err := decode[domain](r)
		if d != nil {
			c.domains[name] = d.Pool
		}
		return err
	}
	return nil
}

func (c *catalog) takePool(scope apigw.Scope, id PoolID, r Record) error {
	delete(c.pools, id)
	defer c.publish()
	p, err := decode[Pool](r)
	if p == nil {
		return err
	}
	set, err := p.KeySet()
	if err != nil {
		return err
	}
	keys, err := jwt.ParseKeys(set)
	if err != nil {
		return fmt.Errorf("the keys of %s: %w", id, err)
	}
	c.pools[id] = &place{scope: scope, pool: p, issuer: Issuer(scope.Region, id), keys: keys}
	return nil
}

func (c *catalog) publish() {
	m := make(map[string]*jwt.Keys, len(c.pools))
	for _, p := range c.pools {
		m[p.issuer] = p.keys
	}
	c.byIssuer.Store(&m)
}

// pool is a pool that this node knows.
func (c *catalog) pool(id PoolID) *place {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.pools[id]
}

// client is an app client with its pool.
func (c *catalog) client(id ClientID) (*place, *Client, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	client := c.clients[id]
	if client == nil || c.pools[client.Pool] == nil {
		return nil, nil, unknownClient(id)
	}
	return c.pools[client.Pool], client, nil
}

// domain is the pool with a domain.
func (c *catalog) domain(name string) *place {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.pools[c.domains[name]]
}

// Issuers are the issuers of the embedded pools with their public keys as JSON
// Web Key Sets.
func (s *Service) Issuers() (map[string][]byte, error) {
	c := s.catalog
	c.mu.RLock()
	pools := maps.Clone(c.pools)
	c.mu.RUnlock()
	m := make(map[string][]byte, len(pools))
	for _, p := range pools {
		set, err := p.pool.KeySet()
		if err != nil {
			return nil, err
		}
		m[p.issuer] = set
	}
	return m, nil
}
