package openapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/openapi"
)

// TestManyDescriptions: what a document describes beyond all measure is left
// out with a warning, and the document is imported.
func TestManyDescriptions(t *testing.T) {
	many := func(n int, description string) []byte {
		var b strings.Builder
		b.WriteString("openapi: 3.0.1\ninfo: {title: t}\npaths:\n")
		for i := range n {
			fmt.Fprintf(&b, "  /p%d: {get: {description: %q, responses: {}}}\n", i, description)
		}
		return []byte(b.String())
	}
	for name, tt := range map[string]struct {
		doc  []byte
		want int
	}{
		"few":   {many(3, "d"), 3},
		"many":  {many(10_001, "d"), 10_000},
		"large": {many(20, strings.Repeat("d", 100_000)), 10},
	} {
		api, err := openapi.Parse(tt.doc, openapi.Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		if len(api.Documentation) != tt.want || (len(api.Warnings) == 0) != (name == "few") {
			t.Errorf("%s: %d parts, %v", name, len(api.Documentation), api.Warnings)
		}
		parts, warnings, err := openapi.ParseDocumentation(tt.doc, openapi.Options{})
		if err != nil || len(parts) != tt.want || (len(warnings) == 0) != (name == "few") {
			t.Errorf("%s: %d parts, %v, %v", name, len(parts), warnings, err)
		}
		if api, err := openapi.Parse(tt.doc, openapi.Options{IgnoreDocumentation: true}); err != nil || api.Documentation != nil || len(api.Warnings) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
