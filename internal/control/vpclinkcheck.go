package control

import (
	"context"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// balancerTarget says whether text is the ARN of an Application or a Network
// Load Balancer.
func balancerTarget(text string) bool {
	resource, ok := resourceOf(text, "elasticloadbalancing")
	return ok && (strings.HasPrefix(resource, "loadbalancer/app/") || strings.HasPrefix(resource, "loadbalancer/net/"))
}

// linkTarget says whether text is what integrations of HTTP APIs lead to over a
// link: the ARN of a listener, or of a service with attributes behind it.
func linkTarget(text string) bool {
	if resource, ok := resourceOf(text, "elasticloadbalancing"); ok {
		return strings.HasPrefix(resource, "listener/app/") || strings.HasPrefix(resource, "listener/net/")
	}
	resource, ok := resourceOf(text, "servicediscovery")
	return ok && strings.HasPrefix(resource, "service/srv-")
}

// resourceOf is what the ARN of a service's resource ends in.
func resourceOf(arn, service string) (string, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[2] != service {
		return "", false
	}
	return parts[5], true
}

// checkLinked holds a method's integration to what its link is. Which one a
// stage variable names is known when it is deployed; so is whether there is one
// at all: that AWS refuses an ID that no link has isn't known, and what is called
// through it is answered 500.
func (c *Control) checkLinked(ctx context.Context, scope apigw.Scope, in *apigw.Integration) error {
	if in.ConnectionType != "VPC_LINK" || strings.Contains(in.ConnectionID, "${stageVariables.") {
		return nil
	}
	id := apigw.VPCLinkID(in.ConnectionID)
	_, err := c.PrivateLink(ctx, scope, id)
	switch {
	case err == nil && in.Target == "": // AWS's words, as reported in the field
		return apigw.Errorf(apigw.BadRequest, "IntegrationTarget is required for VpcLinkV2")
	case err == nil || apigw.KindOf(err) != apigw.NotFound || in.Target == "":
		return ignoring(err, apigw.NotFound)
	}
	if _, err = c.VPCLink(ctx, scope, id); err == nil {
		return apigw.Errorf(apigw.BadRequest, "An integrationTarget can only be specified for VPC links V2: VPC link %s leads to its own target", id)
	}
	return ignoring(err, apigw.NotFound)
}

// checkRouteLinked is checkLinked for an integration of an API of routes, whose
// link must be there: links of version 2 for HTTP APIs, of version 1 for
// WebSocket APIs (developer guide, "Private integrations"; that AWS refuses the
// other one when the integration is made is reported in the field).
func (c *Control) checkRouteLinked(ctx context.Context, scope apigw.Scope, api *apigw.RouteAPI, i *apigw.RouteIntegration) error {
	if i.ConnectionType != "VPC_LINK" || strings.Contains(i.ConnectionID, "${stageVariables.") {
		return nil
	}
	id := apigw.VPCLinkID(i.ConnectionID)
	_, private := c.PrivateLink(ctx, scope, id)
	_, balancer := c.VPCLink(ctx, scope, id)
	for _, err := range []error{private, balancer} {
		if err := ignoring(err, apigw.NotFound); err != nil {
			return err
		}
	}
	switch {
	case private != nil && balancer != nil:
		return unknownPrivateLink(id)
	case api.Protocol == apigw.ProtocolHTTP && private != nil:
		return apigw.Errorf(apigw.BadRequest, "VPC link %s is a VPC link V1, for REST and WebSocket APIs: HTTP APIs use VPC links V2", id)
	case api.Protocol == apigw.ProtocolWebSocket && balancer != nil:
		return apigw.Errorf(apigw.BadRequest, "VPC link %s is a VPC link V2: WebSocket APIs use VPC links V1", id)
	}
	return nil
}

// checkRouteListener refuses an integration that names a listener which isn't
// there, as AWS does: it looks the listener up when the integration is made, in
// words reported in the field (Terraform's AWS provider, issue 22590: for
// listeners that were made a moment before, which are there at once here). A
// document may come before what it leads to: importing one, and a stage
// variable, is for the check at deployment, which warns. So is a service, as
// nobody reports that AWS looks those up.
func (c *Control) checkRouteListener(ctx context.Context, scope apigw.Scope, i *apigw.RouteIntegration) error {
	resource, ok := resourceOf(i.URI, "elasticloadbalancing")
	if i.ConnectionType != "VPC_LINK" || !ok || !strings.HasPrefix(resource, "listener/") || strings.Contains(i.URI, "${stageVariables.") {
		return nil
	}
	_, _, err := c.ListenerOf(ctx, scope, apigw.ARN(i.URI))
	if err == nil || apigw.KindOf(err) == apigw.Unavailable {
		return err
	}
	return apigw.Errorf(apigw.BadRequest, "Unable to retrieve listener port and load balancer DNS name from ELB listener")
}

// ignoring is err unless it is nothing but of a kind.
func ignoring(err error, kind apigw.Kind) error {
	if err != nil && apigw.KindOf(err) == kind {
		return nil
	}
	return err
}
