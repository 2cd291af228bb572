package control

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// DeclaredNamespace is a namespace that the configuration file has: its name,
// type, VPC, description, TTL and tags, and its services.
type DeclaredNamespace struct {
	apigw.Namespace
	Services []DeclaredService
}

// DeclaredService is a service of such a namespace: its name, ID (empty: one is
// made of its names), type, description, DNS, health, tags and attributes, and its
// instances.
type DeclaredService struct {
	apigw.RegistryService
	Instances []*apigw.RegistryInstance // ID and attributes
}

// MaxServiceInstances bounds the instances that a file declares for one service,
// which are read at every start, and how many it may let calls register: all are in
// memory.
const MaxServiceInstances = 100_000

// DeclaredID is the ID of what the configuration file has: the same at every
// start, on every node.
func DeclaredID(scope apigw.Scope, prefix string, names ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", scope, prefix, names))
	return prefix + registryAlphabet.EncodeToString(sum[:10])
}

// DeclareRegistry makes the store hold what the configuration file has, and no
// more of what it had. What was registered by calls stays; a namespace or a
// service that the file hasn't any more, but that holds such, becomes one that
// calls may change.
func (c *Control) DeclareRegistry(ctx context.Context, scope apigw.Scope, declared []DeclaredNamespace) error {
	if err := checkDeclared(scope, declared); err != nil {
		return err
	}
	kept := map[string]bool{}
	for i := range declared {
		n := &declared[i]
		at := "registry.namespaces: " + n.Name
		if err := c.declareNamespace(ctx, scope, &n.Namespace); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		kept[n.ID] = true
		for j := range n.Services {
			s := &n.Services[j]
			if err := c.declareService(ctx, scope, &n.Namespace, &s.RegistryService); err != nil {
				return fmt.Errorf("%s: services: %s: %w", at, s.Name, err)
			}
			kept[s.ID] = true
			if err := c.declareInstances(ctx, scope, s.ID, s.Instances); err != nil {
				return fmt.Errorf("%s: services: %s: %w", at, s.Name, err)
			}
		}
	}
	return c.withdrawDeclared(ctx, scope, kept)
}

func (c *Control) declareNamespace(ctx context.Context, scope apigw.Scope, n *apigw.Namespace) error {
	n.ID = declaredNamespaceID(scope, n)
	n.ARN, n.Declared, n.Created = apigw.NamespaceARN(scope, n.ID), true, c.now().UTC()
	if err := c.checkNamespace(n); err != nil {
		return err
	}
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		list, err := c.namespaces(ctx, scope)
		if err != nil {
			return err
		}
		var old *apigw.Namespace
		others := list[:0:0]
		for _, o := range list {
			if o.ID == n.ID {
				old = o
			} else {
				others = append(others, o)
			}
		}
		if old == nil {
			n.HTTPName, err = httpName(others, n)
			if err != nil {
				return err
			}
		} else {
			n.Created, n.HTTPName = old.Created, old.HTTPName
			if sameJSON(old, n) {
				return nil
			}
		}
		return putValue(s, namespaceKey(scope, n.ID), n)
	})
}

func (c *Control) declareService(ctx context.Context, scope apigw.Scope, namespace *apigw.Namespace, in *apigw.RegistryService) error {
	in.ID = declaredServiceID(scope, namespace, in)
	in.ARN, in.Namespace, in.Declared, in.Created = apigw.RegistryServiceARN(scope, in.ID), namespace.ID, true, c.now().UTC()
	if err := checkService(in, namespace); err != nil {
		return err
	}
	if err := c.makeRoom(ctx, scope, namespace, in); err != nil {
		return err
	}
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		list, err := c.servicesOf(ctx, scope, namespace.ID)
		if err != nil {
			return err
		}
		for _, o := range list {
			if o.ID == in.ID {
				in.Created = o.Created
				if sameJSON(o, in) {
					return nil
				}
			} else if sameServiceName(namespace, o.Name, in.Name) {
				return fmt.Errorf("there is a service of this name that a call made, %s: delete it, or name this one differently", o.ID)
			}
		}
		state, err := readStored[apigw.RegistryState](ctx, c, registryStateKey(scope, in.ID))
		if err == nil && state.value == nil {
			err = putValue(s, state.record.Key, &apigw.RegistryState{Service: in.ID, Revision: c.now().UnixMilli()})
		}
		if err != nil {
			return err
		}
		return putValue(s, registryServiceKey(scope, in.ID), in)
	})
}

// makeRoom withdraws declared services that have a service's name under another ID,
// or its ID under another name: the file has them no more.
func (c *Control) makeRoom(ctx context.Context, scope apigw.Scope, namespace *apigw.Namespace, in *apigw.RegistryService) error {
	list, err := c.RegistryServices(ctx, scope)
	if err != nil {
		return err
	}
	for _, o := range list {
		named := o.Namespace == in.Namespace && sameServiceName(namespace, o.Name, in.Name)
		if named == (o.ID == in.ID) {
			continue
		}
		if o.Declared {
			if err := c.withdrawService(ctx, scope, o.ID); err != nil {
				return err
			}
		}
		if o.ID != in.ID {
			continue
		}
		_, err := c.readService(ctx, scope, o.ID)
		switch {
		case err == nil:
			return invalidInput("its ID %s is that of the service %.300s, which has instances that calls registered, or was made by one: delete it, or choose another", o.ID, o.Name)
		case apigw.KindOf(err) != apigw.NotFound:
			return err
		}
	}
	return nil
}

// declareInstances makes the declared instances of a service those of list, as
// many at once as the store takes.
func (c *Control) declareInstances(ctx context.Context, scope apigw.Scope, service string, list []*apigw.RegistryInstance) error {
	if len(list) > MaxServiceInstances {
		return fmt.Errorf("instances: %d are declared; at most %d are taken", len(list), MaxServiceInstances)
	}
	for {
		done, err := false, error(nil)
		err = c.changeInstances(ctx, scope, service, func(ch *instanceChange) error {
			done, err = c.declareSome(ctx, ch, list)
			return err
		})
		if err != nil || done {
			return err
		}
	}
}

// declareSome brings some of the stored instances to what is declared; done: all.
func (c *Control) declareSome(ctx context.Context, ch *instanceChange, list []*apigw.RegistryInstance) (done bool, err error) {
	const most = store.MaxOps - 10
	records, _, _, err := c.store.List(ctx, instancesPrefix(ch.scope, ch.service.ID), "", 0)
	if err != nil {
		return false, err
	}
	had := map[string]stored[apigw.RegistryInstance]{}
	for _, r := range records {
		in, _, err := decodeRecord[apigw.RegistryInstance](r)
		if err != nil {
			return false, err
		}
		had[in.ID] = stored[apigw.RegistryInstance]{in, r}
	}
	for _, in := range list {
		old := had[in.ID]
		delete(had, in.ID)
		now := &apigw.RegistryInstance{ID: in.ID, Service: ch.service.ID, Attributes: maps.Clone(in.Attributes), Declared: true}
		if err := c.checkInstance(ctx, ch.scope, ch.service, now); err != nil {
			return false, fmt.Errorf("instances: %s: %w", in.ID, err)
		}
		if old.value != nil && sameInstance(old.value, now) {
			continue
		}
		if len(ch.txn.Ops) == most {
			return false, nil
		}
		if old.value == nil {
			ch.state.Instances++
		}
		beginHealth(ch.service, now, old.value)
		ch.txn.If = append(ch.txn.If, store.Condition{Key: instanceKey(ch.scope, ch.service.ID, in.ID), Revision: old.record.Revision})
		if err := ch.put(now); err != nil {
			return false, err
		}
		ch.moved = true
	}
	for _, old := range had {
		if !old.value.Declared {
			continue
		}
		if len(ch.txn.Ops) == most {
			return false, nil
		}
		ch.txn.Ops = append(ch.txn.Ops, store.Op{Key: old.record.Key})
		ch.state.Instances--
		ch.moved = true
	}
	return true, nil
}

// withdrawDeclared removes what the file had, or hands it to calls.
func (c *Control) withdrawDeclared(ctx context.Context, scope apigw.Scope, kept map[string]bool) error {
	services, err := c.RegistryServices(ctx, scope)
	if err != nil {
		return err
	}
	for _, s := range services {
		if s.Declared && !kept[s.ID] {
			err = errors.Join(err, c.withdrawService(ctx, scope, s.ID))
		}
	}
	namespaces, listErr := c.namespaces(ctx, scope)
	err = errors.Join(err, storeError(listErr))
	for _, n := range namespaces {
		if n.Declared && !kept[n.ID] {
			err = errors.Join(err, c.withdrawNamespace(ctx, scope, n.ID))
		}
	}
	return err
}

func (c *Control) withdrawService(ctx context.Context, scope apigw.Scope, id string) error {
	if err := c.declareInstances(ctx, scope, id, nil); err != nil {
		return err
	}
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		service, err := c.readService(ctx, scope, id)
		if apigw.KindOf(err) == apigw.NotFound {
			return nil // another node did it
		}
		if err != nil {
			return err
		}
		state, err := readStored[apigw.RegistryState](ctx, c, registryStateKey(scope, id))
		if err != nil {
			return err
		}
		if state.value != nil && state.value.Instances > 0 {
			c.log.Warn("the configuration file doesn't declare a service any more that has instances: it stays", "service", service.value.Name, "id", id)
			service.value.Declared = false
			return putValue(s, service.record.Key, service.value)
		}
		s.txn.If = append(s.txn.If, state.unchanged())
		s.remove(service.record.Key)
		s.remove(state.record.Key)
		return nil
	})
}

func (c *Control) withdrawNamespace(ctx context.Context, scope apigw.Scope, id string) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		n, err := c.readNamespace(ctx, scope, id)
		if apigw.KindOf(err) == apigw.NotFound {
			return nil // another node did it
		}
		if err != nil {
			return err
		}
		services, err := c.servicesOf(ctx, scope, id)
		if err != nil {
			return err
		}
		if len(services) > 0 {
			c.log.Warn("the configuration file doesn't declare a namespace any more that has services: it stays", "namespace", n.value.Name, "id", id)
			n.value.Declared = false
			return putValue(s, n.record.Key, n.value)
		}
		s.remove(n.record.Key)
		return nil
	})
}
