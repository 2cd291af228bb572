package awsapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

// reviewPath is where two definitions of an API are told apart:
// /_gatehouse/deployments/{api}/{from}/{to}.
const reviewPath = "/_gatehouse/deployments/"

// Reviewer tells, as text, what definition to changes of definition from. Each
// is a deployment's ID, a stage for what it serves, or "edited".
type Reviewer func(ctx context.Context, scope apigw.Scope, api apigw.APIID, from, to string) ([]byte, error)

// review answers a caller who may read the API's deployments.
func (x *request) review() {
	text, err := x.reviewed()
	if err != nil {
		e := x.answerOf(x.call, err)
		x.audit(e.status, e)
		writeError(x.w, x.protocol, e, x.call.RequestID)
		return
	}
	x.audit(http.StatusOK, nil)
	x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = x.w.Write(text) // a client that left is told nothing
}

func (x *request) reviewed() ([]byte, error) {
	ctx, c := x.http.Context(), x.call
	for _, step := range []func(context.Context) error{x.guard, x.identify} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	parts := strings.Split(strings.TrimPrefix(x.http.URL.Path, reviewPath), "/")
	if x.http.Method != http.MethodGet || len(parts) != 3 {
		return nil, apigw.Errorf(apigw.BadRequest, "GET %s{api}/{from}/{to} is all that is served here", reviewPath)
	}
	c.Service, c.Operation, c.Action = apigateway.Service, "GetDeploymentDifference", "apigateway:GET"
	c.Resource = apigw.ARN(fmt.Sprintf("arn:%s:apigateway:%s::/restapis/%s/deployments", c.Scope.Partition, c.Scope.Region, parts[0]))
	if err := x.Authorize(ctx, c); err != nil {
		return nil, err
	}
	return x.Review(ctx, c.Scope, apigw.APIID(parts[0]), parts[1], parts[2])
}
