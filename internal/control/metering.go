package control

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Times and sizes of metering.
const (
	meterEvery = 10 * time.Second // counts are stored; more are never lost
	keptMonths = 13               // months whose counts stay, with the current one
	meterBatch = 40               // records of one transaction
	// meterParts is how many records share the keys of an API's month: none gets
	// too large, and nodes that serve different keys seldom write the same one.
	meterParts = 16
)

// MeterSource says what was served since it was asked last, and which stages
// have a cache of how many GB now.
type MeterSource func() (counts []apigw.MeteredCount, caches map[apigw.MeteredPlace]string)

// Metering stores what a node served, by month. Several nodes add to the same
// records.
type Metering struct {
	c     *Control
	drain MeterSource

	turn    chan struct{}         // held while counts are stored
	pending map[string]*meterPart // by key; what isn't stored yet
	swept   apigw.Month           // up to which old months were removed
}

// NewMetering returns a Metering over c's store.
func NewMetering(c *Control, drain MeterSource) *Metering {
	return &Metering{c: c, drain: drain, turn: make(chan struct{}, 1), pending: map[string]*meterPart{}}
}

// meterPart is a record: a part of what an API served in a month.
type meterPart struct {
	// Amounts are by stage and, after a slash, key.
	Amounts map[string]apigw.MeteredAmount `json:"amounts,omitempty"`
	// Cached are the hours of the month, a bit for each, in which a stage had a
	// cache: by stage and, after a slash, size. A node that says it again changes
	// nothing.
	Cached map[string][]byte `json:"cached,omitempty"`
}

func (p *meterPart) add(q *meterPart) {
	for name, a := range q.Amounts {
		p.count(name, a)
	}
	for name, bits := range q.Cached {
		if p.Cached == nil {
			p.Cached = map[string][]byte{}
		}
		have := append(p.Cached[name], make([]byte, max(0, len(bits)-len(p.Cached[name])))...)
		for i, b := range bits {
			have[i] |= b
		}
		p.Cached[name] = have
	}
}

func (p *meterPart) count(name string, a apigw.MeteredAmount) {
	if p.Amounts == nil {
		p.Amounts = map[string]apigw.MeteredAmount{}
	}
	p.Amounts[name] = p.Amounts[name].Plus(a)
}

func meterMonth(scope apigw.Scope, m apigw.Month) string {
	return kindPrefix(scope, KeyMeter) + segment(string(m)) + "/"
}

// meterRecord is where an API's month is kept: in all, or of some keys.
func meterRecord(p apigw.MeteredPlace, m apigw.Month, key apigw.APIKeyID) string {
	base := meterMonth(p.Scope, m) + segment(string(p.API)) + "/"
	if key == "" {
		return base + "all"
	}
	return fmt.Sprintf("%s%d", base, shardOf(key, meterParts))
}

// Follow stores what is served until ctx ends; what was served last is stored
// before it returns.
func (m *Metering) Follow(ctx context.Context) {
	tick := time.NewTicker(meterEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-tick.C:
			if err := m.flush(ctx); err == nil || ctx.Err() != nil {
				failing = false
			} else if !failing {
				failing = true
				m.c.log.Warn("what is served can't be metered in the store; it is counted on in memory", "error", err)
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := m.flush(last); err != nil {
				m.c.log.Warn("what was served last isn't metered", "error", err)
			}
			return
		}
	}
}

// flush stores what was counted. What can't be stored is pending.
func (m *Metering) flush(ctx context.Context) error {
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	m.collect(m.c.now())
	keys := make([]string, 0, len(m.pending))
	for key := range m.pending {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for part := range slices.Chunk(keys, meterBatch) {
		if err := m.store(ctx, part); err != nil {
			return err
		}
	}
	return m.sweep(ctx)
}

// collect adds what was served to what is pending.
func (m *Metering) collect(now time.Time) {
	month := apigw.MonthOf(now)
	counts, caches := m.drain()
	part := func(p apigw.MeteredPlace, key apigw.APIKeyID) *meterPart {
		record := meterRecord(p, month, key)
		if m.pending[record] == nil {
			m.pending[record] = &meterPart{}
		}
		return m.pending[record]
	}
	for _, n := range counts {
		name := string(n.Place.Stage)
		if n.Key != "" {
			name += "/" + string(n.Key)
		}
		part(n.Place, n.Key).count(name, n.Amount)
	}
	hour := (now.UTC().Day()-1)*24 + now.UTC().Hour()
	bits := make([]byte, hour/8+1)
	bits[hour/8] = 1 << (hour % 8)
	for p, size := range caches {
		part(p, "").add(&meterPart{Cached: map[string][]byte{string(p.Stage) + "/" + size: bits}})
	}
}

// store adds what is pending of some records to them.
func (m *Metering) store(ctx context.Context, keys []string) error {
	for attempt := 1; ; attempt++ {
		txn, err := m.sums(ctx, keys)
		if err != nil {
			return err
		}
		if len(txn.Ops) > 0 {
			_, err = m.c.store.Commit(ctx, txn)
		}
		if err == nil {
			for _, key := range keys {
				delete(m.pending, key)
			}
			return nil
		}
		if !errors.Is(err, store.ErrConflict) || attempt == maxAttempts {
			return err
		}
		if err := stepAside(ctx, attempt); err != nil {
			return err
		}
	}
}

// sums makes the transaction that stores what is pending of some records. What
// they have already, such as the hour of a cache, isn't written again.
func (m *Metering) sums(ctx context.Context, keys []string) (txn store.Txn, err error) {
	for _, key := range keys {
		sum, revision, err := m.read(ctx, key)
		if err != nil {
			return txn, err
		}
		before, err := encodeRecord(key, sum, nil)
		if err != nil {
			return txn, err
		}
		sum.add(m.pending[key])
		raw, err := encodeRecord(key, sum, nil)
		if err != nil {
			return txn, err
		}
		if string(raw) != string(before) {
			txn.If = append(txn.If, store.Condition{Key: key, Revision: revision})
			txn.Ops = append(txn.Ops, store.Op{Key: key, Value: raw})
		}
	}
	return txn, nil
}

func (m *Metering) read(ctx context.Context, key string) (*meterPart, int64, error) {
	r, err := m.c.store.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return &meterPart{}, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	p, _, err := decodeRecord[meterPart](r)
	return p, r.Revision, err
}

// sweep removes, once a month, what is too old to be asked for.
func (m *Metering) sweep(ctx context.Context) error {
	now := m.c.now().UTC()
	month := apigw.MonthOf(now)
	if m.swept == month {
		return nil
	}
	oldest := apigw.MonthOf(time.Date(now.Year(), now.Month()-keptMonths+1, 1, 0, 0, 0, 0, time.UTC))
	scopes, err := m.c.Scopes(ctx)
	if err != nil {
		return err
	}
	for _, scope := range scopes {
		if err := m.sweepScope(ctx, kindPrefix(scope, KeyMeter), string(oldest)); err != nil {
			return err
		}
	}
	m.swept = month
	return nil
}

func (m *Metering) sweepScope(ctx context.Context, prefix, oldest string) error {
	for {
		records, more, _, err := m.c.store.List(ctx, prefix, "", meterBatch)
		if err != nil {
			return err
		}
		var old store.Txn
		for _, r := range records {
			if strings.TrimPrefix(r.Key, prefix) < oldest {
				old.Ops = append(old.Ops, store.Op{Key: r.Key})
			}
		}
		if len(old.Ops) == 0 {
			return nil
		}
		if _, err := m.c.store.Commit(ctx, old); err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
}

// Month is what the stages of a scope came to in a month, with what this node
// served until now, in the order of APIs and stages.
func (m *Metering) Month(ctx context.Context, scope apigw.Scope, month apigw.Month) ([]*apigw.MeteredStage, error) {
	if _, err := month.Begin(); err != nil {
		return nil, apigw.Errorf(apigw.BadRequest, "%q is no month; write it as 2006-01", month)
	}
	if err := m.flush(ctx); err != nil {
		return nil, storeError(err)
	}
	prefix := meterMonth(scope, month)
	stages := map[string]*apigw.MeteredStage{}
	for after, more := "", true; more; {
		var records []store.Record
		var err error
		if records, more, _, err = m.c.store.List(ctx, prefix, after, sweepPage); err != nil {
			return nil, storeError(err)
		}
		for _, r := range records {
			after = r.Key
			k, _ := ParseKey(r.Key)
			api, _, _ := strings.Cut(k.Rest, "/")
			part, _, err := decodeRecord[meterPart](r)
			if err != nil {
				return nil, err
			}
			part.tell(apigw.APIID(api), stages)
		}
	}
	list := make([]*apigw.MeteredStage, 0, len(stages))
	for _, s := range stages {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *apigw.MeteredStage) int {
		return strings.Compare(string(a.API)+"/"+string(a.Stage), string(b.API)+"/"+string(b.Stage))
	})
	return list, nil
}

// tell adds the record of an API to its stages.
func (p *meterPart) tell(api apigw.APIID, stages map[string]*apigw.MeteredStage) {
	stage := func(name string) (*apigw.MeteredStage, string) {
		name, rest, _ := strings.Cut(name, "/")
		s := stages[string(api)+"/"+name]
		if s == nil {
			s = &apigw.MeteredStage{API: api, Stage: apigw.StageName(name), Keys: map[apigw.APIKeyID]apigw.MeteredAmount{}, CacheHours: map[string]int{}}
			stages[string(api)+"/"+name] = s
		}
		return s, rest
	}
	for name, a := range p.Amounts {
		if s, key := stage(name); key == "" {
			s.MeteredAmount = a
		} else {
			s.Keys[apigw.APIKeyID(key)] = a
		}
	}
	for name, hours := range p.Cached {
		s, size := stage(name)
		for _, b := range hours {
			s.CacheHours[size] += bits.OnesCount8(b)
		}
	}
}
