package openapi_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
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
			o := openapi.Options{File: file, Scope: apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}}
			chosen, err := openapi.Choose(doc, o)
			if err != nil {
				t.Fatal(err)
			}
			warnings, without, err := imported(doc, chosen.Kind, o)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range warnings {
				t.Error(w)
			}
			for _, at := range without {
				t.Errorf("%s has no integration", at)
			}
		})
	}
}

// imported are the warnings of a document, and its methods or routes without
// an integration.
func imported(doc []byte, kind openapi.Kind, o openapi.Options) (warnings, without []string, err error) {
	if kind == openapi.HTTP {
		api, err := openapi.ParseHTTP(doc, o)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range api.Definition.Routes {
			if r.Target == "" {
				without = append(without, r.Key)
			}
		}
		return api.Warnings, without, nil
	}
	api, err := openapi.Parse(doc, o)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range api.Paths {
		for verb, m := range p.Methods {
			if m.Integration == nil {
				without = append(without, string(verb)+" "+p.Path)
			}
		}
	}
	return api.Warnings, without, nil
}
