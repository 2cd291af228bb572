package vtl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestVelocity renders templates and compares with what Apache Velocity 1.7
// made of them (testdata/velocity/Oracle.java). What is to differ is named in
// deviations.
func TestVelocity(t *testing.T) {
	files, err := filepath.Glob("testdata/velocity/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no templates", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		theme := strings.TrimSuffix(filepath.Base(file), ".txtar")
		parts := txtar.Parse(data).Files
		for i := 0; i+1 < len(parts); i += 2 {
			template, answer := parts[i], parts[i+1]
			t.Run(theme+"/"+template.Name, func(t *testing.T) {
				compareWithVelocity(t, theme+"/"+template.Name, template, answer)
			})
		}
	}
}

func compareWithVelocity(t *testing.T, name string, template, answer txtar.File) {
	text := strings.TrimSuffix(string(template.Data), "\n")
	got, want := render(t, text), strings.TrimSuffix(string(answer.Data), "\n")
	if strings.HasSuffix(answer.Name, ": fails") {
		want = "fails"
		if strings.HasPrefix(got, "refused: ") || strings.HasPrefix(got, "failed: ") {
			got = want
		}
	}
	diff := cmp.Diff(want, got)
	why, differs := deviations[name]
	switch {
	case diff != "" && !differs:
		t.Errorf("%s\nVelocity (-), here (+):\n%s", text, diff)
	case diff == "" && differs:
		t.Errorf("no longer differs, though listed: %s", why)
	}
}

// deviations are the templates that are to render otherwise than in Velocity,
// and why.
var deviations = map[string]string{}
