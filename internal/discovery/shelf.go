package discovery

import (
	"context"
	"log/slog"
	"sync"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/registry"
)

// Shelf holds what one source says of services by their names, and puts it where
// the registry has them: services come and go while sources speak.
type Shelf struct {
	book  *registry.Book
	scope apigw.Scope
	from  *registry.Source
	log   *slog.Logger

	mu      sync.Mutex // guards what follows
	held    map[Service][]*apigw.RegistryInstance
	at      map[Service]apigw.ARN // where it is put
	missing map[Service]bool      // told of
}

// NewShelf returns an empty Shelf for the source of a name.
func NewShelf(book *registry.Book, scope apigw.Scope, name string, log *slog.Logger) *Shelf {
	return &Shelf{book: book, scope: scope, from: book.Source(name), log: log.With("source", name),
		held: map[Service][]*apigw.RegistryInstance{}, at: map[Service]apigw.ARN{}, missing: map[Service]bool{}}
}

// Put says which instances a service has, all of them. They belong to the shelf.
func (s *Shelf) Put(service Service, instances []*apigw.RegistryInstance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(instances) > maxInstances {
		s.log.Warn("the source has more instances of a service than are taken", "service", service.String(), "instances", len(instances), "taken", maxInstances)
		instances = instances[:maxInstances]
	}
	s.held[service] = instances
	s.place(service, s.book.Index())
	if len(instances) == 0 {
		delete(s.held, service)
	}
}

// Services are those that have instances.
func (s *Shelf) Services() (list []Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for service := range s.held {
		list = append(list, service)
	}
	return list
}

// Follow puts what is held where the registry has its services, as they come and
// go, until ctx ends.
func (s *Shelf) Follow(ctx context.Context) {
	for {
		index := s.book.Index()
		s.mu.Lock()
		for service := range s.held {
			s.place(service, index)
		}
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-index.Changed():
		}
	}
}

// place puts what is held of a service. The caller holds mu.
func (s *Shelf) place(service Service, index *registry.Index) {
	var arn apigw.ARN
	if found, err := index.Find(s.scope, service.Namespace, service.Name); err == nil {
		arn = found.ARN()
	}
	if old := s.at[service]; old != "" && old != arn {
		s.from.Remove(old)
		delete(s.at, service)
	}
	if arn != "" {
		s.from.Put(arn, s.held[service])
		s.at[service] = arn
		delete(s.missing, service)
		return
	}
	if !s.missing[service] && len(s.held[service]) > 0 {
		s.missing[service] = true
		s.log.Warn("the source has instances of a service that the registry doesn't have", "service", service.String())
	}
}
