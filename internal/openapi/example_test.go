package openapi_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse/gatehouse/internal/openapi"
)

// TestExamples: the definitions we show import without a warning.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/openapi.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			api, err := openapi.Parse(doc, openapi.Options{File: file})
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range api.Warnings {
				t.Error(w)
			}
			for _, p := range api.Paths {
				for verb, m := range p.Methods {
					if m.Integration == nil {
						t.Errorf("%s %s has no integration", verb, p.Path)
					}
				}
			}
		})
	}
}
