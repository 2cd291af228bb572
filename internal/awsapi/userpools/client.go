package userpools

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/awsapi/cognitoidp"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
	"github.com/gatehouse/gatehouse/internal/userpool"
)

func (o operations) createClient(ctx context.Context, c *wire.Call, in *cognitoidp.CreateUserPoolClientRequest) (*cognitoidp.CreateUserPoolClientResponse, error) {
	s, err := clientSettings(in)
	if err != nil {
		return nil, err
	}
	if val(in.GenerateSecret) && in.ClientSecret != nil {
		return nil, &userpool.Error{Code: "InvalidParameterException", Message: "GenerateSecret and ClientSecret can't be given together"}
	}
	client, secret, err := o.pools.CreateClient(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *s, val(in.GenerateSecret), val(in.ClientSecret))
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateUserPoolClientResponse{UserPoolClient: clientView(client, secret)}, nil
}

func (o operations) updateClient(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateUserPoolClientRequest) (*cognitoidp.UpdateUserPoolClientResponse, error) {
	s, err := clientSettings(&cognitoidp.CreateUserPoolClientRequest{
		ClientName: in.ClientName, RefreshTokenValidity: in.RefreshTokenValidity, AccessTokenValidity: in.AccessTokenValidity, IdTokenValidity: in.IdTokenValidity,
		TokenValidityUnits: in.TokenValidityUnits, ReadAttributes: in.ReadAttributes, WriteAttributes: in.WriteAttributes, ExplicitAuthFlows: in.ExplicitAuthFlows,
		SupportedIdentityProviders: in.SupportedIdentityProviders, CallbackURLs: in.CallbackURLs, LogoutURLs: in.LogoutURLs, DefaultRedirectURI: in.DefaultRedirectURI,
		AllowedOAuthFlows: in.AllowedOAuthFlows, AllowedOAuthScopes: in.AllowedOAuthScopes, AllowedOAuthFlowsUserPoolClient: in.AllowedOAuthFlowsUserPoolClient,
		AnalyticsConfiguration: in.AnalyticsConfiguration, PreventUserExistenceErrors: in.PreventUserExistenceErrors, EnableTokenRevocation: in.EnableTokenRevocation,
		EnablePropagateAdditionalUserContextData: in.EnablePropagateAdditionalUserContextData, AuthSessionValidity: in.AuthSessionValidity, RefreshTokenRotation: in.RefreshTokenRotation,
	})
	if err != nil {
		return nil, err
	}
	client, secret, err := o.pools.UpdateClient(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), userpool.ClientID(*in.ClientId), *s)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateUserPoolClientResponse{UserPoolClient: clientView(client, secret)}, nil
}

// clientSettings are a client's, as far as they are served.
func clientSettings(in *cognitoidp.CreateUserPoolClientRequest) (*userpool.ClientSettings, error) {
	const noPages = ": there are no hosted pages"
	if err := refuseAny([]unserved{
		{"CallbackURLs", len(in.CallbackURLs) > 0, noPages},
		{"LogoutURLs", len(in.LogoutURLs) > 0, noPages},
		{"DefaultRedirectURI", in.DefaultRedirectURI != nil, noPages},
		{"SupportedIdentityProviders", slices.ContainsFunc(in.SupportedIdentityProviders, func(p string) bool { return p != "COGNITO" }), " but COGNITO"},
		{"AnalyticsConfiguration", in.AnalyticsConfiguration != nil, ""},
		{"EnablePropagateAdditionalUserContextData", val(in.EnablePropagateAdditionalUserContextData), ": there is no threat protection"},
		{"RefreshTokenRotation", in.RefreshTokenRotation != nil && (val(in.RefreshTokenRotation.Feature) != "DISABLED" || val(in.RefreshTokenRotation.RetryGracePeriodSeconds) != 0), " but DISABLED"},
	}); err != nil {
		return nil, err
	}
	units := val(in.TokenValidityUnits)
	s := &userpool.ClientSettings{
		Name: val(in.ClientName), Flows: in.ExplicitAuthFlows, Session: val(in.AuthSessionValidity), Read: in.ReadAttributes, Write: in.WriteAttributes,
		AccessValidity:  userpool.Validity{N: val(in.AccessTokenValidity), Unit: val(units.AccessToken)},
		IDValidity:      userpool.Validity{N: val(in.IdTokenValidity), Unit: val(units.IdToken)},
		RefreshValidity: userpool.Validity{N: val(in.RefreshTokenValidity), Unit: val(units.RefreshToken)},
		OAuth:           val(in.AllowedOAuthFlowsUserPoolClient), OAuthFlows: in.AllowedOAuthFlows, OAuthScopes: in.AllowedOAuthScopes, Providers: in.SupportedIdentityProviders,
		Existence: val(in.PreventUserExistenceErrors), NoRevocation: in.EnableTokenRevocation != nil && !*in.EnableTokenRevocation,
	}
	return s, nil
}

func (o operations) describeClient(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeUserPoolClientRequest) (*cognitoidp.DescribeUserPoolClientResponse, error) {
	client, secret, err := o.pools.Client(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), userpool.ClientID(*in.ClientId))
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeUserPoolClientResponse{UserPoolClient: clientView(client, secret)}, nil
}

func (o operations) listClients(ctx context.Context, c *wire.Call, in *cognitoidp.ListUserPoolClientsRequest) (*cognitoidp.ListUserPoolClientsResponse, error) {
	after, rows, err := page(in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	list, last, err := o.pools.Clients(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), after, rows)
	out := &cognitoidp.ListUserPoolClientsResponse{UserPoolClients: []*cognitoidp.UserPoolClientDescription{}, NextToken: next(last)}
	for _, client := range list {
		out.UserPoolClients = append(out.UserPoolClients, &cognitoidp.UserPoolClientDescription{ClientId: new(string(client.ID)), UserPoolId: in.UserPoolId, ClientName: &client.Name})
	}
	return out, err
}

func (o operations) deleteClient(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteUserPoolClientRequest) error {
	return o.pools.DeleteClient(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), userpool.ClientID(*in.ClientId))
}

func clientView(c *userpool.Client, secret string) *cognitoidp.UserPoolClientType {
	number := func(n int) *int {
		if n == 0 {
			return nil
		}
		return &n
	}
	v := &cognitoidp.UserPoolClientType{
		UserPoolId: new(string(c.Pool)), ClientName: &c.Name, ClientId: new(string(c.ID)), ClientSecret: set(secret), CreationDate: &c.Created, LastModifiedDate: &c.Modified,
		RefreshTokenValidity: new(30), AccessTokenValidity: number(c.AccessValidity.N), IdTokenValidity: number(c.IDValidity.N), ReadAttributes: c.Read, WriteAttributes: c.Write,
		ExplicitAuthFlows: c.Flows, SupportedIdentityProviders: c.Providers, AllowedOAuthFlows: c.OAuthFlows, AllowedOAuthScopes: c.OAuthScopes,
		AllowedOAuthFlowsUserPoolClient: &c.OAuth, PreventUserExistenceErrors: set(c.Existence), EnableTokenRevocation: new(!c.NoRevocation),
		EnablePropagateAdditionalUserContextData: new(false), AuthSessionValidity: &c.Session,
	}
	if c.RefreshValidity.N != 0 {
		v.RefreshTokenValidity = &c.RefreshValidity.N
	}
	if a, i, r := c.AccessValidity.Unit, c.IDValidity.Unit, c.RefreshValidity.Unit; a+i+r != "" {
		v.TokenValidityUnits = &cognitoidp.TokenValidityUnitsType{AccessToken: set(a), IdToken: set(i), RefreshToken: set(r)}
	}
	return v
}

func (o operations) createServer(ctx context.Context, c *wire.Call, in *cognitoidp.CreateResourceServerRequest) (*cognitoidp.CreateResourceServerResponse, error) {
	server := serverOf(*in.Identifier, *in.Name, in.Scopes)
	err := o.pools.PutServer(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), server, true)
	return &cognitoidp.CreateResourceServerResponse{ResourceServer: serverView(in.UserPoolId, &server)}, err
}

func (o operations) updateServer(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateResourceServerRequest) (*cognitoidp.UpdateResourceServerResponse, error) {
	server := serverOf(*in.Identifier, *in.Name, in.Scopes)
	err := o.pools.PutServer(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), server, false)
	return &cognitoidp.UpdateResourceServerResponse{ResourceServer: serverView(in.UserPoolId, &server)}, err
}

func serverOf(identifier, name string, scopes []*cognitoidp.ResourceServerScopeType) userpool.Server {
	s := userpool.Server{Identifier: identifier, Name: name}
	for _, scope := range scopes {
		s.Scopes = append(s.Scopes, userpool.Scope{Name: val(scope.ScopeName), Description: val(scope.ScopeDescription)})
	}
	return s
}

func serverView(pool *string, s *userpool.Server) *cognitoidp.ResourceServerType {
	v := &cognitoidp.ResourceServerType{UserPoolId: pool, Identifier: &s.Identifier, Name: &s.Name, Scopes: []*cognitoidp.ResourceServerScopeType{}}
	for _, scope := range s.Scopes {
		v.Scopes = append(v.Scopes, &cognitoidp.ResourceServerScopeType{ScopeName: &scope.Name, ScopeDescription: &scope.Description})
	}
	return v
}

func (o operations) describeServer(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeResourceServerRequest) (*cognitoidp.DescribeResourceServerResponse, error) {
	server, err := o.pools.Server(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Identifier)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeResourceServerResponse{ResourceServer: serverView(in.UserPoolId, server)}, nil
}

func (o operations) listServers(ctx context.Context, c *wire.Call, in *cognitoidp.ListResourceServersRequest) (*cognitoidp.ListResourceServersResponse, error) {
	after, rows, err := page(in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	list, last, err := o.pools.Servers(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), after, rows)
	out := &cognitoidp.ListResourceServersResponse{ResourceServers: []*cognitoidp.ResourceServerType{}, NextToken: next(last)}
	for _, s := range list {
		out.ResourceServers = append(out.ResourceServers, serverView(in.UserPoolId, s))
	}
	return out, err
}

func (o operations) deleteServer(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteResourceServerRequest) error {
	return o.pools.DeleteServer(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Identifier)
}
