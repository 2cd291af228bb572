package awsapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// isUpload says that a request carries a function's code.
func isUpload(r *http.Request) bool {
	path := strings.TrimSuffix(r.URL.Path, "/")
	return path == "/2015-03-31/functions" || strings.HasPrefix(path, "/2015-03-31/functions/") && strings.HasSuffix(path, "/code")
}

// invokeTime is how long an invocation may take: 15 minutes, Lambda's limit,
// the first build or start, and a wait for the client.
const invokeTime = 20 * time.Minute

// takeTime lets a call that runs a function wait for it, longer than any other
// call may take. Where the connection has no deadlines, there is nothing to do.
func (x *request) takeTime(context.Context) error {
	if x.call.Action == invokeAction {
		control := http.NewResponseController(x.w)
		_ = control.SetReadDeadline(time.Time{}) // the body has been read
		_ = control.SetWriteDeadline(time.Now().Add(invokeTime))
	}
	return nil
}

// invokeAction is the action of both operations that run a function.
const invokeAction = "lambda:InvokeFunction"

// nameFunction says what a policy must allow of a call of Lambda's: an action
// of its operation's name, on the function's ARN (service authorization
// reference, "Actions, resources, and condition keys for AWS Lambda").
func (x *request) nameFunction() {
	c := x.call
	c.Action, c.Resource = "lambda:"+c.Operation, "*"
	if c.Operation == "Invoke" || c.Operation == "InvokeWithResponseStream" {
		c.Action = invokeAction
	}
	identifier := x.in.Labels["FunctionName"]
	if identifier == "" {
		identifier = x.in.Labels["Resource"]
	}
	if c.Operation == "CreateFunction" {
		identifier = functionInBody(x.body)
	}
	name, err := lambda.ParseName(identifier)
	if err != nil {
		return // the operation refuses it by its constraint
	}
	if q := x.http.URL.Query().Get("Qualifier"); q != "" && name.Qualifier == "" {
		name.Qualifier = q
	}
	c.Resource = apigw.ARN(name.ARN(&lambda.Config{Partition: c.Scope.Partition, Region: c.Scope.Region, Account: c.Scope.Account}))
}

// functionInBody is the name that a CreateFunction carries. What the decoder
// doesn't take (other members of the like name) is refused later.
func functionInBody(body []byte) string {
	var in struct{ FunctionName string }
	if json.Unmarshal(body, &in) != nil {
		return ""
	}
	return in.FunctionName
}

// functionStatusOf is statusOf in Lambda's words.
func functionStatusOf(k apigw.Kind) (status int, code string) {
	switch k {
	case apigw.BadRequest:
		return http.StatusBadRequest, "InvalidParameterValueException"
	case apigw.NotFound:
		return http.StatusNotFound, "ResourceNotFoundException"
	case apigw.Conflict:
		return http.StatusConflict, "ResourceConflictException"
	case apigw.LimitExceeded:
		return http.StatusBadRequest, "CodeStorageExceededException"
	case apigw.Precondition:
		return http.StatusPreconditionFailed, "PreconditionFailedException"
	}
	return statusOf(k)
}

// functionError is the body of Lambda's errors: those of its framework have a
// message alone, its own say whose fault it is.
func functionError(e *refusal) []byte {
	switch e.code {
	case "ValidationException", "SerializationException", "NotImplementedException":
		return jsonError(map[string]string{"message": e.message})
	case "AccessDeniedException":
		return jsonError(map[string]string{"Message": e.message})
	}
	whose := "User"
	if e.status >= http.StatusInternalServerError {
		whose = "Service"
	}
	return jsonError(map[string]string{"Type": whose, "Message": e.message})
}
