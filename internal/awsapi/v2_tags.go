package awsapi

import (
	"context"

	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

func (o routed) getTags(ctx context.Context, c *Call, in *v2.GetTagsRequest) (*v2.GetTagsResponse, error) {
	tags, err := o.c.Tags(ctx, c.Scope, in.ResourceArn)
	return &v2.GetTagsResponse{Tags: orEmpty(tags)}, err
}

func (o routed) tagResource(ctx context.Context, c *Call, in *v2.TagResourceRequest) (*v2.TagResourceResponse, error) {
	return &v2.TagResourceResponse{}, o.c.TagResource(ctx, c.Scope, in.ResourceArn, in.Tags)
}

func (o routed) untagResource(ctx context.Context, c *Call, in *v2.UntagResourceRequest) error {
	return o.c.UntagResource(ctx, c.Scope, in.ResourceArn, in.TagKeys)
}
