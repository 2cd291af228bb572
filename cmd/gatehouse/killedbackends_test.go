package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
)

// keptKind is what calls made that were answered: what makes one thing after the
// other, and how each is found again.
type keptKind struct {
	make func(n int) (id string, err error)
	find func(id string) error
	ids  []string
}

// TestKillUnderBackendWrites cuts the power while namespaces, services, instances,
// load balancers with their targets, and VPC links are made: all that was
// acknowledged is there afterwards, and an API over such a link leads to the
// instances.
func TestKillUnderBackendWrites(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hi") }))
	t.Cleanup(backend.Close)
	_, port, _ := strings.Cut(address(t, backend.URL), ":")
	s := serveWith(t)
	service := s.madeService()
	link, err := s.routed().CreateVpcLink(t.Context(), &apigatewayv2.CreateVpcLinkInput{Name: aws.String("first"), SubnetIds: []string{"subnet-1"}})
	must(t, err)
	host := s.overLinks(service, *link.VpcLinkId)
	all := map[string]*keptKind{"services": s.keptServices(), "instances": s.keptInstances(service, port), "load balancers": s.keptBalancers(), "links": s.keptLinks()}
	for round := range 3 {
		s.makeUntilKilled(all)
		s.restart()
		for what, k := range all {
			for _, id := range k.ids {
				if err := k.find(id); err != nil {
					t.Fatalf("round %d: of the %s, %s was acknowledged and is lost: %v", round, what, id, err)
				}
			}
			t.Logf("round %d: %d %s acknowledged, none lost", round, len(k.ids), what)
		}
		if len(all["instances"].ids) == 0 {
			continue
		}
		for range 20 { // some of the instances
			if a := call(t, "GET", s.invoke+"/"+*link.VpcLinkId, host, ""); a.body != "hi" {
				t.Fatalf("round %d: %v", round, a)
			}
		}
	}
}

// makeUntilKilled makes of each kind until the server is killed at a random moment.
func (s *server) makeUntilKilled(all map[string]*keptKind) {
	var makers sync.WaitGroup
	for _, k := range all {
		makers.Go(func() {
			for most := len(k.ids) + 50; len(k.ids) < most; { // accounts have at most 200 links
				id, err := k.make(len(k.ids))
				if err != nil {
					return
				}
				k.ids = append(k.ids, id)
			}
		})
	}
	time.Sleep(time.Duration(50+rand.IntN(300)) * time.Millisecond) // the moment is the point
	s.kill()
	makers.Wait()
}

// newName is a name that no attempt before had.
func newName(n int) *string { return aws.String(fmt.Sprintf("n%d-%06x", n, rand.N(1<<24))) }

func (s *server) keptServices() *keptKind {
	ctx := s.t.Context()
	return &keptKind{
		make: func(n int) (string, error) {
			c := s.cloudMap()
			begun, err := c.CreateHttpNamespace(ctx, &servicediscovery.CreateHttpNamespaceInput{Name: newName(n)})
			if err != nil {
				return "", err
			}
			done, err := c.GetOperation(ctx, &servicediscovery.GetOperationInput{OperationId: begun.OperationId})
			if err != nil {
				return "", err
			}
			made, err := c.CreateService(ctx, &servicediscovery.CreateServiceInput{Name: aws.String("web"), NamespaceId: aws.String(done.Operation.Targets["NAMESPACE"])})
			if err != nil {
				return "", err
			}
			return *made.Service.Id, nil
		},
		find: func(id string) error {
			_, err := s.cloudMap().GetService(ctx, &servicediscovery.GetServiceInput{Id: &id})
			return err
		},
	}
}

func (s *server) keptInstances(service, port string) *keptKind {
	ctx := s.t.Context()
	id := service[strings.LastIndexByte(service, '/')+1:]
	return &keptKind{
		make: func(n int) (string, error) {
			instance := newName(n)
			_, err := s.cloudMap().RegisterInstance(ctx, &servicediscovery.RegisterInstanceInput{ServiceId: &id, InstanceId: instance,
				Attributes: map[string]string{"AWS_INSTANCE_IPV4": "127.0.0.1", "AWS_INSTANCE_PORT": port, "name": *instance}})
			return *instance, err
		},
		find: func(instance string) error {
			found, err := s.cloudMap().DiscoverInstances(ctx, &servicediscovery.DiscoverInstancesInput{NamespaceName: aws.String("shop"), ServiceName: aws.String("orders"), QueryParameters: map[string]string{"name": instance}})
			if err == nil && len(found.Instances) != 1 {
				err = fmt.Errorf("%d are discovered", len(found.Instances))
			}
			return err
		},
	}
}

func (s *server) keptBalancers() *keptKind {
	ctx := s.t.Context()
	return &keptKind{
		make: func(n int) (string, error) {
			c, name := s.elb(), newName(n)
			group, err := c.CreateTargetGroup(ctx, &elasticloadbalancingv2.CreateTargetGroupInput{Name: name, Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: aws.String("vpc-1"), TargetType: types.TargetTypeEnumIp})
			if err != nil {
				return "", err
			}
			arn := group.TargetGroups[0].TargetGroupArn
			if _, err := c.RegisterTargets(ctx, &elasticloadbalancingv2.RegisterTargetsInput{TargetGroupArn: arn, Targets: []types.TargetDescription{{Id: aws.String("127.0.0.1")}}}); err != nil {
				return "", err
			}
			balancer, err := c.CreateLoadBalancer(ctx, &elasticloadbalancingv2.CreateLoadBalancerInput{Name: name, Scheme: types.LoadBalancerSchemeEnumInternal, Subnets: []string{"subnet-1", "subnet-2"}})
			if err != nil {
				return "", err
			}
			_, err = c.CreateListener(ctx, &elasticloadbalancingv2.CreateListenerInput{LoadBalancerArn: balancer.LoadBalancers[0].LoadBalancerArn, Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80),
				DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: arn}}})
			return *name, err
		},
		find: func(name string) error {
			if arn := s.listenerOf(ctx, name); !strings.Contains(arn, "/"+name+"/") {
				return fmt.Errorf("its listener is %s", arn)
			}
			groups, err := s.elb().DescribeTargetGroups(ctx, &elasticloadbalancingv2.DescribeTargetGroupsInput{Names: []string{name}})
			if err != nil {
				return err
			}
			health, err := s.elb().DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: groups.TargetGroups[0].TargetGroupArn})
			if err == nil && len(health.TargetHealthDescriptions) != 1 {
				err = fmt.Errorf("it has %d targets", len(health.TargetHealthDescriptions))
			}
			return err
		},
	}
}

func (s *server) keptLinks() *keptKind {
	ctx := s.t.Context()
	return &keptKind{
		make: func(n int) (string, error) {
			made, err := s.routed().CreateVpcLink(ctx, &apigatewayv2.CreateVpcLinkInput{Name: newName(n), SubnetIds: []string{"subnet-1"}})
			if err != nil {
				return "", err
			}
			return *made.VpcLinkId, nil
		},
		find: func(id string) error {
			_, err := s.routed().GetVpcLink(ctx, &apigatewayv2.GetVpcLinkInput{VpcLinkId: &id})
			return err
		},
	}
}
