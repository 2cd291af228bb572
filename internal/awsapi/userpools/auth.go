package userpools

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/awsapi/cognitoidp"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
	"github.com/gatehouse/gatehouse/internal/userpool"
)

// What a call may carry for parts that no pool has here (ClientMetadata for
// functions, AnalyticsMetadata, what a client tells of itself for threat
// protection) changes nothing on AWS either while a pool has none of them, and
// no pool can be given them: it is taken and not kept.

func tokens(t *userpool.Tokens) *cognitoidp.AuthenticationResultType {
	if t == nil {
		return nil
	}
	return &cognitoidp.AuthenticationResultType{AccessToken: &t.Access, IdToken: &t.ID, RefreshToken: set(t.Refresh), TokenType: new("Bearer"), ExpiresIn: new(t.Life())}
}

// parameters are those of a challenge, which tokens come with none of.
func parameters(r *userpool.Result) map[string]string {
	if r.Parameters == nil {
		return map[string]string{}
	}
	return r.Parameters
}

// noSession refuses a session that begins a sign-in: it would go on from one
// that confirmed a sign-up, which gives none here.
func noSession(session *string) error {
	if session != nil {
		return refused("Session in a call that begins a sign-in", "")
	}
	return nil
}

func (o operations) initiateAuth(ctx context.Context, _ *wire.Call, in *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
	if err := noSession(in.Session); err != nil {
		return nil, err
	}
	r, err := o.pools.InitiateAuth(ctx, userpool.ClientID(*in.ClientId), *in.AuthFlow, in.AuthParameters)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.InitiateAuthResponse{ChallengeName: set(r.Challenge), Session: set(r.Session), ChallengeParameters: parameters(r), AuthenticationResult: tokens(r.Tokens)}, nil
}

func (o operations) adminInitiateAuth(ctx context.Context, c *wire.Call, in *cognitoidp.AdminInitiateAuthRequest) (*cognitoidp.AdminInitiateAuthResponse, error) {
	if err := noSession(in.Session); err != nil {
		return nil, err
	}
	r, err := o.pools.AdminInitiateAuth(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), userpool.ClientID(*in.ClientId), *in.AuthFlow, in.AuthParameters)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminInitiateAuthResponse{ChallengeName: set(r.Challenge), Session: set(r.Session), ChallengeParameters: parameters(r), AuthenticationResult: tokens(r.Tokens)}, nil
}

func (o operations) respond(ctx context.Context, _ *wire.Call, in *cognitoidp.RespondToAuthChallengeRequest) (*cognitoidp.RespondToAuthChallengeResponse, error) {
	r, err := o.pools.RespondToAuthChallenge(ctx, userpool.ClientID(*in.ClientId), *in.ChallengeName, val(in.Session), in.ChallengeResponses)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.RespondToAuthChallengeResponse{ChallengeName: set(r.Challenge), Session: set(r.Session), ChallengeParameters: parameters(r), AuthenticationResult: tokens(r.Tokens)}, nil
}

func (o operations) adminRespond(ctx context.Context, c *wire.Call, in *cognitoidp.AdminRespondToAuthChallengeRequest) (*cognitoidp.AdminRespondToAuthChallengeResponse, error) {
	r, err := o.pools.AdminRespondToAuthChallenge(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), userpool.ClientID(*in.ClientId), *in.ChallengeName, val(in.Session), in.ChallengeResponses)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminRespondToAuthChallengeResponse{ChallengeName: set(r.Challenge), Session: set(r.Session), ChallengeParameters: parameters(r), AuthenticationResult: tokens(r.Tokens)}, nil
}

func deliveryView(d *userpool.Delivery) *cognitoidp.CodeDeliveryDetailsType {
	if d == nil {
		return nil
	}
	return &cognitoidp.CodeDeliveryDetailsType{Destination: &d.Destination, DeliveryMedium: &d.Medium, AttributeName: &d.Attribute}
}

func (o operations) signUp(ctx context.Context, _ *wire.Call, in *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
	s, err := o.pools.SignUp(ctx, userpool.ClientID(*in.ClientId), val(in.SecretHash), *in.Username, val(in.Password), values(in.UserAttributes))
	if err != nil {
		return nil, err
	}
	return &cognitoidp.SignUpResponse{UserConfirmed: &s.Confirmed, UserSub: &s.Sub, CodeDeliveryDetails: deliveryView(s.Delivery)}, nil
}

func (o operations) confirmSignUp(ctx context.Context, _ *wire.Call, in *cognitoidp.ConfirmSignUpRequest) (*cognitoidp.ConfirmSignUpResponse, error) {
	if in.Session != nil {
		return nil, refused("Session in ConfirmSignUp", "")
	}
	err := o.pools.ConfirmSignUp(ctx, userpool.ClientID(*in.ClientId), val(in.SecretHash), *in.Username, *in.ConfirmationCode, val(in.ForceAliasCreation))
	return &cognitoidp.ConfirmSignUpResponse{}, err
}

func (o operations) resendCode(ctx context.Context, _ *wire.Call, in *cognitoidp.ResendConfirmationCodeRequest) (*cognitoidp.ResendConfirmationCodeResponse, error) {
	d, err := o.pools.ResendConfirmationCode(ctx, userpool.ClientID(*in.ClientId), val(in.SecretHash), *in.Username)
	return &cognitoidp.ResendConfirmationCodeResponse{CodeDeliveryDetails: deliveryView(d)}, err
}

func (o operations) forgotPassword(ctx context.Context, _ *wire.Call, in *cognitoidp.ForgotPasswordRequest) (*cognitoidp.ForgotPasswordResponse, error) {
	d, err := o.pools.ForgotPassword(ctx, userpool.ClientID(*in.ClientId), val(in.SecretHash), *in.Username)
	return &cognitoidp.ForgotPasswordResponse{CodeDeliveryDetails: deliveryView(d)}, err
}

func (o operations) confirmForgotPassword(ctx context.Context, _ *wire.Call, in *cognitoidp.ConfirmForgotPasswordRequest) (*cognitoidp.ConfirmForgotPasswordResponse, error) {
	err := o.pools.ConfirmForgotPassword(ctx, userpool.ClientID(*in.ClientId), val(in.SecretHash), *in.Username, *in.ConfirmationCode, *in.Password)
	return &cognitoidp.ConfirmForgotPasswordResponse{}, err
}

func (o operations) getUser(ctx context.Context, _ *wire.Call, in *cognitoidp.GetUserRequest) (*cognitoidp.GetUserResponse, error) {
	u, err := o.pools.GetUser(ctx, *in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetUserResponse{Username: &u.Username, UserAttributes: attributes(u, nil)}, nil
}

func (o operations) changePassword(ctx context.Context, _ *wire.Call, in *cognitoidp.ChangePasswordRequest) (*cognitoidp.ChangePasswordResponse, error) {
	return &cognitoidp.ChangePasswordResponse{}, o.pools.ChangePassword(ctx, *in.AccessToken, val(in.PreviousPassword), *in.ProposedPassword)
}

func (o operations) updateUser(ctx context.Context, _ *wire.Call, in *cognitoidp.UpdateUserAttributesRequest) (*cognitoidp.UpdateUserAttributesResponse, error) {
	err := o.pools.UpdateUserAttributes(ctx, *in.AccessToken, values(in.UserAttributes))
	return &cognitoidp.UpdateUserAttributesResponse{CodeDeliveryDetailsList: []*cognitoidp.CodeDeliveryDetailsType{}}, err
}

func (o operations) signOut(ctx context.Context, _ *wire.Call, in *cognitoidp.GlobalSignOutRequest) (*cognitoidp.GlobalSignOutResponse, error) {
	return &cognitoidp.GlobalSignOutResponse{}, o.pools.GlobalSignOut(ctx, *in.AccessToken)
}

func (o operations) revokeToken(ctx context.Context, _ *wire.Call, in *cognitoidp.RevokeTokenRequest) (*cognitoidp.RevokeTokenResponse, error) {
	return &cognitoidp.RevokeTokenResponse{}, o.pools.RevokeToken(ctx, userpool.ClientID(*in.ClientId), val(in.ClientSecret), *in.Token)
}
