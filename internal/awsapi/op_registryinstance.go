package awsapi

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/servicediscovery"
	"github.com/gatehouse/gatehouse/internal/registry"
)

func (o registryCalls) register(ctx context.Context, c *Call, in *servicediscovery.RegisterInstanceRequest) (*servicediscovery.RegisterInstanceResponse, error) {
	id, err := o.c.RegisterInstance(ctx, c.Scope, *in.ServiceId, &apigw.RegistryInstance{ID: *in.InstanceId, Attributes: in.Attributes, Token: val(in.CreatorRequestId)})
	return &servicediscovery.RegisterInstanceResponse{OperationId: set(id)}, err
}

func (o registryCalls) deregister(ctx context.Context, c *Call, in *servicediscovery.DeregisterInstanceRequest) (*servicediscovery.DeregisterInstanceResponse, error) {
	id, err := o.c.DeregisterInstance(ctx, c.Scope, *in.ServiceId, *in.InstanceId)
	return &servicediscovery.DeregisterInstanceResponse{OperationId: set(id)}, err
}

func (o registryCalls) setHealth(ctx context.Context, c *Call, in *servicediscovery.UpdateInstanceCustomHealthStatusRequest) error {
	return o.c.SetInstanceStatus(ctx, c.Scope, *in.ServiceId, *in.InstanceId, *in.Status)
}

// all are the instances of a service that are stored, with those that sources
// add here, by ID.
func (o registryCalls) all(ctx context.Context, c *Call, service string) ([]*apigw.RegistryInstance, error) {
	s, err := o.c.RegistryService(ctx, c.Scope, service)
	if err != nil {
		return nil, err
	}
	list, err := o.c.RegistryInstances(ctx, c.Scope, service)
	if err != nil {
		return nil, err
	}
	stored := map[string]bool{}
	for _, in := range list {
		stored[in.ID] = true
	}
	for _, i := range o.view(s.ARN) {
		if i.Source != "" && !stored[i.ID] {
			list = append(list, &apigw.RegistryInstance{ID: i.ID, Attributes: i.Attributes})
		}
	}
	slices.SortFunc(list, func(a, b *apigw.RegistryInstance) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// view are the instances that show of a service; none of one that doesn't yet.
func (o registryCalls) view(arn apigw.ARN) []*registry.Instance {
	if s := o.b.Service(arn); s != nil {
		if v := s.View(); v != nil {
			return v.Instances
		}
	}
	return nil
}

func (o registryCalls) instance(ctx context.Context, c *Call, in *servicediscovery.GetInstanceRequest) (*servicediscovery.GetInstanceResponse, error) {
	list, err := o.all(ctx, c, *in.ServiceId)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(list, func(i *apigw.RegistryInstance) bool { return i.ID == *in.InstanceId })
	if at < 0 {
		return nil, unknownInstance(*in.InstanceId)
	}
	i := list[at]
	return &servicediscovery.GetInstanceResponse{ResourceOwner: set(c.Scope.Account), Instance: &servicediscovery.Instance{
		Id: set(i.ID), CreatorRequestId: set(i.Token), Attributes: i.Attributes, CreatedByAccount: set(c.Scope.Account)}}, nil
}

func unknownInstance(id string) *apigw.Error {
	e := apigw.Errorf(apigw.NotFound, "Instance %.100s not found.", id)
	e.Code = "InstanceNotFound"
	return e
}

func (o registryCalls) instances(ctx context.Context, c *Call, in *servicediscovery.ListInstancesRequest) (*servicediscovery.ListInstancesResponse, error) {
	all, err := o.all(ctx, c, *in.ServiceId)
	if err != nil {
		return nil, err
	}
	page, next, err := registryPage(in.NextToken, in.MaxResults, all, func(i *apigw.RegistryInstance) string { return i.ID })
	if err != nil {
		return nil, err
	}
	out := &servicediscovery.ListInstancesResponse{ResourceOwner: set(c.Scope.Account), Instances: []*servicediscovery.InstanceSummary{}, NextToken: next}
	for _, i := range page {
		out.Instances = append(out.Instances, &servicediscovery.InstanceSummary{Id: set(i.ID), Attributes: i.Attributes, CreatedByAccount: set(c.Scope.Account)})
	}
	return out, nil
}

// health is of what shows here: one that was registered a moment ago may be
// missing still (Cloud Map reference, GetInstancesHealthStatus).
func (o registryCalls) health(ctx context.Context, c *Call, in *servicediscovery.GetInstancesHealthStatusRequest) (*servicediscovery.GetInstancesHealthStatusResponse, error) {
	s, err := o.c.RegistryService(ctx, c.Scope, *in.ServiceId)
	if err != nil {
		return nil, err
	}
	rows := o.view(s.ARN)
	if in.Instances != nil {
		if rows, err = only(rows, in.Instances); err != nil {
			return nil, err
		}
	}
	page, next, err := registryPage(in.NextToken, in.MaxResults, rows, func(i *registry.Instance) string { return i.ID })
	if err != nil {
		return nil, err
	}
	out := &servicediscovery.GetInstancesHealthStatusResponse{Status: map[string]string{}, NextToken: next}
	for _, i := range page {
		out.Status[i.ID] = i.Health
	}
	return out, nil
}

// only are the rows of some IDs; one that isn't there is an error.
func only(rows []*registry.Instance, ids []string) (list []*registry.Instance, err error) {
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		at, ok := slices.BinarySearchFunc(rows, id, func(i *registry.Instance, id string) int { return strings.Compare(i.ID, id) })
		if !ok {
			return nil, unknownInstance(id)
		}
		list = append(list, rows[at])
	}
	return list, nil
}

// found is the service that a discovery names.
func (o registryCalls) found(c *Call, namespace, service string, owner *string) (*registry.View, error) {
	var view *registry.View
	s, err := o.b.Index().Find(c.Scope, namespace, service)
	if err == nil {
		if view = s.View(); view == nil {
			err = registry.ErrNoService
		}
	}
	if owner != nil && *owner != c.Scope.Account {
		err = registry.ErrNoNamespace // nobody shares one here
	}
	switch {
	case errors.Is(err, registry.ErrNoNamespace):
		e := apigw.Errorf(apigw.NotFound, "Namespace %.300s not found.", namespace)
		e.Code = "NamespaceNotFound"
		return nil, e
	case err != nil:
		e := apigw.Errorf(apigw.NotFound, "Service %.300s not found.", service)
		e.Code = "ServiceNotFound"
		return nil, e
	}
	return view, nil
}

// discover returns instances in random order, so that clients spread over them
// (Cloud Map reference, DiscoverInstances).
func (o registryCalls) discover(_ context.Context, c *Call, in *servicediscovery.DiscoverInstancesRequest) (*servicediscovery.DiscoverInstancesResponse, error) {
	view, err := o.found(c, *in.NamespaceName, *in.ServiceName, in.OwnerAccount)
	if err != nil {
		return nil, err
	}
	list := view.Discover(registry.Query{Attributes: in.QueryParameters, Optional: in.OptionalParameters, Health: val(in.HealthStatus), Most: val(in.MaxResults)})
	out := &servicediscovery.DiscoverInstancesResponse{Instances: make([]*servicediscovery.HttpInstanceSummary, len(list)), InstancesRevision: new(view.Revision)}
	for i, at := range rand.Perm(len(list)) {
		one := list[at]
		out.Instances[i] = &servicediscovery.HttpInstanceSummary{InstanceId: set(one.ID), NamespaceName: set(view.Namespace.HTTPName), ServiceName: set(view.Service.Name),
			HealthStatus: set(one.Health), Attributes: one.Attributes}
	}
	return out, nil
}

func (o registryCalls) discoverRevision(_ context.Context, c *Call, in *servicediscovery.DiscoverInstancesRevisionRequest) (*servicediscovery.DiscoverInstancesRevisionResponse, error) {
	view, err := o.found(c, *in.NamespaceName, *in.ServiceName, in.OwnerAccount)
	if err != nil {
		return nil, err
	}
	return &servicediscovery.DiscoverInstancesRevisionResponse{InstancesRevision: new(view.Revision)}, nil
}

func (o registryCalls) operation(ctx context.Context, c *Call, in *servicediscovery.GetOperationRequest) (*servicediscovery.GetOperationResponse, error) {
	op, err := o.c.RegistryOperation(ctx, c.Scope, *in.OperationId)
	if err != nil {
		return nil, err
	}
	if in.OwnerAccount != nil && *in.OwnerAccount != c.Scope.Account {
		e := apigw.Errorf(apigw.NotFound, "Operation %.300s not found.", op.ID)
		e.Code = "OperationNotFound"
		return nil, e
	}
	return &servicediscovery.GetOperationResponse{Operation: &servicediscovery.Operation{
		Id: set(op.ID), OwnerAccount: set(c.Scope.Account), Type: set(op.Type), Status: set(op.Status), CreateDate: &op.Created, UpdateDate: &op.Created, Targets: op.Targets}}, nil
}

func (o registryCalls) operations(ctx context.Context, c *Call, in *servicediscovery.ListOperationsRequest) (*servicediscovery.ListOperationsResponse, error) {
	var filters []filter
	for _, f := range in.Filters {
		filters = append(filters, filter{*f.Name, val(f.Condition), f.Values})
	}
	if err := checkFilters(filters, "EQ", "IN", "BETWEEN"); err != nil {
		return nil, err
	}
	all, err := o.c.RegistryOperations(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	slices.Reverse(all) // the latest first
	page, next, err := operationPage(in.NextToken, in.MaxResults, all)
	if err != nil {
		return nil, err
	}
	out := &servicediscovery.ListOperationsResponse{Operations: []*servicediscovery.OperationSummary{}, NextToken: next}
	for _, op := range page {
		values := map[string]string{"NAMESPACE_ID": op.Targets["NAMESPACE"], "SERVICE_ID": op.Targets["SERVICE"], "STATUS": op.Status, "TYPE": op.Type,
			"UPDATE_DATE": strconv.FormatFloat(float64(op.Created.UnixMilli())/1000, 'f', 3, 64)}
		if matchesAll(filters, values) {
			out.Operations = append(out.Operations, &servicediscovery.OperationSummary{Id: set(op.ID), Status: set(op.Status)})
		}
	}
	return out, nil
}

// operationPage is registryPage for operations, whose IDs don't sort by time: a
// token names the one that was shown last.
func operationPage(token *string, most *int, rows []*apigw.RegistryOperation) ([]*apigw.RegistryOperation, *string, error) {
	if token != nil {
		p, err := PageOf(token, nil)
		at := slices.IndexFunc(rows, func(o *apigw.RegistryOperation) bool { return o.ID == p.After })
		if err != nil || at < 0 {
			return nil, nil, apigw.Errorf(apigw.BadRequest, "NextToken isn't one that this list has given, or what it led to isn't kept any more")
		}
		rows = rows[at+1:]
	}
	return registryPage(nil, most, rows, func(o *apigw.RegistryOperation) string { return o.ID })
}
