package main

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

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
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		d := net.Dialer{Timeout: 2 * time.Second, ControlContext: func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(resolved)
			if err != nil {
				return err
			}
			return egress.Check(address, to)
		}}
		return d.DialContext(ctx, network, address)
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dial, MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: 2 * time.Second, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
	}
	return &authorizer.Issuers{Client: &http.Client{Transport: transport}, Pools: endpoint(p.config, "cognito-idp")}
}
