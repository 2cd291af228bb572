package integration

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/lambda"
)

// RouteFunction is the function that an integration of a route calls, by its own
// ARN or by that of its Invoke action, and its name. One that stage variables
// name must be of the API's own account (developer guide, "Stage variables
// reference").
func RouteFunction(uri string, stageVariables map[string]string, account string) (function, name string, err error) {
	function = Substitute(uri, stageVariables)
	if strings.Contains(function, ":lambda:path/") {
		if function, err = lambda.ParseURI(function); err != nil {
			return "", "", err
		}
	} else if !strings.HasPrefix(function, "arn:") {
		return "", "", fmt.Errorf("integrationUri %.256q is neither the ARN of a function nor that of its invocation", function)
	}
	parsed, err := lambda.ParseName(function)
	if err != nil {
		return "", "", err
	}
	if strings.Contains(uri, "${stageVariables.") && parsed.Account != "" && parsed.Account != account {
		return "", "", fmt.Errorf("stage variables name the function %s of another account", function)
	}
	return function, parsed.Name, nil
}
