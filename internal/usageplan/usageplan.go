// Package usageplan says whose API key a request was sent with, and what the
// key's usage plan lets it do: how often, and how many times in a day, week or
// month. It must not know where keys and plans are kept, nor what a request is.
//
// A Book is written by one goroutine at a time, and asked by every request
// without a lock. It has fingerprints of values, never the values.
package usageplan

import (
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/tally"
	"github.com/gatehouse/gatehouse/internal/throttle"
)

// Stage is a stage of an API.
type Stage struct {
	API   apigw.APIID
	Stage apigw.StageName
}

// The bounds of a value in bytes (recorded on AWS). What is outside is nobody's.
const (
	minValue = 20
	maxValue = 128
)

// Book is the API keys and usage plans that a node knows. Safe for concurrent
// use.
type Book struct {
	group   *throttle.Group // of nodes that divide throttles; nil: there is one
	ledger  *tally.Ledger   // that all nodes ask; nil: there is none
	secret  [15]byte        // of fingerprints; the process's own: with a value that is made here, it fills one block of the hash
	shards  [shards]atomic.Pointer[shard]
	known   atomic.Bool // Complete was called
	touched atomic.Bool // something was counted since Drain

	mu    sync.Mutex // guards what follows, and what of plans and members isn't atomic
	keys  map[keyRef]*keyRecord
	plans map[PlanRef]*plan
}

// PlanRef names a usage plan.
type PlanRef struct {
	Scope apigw.Scope
	ID    apigw.UsagePlanID
}

type keyRef struct {
	scope apigw.Scope
	id    apigw.APIKeyID
}

type fingerprint [sha256.Size]byte

// shards is how many parts the keys are in: a change copies one of them.
const shards = 256

// shard never changes. Accounts may have keys with the same value.
type shard map[fingerprint][]*key

// key never changes; a change makes another one.
type key struct {
	id      apigw.APIKeyID
	enabled bool
	members []*member
}

// keyRecord is what there is of a key. Book.mu guards it.
type keyRecord struct {
	print   fingerprint
	stored  bool // else something refers to a key that isn't known yet
	enabled bool
	members []*member
	shown   *key        // in its shard; nil: it isn't
	shownBy fingerprint // under this
}

// NewBook returns an empty Book, whose throttles the nodes of group divide (nil:
// there is one node), and whose limits all nodes ask a ledger for (nil: none).
// Until Complete is called, keys that aren't in it may
// exist.
func NewBook(group *throttle.Group, ledger *tally.Ledger) *Book {
	b := &Book{group: group, ledger: ledger, keys: map[keyRef]*keyRecord{}, plans: map[PlanRef]*plan{}}
	rand.Read(b.secret[:]) // never fails
	for i := range b.shards {
		b.shards[i].Store(&shard{})
	}
	return b
}

// Complete says that the Book has everything that is stored. Call it within the
// Update that put the last of it in.
func (b *Book) Complete() { b.known.Store(true) }

// print is a value's fingerprint. Nobody outside can know it, so that the time
// a look-up takes tells nothing of other values.
func (b *Book) print(value []byte) fingerprint {
	var text [len(b.secret) + maxValue]byte
	n := copy(text[:], b.secret[:])
	n += copy(text[n:], value)
	return sha256.Sum256(text[:n])
}

// Refusal is why a key doesn't let a request in.
type Refusal uint8

// The refusals. NotRefused is none.
const (
	NotRefused Refusal = iota
	Missing            // there is no value
	Unknown            // nobody's value
	Unloaded           // nobody's value, but not all keys are known yet
	Disabled
	NotInPlan // no plan has both the key and the stage
)

// Use is a key's use of a plan for one request.
type Use struct {
	Key  apigw.APIKeyID
	Plan apigw.UsagePlanID

	book   *Book
	member *member
	view   *planView
	stage  *stageView
	at     Stage
}

// Find is the use of the plan that has both the stage and the key whose value
// this is: a key is in one such plan at most (developer guide, "Usage plans and
// API keys").
func (b *Book) Find(value []byte, at Stage) (u Use, why Refusal) {
	if len(value) == 0 {
		return u, Missing
	}
	if len(value) < minValue || len(value) > maxValue {
		return u, Unknown
	}
	print := b.print(value)
	why = Unknown
	for _, k := range (*b.shards[print[0]].Load())[print] {
		u.Key, why = k.id, Disabled
		if !k.enabled {
			continue
		}
		why = NotInPlan
		for _, m := range k.members {
			view := m.plan.view.Load()
			if view == nil {
				continue
			}
			if stage := view.stages[at]; stage != nil {
				return Use{k.id, m.plan.ref.ID, b, m, view, stage, at}, NotRefused
			}
		}
	}
	if why == Unknown && !b.known.Load() {
		why = Unloaded
	}
	return u, why
}

// HasPlan says whether any plan has the stage.
func (b *Book) HasPlan(at Stage) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.plans {
		if view := p.view.Load(); view != nil && view.stages[at] != nil {
			return true
		}
	}
	return false
}

// Update runs change and shows, once it returned, what it changed of keys.
func (b *Book) Update(change func(*Edit)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := &Edit{b, map[*keyRecord]apigw.APIKeyID{}}
	change(e)
	e.show()
}

// Remember is Update for what was known once: it does nothing when the Book is
// complete by now.
func (b *Book) Remember(change func(*Edit)) {
	b.Update(func(e *Edit) {
		if !b.known.Load() {
			change(e)
		}
	})
}

// Edit changes a Book.
type Edit struct {
	b    *Book
	keys map[*keyRecord]apigw.APIKeyID // that changed
}

// SetKey puts a key in, or changes it. An empty value is one that can't be
// told: nobody has it.
func (e *Edit) SetKey(scope apigw.Scope, id apigw.APIKeyID, value string, enabled bool) {
	r := e.key(keyRef{scope, id})
	r.stored, r.enabled = len(value) >= minValue && len(value) <= maxValue, enabled
	if r.stored {
		r.print = e.b.print([]byte(value))
	}
}

// RemoveKey takes a key out.
func (e *Edit) RemoveKey(scope apigw.Scope, id apigw.APIKeyID) {
	r := e.key(keyRef{scope, id})
	r.stored = false
	if len(r.members) == 0 {
		delete(e.b.keys, keyRef{scope, id})
	}
}

// AddToPlan puts a key into a plan; either may come later.
func (e *Edit) AddToPlan(ref PlanRef, id apigw.APIKeyID) {
	p := e.plan(ref)
	if p.members[id] != nil {
		return
	}
	r := e.key(keyRef{ref.Scope, id})
	m := &member{plan: p, key: id}
	p.members[id], r.members = m, append(r.members[:len(r.members):len(r.members)], m)
}

// RemoveFromPlan takes a key out of a plan.
func (e *Edit) RemoveFromPlan(ref PlanRef, id apigw.APIKeyID) {
	p := e.plan(ref)
	m := p.members[id]
	if m == nil {
		return
	}
	delete(p.members, id)
	r := e.key(keyRef{ref.Scope, id})
	r.members = slices.DeleteFunc(slices.Clone(r.members), func(o *member) bool { return o == m })
	if len(r.members) == 0 && !r.stored {
		delete(e.b.keys, keyRef{ref.Scope, id})
	}
}

// SetPlan puts a plan in, or changes it. It must not be changed afterwards.
func (e *Edit) SetPlan(scope apigw.Scope, from *apigw.UsagePlan) {
	p := e.plan(PlanRef{scope, from.ID})
	p.view.Store(newView(from))
	p.recount()
}

// RemovePlan takes a plan out; its keys leave it by RemoveFromPlan.
func (e *Edit) RemovePlan(ref PlanRef) {
	e.plan(ref).view.Store(nil)
}

func (e *Edit) key(ref keyRef) *keyRecord {
	r := e.b.keys[ref]
	if r == nil {
		r = &keyRecord{}
		e.b.keys[ref] = r
	}
	e.keys[r] = ref.id
	return r
}

func (e *Edit) plan(ref PlanRef) *plan {
	p := e.b.plans[ref]
	if p == nil {
		p = &plan{ref: ref, members: map[apigw.APIKeyID]*member{}, grants: map[apigw.APIKeyID]*apigw.UsageGrant{}, counts: map[apigw.Day]map[apigw.APIKeyID]int64{}}
		e.b.plans[ref] = p
	}
	return p
}

// show makes what changed visible: each shard is copied once.
func (e *Edit) show() {
	copies := map[byte]shard{}
	of := func(print fingerprint) shard {
		s := copies[print[0]]
		if s == nil {
			old := *e.b.shards[print[0]].Load()
			s = make(shard, len(old)+1)
			for p, list := range old {
				s[p] = list
			}
			copies[print[0]] = s
		}
		return s
	}
	for r, id := range e.keys {
		if r.shown != nil {
			without(of(r.shownBy), r.shownBy, r.shown)
			r.shown = nil
		}
		if r.stored {
			s := of(r.print)
			r.shown, r.shownBy = &key{id, r.enabled, r.members}, r.print
			list := s[r.print]
			s[r.print] = append(list[:len(list):len(list)], r.shown)
		}
	}
	for i, s := range copies {
		e.b.shards[i].Store(&s)
	}
}

func without(s shard, print fingerprint, k *key) {
	list := slices.DeleteFunc(slices.Clone(s[print]), func(o *key) bool { return o == k })
	if len(list) == 0 {
		delete(s, print)
	} else {
		s[print] = list
	}
}

// All says that nothing is there but what the sets say. It comes first in a
// change that then puts all of that in.
func (e *Edit) All(keys func(apigw.Scope, apigw.APIKeyID) bool, plans func(PlanRef) bool, members, grants func(PlanRef, apigw.APIKeyID) bool) {
	for ref := range e.b.keys {
		if !keys(ref.scope, ref.id) {
			e.RemoveKey(ref.scope, ref.id)
		}
	}
	for ref, p := range e.b.plans {
		if !plans(ref) {
			e.RemovePlan(ref)
		}
		for id := range p.members {
			if !members(ref, id) {
				e.RemoveFromPlan(ref, id)
			}
		}
		for id := range p.grants {
			if !grants(ref, id) {
				e.SetGrant(ref, id, nil)
			}
		}
	}
}
