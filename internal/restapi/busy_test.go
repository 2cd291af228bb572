package restapi

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/admission"
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// TestFunctionWithoutRoom: calls of a Lambda integration beyond its bound are
// answered 503, as the API's DEFAULT_5XX has it; another integration has room.
func TestFunctionWithoutRoom(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	env := testEnv(fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		if len(in.Payload) > 0 {
			entered <- struct{}{}
			<-release
		}
		out.Payload = append(out.Payload, `{"statusCode":200,"body":"done"}`...)
		return nil
	}))
	env.Pools = integration.NewPools(integration.PoolConfig{Calls: admission.Config{Work: 1, Patience: time.Millisecond}})
	s := compileStage(t, define(map[string]*apigw.Method{"GET /slow": lambdaMethod(), "GET /mock": mockMethod("mocked")}), nil, env)
	first := make(chan reply)
	go func() {
		_, r := serve(s, call{method: "GET", target: "/slow"})
		first <- r
	}()
	<-entered
	_, got := serve(s, call{method: "GET", target: "/slow"})
	if d := cmp.Diff(reply{503, `{"message":"Service Unavailable"}`, "ServiceUnavailableException"}, got); d != "" {
		t.Error(d)
	}
	if _, got := serve(s, call{method: "GET", target: "/mock"}); got.Status != 200 {
		t.Errorf("another integration: %v", got)
	}
	close(release)
	if r := <-first; r.Status != 200 || r.Body != "done" {
		t.Errorf("the admitted call: %v", r)
	}

	def := define(map[string]*apigw.Method{"GET /slow": lambdaMethod()})
	def.GatewayResponses = map[string]*apigw.GatewayResponse{
		"DEFAULT_5XX": {ResponseTemplates: map[string]string{"application/json": `{"sorry":$context.error.messageString}`}},
	}
	entered, release = make(chan struct{}), make(chan struct{})
	custom := compileStage(t, def, nil, env)
	go func() {
		_, r := serve(custom, call{method: "GET", target: "/slow"})
		first <- r
	}()
	<-entered
	if _, got := serve(custom, call{method: "GET", target: "/slow"}); got.Status != 503 || got.Body != `{"sorry":"Service Unavailable"}` {
		t.Errorf("with a gateway response of its own: %v", got)
	}
	close(release)
	<-first
}

func TestBusyIsToldNowAndThen(t *testing.T) {
	var b serving.BusyTold
	start := time.Unix(1e9, 0)
	var told []bool
	for _, after := range []time.Duration{0, 1, 9, 10, 11, 30} {
		told = append(told, b.Due(start.Add(after*time.Second)))
	}
	if d := cmp.Diff([]bool{true, false, false, true, false, true}, told); d != "" {
		t.Error(d)
	}
}
