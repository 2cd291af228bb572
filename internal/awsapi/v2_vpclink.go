package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

// createVPCLink shows a link that isn't ready yet, as AWS does; it is when it is
// looked at next.
func (o routed) createVPCLink(ctx context.Context, c *Call, in *v2.CreateVpcLinkRequest) (*v2.CreateVpcLinkResponse, error) {
	made, err := o.c.CreatePrivateLink(ctx, c.Scope, apigw.PrivateLink{Name: val(in.Name), Subnets: in.SubnetIds, SecurityGroups: in.SecurityGroupIds, Tags: in.Tags})
	if err != nil {
		return nil, err
	}
	out := privateLinkView(made)
	out.VpcLinkStatus, out.VpcLinkStatusMessage = new("PENDING"), new("VPC link is provisioning ENIs")
	return (*v2.CreateVpcLinkResponse)(out), nil
}

func (o routed) getVPCLink(ctx context.Context, c *Call, in *v2.GetVpcLinkRequest) (*v2.GetVpcLinkResponse, error) {
	l, err := o.c.PrivateLink(ctx, c.Scope, apigw.VPCLinkID(in.VpcLinkId))
	if err != nil {
		return nil, err
	}
	return (*v2.GetVpcLinkResponse)(privateLinkView(l)), nil
}

func (o routed) getVPCLinks(ctx context.Context, c *Call, in *v2.GetVpcLinksRequest) (*v2.GetVpcLinksResponse, error) {
	list, err := o.c.PrivateLinks(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	items, next, err := onPage(in.NextToken, in.MaxResults, list, func(l *apigw.PrivateLink) string { return string(l.ID) }, privateLinkView)
	return &v2.GetVpcLinksResponse{Items: items, NextToken: next}, err
}

func (o routed) updateVPCLink(ctx context.Context, c *Call, in *v2.UpdateVpcLinkRequest) (*v2.UpdateVpcLinkResponse, error) {
	l, err := o.c.UpdatePrivateLink(ctx, c.Scope, apigw.VPCLinkID(in.VpcLinkId), func(l *apigw.PrivateLink) error {
		putText(&l.Name, in.Name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*v2.UpdateVpcLinkResponse)(privateLinkView(l)), nil
}

func (o routed) deleteVPCLink(ctx context.Context, c *Call, in *v2.DeleteVpcLinkRequest) (*v2.DeleteVpcLinkResponse, error) {
	return &v2.DeleteVpcLinkResponse{}, o.c.DeletePrivateLink(ctx, c.Scope, apigw.VPCLinkID(in.VpcLinkId))
}

// privateLinkView is a link that is ready: no link is ever INACTIVE here, as none
// has network interfaces to give back when nothing goes over it for 60 days.
func privateLinkView(l *apigw.PrivateLink) *v2.VpcLink {
	return &v2.VpcLink{
		VpcLinkId: set(l.ID), Name: set(l.Name), CreatedDate: new(l.Created), Tags: orEmpty(l.Tags),
		SubnetIds: l.Subnets, SecurityGroupIds: append([]string{}, l.SecurityGroups...), VpcLinkVersion: new("V2"),
		VpcLinkStatus: new("AVAILABLE"), VpcLinkStatusMessage: new("VPC link is ready to route traffic"),
	}
}
