package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	lambdaapi "github.com/gatehouse/gatehouse/internal/awsapi/lambda"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// ofLatest is the qualifier under which a policy is kept: $LATEST's is the
// function's.
func ofLatest(qualifier string) string {
	if qualifier == apigw.LatestVersion {
		return ""
	}
	return qualifier
}

func (o functions) addPermission(ctx context.Context, c *Call, in *lambdaapi.AddPermissionRequest) (*lambdaapi.AddPermissionResponse, error) {
	n, err := o.own(c, in.FunctionName, in.Qualifier)
	if err == nil {
		err = refuseSettings(
			setting{"EventSourceToken", in.EventSourceToken != nil}, setting{"PrincipalOrgID", in.PrincipalOrgID != nil},
			setting{"FunctionUrlAuthType", in.FunctionUrlAuthType != nil}, setting{"InvokedViaFunctionUrl", in.InvokedViaFunctionUrl != nil})
	}
	if err != nil {
		return nil, err
	}
	statement, err := o.store.AddPermission(ctx, c.Scope, n.Name, apigw.FunctionPermission{
		ID: val(in.StatementId), Qualifier: ofLatest(n.Qualifier), Action: val(in.Action), Principal: val(in.Principal),
		SourceARN: val(in.SourceArn), SourceAccount: val(in.SourceAccount),
	}, val(in.RevisionId))
	return &lambdaapi.AddPermissionResponse{Statement: &statement}, err
}

func (o functions) removePermission(ctx context.Context, c *Call, in *lambdaapi.RemovePermissionRequest) error {
	n, err := o.own(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return err
	}
	return o.store.RemovePermission(ctx, c.Scope, n.Name, ofLatest(n.Qualifier), in.StatementId, val(in.RevisionId))
}

func (o functions) getPolicy(ctx context.Context, c *Call, in *lambdaapi.GetPolicyRequest) (*lambdaapi.GetPolicyResponse, error) {
	n, err := nameOf(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if _, ok := o.host.FindConfigured(arnOf(n)); ok { // it has none, and API Gateway may invoke it
		return nil, apigw.Errorf(apigw.NotFound, "The resource you requested does not exist.")
	}
	policy, revision, err := o.store.Policy(ctx, c.Scope, n.Name, ofLatest(n.Qualifier))
	return &lambdaapi.GetPolicyResponse{Policy: &policy, RevisionId: &revision}, err
}

// tagged is the function that an ARN of TagResource and its like names.
func tagged(c *Call, arn string) (lambda.Name, error) {
	n, err := nameOf(c, arn, nil)
	if err == nil && n.Qualifier != "" {
		err = apigw.Errorf(apigw.BadRequest, "Tags on function aliases and versions are not supported. Please specify a function ARN.")
	}
	return n, err
}

func (o functions) tagResource(ctx context.Context, c *Call, in *lambdaapi.TagResourceRequest) error {
	n, err := o.ownTagged(c, in.Resource)
	if err != nil {
		return err
	}
	return o.store.Tag(ctx, c.Scope, n.Name, in.Tags, nil)
}

func (o functions) untagResource(ctx context.Context, c *Call, in *lambdaapi.UntagResourceRequest) error {
	n, err := o.ownTagged(c, in.Resource)
	if err != nil {
		return err
	}
	return o.store.Tag(ctx, c.Scope, n.Name, nil, in.TagKeys)
}

func (o functions) ownTagged(c *Call, arn string) (lambda.Name, error) {
	if n, err := tagged(c, arn); err != nil {
		return n, err
	}
	return o.own(c, arn, nil)
}

func (o functions) listTags(ctx context.Context, c *Call, in *lambdaapi.ListTagsRequest) (*lambdaapi.ListTagsResponse, error) {
	n, err := tagged(c, in.Resource)
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	if _, ok := o.host.FindConfigured(arnOf(n)); !ok {
		f, err := o.store.Function(ctx, c.Scope, n.Name)
		if err != nil {
			return nil, err
		}
		if f.Tags != nil {
			tags = f.Tags
		}
	}
	return &lambdaapi.ListTagsResponse{Tags: tags}, nil
}
