package awsapi

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/servicediscovery"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/registry"
)

// registryCalls serves AWS Cloud Map.
type registryCalls struct {
	c *control.Control
	b *registry.Book
}

// NewRegistryOperations is what is served of AWS Cloud Map: what is stored is
// c's, what shows of instances b's.
func NewRegistryOperations(c *control.Control, b *registry.Book) RegistryOperations {
	o := registryCalls{c, b}
	return RegistryOperations{
		CreateHttpNamespace: o.createHTTPNamespace, CreatePrivateDnsNamespace: o.createPrivateNamespace, CreatePublicDnsNamespace: o.createPublicNamespace,
		UpdateHttpNamespace: o.updateHTTPNamespace, UpdatePrivateDnsNamespace: o.updatePrivateNamespace, UpdatePublicDnsNamespace: o.updatePublicNamespace,
		GetNamespace: o.namespace, ListNamespaces: o.namespaces, DeleteNamespace: o.deleteNamespace,
		CreateService: o.createService, GetService: o.service, ListServices: o.services, UpdateService: o.updateService, DeleteService: o.deleteService,
		GetServiceAttributes: o.serviceAttributes, UpdateServiceAttributes: o.updateServiceAttributes, DeleteServiceAttributes: o.deleteServiceAttributes,
		RegisterInstance: o.register, DeregisterInstance: o.deregister, GetInstance: o.instance, ListInstances: o.instances,
		GetInstancesHealthStatus: o.health, UpdateInstanceCustomHealthStatus: o.setHealth,
		DiscoverInstances: o.discover, DiscoverInstancesRevision: o.discoverRevision,
		GetOperation: o.operation, ListOperations: o.operations,
		ListTagsForResource: o.tags, TagResource: o.tag, UntagResource: o.untag,
	}
}

// registryStatusOf is how Cloud Map answers an error of a kind that has no code
// of its own.
func registryStatusOf(k apigw.Kind) (status int, code string) {
	switch k {
	case apigw.BadRequest, apigw.Validation:
		return http.StatusBadRequest, "InvalidInput"
	case apigw.NotFound:
		return http.StatusBadRequest, "ResourceNotFoundException"
	case apigw.Conflict:
		return http.StatusBadRequest, "ResourceInUse"
	case apigw.LimitExceeded:
		return http.StatusBadRequest, "ResourceLimitExceeded"
	case apigw.Throttled:
		return http.StatusBadRequest, "RequestLimitExceeded"
	}
	return statusOf(k)
}

// nameRegistry notes the namespace or service that a call names, which is what a
// policy must allow it on, and its condition keys (service authorization
// reference, "AWS Cloud Map"). A member in another spelling would be found here,
// too: the operation refuses it.
func nameRegistry(b *registry.Book) func(*Call, []byte) {
	return func(c *Call, body []byte) {
		var in struct{ ID, ServiceID, NamespaceID, ResourceARN, NamespaceName, ServiceName string }
		if json.Unmarshal(body, &in) != nil {
			return
		}
		c.Keys = map[string]string{}
		switch c.Operation {
		case "GetNamespace", "DeleteNamespace", "UpdateHttpNamespace", "UpdatePrivateDnsNamespace", "UpdatePublicDnsNamespace":
			nameIt(c, "namespace", in.ID)
		case "GetService", "DeleteService", "UpdateService":
			nameIt(c, "service", in.ID)
		case "CreateService":
			nameIt(c, "namespace", in.NamespaceID)
		case "TagResource", "UntagResource", "ListTagsForResource":
			if in.ResourceARN != "" {
				c.Resource = apigw.ARN(in.ResourceARN)
			}
		case "DiscoverInstances", "DiscoverInstancesRevision":
			c.Keys["servicediscovery:namespacename"], c.Keys["servicediscovery:servicename"] = in.NamespaceName, in.ServiceName
			if s, err := indexOf(b).Find(c.Scope, in.NamespaceName, in.ServiceName); err == nil {
				c.Resource = s.ARN()
			}
		default:
			nameIt(c, "service", in.ServiceID)
		}
	}
}

// nameIt notes what an ID or an ARN names.
func nameIt(c *Call, what, ref string) {
	switch {
	case ref == "":
		return
	case strings.HasPrefix(ref, "arn:"):
		c.Resource = apigw.ARN(ref)
	case what == "namespace":
		c.Resource = apigw.NamespaceARN(c.Scope, ref)
	default:
		c.Resource = apigw.RegistryServiceARN(c.Scope, ref)
	}
	c.Keys["servicediscovery:"+what+"arn"] = string(c.Resource)
}

// indexOf is what a book has; nil: nothing.
func indexOf(b *registry.Book) *registry.Index {
	if b == nil {
		return &registry.Index{}
	}
	return b.Index()
}

// registryTags reads a list of tags.
func registryTags(list []*servicediscovery.Tag) (map[string]string, error) {
	tags := map[string]string{}
	for _, t := range list {
		if _, twice := tags[*t.Key]; twice {
			return nil, apigw.Errorf(apigw.BadRequest, "Tag key %.128q is given twice", *t.Key)
		}
		tags[*t.Key] = *t.Value
	}
	return tags, nil
}

func (o registryCalls) tags(ctx context.Context, c *Call, in *servicediscovery.ListTagsForResourceRequest) (*servicediscovery.ListTagsForResourceResponse, error) {
	tags, err := o.c.RegistryTags(ctx, c.Scope, apigw.ARN(*in.ResourceARN))
	if err != nil {
		return nil, err
	}
	out := &servicediscovery.ListTagsForResourceResponse{Tags: []*servicediscovery.Tag{}}
	for _, key := range sortedKeys(tags) {
		out.Tags = append(out.Tags, &servicediscovery.Tag{Key: new(key), Value: new(tags[key])})
	}
	return out, nil
}

func (o registryCalls) tag(ctx context.Context, c *Call, in *servicediscovery.TagResourceRequest) (*servicediscovery.TagResourceResponse, error) {
	tags, err := registryTags(in.Tags)
	if err == nil {
		err = o.c.TagRegistry(ctx, c.Scope, apigw.ARN(*in.ResourceARN), func(have map[string]string) { maps.Copy(have, tags) })
	}
	return &servicediscovery.TagResourceResponse{}, err
}

func (o registryCalls) untag(ctx context.Context, c *Call, in *servicediscovery.UntagResourceRequest) (*servicediscovery.UntagResourceResponse, error) {
	err := o.c.TagRegistry(ctx, c.Scope, apigw.ARN(*in.ResourceARN), func(have map[string]string) {
		for _, key := range in.TagKeys {
			delete(have, key)
		}
	})
	return &servicediscovery.UntagResourceResponse{}, err
}
