package awsapi

import (
	"context"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
)

// maxTagged is of how many a call may ask for, or change, the tags (reference,
// DescribeTags: 20 resources).
const maxTagged = 20

// resourcesOf are what a call about tags names; those beside the first are asked
// permission for.
func resourcesOf(c *Call, in []string) ([]apigw.ARN, error) {
	if len(in) == 0 || len(in) > maxTagged {
		return nil, balancerError("ValidationError", "Between 1 and %d resources must be specified", maxTagged)
	}
	var list []apigw.ARN
	for _, arn := range in {
		list = append(list, apigw.ARN(arn))
	}
	return list, nil
}

func (o balancers) addTags(ctx context.Context, c *Call, in *elbv2.AddTagsInput) (*elbv2.AddTagsOutput, error) {
	arns, err := resourcesOf(c, in.ResourceArns)
	if err != nil {
		return nil, err
	}
	tags, err := balancerTags(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := mayAll(c, arns); err != nil {
		return nil, err
	}
	return &elbv2.AddTagsOutput{}, o.c.ChangeBalancerTags(ctx, c.Scope, arns, func(m map[string]string) { maps.Copy(m, tags) })
}

func (o balancers) removeTags(ctx context.Context, c *Call, in *elbv2.RemoveTagsInput) (*elbv2.RemoveTagsOutput, error) {
	arns, err := resourcesOf(c, in.ResourceArns)
	if err != nil {
		return nil, err
	}
	if err := mayAll(c, arns); err != nil {
		return nil, err
	}
	return &elbv2.RemoveTagsOutput{}, o.c.ChangeBalancerTags(ctx, c.Scope, arns, func(m map[string]string) {
		for _, key := range in.TagKeys {
			delete(m, key)
		}
	})
}

func (o balancers) describeTags(ctx context.Context, c *Call, in *elbv2.DescribeTagsInput) (*elbv2.DescribeTagsOutput, error) {
	arns, err := resourcesOf(c, in.ResourceArns)
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeTagsOutput{TagDescriptions: []*elbv2.TagDescription{}}
	for _, arn := range arns {
		tags, err := o.c.BalancerTags(ctx, c.Scope, arn)
		if err != nil {
			return nil, err
		}
		d := &elbv2.TagDescription{ResourceArn: set(arn), Tags: []*elbv2.Tag{}}
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			d.Tags = append(d.Tags, &elbv2.Tag{Key: &key, Value: new(tags[key])})
		}
		out.TagDescriptions = append(out.TagDescriptions, d)
	}
	return out, nil
}
