// Stock answers whatever no other route takes, with AWS's own types of the event.
package main

import (
	"encoding/json"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		http := e.RequestContext.HTTP
		body, err := json.Marshal([]string{e.RouteKey, http.Method, e.RawPath, e.RawQueryString, e.RequestContext.Stage})
		return events.APIGatewayV2HTTPResponse{StatusCode: 404, Headers: map[string]string{"content-type": "application/json"}, Body: string(body)}, err
	})
}
