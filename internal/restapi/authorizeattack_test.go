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

// TestEscapesGetRoundNoDenial: a path that is spelled with escapes that needn't
// be is the same path to a policy. How AWS spells it isn't known; a denial that
// can be got round is worth nothing.
func TestEscapesGetRoundNoDenial(t *testing.T) {
	def := define(map[string]*apigw.Method{"ANY /{proxy+}": mockMethod("in")})
	def.API.Policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"},
		{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*/GET/admin/*"}]}`
	s := compileStage(t, def, nil, nil)
	for target, want := range map[string]int{
		"/admin/x": 403, "/%61dmin/x": 403, "/admi%6E/x": 403, "/admi%6e/%2e": 403, "/admins/x": 200, "/admin%2Fx": 200, "/%zzdmin/x": 200, "/%2561dmin/x": 200,
	} {
		if _, got := serve(s, call{method: "GET", target: target}); got.Status != want {
			t.Errorf("%s: status %d, want %d", target, got.Status, want)
		}
	}
}
