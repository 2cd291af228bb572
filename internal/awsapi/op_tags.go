package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

// getTags isn't paginated: AWS takes position and limit and ignores them.
func (o rest) getTags(ctx context.Context, c *Call, in *apigateway.GetTagsRequest) (*apigateway.Tags, error) {
	tags, err := o.c.Tags(ctx, c.Scope, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	if tags == nil {
		tags = map[string]string{}
	}
	return &apigateway.Tags{Tags: tags}, nil
}

func (o rest) tagResource(ctx context.Context, c *Call, in *apigateway.TagResourceRequest) error {
	return o.c.TagResource(ctx, c.Scope, in.ResourceArn, in.Tags)
}

func (o rest) untagResource(ctx context.Context, c *Call, in *apigateway.UntagResourceRequest) error {
	return o.c.UntagResource(ctx, c.Scope, in.ResourceArn, in.TagKeys)
}
