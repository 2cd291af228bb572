package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/iam"
)

const sourceEndpoint = "VPCE"

// associate is asked for beside the method where a call lets an endpoint to a
// domain name (service authorization reference, "Amazon API Gateway
// Management").
const associate = "apigateway:CreateAccessAssociation"

func (o rest) createDomainNameAccessAssociation(ctx context.Context, c *Call, in *apigateway.CreateDomainNameAccessAssociationRequest) (*apigateway.DomainNameAccessAssociation, error) {
	a, err := o.c.CreateDomainAssociation(ctx, c.Scope, val(in.DomainNameArn), apigw.DomainAccess{Source: val(in.AccessAssociationSource), Tags: in.Tags},
		func(d *apigw.DomainName) error { return mayAssociate(c, d) })
	if err != nil {
		return nil, err
	}
	return associationView(a), nil
}

// mayAssociate asks the caller's policies with the management policy of d: one
// of them within the account, both from another (developer guide, "API provider:
// Share your private custom domain name using the API Gateway AWS CLI"). While
// no identities are configured, a caller has its account's word.
func mayAssociate(c *Call, d *apigw.DomainName) error {
	var policies []*iam.Policy
	if d.ManagementPolicy != "" {
		p, err := iam.Parse(d.ManagementPolicy, iam.Resource)
		if err != nil { // it was checked when it was saved
			return err
		}
		policies = append(policies, p)
	}
	resource := control.DomainARN(d.Scope, d)
	request := &iam.Request{Action: associate, Resource: string(resource), Principal: iam.Principal{ARN: string(c.Caller.ARN), Account: c.Caller.Account}, Keys: conditionKeys{c, "", ""}}
	who, why := c.Caller.Identity, ""
	if who == nil {
		theirs := iam.Evaluate(policies, request).Effect
		if theirs == iam.Allow || theirs == iam.ImplicitDeny && d.Scope.Account == c.Caller.Account {
			return nil
		}
		if why = " because no resource-based policy allows the " + associate + " action"; theirs == iam.ExplicitDeny {
			why = " with an explicit deny in a resource-based policy"
		}
	} else {
		request.Principal = who.Principal()
		v := who.Decide(request, policies, d.Scope.Account)
		if v.Effect == iam.Allow {
			return nil
		}
		why = v.Why(associate)
	}
	return apigw.Errorf(apigw.Denied, "User: %s is not authorized to perform: %s on resource: %s%s", c.Caller.ARN, associate, resource, why)
}

// getDomainNameAccessAssociations lists those that the caller's account made, or
// those of other accounts with its domain names.
func (o rest) getDomainNameAccessAssociations(ctx context.Context, c *Call, in *apigateway.GetDomainNameAccessAssociationsRequest) (*apigateway.DomainNameAccessAssociations, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	find := o.c.DomainAssociations
	if val(in.ResourceOwner) == otherAccounts {
		find = o.c.ForeignAssociations
	}
	list, err := find(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, func(a *control.DomainAssociation) string { return string(a.ARN()) })
	return &apigateway.DomainNameAccessAssociations{Items: views(list, associationView), Position: next}, nil
}

func (o rest) deleteDomainNameAccessAssociation(ctx context.Context, c *Call, in *apigateway.DeleteDomainNameAccessAssociationRequest) error {
	return o.c.DeleteDomainAssociation(ctx, c.Scope, in.DomainNameAccessAssociationArn)
}

func (o rest) rejectDomainNameAccessAssociation(ctx context.Context, c *Call, in *apigateway.RejectDomainNameAccessAssociationRequest) error {
	return o.c.RejectDomainAssociation(ctx, c.Scope, val(in.DomainNameAccessAssociationArn), val(in.DomainNameArn))
}

func associationView(a *control.DomainAssociation) *apigateway.DomainNameAccessAssociation {
	return &apigateway.DomainNameAccessAssociation{
		DomainNameAccessAssociationArn: set(a.ARN()), DomainNameArn: set(control.DomainARN(a.Domain.Scope, a.Domain)),
		AccessAssociationSource: set(a.Access.Source), AccessAssociationSourceType: new(sourceEndpoint), Tags: shown(a.Access.Tags),
	}
}
