package awsapi

import (
	"context"
	"maps"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/servicediscovery"
	"github.com/gatehouse/gatehouse/internal/control"
)

// zoneID is the part of a namespace's ID that stands for its zone's.
func zoneID(namespace string) string { return strings.ToUpper(strings.TrimPrefix(namespace, "ns-")) }

func (o registryCalls) createService(ctx context.Context, c *Call, in *servicediscovery.CreateServiceRequest) (*servicediscovery.CreateServiceResponse, error) {
	namespace, err := namespaceOf(in)
	if err != nil {
		return nil, err
	}
	s := &apigw.RegistryService{Name: *in.Name, Namespace: namespace, Type: val(in.Type), Description: val(in.Description), Token: val(in.CreatorRequestId),
		Health: serviceHealth(in.HealthCheckConfig), Custom: in.HealthCheckCustomConfig != nil}
	if in.DnsConfig != nil {
		s.DNS = &apigw.ServiceDNS{Routing: val(in.DnsConfig.RoutingPolicy), Records: serviceRecords(in.DnsConfig.DnsRecords)}
	}
	if s.Tags, err = registryTags(in.Tags); err != nil {
		return nil, err
	}
	made, err := o.c.CreateRegistryService(ctx, c.Scope, s)
	if err != nil {
		return nil, err
	}
	return &servicediscovery.CreateServiceResponse{Service: serviceDetail(c, made)}, nil
}

// namespaceOf is the namespace of a new service, which may be named in either of
// two places.
func namespaceOf(in *servicediscovery.CreateServiceRequest) (string, error) {
	namespace, old := val(in.NamespaceId), ""
	if in.DnsConfig != nil {
		old = val(in.DnsConfig.NamespaceId)
	}
	switch {
	case namespace == "" && old == "":
		return "", apigw.Errorf(apigw.BadRequest, "Service namespace id cannot be null")
	case namespace == "":
		return old, nil
	case old != "" && old != namespace:
		return "", apigw.Errorf(apigw.BadRequest, "NamespaceId and DnsConfig.NamespaceId name different namespaces")
	}
	return namespace, nil
}

func serviceRecords(list []*servicediscovery.DnsRecord) (records []apigw.ServiceRecord) {
	for _, r := range list {
		records = append(records, apigw.ServiceRecord{Type: *r.Type, TTL: *r.TTL})
	}
	return records
}

func serviceHealth(h *servicediscovery.HealthCheckConfig) *apigw.ServiceHealth {
	if h == nil {
		return nil
	}
	return &apigw.ServiceHealth{Type: *h.Type, Path: val(h.ResourcePath), Threshold: val(h.FailureThreshold)}
}

func (o registryCalls) service(ctx context.Context, c *Call, in *servicediscovery.GetServiceRequest) (*servicediscovery.GetServiceResponse, error) {
	s, err := o.c.RegistryService(ctx, c.Scope, *in.Id)
	if err != nil {
		return nil, err
	}
	return &servicediscovery.GetServiceResponse{Service: serviceDetail(c, s)}, nil
}

func serviceDetail(c *Call, s *control.ListedService) *servicediscovery.ServiceDetail {
	return &servicediscovery.ServiceDetail{
		Id: set(s.ID), Arn: set(s.ARN), ResourceOwner: set(c.Scope.Account), Name: set(s.Name), NamespaceId: set(s.Namespace), Description: set(s.Description),
		InstanceCount: new(s.Instances), DnsConfig: dnsConfig(s.RegistryService), Type: set(s.Type), HealthCheckConfig: healthConfig(s.Health),
		HealthCheckCustomConfig: customConfig(s.Custom), CreateDate: &s.Created, CreatorRequestId: set(s.Token), CreatedByAccount: set(c.Scope.Account),
	}
}

func serviceSummary(c *Call, s *control.ListedService) *servicediscovery.ServiceSummary {
	d := serviceDetail(c, s)
	return &servicediscovery.ServiceSummary{
		Id: d.Id, Arn: d.Arn, ResourceOwner: d.ResourceOwner, Name: d.Name, Type: d.Type, Description: d.Description, InstanceCount: d.InstanceCount, DnsConfig: d.DnsConfig,
		HealthCheckConfig: d.HealthCheckConfig, HealthCheckCustomConfig: d.HealthCheckCustomConfig, CreateDate: d.CreateDate, CreatedByAccount: d.CreatedByAccount,
	}
}

func dnsConfig(s *apigw.RegistryService) *servicediscovery.DnsConfig {
	if s.DNS == nil {
		return nil
	}
	d := &servicediscovery.DnsConfig{NamespaceId: set(s.Namespace), RoutingPolicy: set(s.DNS.Routing)}
	for _, r := range s.DNS.Records {
		d.DnsRecords = append(d.DnsRecords, &servicediscovery.DnsRecord{Type: new(r.Type), TTL: new(r.TTL)})
	}
	return d
}

func healthConfig(h *apigw.ServiceHealth) *servicediscovery.HealthCheckConfig {
	if h == nil {
		return nil
	}
	return &servicediscovery.HealthCheckConfig{Type: set(h.Type), ResourcePath: set(h.Path), FailureThreshold: new(h.Threshold)}
}

// customConfig always has a threshold of 1 (Cloud Map reference,
// HealthCheckCustomConfig).
func customConfig(custom bool) *servicediscovery.HealthCheckCustomConfig {
	if !custom {
		return nil
	}
	return &servicediscovery.HealthCheckCustomConfig{FailureThreshold: new(1)}
}

func (o registryCalls) services(ctx context.Context, c *Call, in *servicediscovery.ListServicesRequest) (*servicediscovery.ListServicesResponse, error) {
	var filters []filter
	for _, f := range in.Filters {
		values := make([]string, len(f.Values))
		for i, v := range f.Values {
			values[i] = strings.TrimPrefix(v, string(apigw.NamespaceARN(c.Scope, "")))
		}
		filters = append(filters, filter{*f.Name, val(f.Condition), values})
	}
	if err := checkFilters(filters, "EQ"); err != nil {
		return nil, err
	}
	all, err := o.c.RegistryServices(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	page, next, err := registryPage(in.NextToken, in.MaxResults, all, func(s *control.ListedService) string { return s.ID })
	if err != nil {
		return nil, err
	}
	out := &servicediscovery.ListServicesResponse{Services: []*servicediscovery.ServiceSummary{}, NextToken: next}
	for _, s := range page {
		if matchesAll(filters, map[string]string{"NAMESPACE_ID": s.Namespace, "RESOURCE_OWNER": "SELF"}) {
			out.Services = append(out.Services, serviceSummary(c, s))
		}
	}
	return out, nil
}

func (o registryCalls) updateService(ctx context.Context, c *Call, in *servicediscovery.UpdateServiceRequest) (*servicediscovery.UpdateServiceResponse, error) {
	u := control.ServiceUpdate{Description: in.Service.Description, Health: serviceHealth(in.Service.HealthCheckConfig)}
	if in.Service.DnsConfig != nil {
		u.DNS = serviceRecords(in.Service.DnsConfig.DnsRecords)
	}
	id, err := o.c.UpdateRegistryService(ctx, c.Scope, *in.Id, u)
	return &servicediscovery.UpdateServiceResponse{OperationId: set(id)}, err
}

func (o registryCalls) deleteService(ctx context.Context, c *Call, in *servicediscovery.DeleteServiceRequest) (*servicediscovery.DeleteServiceResponse, error) {
	return &servicediscovery.DeleteServiceResponse{}, o.c.DeleteRegistryService(ctx, c.Scope, *in.Id)
}

func (o registryCalls) serviceAttributes(ctx context.Context, c *Call, in *servicediscovery.GetServiceAttributesRequest) (*servicediscovery.GetServiceAttributesResponse, error) {
	s, err := o.c.RegistryService(ctx, c.Scope, *in.ServiceId)
	if err != nil {
		return nil, err
	}
	a := map[string]string{}
	maps.Copy(a, s.Attributes)
	return &servicediscovery.GetServiceAttributesResponse{ServiceAttributes: &servicediscovery.ServiceAttributes{ServiceArn: set(s.ARN), ResourceOwner: set(c.Scope.Account), Attributes: a}}, nil
}

func (o registryCalls) updateServiceAttributes(ctx context.Context, c *Call, in *servicediscovery.UpdateServiceAttributesRequest) (*servicediscovery.UpdateServiceAttributesResponse, error) {
	err := o.c.ChangeServiceAttributes(ctx, c.Scope, *in.ServiceId, func(a map[string]string) { maps.Copy(a, in.Attributes) })
	return &servicediscovery.UpdateServiceAttributesResponse{}, err
}

func (o registryCalls) deleteServiceAttributes(ctx context.Context, c *Call, in *servicediscovery.DeleteServiceAttributesRequest) (*servicediscovery.DeleteServiceAttributesResponse, error) {
	err := o.c.ChangeServiceAttributes(ctx, c.Scope, *in.ServiceId, func(a map[string]string) {
		for _, key := range in.Attributes {
			delete(a, key)
		}
	})
	return &servicediscovery.DeleteServiceAttributesResponse{}, err
}
