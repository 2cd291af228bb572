package registry

import (
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Service leads to the views of one service.
type Service struct {
	b    *Book
	arn  apigw.ARN
	view atomic.Pointer[View] // nil: no such service

	// Guarded by the book's mu:
	defined  *apigw.RegistryService // nil: only its instances are known
	stored   map[string]*apigw.RegistryInstance
	sources  map[string]map[string]*apigw.RegistryInstance // by source, then ID
	order    []string                                      // the names of sources
	members  map[string]*member                            // what of these counts
	pending  map[string]*Instance                          // what the next view has anew; nil: not any more
	revision int64                                         // of the store
	sourced  int64                                         // of its sources; 0: it has had none
}

func newService(b *Book, arn apigw.ARN) *Service {
	return &Service{b: b, arn: arn, stored: map[string]*apigw.RegistryInstance{}, sources: map[string]map[string]*apigw.RegistryInstance{},
		members: map[string]*member{}, pending: map[string]*Instance{}}
}

// ARN names the service.
func (s *Service) ARN() apigw.ARN { return s.arn }

// View is the service as it is now; nil once it is gone: a service that comes
// back is to be looked up again.
func (s *Service) View() *View { return s.view.Load() }

// View is a service at a moment; nobody changes it.
type View struct {
	Namespace *apigw.Namespace
	Service   *apigw.RegistryService
	// Instances are all, whatever their health, by ID.
	Instances []*Instance
	// Revision grows when an instance comes, changes or goes, not with health. It
	// is the same on every node unless sources add instances.
	Revision int64
	checked  bool // something tells of the health of instances
	changed  chan struct{}
}

// Changed is closed once there is a newer view, or none.
func (v *View) Changed() <-chan struct{} { return v.changed }

func (s *Service) namespaceARN() apigw.ARN {
	scope, _, _, _ := apigw.ParseRegistryARN(s.arn)
	return apigw.NamespaceARN(scope, s.defined.Namespace)
}

// records are the IDs of all that is stored or sourced.
func (s *Service) records() map[string]struct{} {
	ids := map[string]struct{}{}
	for id := range s.stored {
		ids[id] = struct{}{}
	}
	for _, list := range s.sources {
		for id := range list {
			ids[id] = struct{}{}
		}
	}
	return ids
}

// record is what counts of an instance: what is stored before what sources say,
// and of these the first by name.
func (s *Service) record(id string) (*apigw.RegistryInstance, string) {
	if in := s.stored[id]; in != nil || len(s.sources) == 0 {
		return in, ""
	}
	for _, source := range s.order {
		if in := s.sources[source][id]; in != nil {
			return in, source
		}
	}
	return nil, ""
}

// setSource says what a source has; nothing: it is none any more.
func (s *Service) setSource(name string, list map[string]*apigw.RegistryInstance) {
	s.sources[name] = list
	if len(list) == 0 {
		delete(s.sources, name)
	}
	s.order = slices.Sorted(maps.Keys(s.sources))
}

// settle brings the member of an ID to what its record says, anew when the
// service itself changed.
func (s *Service) settle(id string, anew bool) {
	old := s.members[id]
	in, source := s.record(id)
	if s.defined == nil {
		in = nil
	}
	if old != nil && old.record == in && !anew || old == nil && in == nil {
		return
	}
	delete(s.members, id)
	s.pending[id] = nil
	if in != nil {
		m := newMember(s, in, source, old)
		s.members[id] = m
		s.pending[id] = m.shown
	}
	if old != nil {
		old.stop()
	}
}

// show makes the view that the book has come to; true: the service itself came,
// went or changed.
func (s *Service) show() bool {
	old, namespace := s.view.Load(), (*apigw.Namespace)(nil)
	if s.defined != nil {
		namespace = s.b.namespaces[s.namespaceARN()]
	}
	if namespace == nil {
		clear(s.pending)
		s.view.Store(nil)
		if old == nil {
			return false
		}
		close(old.changed)
		return true
	}
	v := &View{Namespace: namespace, Service: s.defined, Revision: s.revision + s.sourced, changed: make(chan struct{})}
	if old == nil {
		v.Instances = s.all()
	} else {
		v.Instances = s.merged(old.Instances)
	}
	clear(s.pending)
	v.checked = s.defined.Custom || s.defined.Health != nil || slices.ContainsFunc(v.Instances, func(i *Instance) bool { return i.Health != apigw.InstanceUnknown })
	s.view.Store(v)
	if old == nil {
		return true
	}
	close(old.changed)
	return old.Namespace != v.Namespace || old.Service != v.Service
}

// all lists the instances of a service that didn't show before.
func (s *Service) all() []*Instance {
	list := make([]*Instance, 0, len(s.members))
	for _, m := range s.members {
		list = append(list, m.shown)
	}
	slices.SortFunc(list, byID)
	return list
}

// merged is old with what is pending: a service with thousands of instances
// isn't sorted because of one.
func (s *Service) merged(old []*Instance) []*Instance {
	if len(s.pending) == 0 {
		return old
	}
	ids := slices.Sorted(maps.Keys(s.pending))
	list := make([]*Instance, 0, len(s.members))
	for _, id := range ids {
		at, found := slices.BinarySearchFunc(old, id, func(i *Instance, id string) int { return strings.Compare(i.ID, id) })
		list = append(list, old[:at]...)
		old = old[at:]
		if found {
			old = old[1:]
		}
		if now := s.pending[id]; now != nil {
			list = append(list, now)
		}
	}
	return append(list, old...)
}

func byID(a, b *Instance) int { return strings.Compare(a.ID, b.ID) }

// empty says whether nothing is known of the service any more.
func (s *Service) empty() bool {
	return s.defined == nil && len(s.stored) == 0 && len(s.sources) == 0
}
