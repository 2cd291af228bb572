package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

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

// TestUsage: what AWS would charge for is told, by stage and key,
// also after a restart.
func TestUsage(t *testing.T) {
	t.Parallel()
	s := serveKeyed(t, &types.QuotaSettings{Limit: 3, Period: types.QuotaPeriodTypeMonth}, nil)
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
		if d := cmp.Diff([]usedStage{stage}, report.Stages); d != "" {
			t.Error(d)
		}
		if c := report.Cost; math.Abs(c.Requests-3.5*5/1e6) > 1e-9 || c.Total != c.Requests || c.FirstYear != 0 {
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
	for _, want := range []string{s.api + " Metered pets  dev", "key " + *s.key + " k", "On AWS: requests 0.00 + caches 0.00 + data out 0.00 = 0.00 USD; 0.00 in"} {
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
