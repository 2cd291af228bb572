package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/servicediscovery"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o registryCalls) createHTTPNamespace(ctx context.Context, c *Call, in *servicediscovery.CreateHttpNamespaceRequest) (*servicediscovery.CreateHttpNamespaceResponse, error) {
	id, err := o.createNamespace(ctx, c, &apigw.Namespace{Name: *in.Name, Type: apigw.NamespaceHTTP, Description: val(in.Description), Token: val(in.CreatorRequestId)}, in.Tags)
	return &servicediscovery.CreateHttpNamespaceResponse{OperationId: set(id)}, err
}

// zoneTTL is the TTL of a zone's SOA record unless a call says one (Route 53
// developer guide, "SOA and NS records").
const zoneTTL = 15

func (o registryCalls) createPrivateNamespace(ctx context.Context, c *Call, in *servicediscovery.CreatePrivateDnsNamespaceRequest) (*servicediscovery.CreatePrivateDnsNamespaceResponse, error) {
	n := &apigw.Namespace{Name: *in.Name, Type: apigw.NamespaceDNSPrivate, VPC: *in.Vpc, TTL: zoneTTL, Description: val(in.Description), Token: val(in.CreatorRequestId)}
	if in.Properties != nil {
		n.TTL = *in.Properties.DnsProperties.SOA.TTL
	}
	id, err := o.createNamespace(ctx, c, n, in.Tags)
	return &servicediscovery.CreatePrivateDnsNamespaceResponse{OperationId: set(id)}, err
}

func (o registryCalls) createPublicNamespace(ctx context.Context, c *Call, in *servicediscovery.CreatePublicDnsNamespaceRequest) (*servicediscovery.CreatePublicDnsNamespaceResponse, error) {
	_, err := o.createNamespace(ctx, c, &apigw.Namespace{Name: *in.Name, Type: apigw.NamespaceDNSPublic}, in.Tags)
	return nil, err
}

func (o registryCalls) createNamespace(ctx context.Context, c *Call, n *apigw.Namespace, tags []*servicediscovery.Tag) (operation string, err error) {
	if n.Tags, err = registryTags(tags); err != nil {
		return "", err
	}
	return o.c.CreateNamespace(ctx, c.Scope, n)
}

func (o registryCalls) updateHTTPNamespace(ctx context.Context, c *Call, in *servicediscovery.UpdateHttpNamespaceRequest) (*servicediscovery.UpdateHttpNamespaceResponse, error) {
	id, err := o.c.UpdateNamespace(ctx, c.Scope, *in.Id, apigw.NamespaceHTTP, func(n *apigw.Namespace) { n.Description = *in.Namespace.Description })
	return &servicediscovery.UpdateHttpNamespaceResponse{OperationId: set(id)}, err
}

func (o registryCalls) updatePrivateNamespace(ctx context.Context, c *Call, in *servicediscovery.UpdatePrivateDnsNamespaceRequest) (*servicediscovery.UpdatePrivateDnsNamespaceResponse, error) {
	id, err := o.c.UpdateNamespace(ctx, c.Scope, *in.Id, apigw.NamespaceDNSPrivate, func(n *apigw.Namespace) {
		if in.Namespace.Description != nil {
			n.Description = *in.Namespace.Description
		}
		if in.Namespace.Properties != nil {
			n.TTL = *in.Namespace.Properties.DnsProperties.SOA.TTL
		}
	})
	return &servicediscovery.UpdatePrivateDnsNamespaceResponse{OperationId: set(id)}, err
}

// updatePublicNamespace finds none that it could update.
func (o registryCalls) updatePublicNamespace(ctx context.Context, c *Call, in *servicediscovery.UpdatePublicDnsNamespaceRequest) (*servicediscovery.UpdatePublicDnsNamespaceResponse, error) {
	_, err := o.c.UpdateNamespace(ctx, c.Scope, *in.Id, apigw.NamespaceDNSPublic, func(*apigw.Namespace) {})
	return nil, err
}

func (o registryCalls) deleteNamespace(ctx context.Context, c *Call, in *servicediscovery.DeleteNamespaceRequest) (*servicediscovery.DeleteNamespaceResponse, error) {
	id, err := o.c.DeleteNamespace(ctx, c.Scope, *in.Id)
	return &servicediscovery.DeleteNamespaceResponse{OperationId: set(id)}, err
}

func (o registryCalls) namespace(ctx context.Context, c *Call, in *servicediscovery.GetNamespaceRequest) (*servicediscovery.GetNamespaceResponse, error) {
	n, err := o.c.Namespace(ctx, c.Scope, *in.Id)
	if err != nil {
		return nil, err
	}
	return &servicediscovery.GetNamespaceResponse{Namespace: &servicediscovery.Namespace{
		Id: set(n.ID), Arn: set(n.ARN), ResourceOwner: set(c.Scope.Account), Name: set(n.Name), Type: set(n.Type), Description: set(n.Description), ServiceCount: new(n.Services),
		Properties: namespaceProperties(n.Namespace), CreateDate: &n.Created, CreatorRequestId: set(n.Token),
	}}, nil
}

func namespaceProperties(n *apigw.Namespace) *servicediscovery.NamespaceProperties {
	p := &servicediscovery.NamespaceProperties{HttpProperties: &servicediscovery.HttpProperties{HttpName: set(n.HTTPName)}}
	p.DnsProperties = &servicediscovery.DnsProperties{}
	if n.Type != apigw.NamespaceHTTP {
		// There is no Route 53 here; tools want an ID, which is told apart from one.
		p.DnsProperties.HostedZoneId = new("Z" + zoneID(n.ID))
		p.DnsProperties.SOA = &servicediscovery.SOA{TTL: new(n.TTL)}
	}
	return p
}

func namespaceSummary(c *Call, n *control.ListedNamespace) *servicediscovery.NamespaceSummary {
	return &servicediscovery.NamespaceSummary{
		Id: set(n.ID), Arn: set(n.ARN), ResourceOwner: set(c.Scope.Account), Name: set(n.Name), Type: set(n.Type), Description: set(n.Description), ServiceCount: new(n.Services),
		Properties: namespaceProperties(n.Namespace), CreateDate: &n.Created,
	}
}

func (o registryCalls) namespaces(ctx context.Context, c *Call, in *servicediscovery.ListNamespacesRequest) (*servicediscovery.ListNamespacesResponse, error) {
	var filters []filter
	for _, f := range in.Filters {
		filters = append(filters, filter{*f.Name, val(f.Condition), f.Values})
	}
	if err := checkFilters(filters, "EQ", "BEGINS_WITH"); err != nil {
		return nil, err
	}
	all, err := o.c.Namespaces(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	page, next, err := registryPage(in.NextToken, in.MaxResults, all, func(n *control.ListedNamespace) string { return n.ID })
	if err != nil {
		return nil, err
	}
	out := &servicediscovery.ListNamespacesResponse{Namespaces: []*servicediscovery.NamespaceSummary{}, NextToken: next}
	for _, n := range page {
		values := map[string]string{"TYPE": n.Type, "NAME": n.Name, "HTTP_NAME": n.HTTPName, "RESOURCE_OWNER": "SELF"}
		if matchesAll(filters, values) {
			out.Namespaces = append(out.Namespaces, namespaceSummary(c, n))
		}
	}
	return out, nil
}
