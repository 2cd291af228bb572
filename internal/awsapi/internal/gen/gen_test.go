package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGeneratedIsUpToDate: what is checked in is what the generator writes.
func TestGeneratedIsUpToDate(t *testing.T) {
	for service, pkg := range map[string]string{"apigateway": "apigateway", "lambda": "lambda", "cognito-idp": "cognitoidp", "sts": "sts", "apigatewayv2": "apigatewayv2", "acm": "acm", "elasticloadbalancing": "elbv2"} {
		m, err := readModel("../../model/" + service + ".json")
		if err != nil {
			t.Fatal(err)
		}
		files, err := generate(m, pkg, service)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range files {
			compare(t, filepath.Join("../..", pkg, name), want)
		}
	}
}

func compare(t *testing.T, file string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is out of date, run go generate ./... (-generated +checked in):\n%.2000s", file, diff)
	}
}
