// Command petstore is the function behind the petstore API. It gets each
// request as an event of a REST API's Lambda proxy integration and answers in
// the same contract.
//
// Pets live in memory: each process of the function has its own, as each
// execution environment on AWS would.
package main

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

type (
	request  = events.APIGatewayProxyRequest
	response = events.APIGatewayProxyResponse
)

func main() {
	s := newStore(seed())
	lambda.Start(func(_ context.Context, r request) (response, error) {
		return s.serve(&r), nil
	})
}

// serve answers by the API's resource, which the event names besides the path.
func (s *store) serve(r *request) response {
	if r.Resource == "/echo/{proxy+}" {
		return echo(r)
	}
	switch r.HTTPMethod + " " + r.Resource {
	case "GET /pets":
		return s.list(r)
	case "POST /pets":
		return s.create(r)
	case "GET /pets/{petId}":
		return s.get(r)
	case "PUT /pets/{petId}":
		return s.replace(r)
	case "DELETE /pets/{petId}":
		return s.remove(r)
	case "GET /owners/{ownerId}/pets":
		return s.owned(r)
	}
	return problem(http.StatusNotFound, "no such operation: "+r.HTTPMethod+" "+r.Resource)
}

// echo tells the caller what arrived.
func echo(r *request) response {
	return answer(http.StatusOK, map[string]any{
		"method":         r.HTTPMethod,
		"path":           r.Path,
		"proxy":          r.PathParameters["proxy"],
		"headers":        r.MultiValueHeaders,
		"query":          r.MultiValueQueryStringParameters,
		"stageVariables": r.StageVariables,
		"body":           r.Body,
		"isBase64":       r.IsBase64Encoded,
	})
}

// answer is v as JSON.
func answer(status int, v any) response {
	body, err := json.Marshal(v)
	if err != nil {
		return problem(http.StatusInternalServerError, err.Error())
	}
	return response{
		StatusCode: status,
		Headers:    map[string]string{"Content-Type": "application/json"},
		Body:       string(body),
	}
}

func problem(status int, message string) response {
	return answer(status, map[string]string{"message": message})
}
