package awsapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
)

// sdkRegistry is AWS's client. It puts data- before the host that it discovers
// instances at unless it is told not to.
func (h *house) sdkRegistry() *servicediscovery.Client {
	return servicediscovery.New(servicediscovery.Options{
		BaseEndpoint: &h.url, Region: "us-east-1", RetryMaxAttempts: 1, Credentials: aws.CredentialsProviderFunc(testCredentials),
		APIOptions: []func(*middleware.Stack) error{func(s *middleware.Stack) error {
			return s.Initialize.Add(middleware.InitializeMiddlewareFunc("NoHostPrefix", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
			}), middleware.Before)
		}},
	})
}

// TestSDKRegistry walks over all operations of Cloud Map with AWS's client.
func TestSDKRegistry(t *testing.T) {
	h := newHouse(t)
	c, ctx := h.sdkRegistry(), t.Context()
	// finished is what an operation made.
	finished := func(id *string, what types.OperationTargetType) *string {
		t.Helper()
		out, err := c.GetOperation(ctx, &servicediscovery.GetOperationInput{OperationId: id})
		if err != nil || out.Operation.Status != types.OperationStatusSuccess {
			t.Fatal(out, err)
		}
		return aws.String(out.Operation.Targets[string(what)])
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	// Namespaces.
	made, err := c.CreatePrivateDnsNamespace(ctx, &servicediscovery.CreatePrivateDnsNamespaceInput{Name: aws.String("shop.example"), Vpc: aws.String("vpc-1"), Description: aws.String("d"),
		Properties: &types.PrivateDnsNamespaceProperties{DnsProperties: &types.PrivateDnsPropertiesMutable{SOA: &types.SOA{TTL: aws.Int64(60)}}},
		Tags:       []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	check(err)
	zone := finished(made.OperationId, types.OperationTargetTypeNamespace)
	http, err := c.CreateHttpNamespace(ctx, &servicediscovery.CreateHttpNamespaceInput{Name: aws.String("shop"), CreatorRequestId: aws.String("one")})
	check(err)
	shop := finished(http.OperationId, types.OperationTargetTypeNamespace)
	again, err := c.CreateHttpNamespace(ctx, &servicediscovery.CreateHttpNamespaceInput{Name: aws.String("shop"), CreatorRequestId: aws.String("one")})
	if err != nil || *again.OperationId != *http.OperationId {
		t.Error("the same call gets another operation", err)
	}
	_, err = c.CreateHttpNamespace(ctx, &servicediscovery.CreateHttpNamespaceInput{Name: aws.String("shop"), CreatorRequestId: aws.String("two")})
	if e, ok := errors.AsType[*types.NamespaceAlreadyExists](err); !ok || *e.NamespaceId != *shop || *e.CreatorRequestId != "one" {
		t.Error(err)
	}
	_, err = c.UpdatePrivateDnsNamespace(ctx, &servicediscovery.UpdatePrivateDnsNamespaceInput{Id: zone, Namespace: &types.PrivateDnsNamespaceChange{Description: aws.String("e")}})
	check(err)
	_, err = c.UpdateHttpNamespace(ctx, &servicediscovery.UpdateHttpNamespaceInput{Id: shop, Namespace: &types.HttpNamespaceChange{Description: aws.String("h")}})
	check(err)
	got, err := c.GetNamespace(ctx, &servicediscovery.GetNamespaceInput{Id: zone})
	check(err)
	if n := got.Namespace; *n.Name != "shop.example" || n.Type != types.NamespaceTypeDnsPrivate || *n.Description != "e" || *n.Properties.DnsProperties.SOA.TTL != 60 || *n.Properties.HttpProperties.HttpName != "shop.example" {
		t.Errorf("%+v", n)
	}

	// Services.
	service, err := c.CreateService(ctx, &servicediscovery.CreateServiceInput{Name: aws.String("carts"), NamespaceId: got.Namespace.Arn, HealthCheckCustomConfig: &types.HealthCheckCustomConfig{},
		DnsConfig: &types.DnsConfig{DnsRecords: []types.DnsRecord{{Type: types.RecordTypeA, TTL: aws.Int64(10)}}}})
	check(err)
	if s := service.Service; s.DnsConfig.RoutingPolicy != types.RoutingPolicyMultivalue || s.Type != types.ServiceTypeDnsHttp {
		t.Errorf("%+v", s)
	}
	carts := service.Service.Id
	_, err = c.CreateService(ctx, &servicediscovery.CreateServiceInput{Name: aws.String("CARTS"), NamespaceId: zone, Type: types.ServiceTypeOptionHttp})
	if e, ok := errors.AsType[*types.ServiceAlreadyExists](err); !ok || *e.ServiceId != *carts {
		t.Error(err)
	}
	updated, err := c.UpdateService(ctx, &servicediscovery.UpdateServiceInput{Id: carts, Service: &types.ServiceChange{Description: aws.String("s"), DnsConfig: &types.DnsConfigChange{DnsRecords: []types.DnsRecord{{Type: types.RecordTypeA, TTL: aws.Int64(20)}}}}})
	check(err)
	finished(updated.OperationId, types.OperationTargetTypeService)
	_, err = c.UpdateServiceAttributes(ctx, &servicediscovery.UpdateServiceAttributesInput{ServiceId: carts, Attributes: map[string]string{"team": "blue", "x": "y"}})
	check(err)
	_, err = c.DeleteServiceAttributes(ctx, &servicediscovery.DeleteServiceAttributesInput{ServiceId: carts, Attributes: []string{"x"}})
	check(err)
	attributes, err := c.GetServiceAttributes(ctx, &servicediscovery.GetServiceAttributesInput{ServiceId: carts})
	check(err)
	if d := cmp.Diff(map[string]string{"team": "blue"}, attributes.ServiceAttributes.Attributes); d != "" {
		t.Error(d)
	}

	// Instances.
	for i := range 3 {
		registered, err := c.RegisterInstance(ctx, &servicediscovery.RegisterInstanceInput{ServiceId: carts, InstanceId: aws.String(fmt.Sprint("i", i)),
			Attributes: map[string]string{"AWS_INSTANCE_IPV4": fmt.Sprint("10.0.0.", i), "AWS_INSTANCE_PORT": "8080", "color": []string{"red", "blue", "blue"}[i]}})
		check(err)
		if id := finished(registered.OperationId, types.OperationTargetTypeInstance); *id != fmt.Sprint("i", i) {
			t.Error(*id)
		}
	}
	one, err := c.GetInstance(ctx, &servicediscovery.GetInstanceInput{ServiceId: service.Service.Arn, InstanceId: aws.String("i1")})
	if err != nil || one.Instance.Attributes["color"] != "blue" {
		t.Error(one, err)
	}
	page, err := c.ListInstances(ctx, &servicediscovery.ListInstancesInput{ServiceId: carts, MaxResults: aws.Int32(2)})
	check(err)
	rest, err := c.ListInstances(ctx, &servicediscovery.ListInstancesInput{ServiceId: carts, MaxResults: aws.Int32(2), NextToken: page.NextToken})
	if err != nil || len(page.Instances) != 2 || len(rest.Instances) != 1 || *rest.Instances[0].Id != "i2" || rest.NextToken != nil {
		t.Error(page, rest, err)
	}
	discover := func(in servicediscovery.DiscoverInstancesInput) []string {
		t.Helper()
		in.NamespaceName, in.ServiceName = aws.String("shop.example"), aws.String("carts")
		out, err := c.DiscoverInstances(ctx, &in)
		check(err)
		ids := []string{}
		for _, i := range out.Instances {
			ids = append(ids, *i.InstanceId)
		}
		slices.Sort(ids)
		return ids
	}
	if ids := discover(servicediscovery.DiscoverInstancesInput{QueryParameters: map[string]string{"color": "blue"}, OptionalParameters: map[string]string{"x": "y"}}); !slices.Equal(ids, []string{"i1", "i2"}) {
		t.Error(ids)
	}
	revision := func() int64 {
		out, err := c.DiscoverInstancesRevision(ctx, &servicediscovery.DiscoverInstancesRevisionInput{NamespaceName: aws.String("shop.example"), ServiceName: aws.String("carts")})
		check(err)
		return *out.InstancesRevision
	}
	before := revision()
	view := h.book.Index().ServiceByID(apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}, *carts)
	changed := view.View().Changed()
	_, err = c.UpdateInstanceCustomHealthStatus(ctx, &servicediscovery.UpdateInstanceCustomHealthStatusInput{ServiceId: carts, InstanceId: aws.String("i1"), Status: types.CustomHealthStatusUnhealthy})
	check(err)
	for view.View().Instances[1].Health != apigw.InstanceUnhealthy { // it shows a while later
		<-changed
		changed = view.View().Changed()
	}
	if ids := discover(servicediscovery.DiscoverInstancesInput{HealthStatus: types.HealthStatusFilterHealthy}); !slices.Equal(ids, []string{"i0", "i2"}) {
		t.Error(ids)
	}
	health, err := c.GetInstancesHealthStatus(ctx, &servicediscovery.GetInstancesHealthStatusInput{ServiceId: carts, Instances: []string{"i1"}})
	if err != nil || !maps.Equal(health.Status, map[string]types.HealthStatus{"i1": types.HealthStatusUnhealthy}) || revision() != before {
		t.Error(health, err)
	}

	// Lists, operations and tags.
	namespaces, err := c.ListNamespaces(ctx, &servicediscovery.ListNamespacesInput{Filters: []types.NamespaceFilter{{Name: types.NamespaceFilterNameType, Values: []string{"DNS_PRIVATE"}}, {Name: types.NamespaceFilterNameName, Values: []string{"shop."}, Condition: types.FilterConditionBeginsWith}}})
	if err != nil || len(namespaces.Namespaces) != 1 || *namespaces.Namespaces[0].Id != *zone || *namespaces.Namespaces[0].ServiceCount != 1 {
		t.Error(namespaces, err)
	}
	services, err := c.ListServices(ctx, &servicediscovery.ListServicesInput{Filters: []types.ServiceFilter{{Name: types.ServiceFilterNameNamespaceId, Values: []string{*zone}}}})
	if err != nil || len(services.Services) != 1 || *services.Services[0].InstanceCount != 3 {
		t.Error(services, err)
	}
	operations, err := c.ListOperations(ctx, &servicediscovery.ListOperationsInput{Filters: []types.OperationFilter{{Name: types.OperationFilterNameServiceId, Values: []string{*carts}}, {Name: types.OperationFilterNameType, Values: []string{"REGISTER_INSTANCE", "UPDATE_SERVICE"}, Condition: types.FilterConditionIn}}})
	if err != nil || len(operations.Operations) != 4 {
		t.Error(operations, err)
	}
	_, err = c.TagResource(ctx, &servicediscovery.TagResourceInput{ResourceARN: got.Namespace.Arn, Tags: []types.Tag{{Key: aws.String("c"), Value: aws.String("")}}})
	check(err)
	_, err = c.UntagResource(ctx, &servicediscovery.UntagResourceInput{ResourceARN: got.Namespace.Arn, TagKeys: []string{"a"}})
	check(err)
	tags, err := c.ListTagsForResource(ctx, &servicediscovery.ListTagsForResourceInput{ResourceARN: got.Namespace.Arn})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Key != "c" {
		t.Error(tags, err)
	}

	// Nothing goes that something else is in.
	_, err = c.DeleteNamespace(ctx, &servicediscovery.DeleteNamespaceInput{Id: zone})
	if _, ok := errors.AsType[*types.ResourceInUse](err); !ok {
		t.Error(err)
	}
	_, err = c.DeleteService(ctx, &servicediscovery.DeleteServiceInput{Id: carts})
	if _, ok := errors.AsType[*types.ResourceInUse](err); !ok {
		t.Error(err)
	}
	for i := range 3 {
		_, err = c.DeregisterInstance(ctx, &servicediscovery.DeregisterInstanceInput{ServiceId: carts, InstanceId: aws.String(fmt.Sprint("i", i))})
		check(err)
	}
	if revision() != before+3 {
		t.Errorf("the revision went from %d to %d", before, revision())
	}
	_, err = c.DeleteService(ctx, &servicediscovery.DeleteServiceInput{Id: carts})
	check(err)
	for _, id := range []*string{zone, shop} {
		deleted, err := c.DeleteNamespace(ctx, &servicediscovery.DeleteNamespaceInput{Id: id})
		check(err)
		finished(deleted.OperationId, types.OperationTargetTypeNamespace)
	}
	_, err = c.CreatePublicDnsNamespace(ctx, &servicediscovery.CreatePublicDnsNamespaceInput{Name: aws.String("example.com")})
	if _, ok := errors.AsType[*types.InvalidInput](err); !ok {
		t.Error(err)
	}
	_, err = c.UpdatePublicDnsNamespace(ctx, &servicediscovery.UpdatePublicDnsNamespaceInput{Id: aws.String("ns-x"), Namespace: &types.PublicDnsNamespaceChange{}})
	if _, ok := errors.AsType[*types.NamespaceNotFound](err); !ok {
		t.Error(err)
	}
}

// registryCall sends one call of Cloud Map's.
func (h *house) registryCall(operation, body string) (status int, code, message string) {
	h.Helper()
	r, err := http.NewRequest("POST", h.url, strings.NewReader(h.expand(body)))
	if err != nil {
		h.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/servicediscovery/aws4_request, SignedHeaders=host, Signature=0")
	r.Header.Set("X-Amz-Target", "Route53AutoNaming_v20170314."+operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		h.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		h.Fatalf("%s: %s", err, raw)
	}
	if answer.StatusCode != http.StatusOK {
		return answer.StatusCode, out["__type"].(string), out["Message"].(string)
	}
	return answer.StatusCode, "", string(raw)
}

// TestRegistryRefuses: what a call can't mean is refused with Cloud Map's code
// and a text that names it (Cloud Map reference, the Errors of each action).
func TestRegistryRefuses(t *testing.T) {
	h := newHouseOf(t, control.Limits{Namespaces: 4, Instances: 2}, nil, nil)
	c, scope := h.control, apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}
	zone := func(vpc, name string) string {
		n := &apigw.Namespace{Name: name, Type: apigw.NamespaceDNSPrivate, VPC: vpc}
		if vpc == "" {
			n.Type = apigw.NamespaceHTTP
		}
		op := mustBe(t)(c.CreateNamespace(t.Context(), scope, n))
		o, err := c.RegistryOperation(t.Context(), scope, op)
		if err != nil {
			t.Fatal(err)
		}
		return o.Targets["NAMESPACE"]
	}
	service := func(namespace, name string, change func(*apigw.RegistryService)) string {
		s := &apigw.RegistryService{Name: name, Namespace: namespace}
		change(s)
		made, err := c.CreateRegistryService(t.Context(), scope, s)
		if err != nil {
			t.Fatal(err)
		}
		return made.ID
	}
	dns := func(routing string, types ...string) func(*apigw.RegistryService) {
		return func(s *apigw.RegistryService) {
			s.DNS = &apigw.ServiceDNS{Routing: routing}
			for _, kind := range types {
				s.DNS.Records = append(s.DNS.Records, apigw.ServiceRecord{Type: kind, TTL: 60})
			}
		}
	}
	private, plain := zone("vpc-1", "a.example"), zone("", "plain")
	h.vars = append(h.vars, "{zone}", private, "{http}", plain, "{other}", zone("vpc-2", "a.example"),
		"{a}", service(private, "a", dns("WEIGHTED", "A")), "{srv}", service(private, "srv", dns("", "SRV")), "{cname}", service(private, "cname", dns("WEIGHTED", "CNAME")),
		"{multi}", service(private, "multi", dns("", "A", "AAAA")), "{plain}", service(plain, "plain", func(*apigw.RegistryService) {}),
		"{checked}", service(plain, "checked", func(s *apigw.RegistryService) { s.Health = &apigw.ServiceHealth{Type: "HTTP"} }),
		"{custom}", service(plain, "custom", func(s *apigw.RegistryService) { s.Custom = true }))
	register := func(service, id, attributes string) string {
		return `{"ServiceId":"` + service + `","InstanceId":"` + id + `","Attributes":` + attributes + `}`
	}
	long := strings.Repeat("v", 1000)
	for _, tt := range []struct{ operation, body, code, text string }{
		{"GetService", `{}`, "InvalidInput", "1 validation error detected: Value null at 'id' failed to satisfy constraint: Member must not be null"}, // aws-sdk-java issue 1973
		{"CreateService", `{"Name":"x"}`, "InvalidInput", "Service namespace id cannot be null"},                                                      // aws-cloudformation-user-guide pull request 463
		{"CreateHttpNamespace", `{"Name":"arn:x"}`, "InvalidInput", "regular expression"},
		{"CreatePrivateDnsNamespace", `{"Name":"A.example.","Vpc":"vpc-1"}`, "NamespaceAlreadyExists", "already exists"},
		{"CreatePrivateDnsNamespace", `{"Name":"b!.example","Vpc":"vpc-1"}`, "InvalidInput", "DNS zone"},
		{"CreatePrivateDnsNamespace", `{"Name":"b.example","Vpc":"vpc-9"}`, "InvalidInput", "The vpc ID 'vpc-9' does not exist"},
		{"CreateHttpNamespace", `{"Name":"tags","Tags":[{"Key":"aws:x","Value":""}]}`, "InvalidInput", "reserved"},
		{"CreateService", `{"Name":"x","NamespaceId":"ns-none"}`, "NamespaceNotFound", "ns-none"},
		{"CreateService", `{"Name":"x","NamespaceId":"{zone}"}`, "InvalidInput", "DnsConfig is required"},
		{"CreateService", `{"Name":"x","NamespaceId":"{zone}","DnsConfig":{"NamespaceId":"{http}","DnsRecords":[]}}`, "InvalidInput", "different namespaces"},
		{"CreateService", `{"Name":"x","NamespaceId":"{http}","DnsConfig":{"DnsRecords":[{"Type":"A","TTL":1}]}}`, "InvalidInput", "aren't in DNS"},
		{"CreateService", `{"Name":"x","NamespaceId":"{zone}","Type":"HTTP","DnsConfig":{"DnsRecords":[{"Type":"A","TTL":1}]}}`, "InvalidInput", "Type HTTP"},
		{"CreateService", `{"Name":"x","NamespaceId":"{zone}","DnsConfig":{"DnsRecords":[{"Type":"A","TTL":1},{"Type":"SRV","TTL":1}]}}`, "InvalidInput", "A, SRV"},
		{"CreateService", `{"Name":"x","NamespaceId":"{zone}","DnsConfig":{"DnsRecords":[{"Type":"CNAME","TTL":1}]}}`, "InvalidInput", "WEIGHTED"},
		{"CreateService", `{"Name":"x","NamespaceId":"{zone}","DnsConfig":{"DnsRecords":[{"Type":"A","TTL":-1}]}}`, "InvalidInput", "greater than or equal to 0"},
		{"CreateService", `{"Name":"x","NamespaceId":"{zone}","HealthCheckConfig":{"Type":"TCP"},"DnsConfig":{"DnsRecords":[{"Type":"A","TTL":1}]}}`, "InvalidInput", "HealthCheckCustomConfig"},
		{"CreateService", `{"Name":"x","NamespaceId":"{http}","HealthCheckConfig":{"Type":"TCP"},"HealthCheckCustomConfig":{}}`, "InvalidInput", "together"},
		{"CreateService", `{"Name":"x","NamespaceId":"{http}","HealthCheckConfig":{"Type":"TCP","ResourcePath":"/"}}`, "InvalidInput", "ResourcePath"},
		{"CreateService", `{"Name":"plain","NamespaceId":"{http}"}`, "ServiceAlreadyExists", "Service already exists"},
		{"UpdateService", `{"Id":"{plain}","Service":{"Description":"d"}}`, "InvalidInput", "HTTP namespaces"},
		{"UpdateService", `{"Id":"{a}","Service":{"DnsConfig":{"DnsRecords":[{"Type":"AAAA","TTL":1}]}}}`, "InvalidInput", "types"},
		{"RegisterInstance", register("srv-none", "i", `{}`), "ServiceNotFound", "srv-none"},
		{"RegisterInstance", register("{a}", "i", `{}`), "InvalidInput", "AWS_INSTANCE_IPV4 is required"},
		{"RegisterInstance", register("{multi}", "i", `{"AWS_INSTANCE_IPV4":"10.0.0.1"}`), "InvalidInput", "AWS_INSTANCE_IPV6 is required"},
		{"RegisterInstance", register("{srv}", "i", `{"AWS_INSTANCE_IPV4":"10.0.0.1"}`), "InvalidInput", "AWS_INSTANCE_PORT is required"},
		{"RegisterInstance", register("{srv}", "i", `{"AWS_INSTANCE_PORT":"80"}`), "InvalidInput", "AWS_INSTANCE_IPV4 or AWS_INSTANCE_IPV6 is required"},
		{"RegisterInstance", register("{srv}", "i/j", `{"AWS_INSTANCE_IPV4":"10.0.0.1","AWS_INSTANCE_PORT":"80"}`), "InvalidInput", "InstanceId"},
		{"RegisterInstance", register("{cname}", "i", `{}`), "InvalidInput", "AWS_INSTANCE_CNAME is required"},
		{"RegisterInstance", register("{checked}", "i", `{"AWS_INSTANCE_IPV4":"10.0.0.1"}`), "InvalidInput", "health check"},
		{"RegisterInstance", register("{plain}", "i", `{"AWS_INSTANCE_IPV6":"10.0.0.1"}`), "InvalidInput", "AWS_INSTANCE_IPV6"},
		{"RegisterInstance", register("{plain}", "i", `{"AWS_INSTANCE_PORT":"65536"}`), "InvalidInput", "AWS_INSTANCE_PORT"},
		{"RegisterInstance", register("{plain}", "i", `{"AWS_INSTANCE_ADDRESS":"x"}`), "InvalidInput", "AWS_INSTANCE_ADDRESS"},
		{"RegisterInstance", register("{plain}", "i", `{"AWS_INIT_HEALTH_STATUS":"HEALTHY"}`), "InvalidInput", "HealthCheckCustomConfig"},
		{"RegisterInstance", register("{custom}", "i", `{"AWS_INIT_HEALTH_STATUS":"WELL"}`), "InvalidInput", "HEALTHY or UNHEALTHY"},
		{"RegisterInstance", register("{a}", "i", `{"AWS_INSTANCE_IPV4":"10.0.0.1","AWS_EC2_INSTANCE_ID":"i-1"}`), "InvalidInput", "HTTP namespaces"},
		{"RegisterInstance", register("{plain}", "i", `{"AWS_EC2_INSTANCE_ID":"i-2"}`), "InvalidInput", "does not exist"},
		{"RegisterInstance", register("{plain}", "i", `{"AWS_EC2_INSTANCE_ID":"i-1","AWS_INSTANCE_IPV4":"10.0.0.1"}`), "InvalidInput", "with AWS_EC2_INSTANCE_ID"},
		{"RegisterInstance", register("{multi}", "i", `{"AWS_ALIAS_DNS_NAME":"lb.example"}`), "InvalidInput", "WEIGHTED"},
		{"RegisterInstance", register("{a}", "i", `{"AWS_ALIAS_DNS_NAME":"lb.example"}`), "InvalidInput", "load balancers"},
		{"RegisterInstance", register("{plain}", "i", `{"a b":"c"}`), "InvalidInput", "visible"},
		{"RegisterInstance", register("{plain}", "i", `{"a":" c"}`), "InvalidInput", "blanks"},
		{"RegisterInstance", register("{plain}", "i", `{"1":"`+long+`","2":"`+long+`","3":"`+long+`","4":"`+long+`","5":"`+long+`"}`), "InvalidInput", "5005"},
		{"RegisterInstance", register("{plain}", "i j", `{}`), "InvalidInput", "regular expression"},
		{"DeregisterInstance", `{"ServiceId":"{plain}","InstanceId":"none"}`, "InstanceNotFound", "none"},
		{"GetInstance", `{"ServiceId":"{plain}","InstanceId":"none"}`, "InstanceNotFound", "none"},
		{"GetInstancesHealthStatus", `{"ServiceId":"{plain}","Instances":["none"]}`, "InstanceNotFound", "none"},
		{"UpdateInstanceCustomHealthStatus", `{"ServiceId":"{custom}","InstanceId":"none","Status":"HEALTHY"}`, "InstanceNotFound", "none"},
		{"DiscoverInstances", `{"NamespaceName":"none","ServiceName":"x"}`, "NamespaceNotFound", "none"},
		{"DiscoverInstances", `{"NamespaceName":"plain","ServiceName":"none"}`, "ServiceNotFound", "none"},
		{"DiscoverInstances", `{"NamespaceName":"plain","ServiceName":"plain","OwnerAccount":"111111111111"}`, "NamespaceNotFound", "plain"},
		{"DiscoverInstances", `{"NamespaceName":"plain","ServiceName":"plain","MaxResults":1001}`, "InvalidInput", "less than or equal to 1000"},
		{"GetOperation", `{"OperationId":"none-x"}`, "OperationNotFound", "none-x"},
		{"ListServices", `{"Filters":[{"Name":"NAMESPACE_ID","Values":["a"],"Condition":"BETWEEN"}]}`, "InvalidInput", "BETWEEN"},
		{"ListNamespaces", `{"Filters":[{"Name":"TYPE","Values":["a","b"]}]}`, "InvalidInput", "2 values"},
		{"ListOperations", `{"Filters":[{"Name":"UPDATE_DATE","Values":["a","2"],"Condition":"BETWEEN"}]}`, "InvalidInput", "Unix"},
		{"ListInstances", `{"ServiceId":"{plain}","NextToken":"x"}`, "InvalidInput", "NextToken"},
		{"TagResource", `{"ResourceARN":"arn:aws:servicediscovery:us-east-1:000000000000:service/srv-none","Tags":[]}`, "ResourceNotFoundException", "srv-none"},
		{"TagResource", `{"ResourceARN":"arn:aws:servicediscovery:us-east-1:111111111111:service/{plain}","Tags":[]}`, "ResourceNotFoundException", "111111111111"},
		{"DeleteService", `{"Id":"arn:aws:servicediscovery:us-east-1:111111111111:service/{plain}"}`, "ServiceNotFound", "111111111111"},
		{"GetService", `{"Id":"{plain}","Name":"x"}`, "InvalidInput", "Unknown member"},
		{"UpdateHttpNamespace", `{"Id":"{zone}","Namespace":{"Description":"d"}}`, "InvalidInput", "DNS_PRIVATE"},
	} {
		status, code, text := h.registryCall(tt.operation, tt.body)
		if status != http.StatusBadRequest || code != tt.code || !strings.Contains(text, h.expand(tt.text)) {
			t.Errorf("%s %s: %d %s %s", tt.operation, h.expand(tt.body), status, code, text)
		}
	}

	for _, tt := range []struct{ operation, body, text string }{
		{"RegisterInstance", register("{plain}", "i", `{"AWS_EC2_INSTANCE_ID":"i-1","AWS_INSTANCE_PORT":"80"}`), "OperationId"},
		{"GetInstance", `{"ServiceId":"{plain}","InstanceId":"i"}`, `"AWS_INSTANCE_IPV4":"10.1.0.7"`},
		{"GetService", `{"Id":"{custom}"}`, `"HealthCheckCustomConfig":{"FailureThreshold":1}`},
		{"GetService", `{"Id":"{multi}"}`, `"DnsConfig":{"NamespaceId":"{zone}","RoutingPolicy":"MULTIVALUE"`},
		{"RegisterInstance", register("{plain}", "j", `{}`), "OperationId"},
		{"RegisterInstance", register("{plain}", "j", `{"color":"blue"}`), "OperationId"},
		{"ListNamespaces", `{"Filters":[{"Name":"HTTP_NAME","Values":["a.example-"],"Condition":"BEGINS_WITH"}]}`, `"Id":"{other}"`},
		{"CreateService", `{"Name":".","NamespaceId":"{zone}","DnsConfig":{"DnsRecords":[{"Type":"A","TTL":1}]}}`, "DNS_HTTP"},
		{"CreateHttpNamespace", `{"Name":"last"}`, "OperationId"},
	} {
		if status, code, text := h.registryCall(tt.operation, tt.body); status != http.StatusOK || !strings.Contains(text, h.expand(tt.text)) {
			t.Errorf("%s %s: %d %s %s", tt.operation, h.expand(tt.body), status, code, text)
		}
	}
	for _, tt := range []struct{ operation, body string }{
		{"CreateHttpNamespace", `{"Name":"onetoomany"}`}, {"RegisterInstance", register("{plain}", "k", `{}`)},
	} {
		if _, code, text := h.registryCall(tt.operation, tt.body); code != "ResourceLimitExceeded" {
			t.Errorf("%s: %s %s", tt.operation, code, text)
		}
	}
	if status, code, text := h.registryCall("UpdateInstanceCustomHealthStatus", `{"ServiceId":"{plain}","InstanceId":"i","Status":"HEALTHY"}`); status != http.StatusBadRequest || code != "CustomHealthNotFound" {
		t.Error(status, code, text)
	}
}

func mustBe(t *testing.T) func(string, error) string {
	return func(s string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}
