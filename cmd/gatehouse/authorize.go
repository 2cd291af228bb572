package main

import (
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// newIssuers reaches token issuers where integrations may go, too.
func (p *program) newIssuers(egress *integration.EgressRules) *authorizer.Issuers {
	return &authorizer.Issuers{Client: authorizer.NewClient(egress.Check), Pools: endpoint(p.config, "cognito-idp"), Embedded: p.poolKeys.of}
}
