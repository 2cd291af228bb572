package awsapi

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

// What AWS says of an account that nobody changed (API reference, Account).
// The throttle is an account's of AWS: here, stages and plans have theirs.
const (
	accountRate  = 10000.0
	accountBurst = 5000
	usagePlans   = "UsagePlans" // every account has had the feature since 2016
	keyVersion   = "4"
)

func (o rest) getAccount(ctx context.Context, c *Call, _ *apigateway.GetAccountRequest) (*apigateway.Account, error) {
	a, err := o.c.Account(ctx, c.Scope)
	return accountView(a), err
}

func (o rest) updateAccount(ctx context.Context, c *Call, in *apigateway.UpdateAccountRequest) (*apigateway.Account, error) {
	a, err := o.c.UpdateAccount(ctx, c.Scope, func(a *apigw.Account) error {
		role := string(a.CloudWatchRole)
		return passing(c, &role, apiGatewayPrincipal, func() error {
			err := applyEach(Patch(in.PatchOperations), func(op PatchOp) error { return patchAccount(a, op) })
			role = string(a.CloudWatchRole)
			return err
		})
	})
	return accountView(a), err
}

func patchAccount(a *apigw.Account, op PatchOp) error {
	switch op.Path {
	case "/cloudwatchRoleArn":
		a.CloudWatchRole = apigw.ARN(op.Text())
		return op.longOnly("replace")
	case "/features":
		if !slices.Contains([]string{"add", "remove"}, op.Op) {
			return op.LongOpError()
		}
		if op.Op == "remove" || op.Text() != usagePlans {
			return apigw.Errorf(apigw.BadRequest, "%s can't be removed, and there is no other feature", usagePlans)
		}
		return nil
	}
	return op.LongPathError("/cloudwatchRoleArn", "/features")
}

func accountView(a *apigw.Account) *apigateway.Account {
	if a == nil {
		return nil
	}
	return &apigateway.Account{
		CloudwatchRoleArn: set(a.CloudWatchRole), Features: []string{usagePlans}, ApiKeyVersion: new(keyVersion),
		ThrottleSettings: &apigateway.ThrottleSettings{BurstLimit: new(accountBurst), RateLimit: new(accountRate)},
	}
}
