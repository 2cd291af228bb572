package registry

import (
	"errors"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// What a lookup by names doesn't find.
var (
	ErrNoNamespace = errors.New("no such namespace")
	ErrNoService   = errors.New("no such service")
)

// Index is what is known of namespaces and services at a moment; nobody changes
// it.
type Index struct {
	namespaces []*apigw.Namespace // by ARN
	services   map[apigw.ARN]*Service
	names      map[name]apigw.ARN // of namespaces
	within     map[apigw.ARN]map[string]*Service
	changed    chan struct{}
}

// name is a namespace's name in the calls of an account and region.
type name struct {
	scope apigw.Scope
	name  string
}

func newIndex(namespaces map[apigw.ARN]*apigw.Namespace, services map[apigw.ARN]*Service) *Index {
	x := &Index{services: map[apigw.ARN]*Service{}, names: map[name]apigw.ARN{}, within: map[apigw.ARN]map[string]*Service{}, changed: make(chan struct{})}
	for _, arn := range slices.Sorted(maps.Keys(namespaces)) {
		n := namespaces[arn]
		scope, _, _, _ := apigw.ParseRegistryARN(arn)
		x.namespaces = append(x.namespaces, n)
		x.names[name{scope, n.HTTPName}] = arn
		x.within[arn] = map[string]*Service{}
	}
	for arn, s := range services {
		v := s.View()
		if v == nil {
			continue
		}
		x.services[arn] = s
		x.within[v.Namespace.ARN][v.Service.Name] = s
	}
	return x
}

// Changed is closed once there is a newer index.
func (x *Index) Changed() <-chan struct{} { return x.changed }

// Namespaces are all namespaces of every account and region, by ARN. The caller
// doesn't change them.
func (x *Index) Namespaces() []*apigw.Namespace { return x.namespaces }

// Service finds a service by its ARN; nil: there is none.
func (x *Index) Service(arn apigw.ARN) *Service { return x.services[arn] }

// ServiceByID finds a service of an account and region; nil: there is none.
func (x *Index) ServiceByID(scope apigw.Scope, id string) *Service {
	return x.services[apigw.RegistryServiceARN(scope, id)]
}

// Services are a namespace's services, by name.
func (x *Index) Services(namespace apigw.ARN) []*Service {
	within := x.within[namespace]
	list := make([]*Service, 0, len(within))
	for _, name := range slices.Sorted(maps.Keys(within)) {
		list = append(list, within[name])
	}
	return list
}

// ServiceNamed finds a namespace's service by its name; nil: there is none.
func (x *Index) ServiceNamed(namespace apigw.ARN, service string) *Service {
	return x.within[namespace][service]
}

// Find finds a service by its name and its namespace's HTTP name, as
// DiscoverInstances does. It returns ErrNoNamespace or ErrNoService.
func (x *Index) Find(scope apigw.Scope, namespace, service string) (*Service, error) {
	arn, ok := x.names[name{scope, namespace}]
	if !ok {
		return nil, ErrNoNamespace
	}
	s := x.within[arn][service]
	if s == nil {
		return nil, ErrNoService
	}
	return s, nil
}
