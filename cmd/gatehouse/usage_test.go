package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// use runs gatehouse usage and returns what it prints.
func (s *server) use(args ...string) (stdout, stderr string) {
	s.t.Helper()
	cmd := command(append([]string{"usage", "--control", s.control}, args...)...)
	cmd.Env = append(cmd.Env, s.env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, _ := cmd.Output()
	return string(out), errs.String()
}

// TestUsage: what AWS would charge for is told, by stage and key, with an
// hour of the stage's cache, also after a restart.
func TestUsage(t *testing.T) {
	t.Parallel()
	s := serveKeyed(t, &types.QuotaSettings{Limit: 3, Period: types.QuotaPeriodTypeMonth}, nil)
	for _, op := range []types.PatchOperation{replace("/cacheClusterEnabled", "true"), replace("/cacheClusterSize", "1.6")} {
		must1(s.c.UpdateStage(t.Context(), &apigateway.UpdateStageInput{RestApiId: &s.api, StageName: aws.String("dev"), PatchOperations: []types.PatchOperation{op}}))(t)
	}
	var bytes int64
	for range 2 {
		bytes += int64(len(s.get("/pets", s.value).body))
		s.get("/open", "")
	}
	s.get("/pets", "")                                    // no key
	s.get("/pets", "wrong wrong wrong wrong wrong wrong") // another
	s.get("/nowhere", "")                                 // no route
	s.get("/pets", s.value)
	s.get("/pets", s.value) // over the quota
	bytes += bytes / 2
	stage := usedStage{
		API: apigw.APIID(s.api), APIName: "Metered pets", Stage: "dev", MeteredAmount: apigw.MeteredAmount{Calls: 5, Bytes: bytes},
		Keys: []usedKey{{ID: apigw.APIKeyID(*s.key), Name: "k", MeteredAmount: apigw.MeteredAmount{Calls: 3, Bytes: bytes}}},
	}
	check := func() {
		t.Helper()
		out, errs := s.use("--json")
		var report usageReport
		if err := json.Unmarshal([]byte(out), &report); err != nil {
			t.Fatalf("%v: %s%s", err, out, errs)
		}
		hours := report.Stages[0].CacheHours["1.6"]
		if hours != 1 && hours != 2 { // one may end meanwhile
			t.Errorf("a cache of %d hours", hours)
		}
		stage.CacheHours = map[string]int{"1.6": hours}
		if d := cmp.Diff([]usedStage{stage}, report.Stages); d != "" {
			t.Error(d)
		}
		if c := report.Cost; math.Abs(c.Requests-3.5*5/1e6) > 1e-9 || math.Abs(c.Cache-0.038*float64(hours)) > 1e-9 || c.Total != c.Requests+c.Cache || c.FirstYear != c.Cache {
			t.Errorf("cost %+v", c)
		}
	}
	check()
	if code := s.terminate(); code != 0 {
		t.Fatalf("exit %d", code)
	}
	s.restart()
	check()

	out, _ := s.use("--api", s.api)
	for _, want := range []string{s.api + " Metered pets  dev", "key " + *s.key + " k", "1.6 GB for ", "On AWS: requests 0.00 + messages 0.00 + connections 0.00 + caches 0.0"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for args, want := range map[string]string{
		"--api=nothere":    "API nothere served nothing in ",
		"--month=Feb":      `"Feb" is no month`,
		"--month=2020-01 ": `"2020-01 " is no month`,
	} {
		if out, errs := s.use(args); out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: %s%s", args, out, errs)
		}
	}
}

// TestUsageOfSockets: messages and the time of connections are told, the same
// after a restart.
func TestUsageOfSockets(t *testing.T) {
	t.Parallel()
	b, s := converse(t), serveWith(t)
	a := s.socketsTo(b.url)
	p := a.connect(t, s) // asks for its ID: two messages
	p.say(strings.Repeat("x", 20<<10))
	p.next()
	if got := a.callback(s, "POST", p.id, strings.Repeat("y", 100<<10)); got.status != 200 { // four on the bill
		t.Fatalf("%+v", got)
	}
	p.next()
	report := func() (r usageReport) {
		t.Helper()
		out, errs := s.use("--json")
		if err := json.Unmarshal([]byte(out), &r); err != nil || len(r.Stages) > 1 {
			t.Fatalf("%v: %s%s", err, out, errs)
		}
		return r
	}
	var stage usedStage
	eventually(t, "all messages are told", func() bool {
		if r := report(); len(r.Stages) == 1 {
			stage = r.Stages[0]
		}
		return stage.Messages >= 8
	})
	if stage.API != apigw.APIID(a.id) || stage.APIName != "chat" || stage.Messages != 8 || stage.Calls != 0 || stage.Connected <= 0 {
		t.Errorf("%+v", stage)
	}
	p.nc.Close()
	if code := s.terminate(); code != 0 {
		t.Fatalf("exit %d", code)
	}
	s.restart()
	r := report()
	if now := r.Stages[0]; now.Messages != 8 || now.Connected < stage.Connected || now.Bytes != stage.Bytes {
		t.Errorf("%+v after a restart, before it %+v", now, stage)
	}
	if math.Abs(r.Cost.Messages-8/1e6) > 1e-9 || r.Cost.Connections <= 0 || r.Cost.Requests != 0 || r.Cost.FirstYear != 0 {
		t.Errorf("cost %+v", r.Cost)
	}
	out, _ := s.use()
	if !strings.Contains(out, "MESSAGES  MINUTES") || !strings.Contains(out, a.id+" chat  prod   0      8 ") {
		t.Error(out)
	}
}
