package control

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// checkEndpointChange: a private API can't become an edge-optimized one
// (developer guide, "Change a public or private API endpoint type"), and what
// domain names lead to stays on its side: private names to private APIs. The
// words are ours.
func (c *Control) checkEndpointChange(ctx context.Context, ref apiRef, from, to string) error {
	if from == apigw.EndpointPrivate && to == apigw.EndpointEdge {
		return apigw.Errorf(apigw.BadRequest, "A PRIVATE API can't be changed into an EDGE one. Change it to REGIONAL")
	}
	if (from == apigw.EndpointPrivate) == (to == apigw.EndpointPrivate) {
		return nil
	}
	list, err := c.DomainNames(ctx, ref.scope)
	if err != nil {
		return err
	}
	for _, d := range list {
		if slices.ContainsFunc(d.Mappings, func(m apigw.BasePathMapping) bool { return m.API == ref.api }) ||
			slices.ContainsFunc(d.Rules, func(r apigw.RoutingRule) bool { return r.API == ref.api }) {
			return apigw.Errorf(apigw.BadRequest, "The endpoint type can't be changed from %s to %s while the domain name %s leads to the API", from, to, d.Name)
		}
	}
	return nil
}
