package control

import (
	"log/slog"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/store"
)

// TestFollowed: whatever comes first, the watch or the word of who changed a
// record, the latest is told, and nothing is kept of what is gone.
func TestFollowed(t *testing.T) {
	const key = KeyRoot + "aws/111111111111/us-east-1/" + string(KeyDomain) + "/a.example"
	const other = KeyRoot + "aws/222222222222/us-east-1/" + string(KeyDomain) + "/b.example"
	put := func(key, value string, revision int64) store.Event {
		return store.Event{Key: key, Value: []byte(value), Revision: revision}
	}
	gone := func(revision int64) store.Event { return store.Event{Key: key, Revision: revision} }
	watch := func(events ...store.Event) func(*Followed[store.Record]) {
		return func(d *Followed[store.Record]) { d.arrived(store.Batch{Revision: 9, Events: events}) }
	}
	commit := func(e store.Event) func(*Followed[store.Record]) {
		return func(d *Followed[store.Record]) { d.committed([]store.Op{{Key: e.Key, Value: e.Value}}, e.Revision) }
	}
	for name, tt := range map[string]struct {
		steps []func(*Followed[store.Record])
		want  []string
	}{
		"watch, then commit":                {[]func(*Followed[store.Record]){watch(), watch(put(key, "1", 2)), commit(put(key, "1", 2))}, []string{"1"}},
		"commit, then watch":                {[]func(*Followed[store.Record]){watch(), commit(put(key, "1", 2)), watch(put(key, "1", 2))}, []string{"1"}},
		"deleted, by the watch first":       {[]func(*Followed[store.Record]){watch(put(key, "1", 2)), watch(gone(3)), commit(gone(3))}, nil},
		"deleted, by the commit first":      {[]func(*Followed[store.Record]){watch(put(key, "1", 2)), commit(gone(3)), watch(gone(3))}, nil},
		"a commit after a later deletion":   {[]func(*Followed[store.Record]){watch(), watch(put(key, "1", 2)), watch(gone(3)), commit(put(key, "1", 2))}, nil},
		"a change while all is collected":   {[]func(*Followed[store.Record]){watch(put(key, "1", 2), put(other, "b", 9), put(key, "2", 5))}, []string{"2", "b"}},
		"a change behind another's listing": {[]func(*Followed[store.Record]){watch(put(key, "1", 2), put(other, "b", 9)), watch(put(key, "2", 7))}, []string{"2", "b"}},
		"another account's revision":        {[]func(*Followed[store.Record]){watch(put(other, "b", 9)), commit(put(key, "1", 7))}, []string{"1", "b"}},
	} {
		told := map[string]string{} // by key
		list := func(all []*store.Record) {
			clear(told)
			for _, r := range all {
				told[r.Key] = string(r.Value)
			}
		}
		each := func(now []*store.Record, gone []string, all bool) {
			if all {
				clear(told)
			}
			for _, key := range gone {
				delete(told, key)
			}
			for _, r := range now {
				told[r.Key] = string(r.Value)
			}
		}
		for how, o := range map[string]FollowOptions[store.Record]{"all": {Changed: list}, "each": {Each: each}} {
			t.Run(name+", told of "+how, func(t *testing.T) {
				clear(told)
				d := newFollowed(&Control{log: slog.New(slog.DiscardHandler)}, KeyDomain, func(r store.Record) (*store.Record, error) { return &r, nil }, o)
				for _, step := range tt.steps {
					step(d)
				}
				if diff := cmp.Diff(tt.want, slices.Sorted(maps.Values(told))); diff != "" {
					t.Error(diff)
				}
				if len(d.known) != len(tt.want) {
					t.Errorf("%d records are known", len(d.known))
				}
			})
		}
	}
}
