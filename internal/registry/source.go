package registry

import (
	"maps"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Source adds instances in memory, beside those that are stored: what is stored
// under an ID counts before what a source says of it.
type Source struct {
	b    *Book
	name string
}

// Source returns the source of a name; what it put stays until it says otherwise.
func (b *Book) Source(name string) *Source { return &Source{b, name} }

// Put says which instances a service has by this source, all of them; a service
// that isn't known shows them once it is. Their Status is their health, at once;
// StatusAt stays zero. The values belong to the book.
func (s *Source) Put(service apigw.ARN, instances []*apigw.RegistryInstance) {
	s.b.Update(func(u *Update) {
		at := u.service(service)
		old, now := at.sources[s.name], make(map[string]*apigw.RegistryInstance, len(instances))
		moved := false
		for _, in := range instances {
			before := old[in.ID]
			if before != nil && sameRecord(before, in) {
				in = before
			}
			moved = moved || before == nil || !sameInstance(before, in)
			now[in.ID] = in
		}
		moved = moved || len(now) != len(old)
		at.setSource(s.name, now)
		for id := range old {
			if now[id] == nil {
				at.settle(id, false)
			}
		}
		for id := range now {
			at.settle(id, false)
		}
		if moved {
			u.b.sourced++
			at.sourced = u.b.sourced
		}
	})
}

// Remove says that a service has no instances by this source.
func (s *Source) Remove(service apigw.ARN) { s.Put(service, nil) }

func sameInstance(a, b *apigw.RegistryInstance) bool {
	return a.Weight == b.Weight && maps.Equal(a.Attributes, b.Attributes)
}

func sameRecord(a, b *apigw.RegistryInstance) bool {
	return sameInstance(a, b) && a.Status == b.Status
}
