package awsapi

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestSDKAccount does what Terraform's aws_api_gateway_account does: sets the
// role of logs, reads it back, and clears it.
func TestSDKAccount(t *testing.T) {
	h := newHouse(t)
	c, ctx := h.sdkClient(), t.Context()
	fresh := &sdk.GetAccountOutput{
		ApiKeyVersion: aws.String("4"), Features: []string{"UsagePlans"}, ThrottleSettings: &types.ThrottleSettings{BurstLimit: 5000, RateLimit: 10000},
	}
	same := func(want *sdk.GetAccountOutput) {
		t.Helper()
		got, err := c.GetAccount(ctx, &sdk.GetAccountInput{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(sdk.GetAccountOutput{}, types.ThrottleSettings{}), cmpopts.IgnoreFields(sdk.GetAccountOutput{}, "ResultMetadata")); d != "" {
			t.Error(d)
		}
	}
	change := func(op types.Op, path, value string) error {
		_, err := c.UpdateAccount(ctx, &sdk.UpdateAccountInput{PatchOperations: []types.PatchOperation{{Op: op, Path: &path, Value: &value}}})
		return err
	}
	same(fresh)
	const role = "arn:aws:iam::000000000000:role/logs"
	if err := change(types.OpReplace, "/cloudwatchRoleArn", role); err != nil {
		t.Fatal(err)
	}
	with := *fresh
	with.CloudwatchRoleArn = aws.String(role)
	same(&with)
	for _, c := range []struct {
		op                types.Op
		path, value, want string
	}{
		{types.OpReplace, "/cloudwatchRoleArn", "logs", `Invalid ARN specified in the request: "logs" is no role`},
		{types.OpRemove, "/cloudwatchRoleArn", "", "Invalid patch path  '/cloudwatchRoleArn' specified for op 'remove'. Please choose supported operations"},
		{types.OpRemove, "/features", "UsagePlans", "UsagePlans can't be removed, and there is no other feature"},
		{types.OpReplace, "/throttleSettings/rateLimit", "1", "Invalid patch path  '/throttleSettings/rateLimit' specified for op 'replace'. Must be one of: [/cloudwatchRoleArn, /features]"},
	} {
		refusedWith(t, change(c.op, c.path, c.value), "BadRequestException", c.want)
	}
	if err := change(types.OpAdd, "/features", "UsagePlans"); err != nil {
		t.Error(err)
	}
	same(&with)
	if err := change(types.OpReplace, "/cloudwatchRoleArn", ""); err != nil {
		t.Fatal(err)
	}
	same(fresh)
}
