package awsapi

import (
	"context"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

// createVPCLink shows a link that isn't ready yet, as AWS does; it is when it
// is looked at next.
func (o rest) createVPCLink(ctx context.Context, c *Call, in *apigateway.CreateVpcLinkRequest) (*apigateway.VpcLink, error) {
	link := apigw.VPCLink{Name: val(in.Name), Description: val(in.Description), Tags: in.Tags}
	for _, arn := range in.TargetArns {
		link.TargetARNs = append(link.TargetARNs, apigw.ARN(arn))
	}
	made, err := o.c.CreateVPCLink(ctx, c.Scope, link)
	out := vpcLinkView(made)
	if out != nil {
		out.Status, out.StatusMessage = new("PENDING"), nil
	}
	return out, err
}

func (o rest) getVPCLink(ctx context.Context, c *Call, in *apigateway.GetVpcLinkRequest) (*apigateway.VpcLink, error) {
	l, err := o.c.VPCLink(ctx, c.Scope, apigw.VPCLinkID(in.VpcLinkId))
	return taggedLinkView(l), err
}

func (o rest) getVPCLinks(ctx context.Context, c *Call, in *apigateway.GetVpcLinksRequest) (*apigateway.VpcLinks, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, err := o.c.VPCLinks(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, func(l *apigw.VPCLink) string { return string(l.ID) })
	return &apigateway.VpcLinks{Items: views(list, vpcLinkView), Position: next}, nil
}

func (o rest) updateVPCLink(ctx context.Context, c *Call, in *apigateway.UpdateVpcLinkRequest) (*apigateway.VpcLink, error) {
	l, err := o.c.UpdateVPCLink(ctx, c.Scope, apigw.VPCLinkID(in.VpcLinkId), func(l *apigw.VPCLink) error {
		return applyEach(Patch(in.PatchOperations), func(op PatchOp) error {
			to := map[string]*string{"/name": &l.Name, "/description": &l.Description}[op.Path]
			switch {
			case op.Path == "/targetArns" || strings.HasPrefix(op.Path, "/targetArns/"): // AWS's words, as reported in the field
				return apigw.Errorf(apigw.BadRequest, "Target arns are not allowed to be changed/added.")
			case to == nil:
				return op.LongPathError("/name", "/description")
			case op.Op != "replace":
				return op.LongOpError()
			}
			*to = op.Text()
			return nil
		})
	})
	return taggedLinkView(l), err
}

func (o rest) deleteVPCLink(ctx context.Context, c *Call, in *apigateway.DeleteVpcLinkRequest) error {
	return o.c.DeleteVPCLink(ctx, c.Scope, apigw.VPCLinkID(in.VpcLinkId))
}

func vpcLinkView(l *apigw.VPCLink) *apigateway.VpcLink {
	if l == nil {
		return nil
	}
	out := &apigateway.VpcLink{
		Id: set(l.ID), Name: set(l.Name), Description: set(l.Description), Tags: shown(l.Tags), TargetArns: []string{},
		Status: new("AVAILABLE"), StatusMessage: new("Your vpc link is ready for use"),
	}
	for _, arn := range l.TargetARNs {
		out.TargetArns = append(out.TargetArns, string(arn))
	}
	if why := l.Failure(); why != "" {
		out.Status, out.StatusMessage = new("FAILED"), &why
	}
	return out
}

func taggedLinkView(l *apigw.VPCLink) *apigateway.VpcLink {
	out := vpcLinkView(l)
	if out != nil && out.Tags == nil {
		out.Tags = map[string]string{}
	}
	return out
}
