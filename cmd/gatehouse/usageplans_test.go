package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go"
)

// keyedFile is an example: /pets needs a key, /open doesn't.
const keyedFile = "examples/usage-plans/openapi.yaml"

// keyedServer serves an API whose /pets needs a key, with a key of a plan.
type keyedServer struct {
	*server
	t         testing.TB
	c         *apigateway.Client
	api       string
	plan, key *string
	value     string
}

func must1[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func serveKeyed(t testing.TB, quota *types.QuotaSettings, limit *types.ThrottleSettings, args ...string) *keyedServer {
	t.Helper()
	s := &keyedServer{server: serveWith(t, append(args, filepath.Join(repository(t), keyedFile))...), t: t}
	s.c = s.sdk()
	ctx := t.Context()
	s.api = *must1(s.c.GetRestApis(ctx, &apigateway.GetRestApisInput{}))(t).Items[0].Id
	k := must1(s.c.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Name: aws.String("k"), Enabled: true}))(t)
	p := must1(s.c.CreateUsagePlan(ctx, &apigateway.CreateUsagePlanInput{
		Name: aws.String("p"), Quota: quota, Throttle: limit, ApiStages: []types.ApiStage{{ApiId: aws.String(s.api), Stage: aws.String("dev")}},
	}))(t)
	s.key, s.value, s.plan = k.Id, *k.Value, p.Id
	must1(s.c.CreateUsagePlanKey(ctx, &apigateway.CreateUsagePlanKeyInput{UsagePlanId: p.Id, KeyId: k.Id, KeyType: aws.String("API_KEY")}))(t)
	return s
}

func (s *keyedServer) get(path, key string) answer {
	s.t.Helper()
	var header []string
	if key != "" {
		header = []string{"x-api-key", key}
	}
	return call(s.t, "GET", s.invoke+"/_aws/execute-api/"+s.api+"/dev"+path, "", "", header...)
}

// allowed is how many of ten requests with the key are let in.
func (s *keyedServer) allowed(path string) (n int) {
	s.t.Helper()
	for range 10 {
		if s.get(path, s.value).status == http.StatusOK {
			n++
		}
	}
	return n
}

// usage is [used, remaining] of today.
func (s *keyedServer) usage() []int64 {
	s.t.Helper()
	today := aws.String(time.Now().UTC().Format("2006-01-02"))
	u := must1(s.c.GetUsage(s.t.Context(), &apigateway.GetUsageInput{UsagePlanId: s.plan, StartDate: today, EndDate: today}))(s.t)
	return u.Items[*s.key][0]
}

func (s *keyedServer) enable(yes string) {
	s.t.Helper()
	must1(s.c.UpdateApiKey(s.t.Context(), &apigateway.UpdateApiKeyInput{ApiKey: s.key, PatchOperations: []types.PatchOperation{
		{Op: types.OpReplace, Path: aws.String("/enabled"), Value: aws.String(yes)}}}))(s.t)
}

// TestAPIKeys: what AWS's SDK changes of keys and plans holds for the next
// request, and over restarts, also without the store.
func TestAPIKeys(t *testing.T) {
	t.Parallel()
	s := serveKeyed(t, nil, nil)
	expect := func(when, path, key string, status int, body string) {
		t.Helper()
		if a := s.get(path, key); a.status != status || !strings.Contains(a.body, body) {
			t.Errorf("%s: %d %s, want %d %s", when, a.status, a.body, status, body)
		}
	}
	const forbidden = `{"message":"Forbidden"}`
	expect("with the key", "/pets", s.value, 200, *s.key)
	expect("without one", "/pets", "", 403, forbidden)
	expect("with another", "/pets", strings.Repeat("x", 40), 403, forbidden)
	expect("where none is needed", "/open", "", 200, "")
	s.enable("false")
	expect("disabled", "/pets", s.value, 403, forbidden)
	s.enable("true")
	expect("enabled again", "/pets", s.value, 200, *s.key)

	patch := func(op types.Op) {
		t.Helper()
		must1(s.c.UpdateUsagePlan(t.Context(), &apigateway.UpdateUsagePlanInput{UsagePlanId: s.plan, PatchOperations: []types.PatchOperation{
			{Op: op, Path: aws.String("/apiStages"), Value: aws.String(s.api + ":dev")}}}))(t)
	}
	patch(types.OpRemove)
	expect("of a plan without the stage", "/pets", s.value, 403, forbidden)
	patch(types.OpAdd)
	expect("of a plan with it again", "/pets", s.value, 200, *s.key)

	s.kill()
	s.restart()
	s.c = s.sdk()
	expect("after a restart", "/pets", s.value, 200, *s.key)
	deadline := time.Now().Add(20 * time.Second)
	for ; time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if kept, _ := os.ReadFile(filepath.Join(s.data, "usageplans.json")); strings.Contains(string(kept), *s.key) {
			if strings.Contains(string(kept), s.value) {
				t.Error("the key is kept in clear")
			}
			break
		}
	}
	if strings.Contains(s.log.String(), s.value) {
		t.Error("the key is in the log")
	}
	if _, err := s.c.DeleteApiKey(t.Context(), &apigateway.DeleteApiKeyInput{ApiKey: s.key}); err != nil {
		t.Fatal(err)
	}
	expect("deleted", "/pets", s.value, 403, forbidden)
}

// TestAPIKeysWithoutStore: keys are served as they were last known.
func TestAPIKeysWithoutStore(t *testing.T) {
	t.Parallel()
	s := serveKeyed(t, &types.QuotaSettings{Limit: 15, Period: types.QuotaPeriodTypeMonth}, nil)
	if n := s.allowed("/pets"); n != 10 {
		t.Fatalf("%d let in", n)
	}
	if code := s.terminate(); code != 0 {
		t.Fatal(code)
	}
	damage(t, filepath.Join(s.data, "store"), "*.wal")
	s.args = s.args[:len(s.args)-1] // without the definition
	s.restart()
	if n := s.allowed("/pets"); n != 5 {
		t.Errorf("%d let in without the store, want the 5 that are left", n)
	}
	if a := s.get("/pets", ""); a.status != 403 {
		t.Error(a)
	}
}

// TestPlanThrottle: a key's limit, and its limit for a method, hold over
// deployments (developer guide, "Usage plans and API keys").
func TestPlanThrottle(t *testing.T) {
	t.Parallel()
	s := serveKeyed(t, nil, &types.ThrottleSettings{RateLimit: 0.001, BurstLimit: 4})
	if n := s.allowed("/pets"); n != 4 {
		t.Errorf("%d let in, want 4", n)
	}
	if _, err := s.c.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &s.api, StageName: aws.String("dev")}); err != nil {
		t.Fatal(err)
	}
	if a := s.get("/pets", s.value); a.status != 429 || a.body != `{"message":"Too Many Requests"}` {
		t.Errorf("after a deployment: %v", a)
	}
	path := "/apiStages/" + s.api + ":dev/throttle/~1pets/GET/"
	must1(s.c.UpdateUsagePlan(t.Context(), &apigateway.UpdateUsagePlanInput{UsagePlanId: s.plan, PatchOperations: []types.PatchOperation{
		{Op: types.OpAdd, Path: aws.String(path + "rateLimit"), Value: aws.String("0.001")},
		{Op: types.OpAdd, Path: aws.String(path + "burstLimit"), Value: aws.String("2")},
	}}))(t)
	if n := s.allowed("/pets"); n != 2 {
		t.Errorf("%d let in by the method's own limit, want 2", n)
	}
	if n := s.allowed("/open"); n != 10 {
		t.Errorf("%d let in where no key is needed", n)
	}
}

// TestQuota: exactly as many requests as the quota says, over a kill; GetUsage is
// current, and UpdateUsage gives more.
func TestQuota(t *testing.T) {
	t.Parallel()
	s := serveKeyed(t, &types.QuotaSettings{Limit: 15, Period: types.QuotaPeriodTypeMonth}, nil)
	if n := s.allowed("/pets"); n != 10 {
		t.Fatalf("%d let in, want 10", n)
	}
	if u := s.usage(); u[0] != 10 || u[1] != 5 { // which stores them
		t.Errorf("usage %v", u)
	}
	s.get("/pets", "wrong")
	s.kill()
	s.restart()
	s.c = s.sdk()
	if n := s.allowed("/pets"); n != 5 {
		t.Errorf("%d let in after a kill, want 5", n)
	}
	if a := s.get("/pets", s.value); a.status != 429 || a.body != `{"message":"Limit Exceeded"}` {
		t.Errorf("over the quota: %v", a)
	}
	if u := s.usage(); u[0] != 15 || u[1] != 0 {
		t.Errorf("usage %v", u)
	}
	given := must1(s.c.UpdateUsage(t.Context(), &apigateway.UpdateUsageInput{UsagePlanId: s.plan, KeyId: s.key, PatchOperations: []types.PatchOperation{
		{Op: types.OpReplace, Path: aws.String("/remaining"), Value: aws.String("3")}}}))(t)
	if u := given.Items[*s.key][0]; u[0] != 15 || u[1] != 3 {
		t.Errorf("what UpdateUsage returns: %v", u)
	}
	if n := s.allowed("/pets"); n != 3 {
		t.Errorf("%d let in after 3 more were given", n)
	}
	time.Sleep(2 * time.Second) // what is counted is stored within a second
	s.kill()
	s.restart()
	s.c = s.sdk()
	if u := s.usage(); u[0] != 18 || u[1] != 0 {
		t.Errorf("usage after another kill: %v", u)
	}
	_, err := s.c.UpdateUsage(t.Context(), &apigateway.UpdateUsageInput{UsagePlanId: s.plan, KeyId: s.key, PatchOperations: []types.PatchOperation{
		{Op: types.OpReplace, Path: aws.String("/remaining"), Value: aws.String("-3")}}})
	if e := smithy.APIError(nil); !errors.As(err, &e) || e.ErrorCode() != "BadRequestException" {
		t.Error(err)
	}
}

// TestTwoNodesKeys: a key that one node disables is soon refused on the other,
// and what both counted is one usage.
func TestTwoNodesKeys(t *testing.T) {
	t.Parallel()
	etcd := startEtcd(t)
	config := write(t, "gatehouse.yaml", "store: {masterKey: '"+strings.Repeat("1", 64)+"', etcd: {endpoints: ["+etcd.endpoint+"]}}\n")
	one := serveKeyed(t, &types.QuotaSettings{Limit: 100, Period: types.QuotaPeriodTypeMonth}, nil, "--config", config)
	two := &keyedServer{server: serveWith(t, "--config", config), t: t, api: one.api, plan: one.plan, key: one.key, value: one.value}
	two.c = two.sdk()
	if n := one.allowed("/pets") + two.allowed("/pets"); n != 20 {
		t.Errorf("%d let in", n)
	}
	eventually(t, "both nodes' requests are counted", func() bool { return one.usage()[0] == 20 && two.usage()[0] == 20 })
	began := time.Now()
	one.enable("false")
	eventually(t, "the other node refuses the key", func() bool { return two.get("/pets", two.value).status == 403 })
	t.Logf("after %v", time.Since(began))
}
