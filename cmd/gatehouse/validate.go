package main

import (
	"errors"
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
	files, err := parse(flags, args, stderr, 1, 1000)
	if err != nil {
		return err
	}
	scope := apigw.Scope{Partition: config.DefaultPartition, Account: account, Region: region}
	var failed []error
	for _, file := range files {
		if err := validateOne(stdout, file, scope); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

func validateOne(out *os.File, file string, scope apigw.Scope) error {
	doc, err := readOne(file, scope)
	if err != nil {
		return err
	}
	for _, w := range doc.Warnings {
		fmt.Fprintf(out, "%s: warning: %s\n", file, w)
	}
	problems, err := control.CheckDefinition(doc, checkDefinition)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	wrong := 0
	for _, p := range problems {
		if p.Warning {
			fmt.Fprintf(out, "%s: warning: %s\n", file, p)
			continue
		}
		wrong++
		fmt.Fprintf(out, "%s: %s\n", file, p)
	}
	if wrong > 0 {
		return fmt.Errorf("%s: %d things can't be served", file, wrong)
	}
	fmt.Fprintf(out, "%s: ok, %d paths\n", file, len(doc.Paths))
	return nil
}
