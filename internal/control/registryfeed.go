package control

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// RegistryRecord is one record of the service registry; one of its parts is set.
type RegistryRecord struct {
	Key       string
	Scope     apigw.Scope
	Namespace *apigw.Namespace
	Service   *apigw.RegistryService
	Instance  *apigw.RegistryInstance
	State     *apigw.RegistryState
}

// ServiceARN names the service that the record is about.
func (r *RegistryRecord) ServiceARN() apigw.ARN {
	switch {
	case r.Service != nil:
		return r.Service.ARN
	case r.Instance != nil:
		return apigw.RegistryServiceARN(r.Scope, r.Instance.Service)
	case r.State != nil:
		return apigw.RegistryServiceARN(r.Scope, r.State.Service)
	}
	return ""
}

// Registry follows the service registry for a node that serves.
type Registry = Followed[RegistryRecord]

// RegistryOptions say who follows the service registry.
type RegistryOptions = FollowOptions[RegistryRecord]

// NewRegistry returns a Registry over c's store. Make one before c is used.
func NewRegistry(c *Control, o RegistryOptions) *Registry {
	c.registry = newFollowed(c, KeyRegistry, decodeRegistry, o)
	return c.registry
}

// RememberRegistry reads what Keep was given. What can't be read is left out,
// and named by the error.
func RememberRegistry(raw []byte) ([]*RegistryRecord, error) { return remember(raw, decodeRegistry) }

func decodeRegistry(r store.Record) (*RegistryRecord, error) {
	k, ok := ParseKey(r.Key)
	if !ok || k.Kind != KeyRegistry {
		return nil, fmt.Errorf("read %s: %w", r.Key, store.ErrDamaged)
	}
	out := &RegistryRecord{Key: r.Key, Scope: k.Scope}
	var err error
	switch k.Name {
	case registryNamespaces:
		out.Namespace, _, err = decodeRecord[apigw.Namespace](r)
	case registryServices:
		out.Service, _, err = decodeRecord[apigw.RegistryService](r)
	case registryInstances:
		out.Instance, _, err = decodeRecord[apigw.RegistryInstance](r)
	case registryStates:
		out.State, _, err = decodeRecord[apigw.RegistryState](r)
	default:
		err = fmt.Errorf("read %s: %w", r.Key, store.ErrDamaged)
	}
	return out, err
}

// What the keys of the registry name.
const (
	registryNamespaces = "namespace"
	registryServices   = "service"
	registryInstances  = "instance"
	registryStates     = "state"
)

func registryPrefix(scope apigw.Scope, what string) string {
	return kindPrefix(scope, KeyRegistry) + what + "/"
}

func namespaceKey(scope apigw.Scope, id string) string {
	return registryPrefix(scope, registryNamespaces) + segment(id)
}

func registryServiceKey(scope apigw.Scope, id string) string {
	return registryPrefix(scope, registryServices) + segment(id)
}

func registryStateKey(scope apigw.Scope, service string) string {
	return registryPrefix(scope, registryStates) + segment(service)
}

func instancesPrefix(scope apigw.Scope, service string) string {
	return registryPrefix(scope, registryInstances) + segment(service) + "/"
}

func instanceKey(scope apigw.Scope, service, id string) string {
	return instancesPrefix(scope, service) + segment(id)
}

// ParseRegistryKey says what a record's key names: a namespace, a service, the
// state of one, or an instance of one.
func ParseRegistryKey(key string) (scope apigw.Scope, what, service, id string) {
	k, _ := ParseKey(key)
	switch k.Name {
	case registryInstances:
		service, id, _ = strings.Cut(k.Rest, "/")
	case registryNamespaces:
		id = k.Rest
	default:
		service = k.Rest
	}
	return k.Scope, k.Name, service, id
}
