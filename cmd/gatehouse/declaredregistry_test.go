package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// cloudMap is the SDK's client of Cloud Map, told not to put data- before the host.
func (s *server) cloudMap() *servicediscovery.Client {
	return servicediscovery.New(servicediscovery.Options{
		BaseEndpoint: aws.String(s.control), Region: "us-east-1", RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("NoHostPrefix", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
			}), middleware.Before)
		}},
	})
}

// madeService makes the service shop/orders by Cloud Map's calls and returns its
// ARN.
func (s *server) madeService() string {
	s.t.Helper()
	ctx, c := s.t.Context(), s.cloudMap()
	begun, err := c.CreateHttpNamespace(ctx, &servicediscovery.CreateHttpNamespaceInput{Name: aws.String("shop")})
	must(s.t, err)
	done, err := c.GetOperation(ctx, &servicediscovery.GetOperationInput{OperationId: begun.OperationId})
	must(s.t, err)
	namespace := done.Operation.Targets[string(types.OperationTargetTypeNamespace)]
	made, err := c.CreateService(ctx, &servicediscovery.CreateServiceInput{Name: aws.String("orders"), NamespaceId: &namespace})
	must(s.t, err)
	return *made.Service.Arn
}

// TestDeclaredRegistry: an API leads to a service of the configuration file by the
// ARN that its ID gives, calls find the service and don't change it, and all of that
// is so after kill -9.
func TestDeclaredRegistry(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "carts ", r.URL.Path) }))
	t.Cleanup(backend.Close)
	_, port, _ := strings.Cut(address(t, backend.URL), ":")
	definition := write(t, "shop.yaml", `
openapi: 3.0.1
info: {title: shop, version: "1"}
paths:
  /carts:
    get:
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: GET
        payloadFormatVersion: "1.0"
        connectionType: VPC_LINK
        connectionId: shop01
        uri: arn:aws:servicediscovery:us-east-1:000000000000:service/srv-carts?color=blue
`)
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", `
vpcLinks:
  shop01: {subnets: [subnet-1]}
registry:
  namespaces:
    shop:
      services:
        carts:
          id: srv-carts
          instances:
            one: {ipv4: 127.0.0.1, port: `+port+`, attributes: {color: blue}}
            two: 127.0.0.1:1
    shop.internal:
      vpc: vpc-1
      services:
        carts: {dns: {A: 60}, instances: {one: 127.0.0.1}}
`), "--kind", "http", definition)
	before := s.declaredCarts(definition)
	s.kill()
	s.restart()
	if after := s.declaredCarts(definition); after != before {
		t.Errorf("%s, then %s", before, after)
	}
}

// declaredCarts checks what the configuration has of the service and returns its
// namespaces' IDs.
func (s *server) declaredCarts(definition string) (namespaces string) {
	t, ctx, c := s.t, s.t.Context(), s.cloudMap()
	t.Helper()
	if a := call(t, "GET", s.invoke+"/carts", s.api(definition)+".execute-api.localhost", ""); a.body != "carts /carts" {
		t.Errorf("%v", a)
	}
	found, err := c.DiscoverInstances(ctx, &servicediscovery.DiscoverInstancesInput{NamespaceName: aws.String("shop"), ServiceName: aws.String("carts"), QueryParameters: map[string]string{"color": "blue"}})
	if err != nil || len(found.Instances) != 1 || *found.Instances[0].InstanceId != "one" {
		t.Errorf("%+v %v", found, err)
	}
	for what, change := range map[string]func() error{
		"RegisterInstance": func() error {
			_, err := c.RegisterInstance(ctx, &servicediscovery.RegisterInstanceInput{ServiceId: aws.String("srv-carts"), InstanceId: aws.String("one"), Attributes: map[string]string{"AWS_INSTANCE_IPV4": "127.0.0.9"}})
			return err
		},
		"DeregisterInstance": func() error {
			_, err := c.DeregisterInstance(ctx, &servicediscovery.DeregisterInstanceInput{ServiceId: aws.String("srv-carts"), InstanceId: aws.String("one")})
			return err
		},
		"DeleteService": func() error {
			_, err := c.DeleteService(ctx, &servicediscovery.DeleteServiceInput{Id: aws.String("srv-carts")})
			return err
		},
	} {
		if err := change(); err == nil || !strings.Contains(err.Error(), "configuration file (registry)") {
			t.Errorf("%s: %v", what, err)
		}
	}
	list, err := c.ListNamespaces(ctx, &servicediscovery.ListNamespacesInput{})
	if err != nil || len(list.Namespaces) != 2 {
		t.Fatal(list, err)
	}
	for _, n := range list.Namespaces {
		namespaces += fmt.Sprintf("%s %s %s %d\n", *n.Id, *n.Name, n.Type, aws.ToInt32(n.ServiceCount))
	}
	return namespaces
}

// TestDeclaredRegistryRefused: a start with what no call could make ends, and says
// where it is.
func TestDeclaredRegistryRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--config", write(t, "gatehouse.yaml", `registry: {namespaces: {shop: {services: {carts: {id: carts}}}}}`))
	err := s.launch()
	t.Cleanup(s.kill)
	if err == nil || !strings.Contains(err.Error(), "registry.namespaces: shop: services: carts: ") {
		t.Error(err)
	}
}

// TestServiceInstancesLimit: calls register as many instances as the configuration
// allows.
func TestServiceInstancesLimit(t *testing.T) {
	t.Parallel()
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", "limits: {serviceInstances: 2}"))
	arn := s.madeService()
	for i := range 3 {
		_, err := s.cloudMap().RegisterInstance(t.Context(), &servicediscovery.RegisterInstanceInput{ServiceId: aws.String(arn[strings.LastIndexByte(arn, '/')+1:]), InstanceId: aws.String(fmt.Sprint(i)),
			Attributes: map[string]string{"AWS_INSTANCE_IPV4": "127.0.0.1"}})
		var tooMany *types.ResourceLimitExceeded
		if refused := errors.As(err, &tooMany); refused != (i == 2) || err != nil && !refused {
			t.Errorf("instance %d: %v", i, err)
		}
	}
}

// TestRegistryDocumentation: the commands and the configuration of
// docs/service-registry.md do what it says.
func TestRegistryDocumentation(t *testing.T) {
	t.Parallel()
	need(t, "aws", "bash")
	s := serveWith(t)
	cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", strings.ReplaceAll(documented(t, "service-registry.md", "sh"), "http://127.0.0.1:4566", s.control))
	cmd.Env = s.clientEnv()
	out, err := cmd.CombinedOutput()
	if text := string(out); strings.Contains(text, "http://data-") { // at the last command
		t.Log("this AWS CLI is of before 2025: it can't be told not to put data- before the host")
	} else if err != nil || !strings.Contains(text, `"InstanceId": "cart-1"`) {
		t.Errorf("%v\n%s", err, text)
	}
	declared := serveWith(t, "--config", write(t, "gatehouse.yaml", documented(t, "service-registry.md", "yaml")))
	for namespace, want := range map[string]int{"shop": 2, "shop.internal": 1} {
		found, err := declared.cloudMap().DiscoverInstances(t.Context(), &servicediscovery.DiscoverInstancesInput{NamespaceName: &namespace, ServiceName: aws.String("carts"), HealthStatus: types.HealthStatusFilterAll})
		if err != nil || len(found.Instances) != want {
			t.Errorf("%s: %+v %v", namespace, found, err)
		}
	}
}
