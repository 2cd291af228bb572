package main

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// TestListenerCertificates: a call over TLS gets through to a listener as long as
// one of its certificates is for the name, be it not the default one (user guide
// for Application Load Balancers, "SSL certificates").
func TestListenerCertificates(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	ctx, c := t.Context(), s.elb()
	b, err := c.CreateLoadBalancer(ctx, &elasticloadbalancingv2.CreateLoadBalancerInput{Name: aws.String("inside"), Scheme: types.LoadBalancerSchemeEnumInternal, Subnets: []string{"subnet-1", "subnet-2"}})
	must(t, err)
	l, err := c.CreateListener(ctx, &elasticloadbalancingv2.CreateListenerInput{LoadBalancerArn: b.LoadBalancers[0].LoadBalancerArn, Port: aws.Int32(443), Protocol: types.ProtocolEnumHttps,
		Certificates:   []types.Certificate{{CertificateArn: aws.String(s.certificate("first.example.com"))}},
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("200"), MessageBody: aws.String("inside")}}}})
	must(t, err)
	listener := l.Listeners[0].ListenerArn
	host := s.verifies(*listener, "second.example.com")
	status := func(want int) {
		t.Helper()
		eventually(t, "the change of certificates shows", func() bool { return call(t, "GET", s.invoke+"/", host, "").status == want })
	}
	second := []types.Certificate{{CertificateArn: aws.String(s.certificate("second.example.com"))}}
	status(503)
	_, err = c.AddListenerCertificates(ctx, &elasticloadbalancingv2.AddListenerCertificatesInput{ListenerArn: listener, Certificates: second})
	must(t, err)
	status(200)
	_, err = c.RemoveListenerCertificates(ctx, &elasticloadbalancingv2.RemoveListenerCertificatesInput{ListenerArn: listener, Certificates: second})
	must(t, err)
	status(503)
}

// verifies makes an HTTP API that leads to a listener, which must have a
// certificate for a name, and returns its host.
func (s *server) verifies(listener, name string) string {
	s.t.Helper()
	ctx := s.t.Context()
	c := apigatewayv2.New(apigatewayv2.Options{BaseEndpoint: &s.control, Region: "us-east-1", RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	link, err := c.CreateVpcLink(ctx, &apigatewayv2.CreateVpcLinkInput{Name: aws.String("inside"), SubnetIds: []string{"subnet-1"}})
	must(s.t, err)
	api, err := c.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("secure"), ProtocolType: v2.ProtocolTypeHttp})
	must(s.t, err)
	made, err := c.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{ApiId: api.ApiId, IntegrationType: v2.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("ANY"), PayloadFormatVersion: aws.String("1.0"),
		ConnectionType: v2.ConnectionTypeVpcLink, ConnectionId: link.VpcLinkId, IntegrationUri: &listener, TlsConfig: &v2.TlsConfigInput{ServerNameToVerify: &name}})
	must(s.t, err)
	_, err = c.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("$default"), Target: aws.String("integrations/" + *made.IntegrationId)})
	must(s.t, err)
	_, err = c.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)})
	must(s.t, err)
	return *api.ApiId + ".execute-api.localhost"
}
