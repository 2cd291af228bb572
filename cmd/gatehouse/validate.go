package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/config"
)

// validate says everything that is wrong with definitions, what can't be
// served yet, and what is odd, without a store or a server.
func validate(args []string, stdout, stderr *os.File) error {
	var region, account, kind string
	flags := pflag.NewFlagSet("validate", pflag.ContinueOnError)
	flags.StringVar(&region, "region", config.DefaultRegion, "region for ${AWS::Region}")
	flags.StringVar(&account, "account", config.DefaultAccount, "account for ${AWS::AccountId}")
	kindFlag(flags, &kind)
	arguments, err := parse(flags, args, stderr, 1, manyFiles)
	if err != nil {
		return err
	}
	reader, err := newDefinitionReader(apigw.Scope{Partition: config.DefaultPartition, Account: account, Region: region}, kind)
	if err != nil {
		return err
	}
	given, err := find(arguments)
	if err != nil {
		return err
	}
	if len(given.files) == 0 {
		return fmt.Errorf("no definitions in %s", strings.Join(given.folders, ", "))
	}
	for _, why := range given.passed {
		fmt.Fprintln(stdout, "passed over:", why)
	}
	wrong := 0
	for _, file := range given.files {
		if !validateOne(stdout, file, reader) {
			wrong++
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d definitions can't be served", wrong, len(given.files))
	}
	return nil
}

// validateOne prints a line for each thing that is wrong or odd, each with its
// place, and says whether the definition can be served.
func validateOne(out *os.File, file string, reader definitionReader) bool {
	d, err := reader.read(file)
	if err != nil {
		fmt.Fprintln(out, err)
		return false
	}
	for _, text := range d.info() {
		fmt.Fprintf(out, "%s: info: %s\n", file, text)
	}
	for _, w := range d.warnings() {
		fmt.Fprintf(out, "%s: warning: %s\n", file, w)
	}
	problems, err := checkOne(d)
	if err != nil {
		fmt.Fprintf(out, "%s: %v\n", file, err)
		return false
	}
	ok := true
	for _, p := range problems {
		if p.Warning {
			fmt.Fprintf(out, "%s: warning: %s\n", file, p)
			continue
		}
		ok = false
		fmt.Fprintf(out, "%s: %s\n", file, p)
	}
	if ok {
		fmt.Fprintf(out, "%s: ok, %s\n", file, d.size())
	}
	return ok
}
