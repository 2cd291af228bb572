package control

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// countShards is how many records share the counts of one plan's day: nodes that
// count different keys seldom write the same one, and none gets too large.
const countShards = 16

// keptCounts is how many days of counts stay: as many as can be asked for, and
// a few.
const keptCounts = maxUsageDays + 3

func planCountPrefix(scope apigw.Scope, plan apigw.UsagePlanID) string {
	return kindPrefix(scope, KeyPlanCount) + segment(string(plan)) + "/"
}

// shardOf is the one of n records that has a key.
func shardOf(id apigw.APIKeyID, n uint32) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return int(h.Sum32() % n)
}

// Days are written with as many digits, so that keys are in their order.
func planCountRecord(scope apigw.Scope, plan apigw.UsagePlanID, d apigw.Day, shard int) string {
	return fmt.Sprintf("%s%06d/%d", planCountPrefix(scope, plan), d, shard)
}

// countDay is the day that a count's key is of.
func countDay(k ParsedKey) (apigw.Day, bool) {
	text, _, _ := strings.Cut(k.Rest, "/")
	n, err := strconv.ParseInt(text, 10, 32)
	return apigw.Day(n), err == nil
}

// dayCounts is how many requests keys had, by day.
type dayCounts map[apigw.Day]map[apigw.APIKeyID]int64

// used is what a key used of the quota's period until the end of day d.
func (c dayCounts) used(q *apigw.Quota, id apigw.APIKeyID, d apigw.Day) (n int64) {
	for first, _ := q.Days(d); first <= d; first++ {
		n += c[first][id]
	}
	return n
}

// countsOf reads the counts of n days, and of those before that are in the
// period of the first.
func (c *Control) countsOf(ctx context.Context, scope apigw.Scope, p *apigw.UsagePlan, first apigw.Day, n int) (dayCounts, error) {
	from, _ := p.Quota.Days(first)
	counts := dayCounts{}
	prefix := planCountPrefix(scope, p.ID)
	for after, more := fmt.Sprintf("%s%06d/", prefix, from), true; more; {
		var records []store.Record
		var err error
		if records, more, _, err = c.store.List(ctx, prefix, after, 200); err != nil {
			return nil, err
		}
		for _, r := range records {
			after = r.Key
			k, _ := ParseKey(r.Key)
			d, ok := countDay(k)
			if !ok {
				continue
			}
			if d >= first+apigw.Day(n) {
				return counts, nil
			}
			of, _, err := decodeRecord[map[apigw.APIKeyID]int64](r)
			if err != nil {
				return nil, err
			}
			if counts[d] == nil {
				counts[d] = map[apigw.APIKeyID]int64{}
			}
			for id, used := range *of {
				counts[d][id] += used
			}
		}
	}
	return counts, nil
}

// UsageCount is how many requests a key had on a day.
type UsageCount struct {
	Scope apigw.Scope
	Plan  apigw.UsagePlanID
	Key   apigw.APIKeyID
	Day   apigw.Day
	N     int64
	Left  bool `json:",omitempty"` // MeteredOptions.Left said it
}

// flush stores what this node counted. On a nil Metered it does nothing.
func (m *Metered) flush(ctx context.Context) error {
	if m == nil {
		return nil
	}
	m.countMu.Lock()
	defer m.countMu.Unlock()
	groups := map[string][]UsageCount{}
	if m.o.Left != nil {
		for _, n := range m.o.Left() {
			n.Left = true
			m.left = append(m.left, n)
		}
	}
	for _, n := range append(m.o.Drain(), m.left...) {
		key := planCountRecord(n.Scope, n.Plan, n.Day, shardOf(n.Key, countShards))
		groups[key] = append(groups[key], n)
	}
	keys := make([]string, 0, len(groups))
	for key := range groups {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var failed error
	for part := range slices.Chunk(keys, maxCountsStored) {
		if err := m.storeCounts(ctx, part, groups); err != nil {
			failed = err
		}
	}
	if failed != nil {
		m.o.Retry()
	} else {
		m.left = nil // with what is of plans that are gone
	}
	return failed
}

// maxCountsStored bounds the records of one transaction.
const maxCountsStored = 40

// storeCounts adds what was counted to the records of keys.
func (m *Metered) storeCounts(ctx context.Context, keys []string, groups map[string][]UsageCount) error {
	for attempt := 1; ; attempt++ {
		txn, totals, err := m.addCounts(ctx, keys, groups)
		if err != nil || len(totals) == 0 {
			return err
		}
		revision, err := m.c.store.Commit(ctx, txn)
		if err == nil {
			m.counted = true
			for key, total := range totals {
				m.counts[key] = keptRecord{revision, txnValue(txn, key)}
				m.o.Stored(groups[key], total)
				m.left = slices.DeleteFunc(m.left, func(n UsageCount) bool { return slices.Contains(groups[key], n) })
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

func txnValue(t store.Txn, key string) []byte {
	for _, op := range t.Ops {
		if op.Key == key {
			return op.Value
		}
	}
	return nil
}

// addCounts makes the transaction and says what the records have afterwards.
// Plans that are gone aren't counted for.
func (m *Metered) addCounts(ctx context.Context, keys []string, groups map[string][]UsageCount) (txn store.Txn, totals map[string]map[apigw.APIKeyID]int64, err error) {
	totals = map[string]map[apigw.APIKeyID]int64{}
	plans := map[string]bool{}
	for _, key := range keys {
		list := groups[key]
		plan := planRecord(list[0].Scope, list[0].Plan)
		exists, seen := plans[plan]
		if !seen {
			r, err := m.c.store.Get(ctx, plan)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return txn, nil, err
			}
			if exists = err == nil; exists {
				txn.If = append(txn.If, store.Condition{Key: plan, Revision: r.Revision})
			}
			plans[plan] = exists
		}
		if !exists {
			continue
		}
		total, revision, err := m.readCounts(ctx, key)
		if err != nil {
			return txn, nil, err
		}
		for _, n := range list {
			total[n.Key] += n.N
		}
		raw, err := encodeRecord(key, &total, nil)
		if err != nil {
			return txn, nil, err
		}
		totals[key] = total
		txn.If = append(txn.If, store.Condition{Key: key, Revision: revision})
		txn.Ops = append(txn.Ops, store.Op{Key: key, Value: raw})
	}
	return txn, totals, nil
}

func (m *Metered) readCounts(ctx context.Context, key string) (total map[apigw.APIKeyID]int64, revision int64, err error) {
	r, err := m.c.store.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return map[apigw.APIKeyID]int64{}, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	of, _, err := decodeRecord[map[apigw.APIKeyID]int64](r)
	if err != nil {
		return nil, 0, err
	}
	if *of == nil {
		*of = map[apigw.APIKeyID]int64{}
	}
	return *of, r.Revision, nil
}
