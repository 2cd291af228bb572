package gateway

import (
	"log/slog"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/clientcert"
)

// domainTrusts are the trust stores of custom domain names. One stays the same
// while its name wants certificates, so that who was let in by one version may be
// asked about by the next.
type domainTrusts struct {
	log     *slog.Logger
	refused refusals

	mu     sync.Mutex // guards what follows
	stores map[string]*trustStore
}

func (t *domainTrusts) init(log *slog.Logger) {
	t.log, t.refused.log, t.stores = log, log, map[string]*trustStore{}
}

// of is the store of d with the content that d has now. One that can't be used
// leaves what was in force; without that, it vouches for nobody.
func (t *domainTrusts) of(d *apigw.DomainName) *trustStore {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stores[d.Key()]
	if s == nil {
		s = newTrustStore(d.Name, &t.refused, t.log)
		s.current.Store(new(clientcert.Store))
		t.stores[d.Key()] = s
	}
	content := []byte(d.MutualTLS.Store)
	if clientcert.Version(content) == s.current.Load().Version {
		return s
	}
	if err := s.use(content); err != nil {
		t.log.Error("the trust store of a custom domain name can't be used", "domainName", d.Name, "truststore", d.MutualTLS.URI, "error", err)
		return s
	}
	s.expel(true)
	return s
}

// retain forgets the stores of names that aren't in list or want no certificates.
func (t *domainTrusts) retain(list []*apigw.DomainName) {
	wanted := map[string]bool{}
	for _, d := range list {
		if d.MutualTLS != nil {
			wanted[d.Key()] = true
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.stores {
		if !wanted[key] {
			delete(t.stores, key)
		}
	}
}

// watch ends connections of clients whose certificates expire, until stopped is
// closed.
func (t *domainTrusts) watch(stopped <-chan struct{}) {
	tick := time.NewTicker(recheck)
	defer tick.Stop()
	for {
		select {
		case <-stopped:
			return
		case <-tick.C:
			for _, s := range t.all() {
				s.expel(false)
			}
		}
	}
}

func (t *domainTrusts) all() []*trustStore {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]*trustStore, 0, len(t.stores))
	for _, s := range t.stores {
		list = append(list, s)
	}
	return list
}
