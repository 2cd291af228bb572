package restapi

import (
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// TestAnswersOfAnotherFunction: what one function answered doesn't stand for
// what another says that stage variables name, such as a canary's.
func TestAnswersOfAnotherFunction(t *testing.T) {
	env := testEnv(fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		policy := invokeNone
		if strings.HasSuffix(in.Function, ":lenient") {
			policy = invokeAll
		}
		out.Payload = append(out.Payload, answering(policy, "")...)
		return nil
	}))
	def := guarded(apigw.Authorizer{Type: "TOKEN", URI: strings.Replace(functionURI, ":fn/", ":${stageVariables.guard}/", 1)}, mockMethod("in"))
	for guard, want := range map[string]int{"lenient": 200, "strict": 403} {
		s := compileStage(t, def, &apigw.Stage{Name: "prod", Variables: map[string]string{"guard": guard}}, env)
		if _, got := serve(s, call{method: "GET", target: "/r/7", header: "Authorization: t"}); got.Status != want {
			t.Errorf("%s: status %d, want %d", guard, got.Status, want)
		}
	}
}
