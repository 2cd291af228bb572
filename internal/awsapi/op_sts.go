package awsapi

import (
	"context"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/sts"
	"github.com/gatehouse/gatehouse/internal/identity"
)

// sessions serves the Security Token Service.
type sessions struct{ directory *identity.Directory }

// NewSessionOperations is what is served of STS: who calls, and temporary
// credentials of the directory's roles and users.
func NewSessionOperations(d *identity.Directory) SessionOperations {
	o := sessions{d}
	return SessionOperations{
		GetCallerIdentity: o.getCallerIdentity, AssumeRole: o.assumeRole, GetSessionToken: o.getSessionToken,
		AssumeRoleWithWebIdentity: o.assumeRoleWithWebIdentity,
	}
}

func (o sessions) getCallerIdentity(_ context.Context, c *Call, _ *sts.GetCallerIdentityRequest) (*sts.GetCallerIdentityResponse, error) {
	id := c.Caller.UserID
	if id == "" {
		id = c.Caller.Account // as the account's root has it
	}
	return &sts.GetCallerIdentityResponse{UserId: &id, Account: &c.Caller.Account, Arn: new(string(c.Caller.ARN))}, nil
}

func (o sessions) assumeRole(_ context.Context, c *Call, in *sts.AssumeRoleRequest) (*sts.AssumeRoleResponse, error) {
	c.Resource = apigw.ARN(*in.RoleArn)
	if err := refuseParameters(
		setting{"PolicyArns", len(in.PolicyArns) > 0}, setting{"SerialNumber", in.SerialNumber != nil}, setting{"TokenCode", in.TokenCode != nil},
		setting{"SourceIdentity", in.SourceIdentity != nil}, setting{"ProvidedContexts", len(in.ProvidedContexts) > 0}); err != nil {
		return nil, err
	}
	a := identity.Assumption{
		RoleARN: *in.RoleArn, SessionName: *in.RoleSessionName, ExternalID: val(in.ExternalId), Policy: val(in.Policy),
		Lasts: seconds(in.DurationSeconds), Passed: in.TransitiveTagKeys, Keys: conditionKeys{Call: c},
	}
	for _, t := range in.Tags {
		a.Tags = append(a.Tags, identity.Tag{Key: *t.Key, Value: *t.Value})
	}
	who := c.Caller.Identity
	if who == nil { // nobody may sign yet, so nobody is more than the account
		who = &identity.Caller{Account: c.Caller.Account, ARN: string(c.Caller.ARN), Kind: identity.KindAccount}
	}
	s, err := o.directory.Assume(who, a)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleResponse{
		Credentials: credentialsView(&s.Credentials), AssumedRoleUser: &sts.AssumedRoleUser{AssumedRoleId: &s.ID, Arn: &s.ARN},
		PackedPolicySize: packedSize(s.PackedSize),
	}, nil
}

func (o sessions) assumeRoleWithWebIdentity(ctx context.Context, c *Call, in *sts.AssumeRoleWithWebIdentityRequest) (*sts.AssumeRoleWithWebIdentityResponse, error) {
	c.Resource = apigw.ARN(*in.RoleArn)
	if err := refuseParameters(setting{"PolicyArns", len(in.PolicyArns) > 0}, setting{"ProviderId", in.ProviderId != nil}); err != nil {
		return nil, err
	}
	a := identity.Assumption{
		RoleARN: *in.RoleArn, SessionName: *in.RoleSessionName, Policy: val(in.Policy), Lasts: seconds(in.DurationSeconds), Keys: conditionKeys{Call: c},
	}
	f, err := o.directory.AssumeWithToken(ctx, a, *in.WebIdentityToken)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleWithWebIdentityResponse{
		Credentials: credentialsView(&f.Credentials), AssumedRoleUser: &sts.AssumedRoleUser{AssumedRoleId: &f.Session.ID, Arn: &f.ARN},
		SubjectFromWebIdentityToken: &f.Subject, Audience: &f.Audience, Provider: &f.Provider, PackedPolicySize: packedSize(f.PackedSize),
	}, nil
}

func (o sessions) getSessionToken(ctx context.Context, c *Call, in *sts.GetSessionTokenRequest) (*sts.GetSessionTokenResponse, error) {
	if err := refuseParameters(setting{"SerialNumber", in.SerialNumber != nil}, setting{"TokenCode", in.TokenCode != nil}); err != nil {
		return nil, err
	}
	who := c.Caller.Identity
	if who == nil {
		who = &identity.Caller{Kind: identity.KindAccount}
	}
	credentials, err := o.directory.SessionToken(ctx, who, seconds(in.DurationSeconds))
	if err != nil {
		return nil, err
	}
	return &sts.GetSessionTokenResponse{Credentials: credentialsView(credentials)}, nil
}

func credentialsView(c *identity.Credentials) *sts.Credentials {
	return &sts.Credentials{AccessKeyId: &c.AccessKeyID, SecretAccessKey: &c.Secret, SessionToken: &c.Token, Expiration: &c.Expires}
}

func packedSize(percent int) *int {
	if percent == 0 {
		return nil
	}
	return &percent
}

func seconds(n *int) time.Duration { return time.Duration(val(n)) * time.Second }

// refuseParameters names the first that a call sets and nothing here enforces.
func refuseParameters(list ...setting) error {
	for _, s := range list {
		if s.given {
			return apigw.Errorf(apigw.Validation, "Gatehouse doesn't take %s", s.name)
		}
	}
	return nil
}
