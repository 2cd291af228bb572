package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/control"
)

const sourceEndpoint = "VPCE"

func (o rest) createDomainNameAccessAssociation(ctx context.Context, c *Call, in *apigateway.CreateDomainNameAccessAssociationRequest) (*apigateway.DomainNameAccessAssociation, error) {
	a, err := o.c.CreateDomainAssociation(ctx, c.Scope, val(in.DomainNameArn), apigw.DomainAccess{Source: val(in.AccessAssociationSource), Tags: in.Tags})
	if err != nil {
		return nil, err
	}
	return associationView(c, a), nil
}

// getDomainNameAccessAssociations lists the caller's: none of other accounts is
// shared.
func (o rest) getDomainNameAccessAssociations(ctx context.Context, c *Call, in *apigateway.GetDomainNameAccessAssociationsRequest) (*apigateway.DomainNameAccessAssociations, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	var list []*control.DomainAssociation
	if val(in.ResourceOwner) != otherAccounts {
		if list, err = o.c.DomainAssociations(ctx, c.Scope); err != nil {
			return nil, err
		}
	}
	list, next := Paginate(p, list, func(a *control.DomainAssociation) string {
		return string(control.AssociationARN(c.Scope, a.Domain, a.Access.Source))
	})
	return &apigateway.DomainNameAccessAssociations{Items: views(list, func(a *control.DomainAssociation) *apigateway.DomainNameAccessAssociation {
		return associationView(c, a)
	}), Position: next}, nil
}

func (o rest) deleteDomainNameAccessAssociation(ctx context.Context, c *Call, in *apigateway.DeleteDomainNameAccessAssociationRequest) error {
	return o.c.DeleteDomainAssociation(ctx, c.Scope, in.DomainNameAccessAssociationArn, "")
}

// rejectDomainNameAccessAssociation is how the owner of a domain name takes an
// access away.
func (o rest) rejectDomainNameAccessAssociation(ctx context.Context, c *Call, in *apigateway.RejectDomainNameAccessAssociationRequest) error {
	return o.c.DeleteDomainAssociation(ctx, c.Scope, val(in.DomainNameAccessAssociationArn), val(in.DomainNameArn))
}

func associationView(c *Call, a *control.DomainAssociation) *apigateway.DomainNameAccessAssociation {
	return &apigateway.DomainNameAccessAssociation{
		DomainNameAccessAssociationArn: set(control.AssociationARN(c.Scope, a.Domain, a.Access.Source)), DomainNameArn: set(control.DomainARN(c.Scope, a.Domain)),
		AccessAssociationSource: set(a.Access.Source), AccessAssociationSourceType: new(sourceEndpoint), Tags: shown(a.Access.Tags),
	}
}
