package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
)

// TestWalkLoadBalancersBoto3 calls every operation of Elastic Load Balancing v2
// that is served with boto3, whose model checks every answer, and
// TestWalkLoadBalancersCLI with the AWS CLI.
func TestWalkLoadBalancersBoto3(t *testing.T) { walkBalancers(t, "boto3") }

func TestWalkLoadBalancersCLI(t *testing.T) { walkBalancers(t, "cli") }

func walkBalancers(t *testing.T, client string) {
	t.Parallel()
	needBoto(t)
	s := serveWith(t)
	s.walks(namesOf(new(elbv2.Operations).Table(), func(string) bool { return true }), "balancerwalk.py", client, s.certificate("inside.example.com"))
}

// elb is the SDK's client of Elastic Load Balancing v2.
func (s *server) elb() *elasticloadbalancingv2.Client {
	return elasticloadbalancingv2.New(elasticloadbalancingv2.Options{
		BaseEndpoint: aws.String(s.control), Region: "us-east-1", RetryMaxAttempts: 1, HTTPClient: s.web,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

// TestDeclaredLoadBalancer: a load balancer of the configuration file is there
// under the same ARN at every start, its targets are probed, and calls don't
// change it; what calls made survives kill -9 beside it.
func TestDeclaredLoadBalancer(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "pets") }))
	t.Cleanup(backend.Close)
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", `
targetGroups:
  pets: {protocol: HTTP, port: 80, targets: ["`+address(t, backend.URL)+`"]}
loadBalancers:
  inside:
    listeners:
      - port: 80
        protocol: HTTP
        default: {respond: {status: 404, type: text/plain, body: nothing here}}
        rules:
          - {priority: 10, path: ["/pets*"], then: {forward: pets}}
`))
	ctx := t.Context()
	listener := s.listenerOf(ctx, "inside")
	s.healthy(ctx, "pets")

	made, err := s.elb().CreateTargetGroup(ctx, &elasticloadbalancingv2.CreateTargetGroupInput{
		Name: aws.String("made"), Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: aws.String("vpc-1"), TargetType: types.TargetTypeEnumIp,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.kill()
	s.restart()
	s.healthy(ctx, "pets")
	if again := s.listenerOf(ctx, "inside"); again != listener {
		t.Errorf("%s, then %s", listener, again)
	}
	groups, err := s.elb().DescribeTargetGroups(ctx, &elasticloadbalancingv2.DescribeTargetGroupsInput{Names: []string{"made"}})
	if err != nil || *groups.TargetGroups[0].TargetGroupArn != *made.TargetGroups[0].TargetGroupArn {
		t.Error(groups, err)
	}
	_, err = s.elb().DeleteListener(ctx, &elasticloadbalancingv2.DeleteListenerInput{ListenerArn: &listener})
	if err == nil || !strings.Contains(err.Error(), "OperationNotPermitted") || !strings.Contains(err.Error(), "configuration file") {
		t.Error(err)
	}
}

// healthy waits until the only target of a group is.
func (s *server) healthy(ctx context.Context, name string) {
	s.t.Helper()
	c := s.elb()
	groups, err := c.DescribeTargetGroups(ctx, &elasticloadbalancingv2.DescribeTargetGroupsInput{Names: []string{name}})
	if err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "a healthy target", func() bool {
		out, err := c.DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: groups.TargetGroups[0].TargetGroupArn})
		return err == nil && len(out.TargetHealthDescriptions) == 1 && out.TargetHealthDescriptions[0].TargetHealth.State == types.TargetHealthStateEnumHealthy
	})
}

// listenerOf is the ARN of the only listener of a load balancer.
func (s *server) listenerOf(ctx context.Context, name string) string {
	s.t.Helper()
	found, err := s.elb().DescribeLoadBalancers(ctx, &elasticloadbalancingv2.DescribeLoadBalancersInput{Names: []string{name}})
	if err != nil {
		s.t.Fatal(err)
	}
	listeners, err := s.elb().DescribeListeners(ctx, &elasticloadbalancingv2.DescribeListenersInput{LoadBalancerArn: found.LoadBalancers[0].LoadBalancerArn})
	if err != nil || len(listeners.Listeners) != 1 {
		s.t.Fatal(listeners, err)
	}
	return *listeners.Listeners[0].ListenerArn
}

// documented is the first block of a language on a page of the documentation.
func documented(t *testing.T, page, language string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(t), "docs", page))
	must(t, err)
	_, rest, _ := strings.Cut(string(text), "```"+language+"\n")
	found, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatalf("%s has no block of %s", page, language)
	}
	return found
}

// TestLoadBalancerDocumentation: the commands and the configuration of
// docs/load-balancers.md do what it says.
func TestLoadBalancerDocumentation(t *testing.T) {
	t.Parallel()
	need(t, "aws", "bash")
	s := serveWith(t)
	cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", strings.ReplaceAll(documented(t, "load-balancers.md", "sh"), "http://127.0.0.1:4566", s.control))
	cmd.Env = append(os.Environ(), "AWS_PAGER=", "AWS_CONFIG_FILE="+os.DevNull)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "TargetHealthDescriptions") {
		t.Errorf("%v\n%s", err, out)
	}
	declared := serveWith(t, "--config", write(t, "gatehouse.yaml", documented(t, "load-balancers.md", "yaml")))
	if arn := declared.listenerOf(t.Context(), "inside"); !strings.Contains(arn, ":listener/app/inside/") {
		t.Error(arn)
	}
}
