package userpools

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/cognitoidp"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
	"github.com/gatehouse/gatehouse/internal/userpool"
)

func (o operations) createPool(ctx context.Context, c *wire.Call, in *cognitoidp.CreateUserPoolRequest) (*cognitoidp.CreateUserPoolResponse, error) {
	s, err := settings(in)
	if err != nil {
		return nil, err
	}
	p, err := o.pools.CreatePool(ctx, c.Scope, *in.PoolName, *s)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateUserPoolResponse{UserPool: poolView(c.Scope, &userpool.PoolState{Pool: p})}, nil
}

func (o operations) updatePool(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateUserPoolRequest) (*cognitoidp.UpdateUserPoolResponse, error) {
	s, err := settings(&cognitoidp.CreateUserPoolRequest{
		Policies: in.Policies, DeletionProtection: in.DeletionProtection, LambdaConfig: in.LambdaConfig, AutoVerifiedAttributes: in.AutoVerifiedAttributes,
		SmsVerificationMessage: in.SmsVerificationMessage, EmailVerificationMessage: in.EmailVerificationMessage, EmailVerificationSubject: in.EmailVerificationSubject,
		VerificationMessageTemplate: in.VerificationMessageTemplate, SmsAuthenticationMessage: in.SmsAuthenticationMessage, MfaConfiguration: in.MfaConfiguration,
		UserAttributeUpdateSettings: in.UserAttributeUpdateSettings, DeviceConfiguration: in.DeviceConfiguration, EmailConfiguration: in.EmailConfiguration,
		SmsConfiguration: in.SmsConfiguration, UserPoolTags: in.UserPoolTags, AdminCreateUserConfig: in.AdminCreateUserConfig, UserPoolAddOns: in.UserPoolAddOns,
		AccountRecoverySetting: in.AccountRecoverySetting, UserPoolTier: in.UserPoolTier,
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateUserPoolResponse{}, o.pools.UpdatePool(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), val(in.PoolName), *s)
}

// settings are a pool's, as far as they are served.
func settings(in *cognitoidp.CreateUserPoolRequest) (*userpool.Settings, error) {
	if err := refusePool(in); err != nil {
		return nil, err
	}
	s := &userpool.Settings{
		Password: userpool.DefaultPolicy(), DeletionProtection: val(in.DeletionProtection) == "ACTIVE", AutoVerified: in.AutoVerifiedAttributes,
		Aliases: in.AliasAttributes, UsernameAttributes: in.UsernameAttributes, CaseSensitive: in.UsernameConfiguration == nil || val(in.UsernameConfiguration.CaseSensitive),
		Tags: in.UserPoolTags, Tier: val(in.UserPoolTier),
	}
	if in.Policies != nil && in.Policies.PasswordPolicy != nil {
		p := in.Policies.PasswordPolicy
		s.Password = userpool.PasswordPolicy{
			MinimumLength: val(p.MinimumLength), Upper: val(p.RequireUppercase), Lower: val(p.RequireLowercase), Numbers: val(p.RequireNumbers),
			Symbols: val(p.RequireSymbols), TemporaryDays: val(p.TemporaryPasswordValidityDays),
		}
	}
	if a := in.AdminCreateUserConfig; a != nil {
		s.AdminOnly = val(a.AllowAdminCreateUserOnly)
		if a.UnusedAccountValidityDays != nil {
			if s.Password.TemporaryDays != 0 && in.Policies != nil && in.Policies.PasswordPolicy != nil {
				return nil, &userpool.Error{Code: "InvalidParameterException", Message: "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"}
			}
			s.Password.TemporaryDays = *a.UnusedAccountValidityDays
		}
	}
	messages(&s.Messages, in)
	if r := in.AccountRecoverySetting; r != nil {
		list := slices.Clone(r.RecoveryMechanisms)
		slices.SortStableFunc(list, func(a, b *cognitoidp.RecoveryOptionType) int { return *a.Priority - *b.Priority })
		for _, m := range list {
			s.Recovery = append(s.Recovery, *m.Name)
		}
	}
	for _, a := range in.Schema {
		s.Schema = append(s.Schema, attribute(a))
	}
	return s, nil
}

// refusePool refuses by name what a pool can't carry here.
func refusePool(in *cognitoidp.CreateUserPoolRequest) error {
	var policy cognitoidp.PasswordPolicyType
	var factors []string
	if in.Policies != nil {
		policy = val(in.Policies.PasswordPolicy)
		if in.Policies.SignInPolicy != nil {
			factors = in.Policies.SignInPolicy.AllowedFirstAuthFactors
		}
	}
	l, e, v := val(in.LambdaConfig), val(in.EmailConfiguration), val(in.VerificationMessageTemplate)
	const noFunctions = ", as no function is called by user pools"
	const noMail = ", as messages go to a file: leave it out"
	mfa := val(in.MfaConfiguration)
	return refuseAny([]unserved{
		{"LambdaConfig.PreSignUp", l.PreSignUp != nil, noFunctions},
		{"LambdaConfig.CustomMessage", l.CustomMessage != nil, noFunctions},
		{"LambdaConfig.PostConfirmation", l.PostConfirmation != nil, noFunctions},
		{"LambdaConfig.PreAuthentication", l.PreAuthentication != nil, noFunctions},
		{"LambdaConfig.PostAuthentication", l.PostAuthentication != nil, noFunctions},
		{"LambdaConfig.DefineAuthChallenge", l.DefineAuthChallenge != nil, noFunctions},
		{"LambdaConfig.CreateAuthChallenge", l.CreateAuthChallenge != nil, noFunctions},
		{"LambdaConfig.VerifyAuthChallengeResponse", l.VerifyAuthChallengeResponse != nil, noFunctions},
		{"LambdaConfig.PreTokenGeneration", l.PreTokenGeneration != nil || l.PreTokenGenerationConfig != nil, noFunctions},
		{"LambdaConfig.UserMigration", l.UserMigration != nil, noFunctions},
		{"LambdaConfig.CustomSMSSender", l.CustomSMSSender != nil, noFunctions},
		{"LambdaConfig.CustomEmailSender", l.CustomEmailSender != nil, noFunctions},
		{"LambdaConfig.KMSKeyID", l.KMSKeyID != nil, noFunctions},
		{"LambdaConfig.InboundFederation", l.InboundFederation != nil, noFunctions},
		{"MfaConfiguration " + mfa, mfa != "" && mfa != "OFF", ": second factors aren't asked for"},
		{"SmsAuthenticationMessage", in.SmsAuthenticationMessage != nil, ": second factors aren't asked for"},
		{"DeviceConfiguration", in.DeviceConfiguration != nil, ": devices aren't remembered"},
		{"UserPoolAddOns", in.UserPoolAddOns != nil && (val(in.UserPoolAddOns.AdvancedSecurityMode) != "OFF" || in.UserPoolAddOns.AdvancedSecurityAdditionalFlows != nil), " but AdvancedSecurityMode OFF"},
		{"UserPoolTier PLUS", val(in.UserPoolTier) == "PLUS", ": there is no threat protection"},
		{"PasswordPolicy.PasswordHistorySize", val(policy.PasswordHistorySize) != 0, ": earlier passwords aren't kept"},
		{"SignInPolicy.AllowedFirstAuthFactors", slices.ContainsFunc(factors, func(f string) bool { return f != "PASSWORD" }), " but PASSWORD"},
		{"UserAttributeUpdateSettings.AttributesRequireVerificationBeforeUpdate",
			in.UserAttributeUpdateSettings != nil && len(in.UserAttributeUpdateSettings.AttributesRequireVerificationBeforeUpdate) > 0, ": an attribute changes at once"},
		{"SmsConfiguration", in.SmsConfiguration != nil, noMail},
		{"EmailConfiguration", val(e.EmailSendingAccount) == "DEVELOPER" || e.SourceArn != nil || e.From != nil || e.ConfigurationSet != nil || e.ReplyToEmailAddress != nil, noMail},
		{"VerificationMessageTemplate.DefaultEmailOption CONFIRM_WITH_LINK", val(v.DefaultEmailOption) == "CONFIRM_WITH_LINK", ": there are no hosted pages"},
		{"VerificationMessageTemplate.EmailMessageByLink", v.EmailMessageByLink != nil || v.EmailSubjectByLink != nil, ": there are no hosted pages"},
	})
}

// messages are the texts that were set, the template's before those of old.
func messages(m *userpool.Messages, in *cognitoidp.CreateUserPoolRequest) {
	m.Email, m.EmailSubject, m.SMS = val(in.EmailVerificationMessage), val(in.EmailVerificationSubject), val(in.SmsVerificationMessage)
	if t := in.VerificationMessageTemplate; t != nil {
		for _, pair := range []struct {
			to   *string
			from *string
		}{{&m.Email, t.EmailMessage}, {&m.EmailSubject, t.EmailSubject}, {&m.SMS, t.SmsMessage}} {
			if pair.from != nil {
				*pair.to = *pair.from
			}
		}
	}
	if a := in.AdminCreateUserConfig; a != nil && a.InviteMessageTemplate != nil {
		t := a.InviteMessageTemplate
		m.InviteEmail, m.InviteSubject, m.InviteSMS = val(t.EmailMessage), val(t.EmailSubject), val(t.SMSMessage)
	}
}

func attribute(a *cognitoidp.SchemaAttributeType) userpool.Attribute {
	out := userpool.Attribute{
		Name: val(a.Name), Type: val(a.AttributeDataType), DeveloperOnly: val(a.DeveloperOnlyAttribute), Required: val(a.Required),
		Mutable: a.Mutable == nil || *a.Mutable, // API reference, SchemaAttributeType
	}
	if n := a.NumberAttributeConstraints; n != nil {
		out.Min, out.Max = val(n.MinValue), val(n.MaxValue)
	}
	if s := a.StringAttributeConstraints; s != nil {
		out.Min, out.Max = val(s.MinLength), val(s.MaxLength)
	}
	return out
}

func (o operations) describePool(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeUserPoolRequest) (*cognitoidp.DescribeUserPoolResponse, error) {
	p, err := o.pools.Pool(ctx, c.Scope, userpool.PoolID(*in.UserPoolId))
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeUserPoolResponse{UserPool: poolView(c.Scope, p)}, nil
}

func (o operations) listPools(ctx context.Context, c *wire.Call, in *cognitoidp.ListUserPoolsRequest) (*cognitoidp.ListUserPoolsResponse, error) {
	after, rows, err := page(in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	list, last, err := o.pools.Pools(ctx, c.Scope, after, rows)
	out := &cognitoidp.ListUserPoolsResponse{UserPools: []*cognitoidp.UserPoolDescriptionType{}, NextToken: next(last)}
	for _, p := range list {
		out.UserPools = append(out.UserPools, &cognitoidp.UserPoolDescriptionType{
			Id: new(string(p.ID)), Name: &p.Name, LambdaConfig: &cognitoidp.LambdaConfigType{}, CreationDate: &p.Created, LastModifiedDate: &p.Modified,
		})
	}
	return out, err
}

func (o operations) deletePool(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteUserPoolRequest) error {
	return o.pools.DeletePool(ctx, c.Scope, userpool.PoolID(*in.UserPoolId))
}

// poolView shows a pool as AWS does, with the defaults of what isn't served.
func poolView(scope apigw.Scope, p *userpool.PoolState) *cognitoidp.UserPoolType {
	policy, m := p.Password, p.Messages
	v := &cognitoidp.UserPoolType{
		Id: new(string(p.ID)), Name: &p.Name, Arn: new(p.ID.ARN(scope)), CreationDate: &p.Created, LastModifiedDate: &p.Modified,
		Policies: &cognitoidp.UserPoolPolicyType{
			PasswordPolicy: &cognitoidp.PasswordPolicyType{
				MinimumLength: &policy.MinimumLength, RequireUppercase: &policy.Upper, RequireLowercase: &policy.Lower, RequireNumbers: &policy.Numbers,
				RequireSymbols: &policy.Symbols, TemporaryPasswordValidityDays: &policy.TemporaryDays,
			},
			SignInPolicy: &cognitoidp.SignInPolicyType{AllowedFirstAuthFactors: []string{"PASSWORD"}},
		},
		DeletionProtection: new("INACTIVE"), LambdaConfig: &cognitoidp.LambdaConfigType{}, AutoVerifiedAttributes: p.AutoVerified, AliasAttributes: p.Aliases,
		UsernameAttributes: p.UsernameAttributes, MfaConfiguration: new("OFF"), EstimatedNumberOfUsers: &p.Users, UserPoolTags: p.Tags, Domain: set(p.Domain),
		EmailConfiguration:    &cognitoidp.EmailConfigurationType{EmailSendingAccount: new("COGNITO_DEFAULT")},
		UsernameConfiguration: &cognitoidp.UsernameConfigurationType{CaseSensitive: &p.CaseSensitive},
		AdminCreateUserConfig: &cognitoidp.AdminCreateUserConfigType{AllowAdminCreateUserOnly: &p.AdminOnly, UnusedAccountValidityDays: &policy.TemporaryDays},
		VerificationMessageTemplate: &cognitoidp.VerificationMessageTemplateType{
			DefaultEmailOption: new("CONFIRM_WITH_CODE"), EmailMessage: set(m.Email), EmailSubject: set(m.EmailSubject), SmsMessage: set(m.SMS),
		},
		EmailVerificationMessage: set(m.Email), EmailVerificationSubject: set(m.EmailSubject), SmsVerificationMessage: set(m.SMS), UserPoolTier: &p.Tier,
	}
	if p.DeletionProtection {
		v.DeletionProtection = new("ACTIVE")
	}
	if m.InviteEmail+m.InviteSubject+m.InviteSMS != "" {
		v.AdminCreateUserConfig.InviteMessageTemplate = &cognitoidp.MessageTemplateType{EmailMessage: set(m.InviteEmail), EmailSubject: set(m.InviteSubject), SMSMessage: set(m.InviteSMS)}
	}
	if len(p.Recovery) > 0 {
		v.AccountRecoverySetting = &cognitoidp.AccountRecoverySettingType{}
		for i, name := range p.Recovery {
			v.AccountRecoverySetting.RecoveryMechanisms = append(v.AccountRecoverySetting.RecoveryMechanisms, &cognitoidp.RecoveryOptionType{Name: &name, Priority: new(i + 1)})
		}
	}
	for _, a := range userpool.CompleteSchema(p.Schema) {
		v.SchemaAttributes = append(v.SchemaAttributes, attributeView(a))
	}
	return v
}

func attributeView(a userpool.Attribute) *cognitoidp.SchemaAttributeType {
	v := &cognitoidp.SchemaAttributeType{Name: &a.Name, AttributeDataType: &a.Type, DeveloperOnlyAttribute: &a.DeveloperOnly, Mutable: &a.Mutable, Required: &a.Required}
	switch a.Type {
	case "String":
		v.StringAttributeConstraints = &cognitoidp.StringAttributeConstraintsType{MinLength: set(a.Min), MaxLength: set(a.Max)}
	case "Number":
		v.NumberAttributeConstraints = &cognitoidp.NumberAttributeConstraintsType{MinValue: set(a.Min), MaxValue: set(a.Max)}
	}
	return v
}

func (o operations) createDomain(ctx context.Context, c *wire.Call, in *cognitoidp.CreateUserPoolDomainRequest) (*cognitoidp.CreateUserPoolDomainResponse, error) {
	if err := refuseAny([]unserved{
		{"CustomDomainConfig", in.CustomDomainConfig != nil, ": a domain is a prefix"},
		{"ManagedLoginVersion", in.ManagedLoginVersion != nil, ": there are no hosted pages"},
	}); err != nil {
		return nil, err
	}
	return &cognitoidp.CreateUserPoolDomainResponse{}, o.pools.CreateDomain(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Domain)
}

func (o operations) describeDomain(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeUserPoolDomainRequest) (*cognitoidp.DescribeUserPoolDomainResponse, error) {
	id, err := o.pools.DomainPool(ctx, c.Scope, *in.Domain)
	out := &cognitoidp.DescribeUserPoolDomainResponse{DomainDescription: &cognitoidp.DomainDescriptionType{}} // of one that isn't there, too
	if id != "" {
		out.DomainDescription = &cognitoidp.DomainDescriptionType{Domain: in.Domain, UserPoolId: new(string(id)), AWSAccountId: &c.Scope.Account, Status: new("ACTIVE")}
	}
	return out, err
}

func (o operations) deleteDomain(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteUserPoolDomainRequest) (*cognitoidp.DeleteUserPoolDomainResponse, error) {
	return &cognitoidp.DeleteUserPoolDomainResponse{}, o.pools.DeleteDomain(ctx, c.Scope, userpool.PoolID(*in.UserPoolId), *in.Domain)
}
