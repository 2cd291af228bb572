package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// DomainsOptions say who follows domain names.
type DomainsOptions struct {
	// Changed is given all domain names of every account, whenever they change;
	// one call at a time. The list is the callee's.
	Changed func([]*apigw.DomainName)
	// Keep is given what to remember for a start without the store:
	// RememberDomains reads it.
	Keep func([]byte)
}

// Domains follows custom domain names for a node that serves.
type Domains struct {
	c *Control
	o DomainsOptions

	mu       sync.Mutex            // held while Changed is told
	known    map[string]keptDomain // by key of the record
	dirty    bool                  // since Keep
	complete bool
	loaded   chan struct{} // closed once all that is stored was told
}

// keptDomain is a domain name as a revision has it; nil: it is gone, or can't
// be read.
type keptDomain struct {
	revision int64
	value    []byte
	domain   *apigw.DomainName
}

// NewDomains returns a Domains over c's store. Make one before c is used.
func NewDomains(c *Control, o DomainsOptions) *Domains {
	d := &Domains{c: c, o: o, known: map[string]keptDomain{}, loaded: make(chan struct{})}
	c.domains = d
	return d
}

// Loaded is closed once Changed was told of everything that is stored.
func (d *Domains) Loaded() <-chan struct{} { return d.loaded }

// Remember tells of what was known before, unless the store has spoken.
func (d *Domains) Remember(list []*apigw.DomainName) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.complete {
		d.o.Changed(list)
	}
}

// Follow tells of what is stored, by whichever node, until ctx ends.
func (d *Domains) Follow(ctx context.Context) {
	defer d.keep()
	events := d.c.watchKind(ctx, KeyDomain)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case b, ok := <-events:
			if !ok {
				return
			}
			d.arrived(b)
		case <-tick.C:
			d.keep()
		}
	}
}

// arrived takes in what the store tells; its first batch is everything.
func (d *Domains) arrived(b store.Batch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	changed := false
	for _, e := range b.Events {
		if e.Value == nil {
			changed = d.forget(e.Key, b.Revision) || changed
		} else {
			changed = d.note(e.Key, e.Value, b.Revision) || changed
		}
	}
	if !d.complete {
		d.complete = true
		d.tell()
		close(d.loaded)
	} else if changed {
		d.tell()
	}
}

// committed tells at once of what this node changed: it comes by the watch, too.
func (d *Domains) committed(ops []store.Op, revision int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	changed := false
	for _, op := range ops {
		if k, ok := ParseKey(op.Key); ok && k.Kind == KeyDomain {
			changed = d.note(op.Key, op.Value, revision) || changed
		}
	}
	if changed && d.complete {
		d.tell()
	}
}

// note takes a record in unless it, or a later one, is known. One that this
// node deleted is known as such until the watch tells of it, so that an older
// record that arrives late doesn't bring it back.
func (d *Domains) note(key string, value []byte, revision int64) bool {
	if old, ok := d.known[key]; ok && old.revision >= revision {
		return false
	}
	k := keptDomain{revision: revision, value: value}
	if value != nil {
		var err error
		if k.domain, _, err = decodeRecord[apigw.DomainName](store.Record{Key: key, Value: value}); err != nil {
			d.c.log.Error("a stored domain name can't be read; it isn't served", "key", key, "error", err)
		}
	}
	d.known[key] = k
	return true
}

// forget is note for what the watch says is gone: nothing older follows.
func (d *Domains) forget(key string, revision int64) bool {
	old, ok := d.known[key]
	if !ok || old.revision > revision {
		return false
	}
	delete(d.known, key)
	return old.domain != nil
}

func (d *Domains) tell() {
	list := make([]*apigw.DomainName, 0, len(d.known))
	for _, k := range d.known {
		if k.domain != nil {
			list = append(list, k.domain)
		}
	}
	d.dirty = true
	d.o.Changed(list)
}

// keep hands over what is known, once that is all and when it is new.
func (d *Domains) keep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.complete || !d.dirty {
		return
	}
	records := map[string]json.RawMessage{}
	for key, k := range d.known {
		if k.value != nil {
			records[key] = k.value
		}
	}
	raw, err := json.Marshal(records)
	if err != nil {
		d.c.log.Error("domain names can't be kept for a start without the store", "error", err)
		return
	}
	d.dirty = false
	d.o.Keep(raw)
}

// RememberDomains reads what Keep was given. What can't be read is left out,
// and named by the error.
func RememberDomains(raw []byte) (list []*apigw.DomainName, err error) {
	var records map[string]json.RawMessage
	if err := json.Unmarshal(raw, &records); err != nil {
		return nil, fmt.Errorf("read the kept domain names: %w", err)
	}
	for key, value := range records {
		domain, _, problem := decodeRecord[apigw.DomainName](store.Record{Key: key, Value: value})
		err = errors.Join(err, problem)
		if problem == nil {
			list = append(list, domain)
		}
	}
	return list, err
}
