package main

import (
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/awsapi"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// callers are the configured identities as signed requests to APIs meet them.
type callers struct{ *awsapi.Directory }

// Find implements authorizer.Identities. Keys of the configuration have no
// session tokens, so one that comes with a token is no key of ours.
func (c callers) Find(accessKeyID, token string) (string, *authorizer.Caller, error) {
	secret, who, ok := c.Secret(accessKeyID)
	if !ok || token != "" {
		return "", nil, &sigv4.Error{Kind: sigv4.UnrecognizedClient, Message: "The security token included in the request is invalid."}
	}
	return secret, &authorizer.Caller{
		AccessKeyID: accessKeyID, Account: who.Account, ID: who.UserID, ARN: string(who.ARN), UserName: who.UserName, Policies: c.Policies(accessKeyID),
	}, nil
}

// identities are who may sign requests to APIs; nil: none are configured.
func (p *program) identities() (authorizer.Identities, error) {
	if p.config.Identities == nil {
		return nil, nil
	}
	d, err := directory(p.config)
	if err != nil {
		return nil, err
	}
	return callers{d}, nil
}

// newIssuers reaches token issuers where integrations may go, too.
func (p *program) newIssuers(egress *integration.EgressRules) *authorizer.Issuers {
	return &authorizer.Issuers{Client: authorizer.NewClient(egress.Check), Pools: endpoint(p.config, "cognito-idp")}
}
