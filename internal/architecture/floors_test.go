// Package architecture holds no code: its test asserts which package may
// import which, and that what the binary links is what was reviewed.
package architecture

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/gatehouse/gatehouse/"

// floors: a package imports only from lower floors. Packages of one floor
// don't import each other, but for the pairs in neighbours.
var floors = [][]string{
	{"internal/http1", "internal/http2", "internal/wsconn", "internal/workers", "internal/admission", "internal/sigv4", "internal/iam", "internal/watch", "internal/clientcert", "internal/tlspolicy",
		"internal/throttle", "internal/balance", "internal/jwt", "internal/jsonpath", "internal/javaregex", "internal/vtl", "internal/schema", "internal/valkey"},
	{"internal/apigw", "internal/openapi", "internal/review", "internal/userpool", "internal/sdk"},
	{"internal/store", "internal/identity", "internal/control", "internal/cluster"},
	{"internal/exchange", "internal/credentials", "internal/mapping", "internal/integration", "internal/lambda", "internal/authorizer", "internal/telemetry", "internal/explain", "internal/tally", "internal/vpclink", "internal/registry", "internal/discovery", "internal/usageplan", "internal/metering", "internal/responsecache"},
	{"internal/serving", "internal/edge"},
	{"internal/restapi", "internal/httpapi", "internal/websocketapi", "internal/nameserver"},
	{"internal/gateway", "internal/awsapi", "internal/config", "cmd/gatehouse"},
}

// neighbours are imports within a floor that the design has: one shape of
// messages under both framings, JSON values and patterns under the languages
// that have them, the domain under its translators, the store under its rules, the exchange under the steps,
// and the program over its edges.
var neighbours = map[string][]string{
	"internal/http2":       {"internal/http1"},
	"internal/wsconn":      {"internal/http1", "internal/workers"},
	"internal/jsonpath":    {"internal/javaregex"},
	"internal/vtl":         {"internal/jsonpath", "internal/javaregex"},
	"internal/schema":      {"internal/jsonpath", "internal/javaregex"},
	"internal/openapi":     {"internal/apigw"},
	"internal/review":      {"internal/apigw"},
	"internal/sdk":         {"internal/apigw"},
	"internal/userpool":    {"internal/apigw"},
	"internal/control":     {"internal/store"},
	"internal/cluster":     {"internal/store"},
	"internal/mapping":     {"internal/exchange"},
	"internal/integration": {"internal/exchange", "internal/mapping", "internal/lambda", "internal/credentials"},
	"internal/lambda":      {"internal/credentials"},
	"internal/authorizer":  {"internal/lambda", "internal/mapping"},
	"internal/telemetry":   {"internal/exchange"},
	"internal/explain":     {"internal/exchange"},
	"internal/usageplan":   {"internal/tally"},
	"internal/discovery":   {"internal/registry"},
	"internal/vpclink":     {"internal/exchange", "internal/integration", "internal/lambda", "internal/registry"},
	"cmd/gatehouse":        {"internal/gateway", "internal/awsapi", "internal/config"},
}

// unranked packages are no part of the running program.
var unranked = []string{"internal/architecture", "internal/awsapi/internal/", "internal/freeport", "internal/sourcetest", "internal/stacktest", "bench"}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestImportFloors(t *testing.T) {
	floor := map[string]int{}
	for i, packages := range floors {
		for _, p := range packages {
			floor[p] = i
		}
	}
	// room is the listed package that name is, or lies under.
	room := func(name string) string {
		for room := name; ; room = path.Dir(room) {
			if _, ok := floor[room]; ok || room == "." {
				return room
			}
		}
	}
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if slices.ContainsFunc(unranked, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) || strings.HasPrefix(name, "examples/") {
			continue
		}
		here := room(name)
		own, ok := floor[here]
		if !ok {
			t.Errorf("%s stands on no floor: add it to the list", name)
			continue
		}
		for _, imported := range p.Imports {
			other, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			there := room(other)
			at, ok := floor[there]
			if !ok || at > own || at == own && there != here && !slices.Contains(neighbours[here], there) {
				t.Errorf("%s (floor %d) imports %s (floor %d)", name, own, other, at)
			}
		}
	}
}

func list(t *testing.T) []goPackage {
	t.Helper()
	out := run(t, "go", "list", "-json=ImportPath,Imports", "./...")
	var packages []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return out
}

var update = flag.Bool("update", false, "write linked-packages.txt anew")

// TestLinkedPackages shows a new dependency in review: the list of packages
// that the binary links (linux/amd64) is checked in.
func TestLinkedPackages(t *testing.T) {
	const file = "linked-packages.txt"
	out := run(t, "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./cmd/gatehouse")
	packages := strings.Fields(string(out))
	slices.Sort(packages)
	got := strings.Join(packages, "\n") + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the linked packages changed; after review run: go test ./internal/architecture -update\n%s", diff(strings.Fields(string(want)), packages))
	}
}

func diff(old, now []string) string {
	var b strings.Builder
	for _, p := range old {
		if !slices.Contains(now, p) {
			b.WriteString("- " + p + "\n")
		}
	}
	for _, p := range now {
		if !slices.Contains(old, p) {
			b.WriteString("+ " + p + "\n")
		}
	}
	return b.String()
}
