package main

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// routed is the SDK's client of APIs of routes and of links of version 2.
func (s *server) routed() *apigatewayv2.Client {
	return apigatewayv2.New(apigatewayv2.Options{BaseEndpoint: &s.control, Region: "us-east-1", RetryMaxAttempts: 1, HTTPClient: s.web,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
}

// overLinks makes an HTTP API that leads from /LINK over each link to listener,
// and returns its host.
func (s *server) overLinks(listener string, links ...string) string {
	s.t.Helper()
	ctx := s.t.Context()
	c := s.routed()
	api, err := c.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("linked"), ProtocolType: types.ProtocolTypeHttp})
	must(s.t, err)
	for _, link := range links {
		made, err := c.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{ApiId: api.ApiId, IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("ANY"),
			PayloadFormatVersion: aws.String("1.0"), ConnectionType: types.ConnectionTypeVpcLink, ConnectionId: &link, IntegrationUri: &listener})
		must(s.t, err)
		_, err = c.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("ANY /" + link), Target: aws.String("integrations/" + *made.IntegrationId)})
		must(s.t, err)
	}
	_, err = c.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)})
	must(s.t, err)
	return *api.ApiId + ".execute-api.us-east-1.amazonaws.com"
}
