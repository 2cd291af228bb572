// Command gatehouse is Amazon API Gateway as one program: it serves APIs and
// speaks AWS's management APIs.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/pflag"
)

// version is set by release builds (-ldflags "-X main.version=1.2.3").
var version = "development"

const usageText = `Gatehouse is Amazon API Gateway as software that anyone can run.

  gatehouse serve [DEFINITION ...]   serve APIs; import and deploy the given OpenAPI definitions, or those in a folder
  gatehouse edge --origin URL        end clients' connections here, and pass their requests on to a region's nodes
  gatehouse validate FILE ...        say what is wrong with definitions, and what can't be served yet
  gatehouse template FILE            render a mapping template, step by step if you like
  gatehouse explain REQUEST_ID       say what was decided about a request, and why
  gatehouse deployments diff API FROM TO
                                     say what a deployment changes: IDs, stages, or "edited" for what isn't deployed
  gatehouse usage                    say what APIs, stages and keys used in a month, and what it would have cost on AWS
  gatehouse audit                    say who changed what through the management API
  gatehouse identity list|create|set|delete ...
                                     say who may call: users, groups, roles, access keys
  gatehouse backup FILE              write everything that is stored to FILE
  gatehouse restore FILE             read a backup into an empty data folder or cluster
  gatehouse doctor                   say what would keep it from running well, and how to mend it
  gatehouse version                  print the version

gatehouse COMMAND --help lists a command's flags.
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program; its result is the exit code: 0 done, 1 failed, 2 used
// wrongly.
func run(args []string, stdout, stderr *os.File) int {
	commands := map[string]func(args []string, stdout, stderr *os.File) error{
		"serve": serve, "edge": serveEdge, "validate": validate, "backup": backup, "restore": restore, "doctor": doctor, "explain": explainRequest,
		"deployments": deployments, "identity": identityCommand, "usage": usage, "audit": audit, "template": renderTemplate, "version": printVersion,
	}
	if len(args) == 0 {
		fmt.Fprint(stderr, usageText)
		return 2
	}
	command, ok := commands[args[0]]
	if !ok {
		if args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
			fmt.Fprint(stdout, usageText)
			return 0
		}
		fmt.Fprintf(stderr, "gatehouse: there is no command %q\n\n%s", args[0], usageText)
		return 2
	}
	err := command(args[1:], stdout, stderr)
	var wrong *usageError
	switch {
	case err == nil, errors.Is(err, pflag.ErrHelp):
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "gatehouse %s: %v\n", args[0], err)
		return 2
	default:
		fmt.Fprintf(stderr, "gatehouse %s: %v\n", args[0], err)
		return 1
	}
}

// usageError is a command line that can't be meant.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// parse reads a command's flags and checks how many arguments are left.
func parse(flags *pflag.FlagSet, args []string, stderr io.Writer, least, most int) ([]string, error) {
	flags.SetOutput(stderr)
	if err := flags.Parse(args); errors.Is(err, pflag.ErrHelp) {
		return nil, err
	} else if err != nil {
		return nil, &usageError{err.Error()}
	}
	if n := flags.NArg(); n < least || n > most {
		return nil, &usageError{fmt.Sprintf("%d arguments, wanted are %s; see gatehouse help", n, counts(least, most))}
	}
	return flags.Args(), nil
}

func counts(least, most int) string {
	switch {
	case least == most:
		return fmt.Sprint(least)
	case most >= manyFiles:
		return fmt.Sprintf("%d or more", least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

// manyFiles is how many definitions a command takes.
const manyFiles = 1000

func printVersion(args []string, stdout, stderr *os.File) error {
	if _, err := parse(pflag.NewFlagSet("version", pflag.ContinueOnError), args, stderr, 0, 0); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "gatehouse %s %s %s/%s%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, revision())
	return nil
}

// revision is the commit that the binary was built from, when Go noted it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return " " + s.Value
		}
	}
	return ""
}
