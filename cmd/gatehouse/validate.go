package main

import (
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/control"
)

// validate says everything that is wrong with definitions, what can't be
// served yet, and what is odd, without a store or a server.
func validate(args []string, stdout, stderr *os.File) error {
	var region, account string
	flags := pflag.NewFlagSet("validate", pflag.ContinueOnError)
	flags.StringVar(&region, "region", config.DefaultRegion, "region for ${AWS::Region}")
	flags.StringVar(&account, "account", config.DefaultAccount, "account for ${AWS::AccountId}")
	files, err := parse(flags, args, stderr, 1, manyFiles)
	if err != nil {
		return err
	}
	scope := apigw.Scope{Partition: config.DefaultPartition, Account: account, Region: region}
	wrong := 0
	for _, file := range files {
		if !validateOne(stdout, file, scope) {
			wrong++
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d definitions can't be served", wrong, len(files))
	}
	return nil
}

// validateOne prints a line for each thing that is wrong or odd, each with its
// place, and says whether the definition can be served.
func validateOne(out *os.File, file string, scope apigw.Scope) bool {
	doc, err := readOne(file, scope)
	if err != nil {
		fmt.Fprintln(out, err)
		return false
	}
	for _, w := range doc.Warnings {
		fmt.Fprintf(out, "%s: warning: %s\n", file, w)
	}
	problems, err := control.CheckDefinition(doc, checkDefinition)
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
		fmt.Fprintf(out, "%s: ok, %d paths\n", file, len(doc.Paths))
	}
	return ok
}
