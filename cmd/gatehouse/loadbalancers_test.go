package main

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
)

// TestWalkLoadBalancersBoto3 calls every operation of Elastic Load Balancing v2
// that is served with boto3, whose model checks every answer, and
// TestWalkLoadBalancersCLI with the AWS CLI.
func TestWalkLoadBalancersBoto3(t *testing.T) { walkBalancers(t, "boto3") }

func TestWalkLoadBalancersCLI(t *testing.T) { walkBalancers(t, "cli") }

func walkBalancers(t *testing.T, client string) {
	t.Parallel()
	needBoto(t)
	s := serveWith(t)
	cmd := exec.CommandContext(t.Context(), "python3", filepath.Join("testdata", "control", "balancerwalk.py"), s.control, client, s.certificate("inside.example.com"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	called := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "called "); ok {
			called[name] = true
		}
	}
	var served []string
	for _, o := range new(elbv2.Operations).Table() {
		served = append(served, o.Name)
	}
	if d := cmp.Diff(slices.Sorted(slices.Values(served)), slices.Sorted(maps.Keys(called))); d != "" {
		t.Error(d)
	}
}
