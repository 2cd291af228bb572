package control

import (
	"context"
	"maps"
	"reflect"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// ListedService is a service with how many instances are registered.
type ListedService struct {
	*apigw.RegistryService
	Instances int
}

// RegistryService returns one service by its ID or ARN.
func (c *Control) RegistryService(ctx context.Context, scope apigw.Scope, ref string) (*ListedService, error) {
	s, err := c.readService(ctx, scope, ref)
	if err != nil {
		return nil, storeError(err)
	}
	state, err := readStored[apigw.RegistryState](ctx, c, registryStateKey(scope, s.value.ID))
	if err == nil && state.value == nil {
		err = unknownService(ref) // it went meanwhile
	}
	if err != nil {
		return nil, storeError(err)
	}
	return &ListedService{s.value, state.value.Instances}, nil
}

func (c *Control) readService(ctx context.Context, scope apigw.Scope, ref string) (stored[apigw.RegistryService], error) {
	id, ok := registryID(scope, registryServices, ref)
	if !ok {
		return stored[apigw.RegistryService]{}, unknownService(ref)
	}
	s, err := readStored[apigw.RegistryService](ctx, c, registryServiceKey(scope, id))
	if err == nil && s.value == nil {
		err = unknownService(ref)
	}
	return s, err
}

// RegistryServices lists a scope's services by ID.
func (c *Control) RegistryServices(ctx context.Context, scope apigw.Scope) ([]*ListedService, error) {
	list, err := listRecords[apigw.RegistryService](ctx, c, registryPrefix(scope, registryServices))
	if err != nil {
		return nil, storeError(err)
	}
	states, err := listRecords[apigw.RegistryState](ctx, c, registryPrefix(scope, registryStates))
	if err != nil {
		return nil, storeError(err)
	}
	count := map[string]int{}
	for _, s := range states {
		count[s.Service] = s.Instances
	}
	listed := make([]*ListedService, len(list))
	for i, s := range list {
		listed[i] = &ListedService{s, count[s.ID]}
	}
	return listed, nil
}

// CreateRegistryService makes a service of what in says: its name, namespace (an
// ID or ARN), type (HTTP, or empty), description, DNS, health, token and tags. A
// call that is repeated with its token and all else the same gets what it made.
func (c *Control) CreateRegistryService(ctx context.Context, scope apigw.Scope, in *apigw.RegistryService) (made *ListedService, err error) {
	err = c.changeScope(ctx, scope, func(s *scopeChange) error {
		namespace, err := c.readNamespace(ctx, scope, in.Namespace)
		if err != nil {
			return err
		}
		if namespace.value.Declared {
			return declaredInFile("namespace", namespace.value.Name)
		}
		service := *in
		service.Namespace = namespace.value.ID
		if err := checkService(&service, namespace.value); err != nil {
			return err
		}
		made, err = c.addService(ctx, s, &service, namespace.value)
		return err
	})
	return made, err
}

// addService writes a new service, unless it is there by the same call.
func (c *Control) addService(ctx context.Context, s *scopeChange, in *apigw.RegistryService, namespace *apigw.Namespace) (*ListedService, error) {
	list, err := c.RegistryServices(ctx, s.scope)
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		if o.Namespace != in.Namespace || !sameServiceName(namespace, o.Name, in.Name) {
			continue
		}
		if sameCreation(o.RegistryService, in) {
			return o, nil
		}
		e := apigw.Coded(apigw.Conflict, "ServiceAlreadyExists", "Service already exists.")
		e.Members = map[string]string{"ServiceId": o.ID, "ServiceArn": string(o.ARN)}
		if o.Token != "" {
			e.Members["CreatorRequestId"] = o.Token
		}
		return nil, e
	}
	if len(list) >= c.limits.RegistryServices {
		return nil, apigw.Coded(apigw.LimitExceeded, "ResourceLimitExceeded", "The account has %d services in this region; at most %d are kept", len(list), c.limits.RegistryServices)
	}
	if in.ID, err = c.newRegistryID("srv-"); err != nil {
		return nil, err
	}
	in.ARN, in.Created = apigw.RegistryServiceARN(s.scope, in.ID), c.now().UTC()
	state := &apigw.RegistryState{Service: in.ID, Revision: in.Created.UnixMilli()}
	if err := putValue(s, registryStateKey(s.scope, in.ID), state); err != nil {
		return nil, err
	}
	return &ListedService{in, 0}, putValue(s, registryServiceKey(s.scope, in.ID), in)
}

// sameServiceName says whether two names can't both be in a namespace: in DNS,
// their case is no difference (Cloud Map reference, CreateService, Name).
func sameServiceName(namespace *apigw.Namespace, a, b string) bool {
	return a == b || namespace.Type != apigw.NamespaceHTTP && strings.EqualFold(a, b)
}

// sameCreation says whether a call with a token is one that made o.
func sameCreation(o, in *apigw.RegistryService) bool {
	return in.Token != "" && o.Token == in.Token && o.Name == in.Name && o.Type == in.Type && o.Description == in.Description && o.Custom == in.Custom && !o.Declared &&
		reflect.DeepEqual(o.DNS, in.DNS) && reflect.DeepEqual(o.Health, in.Health)
}

// ServiceUpdate is what UpdateService is given.
type ServiceUpdate struct {
	Description *string
	DNS         []apigw.ServiceRecord // nil: the service isn't in DNS any more
	Health      *apigw.ServiceHealth  // nil: its instances aren't checked any more
}

// UpdateRegistryService changes a service of a DNS namespace. What an update
// leaves out of DNS records and checks is deleted; those of an HTTP namespace
// can't be updated (Cloud Map reference, UpdateService).
func (c *Control) UpdateRegistryService(ctx context.Context, scope apigw.Scope, ref string, update ServiceUpdate) (operation string, err error) {
	err = c.changeScope(ctx, scope, func(s *scopeChange) error {
		service, namespace, err := c.serviceToChange(ctx, scope, ref)
		if err != nil {
			return err
		}
		if namespace.Type == apigw.NamespaceHTTP {
			return invalidInput("Services of HTTP namespaces can't be updated")
		}
		if err := applyUpdate(service, namespace, update); err != nil {
			return err
		}
		o, err := c.newOperation(opUpdateService, map[string]string{"SERVICE": service.ID, "NAMESPACE": namespace.ID})
		if err != nil {
			return err
		}
		operation = o.ID
		if err := putValue(s, operationKey(scope, o.ID), o); err != nil {
			return err
		}
		return putValue(s, registryServiceKey(scope, service.ID), service)
	})
	if err == nil {
		c.noteOperation(ctx, scope)
	}
	return operation, err
}

// serviceToChange is a service, with its namespace, that calls may change.
func (c *Control) serviceToChange(ctx context.Context, scope apigw.Scope, ref string) (*apigw.RegistryService, *apigw.Namespace, error) {
	s, err := c.readService(ctx, scope, ref)
	if err != nil {
		return nil, nil, err
	}
	if s.value.Declared {
		return nil, nil, declaredInFile("service", s.value.Name)
	}
	n, err := c.readNamespace(ctx, scope, s.value.Namespace)
	return s.value, n.value, err
}

func applyUpdate(s *apigw.RegistryService, namespace *apigw.Namespace, update ServiceUpdate) error {
	if update.Description != nil {
		s.Description = *update.Description
	}
	s.Health = update.Health
	if err := updateRecords(s, update.DNS); err != nil {
		return err
	}
	return checkService(s, namespace)
}

// updateRecords gives the records of a service other TTLs, or takes them away:
// their types can't be changed (Cloud Map reference, DnsRecord, Type).
func updateRecords(s *apigw.RegistryService, records []apigw.ServiceRecord) error {
	had := map[string]bool{}
	if s.DNS != nil {
		for _, r := range s.DNS.Records {
			had[r.Type] = true
		}
	}
	for _, r := range records {
		if !had[r.Type] {
			return invalidInput("DnsConfig.DnsRecords: service %s has no records of type %s, and the types of a service's records can't be changed. Delete the service, and make another one", s.ID, r.Type)
		}
	}
	if len(records) == 0 {
		s.DNS, s.Type = nil, apigw.NamespaceHTTP
		return nil
	}
	s.DNS = &apigw.ServiceDNS{Routing: s.DNS.Routing, Records: records}
	return nil
}

// DeleteRegistryService removes a service that has no instances.
func (c *Control) DeleteRegistryService(ctx context.Context, scope apigw.Scope, ref string) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		service, _, err := c.serviceToChange(ctx, scope, ref)
		if err != nil {
			return err
		}
		state, err := readStored[apigw.RegistryState](ctx, c, registryStateKey(scope, service.ID))
		if err != nil {
			return err
		}
		if state.value != nil && state.value.Instances > 0 {
			return apigw.Coded(apigw.Conflict, "ResourceInUse", "Service contains registered instances; delete the instances before deleting the service")
		}
		s.txn.If = append(s.txn.If, state.unchanged())
		s.remove(state.record.Key)
		s.remove(registryServiceKey(scope, service.ID))
		return nil
	})
}

// Bounds of a service's own attributes (Cloud Map reference, ServiceAttributes).
const maxServiceAttributes = 30

// ChangeServiceAttributes changes a service's own attributes; change gets a map
// to change.
func (c *Control) ChangeServiceAttributes(ctx context.Context, scope apigw.Scope, ref string, change func(map[string]string)) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		service, _, err := c.serviceToChange(ctx, scope, ref)
		if err != nil {
			return err
		}
		attributes := map[string]string{}
		maps.Copy(attributes, service.Attributes)
		change(attributes)
		if len(attributes) > maxServiceAttributes {
			return apigw.Coded(apigw.LimitExceeded, "ServiceAttributesLimitExceededException", "A service has at most %d attributes", maxServiceAttributes)
		}
		service.Attributes = attributes
		return putValue(s, registryServiceKey(scope, service.ID), service)
	})
}
