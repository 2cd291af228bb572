package main

import (
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
)

// runKnown writes the names, methods and paths of services that aren't
// served, so that a refusal can name the operation.
func runKnown(models []string, pkg, file string) error {
	text, err := known(models, pkg)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

func known(models []string, pkg string) ([]byte, error) {
	var b strings.Builder
	b.WriteString(header)
	fmt.Fprintf(&b, "package %s\n\nimport \"github.com/gatehouse/gatehouse/internal/awsapi/wire\"\n\n", pkg)
	b.WriteString("// knownOperations are the operations of services that aren't served.\n")
	b.WriteString("func knownOperations() map[string][]wire.Operation {\nreturn map[string][]wire.Operation{\n")
	for _, file := range models {
		m, err := readModel(file)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q: {\n", strings.TrimSuffix(filepath.Base(file), ".json"))
		for _, n := range m.operationNames() {
			path, _, _ := strings.Cut(m.Operations[n].URI, "?")
			fmt.Fprintf(&b, "knownOperation(%q, %q, %q),\n", n, m.Operations[n].Method, path)
		}
		b.WriteString("},\n")
	}
	b.WriteString("}\n}\n")
	return format.Source([]byte(b.String()))
}
