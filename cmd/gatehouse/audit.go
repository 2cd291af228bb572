package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/awsapi"
	"github.com/gatehouse/gatehouse/internal/config"
)

// maxTrailLine bounds a record that is read, in bytes; none that was written
// is as long.
const maxTrailLine = 1 << 20

// trailFilter says which records are shown.
type trailFilter struct {
	since       time.Duration // 0: all
	user, event string        // parts of the caller's ARN and of the operation's name; empty: any
	api         string        // of this API alone
	errors      bool          // calls that failed alone
	reads       bool          // reads, too
	clients     bool          // those of clients of user pools instead
	json        bool
}

// audit is the command that reads the records of management calls.
func audit(args []string, stdout, stderr *os.File) error {
	var o config.Overrides
	var f trailFilter
	flags := pflag.NewFlagSet("audit", pflag.ContinueOnError)
	flags.StringVar(&o.Data, "data", "", "data folder (default "+config.DefaultData+")")
	flags.StringVar(&o.File, "config", "", "configuration file")
	flags.DurationVar(&f.since, "since", 0, "only what is younger, such as 24h")
	flags.StringVar(&f.user, "user", "", "only callers whose ARN has this in it")
	flags.StringVar(&f.event, "event", "", "only operations whose name has this in it, such as Deployment")
	flags.StringVar(&f.api, "api", "", "only this API, by its ID")
	flags.BoolVar(&f.errors, "errors", false, "only calls that failed")
	flags.BoolVar(&f.reads, "reads", false, "calls that only read, too")
	flags.BoolVar(&f.clients, "clients", false, "the calls of clients of user pools, who sign nothing, instead")
	flags.BoolVar(&f.json, "json", false, "print the records as they are, a line each")
	if _, err := parse(flags, args, stderr, 0, 0); err != nil {
		return err
	}
	c, err := config.Load(o, nil)
	if err != nil {
		return err
	}
	name := trailName
	if f.clients {
		name = trailClientsName
	}
	files, err := trailFiles(c.Audit.Directory, name)
	if err != nil {
		return err
	}
	torn := 0
	for _, name := range files {
		n, err := f.show(name, time.Now(), stdout)
		if torn += n; err != nil {
			return err
		}
	}
	if torn > 0 {
		return fmt.Errorf("%d lines in %s are no records", torn, c.Audit.Directory)
	}
	return nil
}

// trailFiles are the files of records, the oldest first.
func trailFiles(directory, name string) ([]string, error) {
	latest := filepath.Join(directory, name+".log")
	if _, err := os.Stat(latest); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there are no records in %s; --data or --config says where they are", directory)
	}
	aside, err := filepath.Glob(latest + ".*")
	if err != nil {
		return nil, err
	}
	age := func(name string) int {
		n, _ := strconv.Atoi(strings.TrimPrefix(name, latest+"."))
		return n
	}
	slices.SortFunc(aside, func(a, b string) int { return age(b) - age(a) })
	return append(aside, latest), nil
}

// show prints the records of a file that pass, and says how many lines are no
// records.
func (f *trailFilter) show(name string, now time.Time, out io.Writer) (torn int, err error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxTrailLine)
	for lines.Scan() {
		line := lines.Bytes()
		var r awsapi.TrailRecord
		switch {
		case len(line) == 0:
			continue
		case json.Unmarshal(line, &r) != nil:
			torn++
			continue
		case !f.passes(&r, now):
			continue
		case f.json:
			_, err = fmt.Fprintf(out, "%s\n", line)
		default:
			_, err = fmt.Fprintln(out, trailText(&r))
		}
		if err != nil {
			return torn, err
		}
	}
	return torn, lines.Err()
}

func (f *trailFilter) passes(r *awsapi.TrailRecord, now time.Time) bool {
	at, err := time.Parse(time.RFC3339, r.EventTime)
	switch {
	case f.since > 0 && (err != nil || now.Sub(at) > f.since):
		return false
	case f.errors && r.ErrorCode == "", !f.reads && r.ReadOnly && r.ErrorCode == "":
		return false
	case !strings.Contains(r.UserIdentity.ARN, f.user), !strings.Contains(r.EventName, f.event):
		return false
	}
	return f.api == "" || f.api == trailAPI(r)
}

// trailAPI is the ID of the API that a call is about; empty: of none.
func trailAPI(r *awsapi.TrailRecord) string {
	var asked struct {
		API string `json:"restApiId"`
	}
	var made struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(r.RequestParameters, &asked) // null, or another shape: no API
	if asked.API == "" && strings.HasSuffix(r.EventName, "RestApi") {
		_ = json.Unmarshal(r.ResponseElements, &made)
		return made.ID
	}
	return asked.API
}

// trailText is a record in a line.
func trailText(r *awsapi.TrailRecord) string {
	who := r.UserIdentity.ARN
	if _, name, ok := strings.Cut(who, "::"); ok {
		who = name // account:user/name
	}
	if who == "" {
		who = r.UserIdentity.Type
	}
	text := fmt.Sprintf("%s  %s  %s  %s", r.EventTime, shownName(who), r.SourceIPAddress, shownName(r.EventName))
	var parameters map[string]any
	_ = json.Unmarshal(r.RequestParameters, &parameters)
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if value, ok := parameters[name].(string); ok {
			text += " " + shownName(name) + "=" + shownName(value)
		}
	}
	if api := trailAPI(r); api != "" && parameters["restApiId"] == nil {
		text += " → " + api
	}
	if r.ErrorCode != "" {
		text += "  " + r.ErrorCode + ": " + shownName(r.ErrorMessage)
	}
	return text
}
