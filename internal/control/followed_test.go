package control

import (
	"log/slog"
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
	watch := func(events ...store.Event) func(*Followed[string]) {
		return func(d *Followed[string]) { d.arrived(store.Batch{Revision: 9, Events: events}) }
	}
	commit := func(e store.Event) func(*Followed[string]) {
		return func(d *Followed[string]) { d.committed([]store.Op{{Key: e.Key, Value: e.Value}}, e.Revision) }
	}
	for name, tt := range map[string]struct {
		steps []func(*Followed[string])
		want  []string
	}{
		"watch, then commit":                {[]func(*Followed[string]){watch(), watch(put(key, "1", 2)), commit(put(key, "1", 2))}, []string{"1"}},
		"commit, then watch":                {[]func(*Followed[string]){watch(), commit(put(key, "1", 2)), watch(put(key, "1", 2))}, []string{"1"}},
		"deleted, by the watch first":       {[]func(*Followed[string]){watch(put(key, "1", 2)), watch(gone(3)), commit(gone(3))}, nil},
		"deleted, by the commit first":      {[]func(*Followed[string]){watch(put(key, "1", 2)), commit(gone(3)), watch(gone(3))}, nil},
		"a commit after a later deletion":   {[]func(*Followed[string]){watch(), watch(put(key, "1", 2)), watch(gone(3)), commit(put(key, "1", 2))}, nil},
		"a change while all is collected":   {[]func(*Followed[string]){watch(put(key, "1", 2), put(other, "b", 9), put(key, "2", 5))}, []string{"2", "b"}},
		"a change behind another's listing": {[]func(*Followed[string]){watch(put(key, "1", 2), put(other, "b", 9)), watch(put(key, "2", 7))}, []string{"2", "b"}},
		"another account's revision":        {[]func(*Followed[string]){watch(put(other, "b", 9)), commit(put(key, "1", 7))}, []string{"1", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			var list []string
			d := newFollowed(&Control{log: slog.New(slog.DiscardHandler)}, KeyDomain, func(r store.Record) (*string, error) {
				s := string(r.Value)
				return &s, nil
			}, FollowOptions[string]{Changed: func(all []*string) {
				list = nil
				for _, s := range all {
					list = append(list, *s)
				}
			}})
			for _, step := range tt.steps {
				step(d)
			}
			if diff := cmp.Diff(tt.want, slices.Sorted(slices.Values(list))); diff != "" {
				t.Error(diff)
			}
			if len(d.known) != len(tt.want) {
				t.Errorf("%d records are known", len(d.known))
			}
		})
	}
}
