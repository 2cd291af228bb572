package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// doctor looks at everything that serve will need, and at a server that runs,
// and prints a line for each thing: ok, warn or fail, and how to mend what
// isn't ok. It changes nothing but for a file that it creates in the data
// folder and removes, and the store's own upkeep when it opens it.
func doctor(args []string, stdout, stderr *os.File) error {
	var o config.Overrides
	flags := pflag.NewFlagSet("doctor", pflag.ContinueOnError)
	flags.StringVar(&o.Invoke, "invoke", "", "address that serves APIs")
	flags.StringVar(&o.Control, "control", "", "address that serves AWS's management APIs")
	flags.StringVar(&o.Data, "data", "", "data folder")
	flags.StringVar(&o.File, "config", "", "configuration file")
	if _, err := parse(flags, args, stderr, 0, 0); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	e := &examination{out: stdout, now: time.Now()}
	e.examine(ctx, o)
	if e.failed > 0 {
		return fmt.Errorf("%d of %d findings must be mended", e.failed, e.found)
	}
	return nil
}

// examination is what doctor found so far.
type examination struct {
	out           io.Writer
	now           time.Time
	config        *config.Config
	running       string // base URL of a control address where a gatehouse answers; empty: none
	found, failed int
}

func (e *examination) examine(ctx context.Context, o config.Overrides) {
	var err error
	if e.config, err = config.Load(o, nil); err != nil {
		e.fail("configuration", err.Error(), "correct it; docs/configuration.md has every key")
		return
	}
	if e.config.File == "" {
		e.ok("configuration", "no file: defaults, variables and flags")
	} else {
		e.ok("configuration", e.config.File)
	}
	if e.config.Identities != nil {
		if _, err := identity.New(identity.Config{Scope: e.config.Scope(), Configured: configured(e.config)}); err != nil {
			e.fail("configuration", err.Error(), "correct identities")
		}
	}
	e.findRunning(ctx)
	e.listeners(ctx)
	e.names(ctx)
	e.certificates()
	e.dataFolder()
	e.store(ctx)
	e.valkey(ctx)
	e.clock(ctx)
	e.limits()
	e.functions()
}

func (e *examination) line(state, subject, finding, mend string) {
	e.found++
	fmt.Fprintf(e.out, "%-4s  %-13s  %s\n", state, subject, finding)
	if mend != "" {
		fmt.Fprintf(e.out, "%-4s  %-13s  mend: %s\n", "", "", mend)
	}
}

func (e *examination) ok(subject, finding string)         { e.line("ok", subject, finding, "") }
func (e *examination) warn(subject, finding, mend string) { e.line("warn", subject, finding, mend) }

func (e *examination) fail(subject, finding, mend string) {
	e.failed++
	e.line("fail", subject, finding, mend)
}

// program is the program as serve would have it, without servers.
func (e *examination) program() *program {
	return &program{config: e.config, log: slog.New(slog.DiscardHandler)}
}

// functions checks runtimes and code.
func (e *examination) functions() {
	if len(e.config.Functions) == 0 {
		return
	}
	p := e.program()
	functions, err := lambda.New(p.functionConfig(credentials.Process(p.config.Region, p.log)))
	if err != nil {
		e.fail("functions", err.Error(), "install the runtime or correct functions in the configuration")
		return
	}
	defer functions.Close()
	for _, name := range slices.Sorted(maps.Keys(e.config.Functions)) {
		f := e.config.Functions[name]
		switch err := functions.Check(name); {
		case err != nil:
			e.fail("functions", err.Error(), "put the code where functions: "+name+": code says, or correct it")
		case f.Endpoint != "":
			e.ok("functions", name+": called at "+f.Endpoint)
		default:
			e.ok("functions", fmt.Sprintf("%s: %s, code in %s", name, f.Runtime, f.Code))
		}
	}
}
