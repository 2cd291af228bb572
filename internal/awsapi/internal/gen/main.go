// Command gen writes the wire shapes of a service from its model table: Go
// types, decoders with their constraint checks, encoders, and the table of
// operations. It is run by go generate in the package it writes.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	model := flag.String("model", "", "model table to read")
	pkg := flag.String("package", "", "name of the package to write")
	service := flag.String("service", "", "service name that signatures and actions carry")
	dir := flag.String("dir", ".", "folder to write to")
	flag.Parse()
	if err := run(*model, *pkg, *service, *dir); err != nil {
		log.Fatal(err)
	}
}

func run(model, pkg, service, dir string) error {
	m, err := readModel(model)
	if err != nil {
		return err
	}
	files, err := generate(m, pkg, service)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}
