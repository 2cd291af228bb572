package config

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// noConfiguration are the first words of blocks that are parts of definitions.
var noConfiguration = []string{"x-amazon-apigateway-integration:", "requestParameters:"}

// TestDocumentedConfigurations: whatever the documentation shows as a
// configuration is taken: blocks marked yaml, and indented ones that begin with a
// key of the configuration.
func TestDocumentedConfigurations(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	more, _ := filepath.Glob("../../examples/*/README.md")
	loaded := 0
	for _, page := range append(append(pages, more...), "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range configurations(string(text)) {
			loaded++
			if err := loadBlock(t, block); err != nil {
				t.Errorf("%s: %v, in\n%s", strings.TrimPrefix(page, "../../"), err, block)
			}
		}
	}
	if loaded < 30 {
		t.Errorf("only %d configurations are found", loaded)
	}
}

// TestExamplesConfigurations: those of examples that no test runs are taken, too.
func TestExamplesConfigurations(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/gatehouse*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if _, err := Load(Overrides{File: file}, nil); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

var (
	fenced     = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	indented   = regexp.MustCompile(`(?m)(?:^    .*\n|^\n)+`)
	variable   = regexp.MustCompile(`\benv:([A-Z_]+)`)
	secretFile = regexp.MustCompile(`\bfile:/\S+\.key\b`)
)

// aKey is the value of every secret: 32 bytes.
const aKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// configurations are a page's.
func configurations(page string) (list []string) {
	for _, m := range fenced.FindAllStringSubmatch(page, -1) {
		if !slices.ContainsFunc(noConfiguration, func(start string) bool { return strings.HasPrefix(m[1], start) }) {
			list = append(list, m[1])
		}
	}
	keys := settingsOf(reflect.TypeFor[Config]())
	for _, block := range indented.FindAllString(fenced.ReplaceAllString(page, ""), -1) {
		block = strings.ReplaceAll(block, "\n    ", "\n")
		key, _, isMapping := strings.Cut(strings.TrimSpace(block), ":")
		if isMapping && slices.Contains(keys, key) {
			list = append(list, block)
		}
	}
	return list
}

// loadBlock loads a configuration, of an edge where it has that's keys.
func loadBlock(t *testing.T, block string) error {
	for _, m := range variable.FindAllStringSubmatch(block, -1) {
		t.Setenv(m[1], aKey)
	}
	block = secretFile.ReplaceAllString(block, "file:"+write(t, aKey))
	var keys map[string]any
	if err := yaml.Unmarshal([]byte(block), &keys); err != nil {
		return err
	}
	ofEdge := settingsOf(reflect.TypeFor[Edge]())
	if !slices.ContainsFunc(slices.Collect(maps.Keys(keys)), func(key string) bool { return !slices.Contains(ofEdge, key) }) {
		_, err := LoadEdge(write(t, block), Edge{})
		return err
	}
	_, err := Load(Overrides{File: write(t, block)}, nil)
	return err
}
