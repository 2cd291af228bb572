package control

import (
	"context"
	"errors"
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// RegistryInstance returns one instance that is stored. The service is named by
// its ID or ARN.
func (c *Control) RegistryInstance(ctx context.Context, scope apigw.Scope, service, id string) (*apigw.RegistryInstance, error) {
	s, err := c.readService(ctx, scope, service)
	if err != nil {
		return nil, storeError(err)
	}
	in, err := readStored[apigw.RegistryInstance](ctx, c, instanceKey(scope, s.value.ID, id))
	if err == nil && in.value == nil {
		err = unknownInstance(s.value.ID, id)
	}
	return in.value, storeError(err)
}

// RegistryInstances lists the instances of a service that are stored, by ID.
func (c *Control) RegistryInstances(ctx context.Context, scope apigw.Scope, service string) ([]*apigw.RegistryInstance, error) {
	s, err := c.readService(ctx, scope, service)
	if err != nil {
		return nil, storeError(err)
	}
	list, err := listRecords[apigw.RegistryInstance](ctx, c, instancesPrefix(scope, s.value.ID))
	slices.SortFunc(list, func(a, b *apigw.RegistryInstance) int { return strings.Compare(a.ID, b.ID) })
	return list, storeError(err)
}

// instanceChange is a change of a service's instances under way. It holds while
// the service, and which instances it has, are what they were.
type instanceChange struct {
	scope   apigw.Scope
	service *apigw.RegistryService
	state   *apigw.RegistryState
	moved   bool // instances come, change or go: their revision grows
	txn     store.Txn
}

var instanceSeed = maphash.MakeSeed()

// changeInstances runs apply until what it read was still so when it was stored.
// Changes of one service wait for each other, those of others don't.
func (c *Control) changeInstances(ctx context.Context, scope apigw.Scope, service string, apply func(*instanceChange) error) error {
	mu := &c.instancesMu[maphash.String(instanceSeed, service)%uint64(len(c.instancesMu))]
	mu.Lock()
	defer mu.Unlock()
	for attempt := 1; ; attempt++ {
		err := recovered(func() error { return c.tryInstances(ctx, scope, service, apply) })
		if !errors.Is(err, store.ErrConflict) || attempt == maxAttempts {
			return storeError(err)
		}
		if err := stepAside(ctx, attempt); err != nil {
			return storeError(err)
		}
	}
}

func (c *Control) tryInstances(ctx context.Context, scope apigw.Scope, ref string, apply func(*instanceChange) error) error {
	service, err := c.readService(ctx, scope, ref)
	if err != nil {
		return err
	}
	state, err := readStored[apigw.RegistryState](ctx, c, registryStateKey(scope, service.value.ID))
	if err == nil && state.value == nil {
		err = unknownService(ref)
	}
	if err != nil {
		return err
	}
	ch := &instanceChange{scope: scope, service: service.value, state: state.value}
	ch.txn.If = []store.Condition{service.unchanged(), state.unchanged()}
	if err := apply(ch); err != nil || len(ch.txn.Ops) == 0 {
		return err
	}
	if ch.moved {
		state.value.Revision++
		op, err := putOp(state.record.Key, state.value)
		if err != nil {
			return err
		}
		ch.txn.Ops = append(ch.txn.Ops, op)
	}
	revision, err := c.store.Commit(ctx, ch.txn)
	if err == nil {
		c.registry.committed(ch.txn.Ops, revision)
	}
	return err
}

// instance reads an instance; the change holds only while it is what was read.
func (c *Control) instance(ctx context.Context, ch *instanceChange, id string) (stored[apigw.RegistryInstance], error) {
	in, err := readStored[apigw.RegistryInstance](ctx, c, instanceKey(ch.scope, ch.service.ID, id))
	ch.txn.If = append(ch.txn.If, in.unchanged())
	return in, err
}

func (ch *instanceChange) put(in *apigw.RegistryInstance) error {
	op, err := putOp(instanceKey(ch.scope, ch.service.ID, in.ID), in)
	ch.txn.Ops = append(ch.txn.Ops, op)
	return err
}

// note adds the operation that the change is.
func (c *Control) note(ch *instanceChange, kind, instance string) (string, error) {
	o, err := c.newOperation(kind, map[string]string{"INSTANCE": instance, "SERVICE": ch.service.ID, "NAMESPACE": ch.service.Namespace})
	if err != nil {
		return "", err
	}
	op, err := operationOp(ch.scope, o)
	ch.txn.Ops = append(ch.txn.Ops, op)
	return o.ID, err
}

// RegisterInstance adds an instance to a service, or replaces the one of the same
// ID. A call that is repeated with its token and attributes gets the operation
// that registered the instance.
func (c *Control) RegisterInstance(ctx context.Context, scope apigw.Scope, service string, in *apigw.RegistryInstance) (operation string, err error) {
	err = c.changeInstances(ctx, scope, service, func(ch *instanceChange) error {
		now := &apigw.RegistryInstance{ID: in.ID, Service: ch.service.ID, Attributes: maps.Clone(in.Attributes), Token: in.Token}
		if err := c.checkInstance(ctx, scope, ch.service, now); err != nil {
			return err
		}
		old, err := c.instance(ctx, ch, in.ID)
		if err != nil {
			return err
		}
		switch o := old.value; {
		case o != nil && o.Declared:
			return declaredInFile("instance", o.ID)
		case o != nil && o.Token != "" && o.Token == now.Token && maps.Equal(o.Attributes, now.Attributes):
			operation = o.Operation
			return nil
		case o == nil && ch.state.Instances >= c.limits.Instances:
			return apigw.Coded(apigw.LimitExceeded, "ResourceLimitExceeded", "Service %s has %d instances; at most %d are kept", ch.service.ID, ch.state.Instances, c.limits.Instances)
		case o == nil:
			ch.state.Instances++
		}
		if operation, err = c.note(ch, opRegisterInstance, in.ID); err != nil {
			return err
		}
		now.Operation, ch.moved = operation, true
		beginHealth(ch.service, now, old.value)
		return ch.put(now)
	})
	if err == nil {
		c.noteOperation(ctx, scope)
	}
	return operation, err
}

// checkInstance refuses what no instance of a service can be, and fills in what
// an attribute stands for.
func (c *Control) checkInstance(ctx context.Context, scope apigw.Scope, s *apigw.RegistryService, in *apigw.RegistryInstance) error {
	if err := checkAttributes(in.Attributes); err != nil {
		return err
	}
	if err := checkSpecial(in.Attributes); err != nil {
		return err
	}
	if err := c.resolveMachine(s, in.Attributes); err != nil {
		return err
	}
	if err := checkForService(s, in.ID, in.Attributes); err != nil {
		return err
	}
	return c.checkAlias(ctx, scope, in.Attributes[apigw.AttributeAlias])
}

// resolveMachine fills in the address of the machine that AWS_EC2_INSTANCE_ID
// names, which only services that aren't in DNS may use. The reference allows
// AWS_INIT_HEALTH_STATUS alone beside it; here a port and attributes of one's own
// are allowed, too: without a port, no API could lead there.
func (c *Control) resolveMachine(s *apigw.RegistryService, a map[string]string) error {
	id := a[apigw.AttributeEC2]
	if id == "" {
		return nil
	}
	if s.DNS != nil {
		return invalidInput("Attributes: %s is for services of HTTP namespaces", apigw.AttributeEC2)
	}
	for _, other := range []string{apigw.AttributeIPv4, apigw.AttributeIPv6, apigw.AttributeCNAME} {
		if a[other] != "" {
			return invalidInput("Attributes: %s can't be specified with %s", other, apigw.AttributeEC2)
		}
	}
	machine, err := c.network.Instance(id)
	if err != nil {
		return invalidInput("Attributes: %s: %s", apigw.AttributeEC2, err.Error())
	}
	if !machine.Address.Is4() {
		return invalidInput("Attributes: %s: instance %s has no IPv4 address", apigw.AttributeEC2, id)
	}
	a[apigw.AttributeIPv4] = machine.Address.String()
	return nil
}

// beginHealth sets the status that a custom health check begins with. An instance
// that is registered anew keeps the status that it was told, unless the call
// names one: AWS doesn't say, and one that fails isn't to be called because its
// attributes changed.
func beginHealth(s *apigw.RegistryService, in, old *apigw.RegistryInstance) {
	if !s.Custom {
		return
	}
	initial := in.Attributes[apigw.AttributeInitially]
	if old != nil && old.Status != "" && (initial == "" || initial == old.Attributes[apigw.AttributeInitially]) {
		in.Status, in.StatusAt, in.Before = old.Status, old.StatusAt, old.Before
		return
	}
	in.Status = initial
	if in.Status == "" {
		in.Status = apigw.InstanceHealthy
	}
}

// DeregisterInstance removes an instance.
func (c *Control) DeregisterInstance(ctx context.Context, scope apigw.Scope, service, id string) (operation string, err error) {
	err = c.changeInstances(ctx, scope, service, func(ch *instanceChange) error {
		old, err := c.instance(ctx, ch, id)
		if err != nil {
			return err
		}
		if old.value == nil {
			return unknownInstance(ch.service.ID, id)
		}
		if old.value.Declared {
			return declaredInFile("instance", id)
		}
		ch.state.Instances--
		ch.moved = true
		ch.txn.Ops = append(ch.txn.Ops, store.Op{Key: old.record.Key})
		operation, err = c.note(ch, opDeregisterInstance, id)
		return err
	})
	if err == nil {
		c.noteOperation(ctx, scope)
	}
	return operation, err
}

// SetInstanceStatus tells the health of an instance whose service has a custom
// check: it shows a while later. The status that was told before doesn't begin
// that time anew (Cloud Map reference, HealthCheckCustomConfig).
func (c *Control) SetInstanceStatus(ctx context.Context, scope apigw.Scope, service, id, status string) error {
	return c.changeInstances(ctx, scope, service, func(ch *instanceChange) error {
		in, err := c.instance(ctx, ch, id)
		switch {
		case err != nil:
			return err
		case in.value == nil:
			return unknownInstance(ch.service.ID, id)
		case !ch.service.Custom || in.value.Attributes[apigw.AttributeAlias] != "":
			return apigw.Coded(apigw.NotFound, "CustomHealthNotFound", "Instance %.100s of service %s has no custom health check", id, ch.service.ID)
		case in.value.Status == status:
			return nil
		}
		now := *in.value
		now.Before, now.Status, now.StatusAt = in.value.StatusShown(c.now(), c.statusDelay), status, c.now().UTC()
		return ch.put(&now)
	})
}

// sameInstance says whether a declared instance is stored as it is declared.
func sameInstance(a, b *apigw.RegistryInstance) bool {
	return a.Declared == b.Declared && maps.Equal(a.Attributes, b.Attributes)
}
