package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/metering"
)

// usageReport is what an account's APIs in a region came to in a month.
type usageReport struct {
	Account string        `json:"account"`
	Region  string        `json:"region"`
	Month   apigw.Month   `json:"month"`
	Stages  []usedStage   `json:"stages"`
	Cost    metering.Cost `json:"costOnAWS"`
}

type usedStage struct {
	API     apigw.APIID     `json:"api"`
	APIName string          `json:"apiName,omitempty"` // empty: there is no such API any more
	Stage   apigw.StageName `json:"stage"`
	apigw.MeteredAmount
	CacheHours map[string]int `json:"cacheHours,omitempty"` // by the cache's size in GB
	Keys       []usedKey      `json:"keys,omitempty"`
}

type usedKey struct {
	ID   apigw.APIKeyID `json:"id"`
	Name string         `json:"name,omitempty"` // empty: it has none, or is gone
	apigw.MeteredAmount
}

// usageOf answers with the report of a scope and month.
func (p *program) usageOf(pl *plane) func(context.Context, apigw.Scope, apigw.Month) ([]byte, error) {
	return func(ctx context.Context, scope apigw.Scope, month apigw.Month) ([]byte, error) {
		stages, err := pl.metering.Month(ctx, scope, month)
		if err != nil {
			return nil, err
		}
		report := usageReport{scope.Account, scope.Region, month, []usedStage{}, p.config.Prices.Cost(stages)}
		for _, s := range stages {
			used := usedStage{API: s.API, Stage: s.Stage, MeteredAmount: s.MeteredAmount, CacheHours: s.CacheHours}
			if def, err := pl.control.DefinitionAt(ctx, scope, s.API, control.Edited); err == nil {
				used.APIName = def.Name()
			}
			if used.Keys, err = pl.usedKeys(ctx, scope, s.Keys); err != nil {
				return nil, err
			}
			report.Stages = append(report.Stages, used)
		}
		return json.Marshal(report)
	}
}

// usedKeys are the keys that used something, the one that used most first.
func (pl *plane) usedKeys(ctx context.Context, scope apigw.Scope, of map[apigw.APIKeyID]apigw.MeteredAmount) ([]usedKey, error) {
	keys := make([]usedKey, 0, len(of))
	for id, amount := range of {
		k := usedKey{ID: id, MeteredAmount: amount}
		switch known, err := pl.control.APIKey(ctx, scope, id, false); {
		case err == nil:
			k.Name = known.Name
		case apigw.KindOf(err) != apigw.NotFound:
			return nil, err
		}
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b usedKey) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), strings.Compare(string(a.ID), string(b.ID)))
	})
	return keys, nil
}

// maxUsage bounds what is read of an answer, in bytes.
const maxUsage = 64 << 20

// usage is the command that asks a running gatehouse.
func usage(args []string, stdout, stderr *os.File) error {
	control, month, api, asJSON := os.Getenv("GATEHOUSE_CONTROL"), string(apigw.MonthOf(time.Now())), "", false
	flags := pflag.NewFlagSet("usage", pflag.ContinueOnError)
	flags.StringVar(&control, "control", control, "control address of the running gatehouse (default "+config.DefaultControl+")")
	flags.StringVar(&month, "month", month, "which month, in UTC")
	flags.StringVar(&api, "api", api, "ID of the only API to list; the cost is that of all")
	flags.BoolVar(&asJSON, "json", false, "print the report as JSON")
	if _, err := parse(flags, args, stderr, 0, 0); err != nil {
		return err
	}
	if _, err := apigw.Month(month).Begin(); err != nil {
		return &usageError{fmt.Sprintf("%q is no month; write it as %s", month, apigw.MonthOf(time.Now()))}
	}
	text, err := askControl(control, "/_gatehouse/usage/"+month, maxUsage)
	if err != nil {
		return err
	}
	var report usageReport
	if err := json.Unmarshal(text, &report); err != nil {
		return fmt.Errorf("the answer is no report: %w", err)
	}
	if api != "" {
		report.Stages = slices.DeleteFunc(report.Stages, func(s usedStage) bool { return string(s.API) != api })
		if len(report.Stages) == 0 {
			return errors.New("API " + api + " served nothing in " + month)
		}
	}
	if asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	return report.print(stdout)
}

func (r *usageReport) print(out io.Writer) error {
	fmt.Fprintf(out, "%s, account %s, %s\n\n", r.Month, r.Account, r.Region)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "API\tSTAGE\tCALLS\tMESSAGES\tMINUTES\tBYTES\tCACHE\n")
	for _, s := range r.Stages {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%s\t%s\n", strings.TrimSpace(string(s.API)+" "+shownName(s.APIName)), s.Stage, s.Calls, s.Messages, s.Connected/60_000, bytesText(s.Bytes), cacheText(s.CacheHours))
		for _, k := range s.Keys {
			fmt.Fprintf(table, "  key %s\t\t%d\t\t\t%s\t\n", strings.TrimSpace(string(k.ID)+" "+shownName(k.Name)), k.Calls, bytesText(k.Bytes))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	c := &r.Cost
	_, err := fmt.Fprintf(out, "\nOn AWS: requests %.2f + messages %.2f + connections %.2f + caches %.2f + data out %.2f = %.2f %s; %.2f in an account's first year\n",
		c.Requests, c.Messages, c.Connections, c.Cache, c.Transfer, c.Total, c.Currency, c.FirstYear)
	return err
}

// shownName is a name that somebody chose, without what would move the cursor.
func shownName(name string) string {
	if plain := strconv.Quote(name); plain != `"`+name+`"` {
		return plain
	}
	return name
}

func cacheText(hours map[string]int) string {
	var parts []string
	for _, size := range slices.Sorted(maps.Keys(hours)) {
		parts = append(parts, fmt.Sprintf("%s GB for %d h", size, hours[size]))
	}
	return strings.Join(parts, ", ")
}

func bytesText(n int64) string {
	const unit = 1024
	if n < unit {
		return strconv.FormatInt(n, 10) + " B"
	}
	v, i := float64(n)/unit, 0
	for ; v >= unit && i < 4; i++ {
		v /= unit
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " " + string("KMGTP"[i]) + "B"
}
