package awsapi

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// unheeded are the members of requests, and whole shapes, that no operation looks
// at, each with why nothing is lost.
var unheeded = map[string]string{
	"elbv2.AuthenticateOidcActionConfig":    refusedWhole,
	"elbv2.AuthenticateCognitoActionConfig": refusedWhole,
	"elbv2.JwtValidationActionConfig":       refusedWhole,
	"elbv2.IpamPools":                       refusedWhole,

	"servicediscovery.CreatePublicDnsNamespaceRequest.CreatorRequestId": noPublicZones,
	"servicediscovery.CreatePublicDnsNamespaceRequest.Description":      noPublicZones,
	"servicediscovery.CreatePublicDnsNamespaceRequest.Properties":       noPublicZones,
	"servicediscovery.PublicDnsNamespaceProperties":                     noPublicZones,
	"servicediscovery.UpdatePublicDnsNamespaceRequest.UpdaterRequestId": noPublicZones,
	"servicediscovery.UpdatePublicDnsNamespaceRequest.Namespace":        noPublicZones,
	"servicediscovery.PublicDnsNamespaceChange":                         noPublicZones,

	"servicediscovery.UpdateHttpNamespaceRequest.UpdaterRequestId":       "an update that is made twice is as if made once",
	"servicediscovery.UpdatePrivateDnsNamespaceRequest.UpdaterRequestId": "likewise",
	"servicediscovery.HealthCheckCustomConfig.FailureThreshold":          "it is always 1, whatever is said (Cloud Map reference)",
}

const (
	refusedWhole  = "what has such a configuration is refused"
	noPublicZones = "public DNS namespaces are refused"
)

// TestMembersRead: what a call of Elastic Load Balancing or Cloud Map may carry is
// looked at by the code here: heeded, or refused by its name. Nothing is taken and
// ignored.
func TestMembersRead(t *testing.T) {
	read := membersRead(t)
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of.PkgPath() == "time" || seen[of] {
			return
		}
		seen[of] = true
		shape := path.Base(of.PkgPath()) + "." + of.Name()
		if _, whole := unheeded[shape]; whole {
			return
		}
		for i := range of.NumField() {
			member := shape + "." + of.Field(i).Name
			if _, known := unheeded[member]; read[member] == known {
				t.Errorf("%s: read: %t; among those that aren't: %t", member, read[member], known)
			}
			walk(of.Field(i).Type)
		}
	}
	for _, operations := range []any{NewBalancerOperations(nil, nil), NewRegistryOperations(nil, nil)} {
		for _, run := range reflect.ValueOf(operations).Fields() {
			if !run.IsNil() {
				walk(run.Type().In(2))
			}
		}
	}
}

// membersRead are the fields of other packages' structures that the package's code
// reads: "elbv2.Action.Type".
func membersRead(t *testing.T) map[string]bool {
	t.Helper()
	set := token.NewFileSet()
	var files []*ast.File
	names, exports := listed(t)
	for _, name := range names {
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}}
	config := types.Config{Importer: importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	if _, err := config.Check("github.com/gatehouse/gatehouse/internal/awsapi", set, files, &info); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok {
				for _, left := range a.Lhs {
					if s, ok := left.(*ast.SelectorExpr); ok {
						delete(info.Selections, s) // written, not read
					}
				}
			}
			return true
		})
	}
	read := map[string]bool{}
	for _, s := range info.Selections {
		if s.Kind() != types.FieldVal {
			continue
		}
		of := s.Recv()
		if p, ok := of.(*types.Pointer); ok {
			of = p.Elem()
		}
		if named, ok := of.(*types.Named); ok {
			read[named.Obj().Pkg().Name()+"."+named.Obj().Name()+"."+s.Obj().Name()] = true
		}
	}
	return read
}

// listed are the files of the package, and where the compiled packages are that
// it needs.
func listed(t *testing.T) (files []string, exports map[string]string) {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export,GoFiles,Dir", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	exports = map[string]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Export, Dir string
			GoFiles                 []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return files, exports
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath], files = p.Export, slices.Clone(p.GoFiles) // the package itself comes last
	}
}
