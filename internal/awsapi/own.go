package awsapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

// The questions beside AWS's API.
const (
	reviewPath = "/_gatehouse/deployments/" // {api}/{from}/{to}: what one definition of an API changes of another
	usagePath  = "/_gatehouse/usage/"       // {month}: what was served
)

// Reviewer tells, as text, what definition to changes of definition from. Each
// is a deployment's ID, a stage for what it serves, or "edited".
type Reviewer func(ctx context.Context, scope apigw.Scope, api apigw.APIID, from, to string) ([]byte, error)

// UsageTeller tells, as JSON, what a scope's APIs served in a month.
type UsageTeller func(ctx context.Context, scope apigw.Scope, month apigw.Month) ([]byte, error)

// question is a GET that a policy must allow as it must a GET of AWS's API.
type question struct {
	operation string // for the audit record
	resource  string // of the REST API service
	kind      string // the answer's Content-Type
	answer    func(ctx context.Context) ([]byte, error)
}

// questionAt is what a path asks, after its prefix; nil: nothing. It is asked of
// x once the caller is known.
func (s *Server) questionAt(path string) (prefix string, ask func(x *request, parts []string) *question) {
	switch {
	case strings.HasPrefix(path, reviewPath) && s.Review != nil:
		return reviewPath, (*request).askReview
	case strings.HasPrefix(path, usagePath) && s.Usage != nil:
		return usagePath, (*request).askUsage
	}
	return "", nil
}

func (x *request) askReview(parts []string) *question {
	if len(parts) != 3 {
		return nil
	}
	return &question{"GetDeploymentDifference", "/restapis/" + parts[0] + "/deployments", "text/plain; charset=utf-8",
		func(ctx context.Context) ([]byte, error) {
			return x.Review(ctx, x.call.Scope, apigw.APIID(parts[0]), parts[1], parts[2])
		}}
}

func (x *request) askUsage(parts []string) *question {
	if len(parts) != 1 {
		return nil
	}
	return &question{"GetMeteredUsage", "/account", "application/json",
		func(ctx context.Context) ([]byte, error) { return x.Usage(ctx, x.call.Scope, apigw.Month(parts[0])) }}
}

// answerQuestion answers a caller who may ask.
func (x *request) answerQuestion(prefix string, ask func(*request, []string) *question) {
	q, body, err := x.asked(prefix, ask)
	if err != nil {
		e := x.answerOf(x.call, err)
		x.audit(e.status, e)
		writeError(x.w, x.protocol, e, x.call.RequestID)
		return
	}
	x.audit(http.StatusOK, nil)
	x.w.Header().Set("Content-Type", q.kind)
	_, _ = x.w.Write(body) // a client that left is told nothing
}

func (x *request) asked(prefix string, ask func(*request, []string) *question) (*question, []byte, error) {
	ctx, c := x.http.Context(), x.call
	for _, step := range []func(context.Context) error{x.guard, x.identify} {
		if err := step(ctx); err != nil {
			return nil, nil, err
		}
	}
	q := ask(x, strings.Split(strings.TrimPrefix(x.http.URL.Path, prefix), "/"))
	if q == nil || x.http.Method != http.MethodGet {
		return nil, nil, apigw.Errorf(apigw.BadRequest, "%s %s: nothing is served here", x.http.Method, x.http.URL.Path)
	}
	c.Service, c.Operation, c.Action = apigateway.Service, q.operation, "apigateway:GET"
	c.Resource = apigw.ARN(fmt.Sprintf("arn:%s:apigateway:%s::%s", c.Scope.Partition, c.Scope.Region, q.resource))
	if err := x.allowed(ctx); err != nil {
		return nil, nil, err
	}
	body, err := q.answer(ctx)
	return q, body, err
}
