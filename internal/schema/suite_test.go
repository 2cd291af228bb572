package schema

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

var suite = flag.String("suite", "", "a copy of github.com/json-schema-org/JSON-Schema-Test-Suite")

// remote reads what the suite refers to.
func remote(ref string) ([]byte, error) {
	name, ok := strings.CutPrefix(ref, "http://localhost:1234/")
	if !ok {
		return nil, os.ErrNotExist
	}
	return os.ReadFile(filepath.Join(*suite, "remotes", name))
}

// TestSuite runs the official cases of draft 4, where they are at hand. What
// differs, as in Java's validator: an id doesn't change what a reference
// means, patterns know no \p, and formats are those of Java's libraries.
func TestSuite(t *testing.T) {
	if *suite == "" {
		t.Skip("run with -suite where it is checked out")
	}
	files, err := filepath.Glob(filepath.Join(*suite, "tests/draft4/*.json"))
	if err != nil {
		t.Fatal(err)
	}
	optional, _ := filepath.Glob(filepath.Join(*suite, "tests/draft4/optional/*.json"))
	formats, _ := filepath.Glob(filepath.Join(*suite, "tests/draft4/optional/format/*.json"))
	passed, all := 0, 0
	for _, file := range append(append(files, optional...), formats...) {
		ok, count := runFile(t, file)
		passed, all = passed+ok, all+count
	}
	t.Logf("%d of %d", passed, all)
	if passed < 887 {
		t.Errorf("fewer than 887 passed")
	}
}

func runFile(t *testing.T, file string) (passed, all int) {
	var groups []struct {
		Description string
		Schema      json.RawMessage
		Tests       []struct {
			Description string
			Data        json.RawMessage
			Valid       bool
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &groups); err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSuffix(filepath.Base(file), ".json")
	for _, g := range groups {
		s, err := Compile(g.Schema, remote)
		for _, tt := range g.Tests {
			all++
			doc, perr := jsonpath.Parse(tt.Data, jsonpath.Limits{})
			switch {
			case perr != nil:
				t.Errorf("%s: %s: %s: %v", name, g.Description, tt.Description, perr)
			case err != nil:
				t.Logf("%s: %s: %s: %v", name, g.Description, tt.Description, err)
			case len(s.Validate(doc)) == 0 != tt.Valid:
				t.Logf("%s: %s: %s: %q", name, g.Description, tt.Description, s.Validate(doc))
			default:
				passed++
			}
		}
	}
	return passed, all
}
