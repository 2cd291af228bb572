package control

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

// minImportedValue is the shortest value in a file of keys; CreateApiKey takes
// shorter ones (developer guide, "API Gateway API key file format").
const minImportedValue = 30

// maxImportWarnings is of how many plans that there aren't a file's author is
// warned.
const maxImportWarnings = 1000

// maxImportPlans is how many plans a row may name.
const maxImportPlans = 300

// importedKey is one row of a file of keys.
type importedKey struct {
	key   apigw.APIKey
	plans []apigw.UsagePlanID
}

// ImportedKeys is the outcome of ImportApiKeys.
type ImportedKeys struct {
	IDs      []apigw.APIKeyID
	Warnings []string
}

// ImportAPIKeys makes the keys of a CSV file, or changes those that have a
// value that is in it, and puts them into usage plans. Everything is checked
// before the first is stored; a warning leaves a key out of a plan, or refuses
// the file when failOnWarnings says so.
func (c *Control) ImportAPIKeys(ctx context.Context, scope apigw.Scope, body []byte, format string, failOnWarnings bool) (*ImportedKeys, error) {
	if format != "" && !strings.EqualFold(format, "csv") {
		return nil, apigw.Errorf(apigw.BadRequest, "Invalid format specified: %s. Keys are imported as csv", format)
	}
	keys, err := parseKeys(body)
	if err != nil {
		return nil, err
	}
	out := &ImportedKeys{IDs: []apigw.APIKeyID{}}
	if out.Warnings, err = c.checkImportedPlans(ctx, scope, keys); err != nil {
		return nil, storeError(err)
	}
	if failOnWarnings && len(out.Warnings) > 0 {
		return nil, openapi.FailOnWarnings(out.Warnings)
	}
	if err := c.roomForImport(ctx, scope, keys); err != nil {
		return nil, storeError(err)
	}
	for i := range keys {
		id, warnings, err := c.importKey(ctx, scope, &keys[i])
		if err != nil {
			return nil, err
		}
		out.IDs = append(out.IDs, id)
		out.Warnings = append(out.Warnings, warnings...)
	}
	return out, nil
}

// parseKeys reads a file of keys. The header names the columns, in any order
// and case; those that are unknown are ignored.
func parseKeys(body []byte) ([]importedKey, error) {
	if !utf8.Valid(body) {
		return nil, apigw.Errorf(apigw.BadRequest, "The file of API keys isn't UTF-8")
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	header, err := r.Read()
	if err != nil {
		return nil, apigw.Errorf(apigw.BadRequest, "The file of API keys has no header")
	}
	columns := map[string]int{}
	for i, name := range header {
		columns[strings.ToLower(strings.TrimSpace(name))] = i
	}
	for _, name := range []string{"name", "key"} {
		if _, ok := columns[name]; !ok {
			return nil, apigw.Errorf(apigw.BadRequest, "The file of API keys has no column %s", name)
		}
	}
	return parseKeyRows(r, columns)
}

func parseKeyRows(r *csv.Reader, columns map[string]int) ([]importedKey, error) {
	var keys []importedKey
	seen := map[string]bool{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return keys, nil
		}
		if err != nil {
			return nil, apigw.Errorf(apigw.BadRequest, "The file of API keys can't be read: %v", err)
		}
		line, _ := r.FieldPos(0)
		k, err := parseKeyRow(row, columns)
		if err == nil && seen[k.key.Value] {
			err = apigw.Errorf(apigw.BadRequest, "its key is in the file twice")
		}
		if err != nil {
			return nil, apigw.Errorf(apigw.BadRequest, "Line %d of the file of API keys: %s", line, message(err))
		}
		seen[k.key.Value] = true
		keys = append(keys, k)
	}
}

func parseKeyRow(row []string, columns map[string]int) (importedKey, error) {
	column := func(name string) string {
		if i, ok := columns[name]; ok && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	k := importedKey{key: apigw.APIKey{
		Name: column("name"), Value: column("key"), Description: column("description"),
		Enabled: true, // unlike a key that is created (developer guide, the page above)
	}}
	switch enabled := strings.ToLower(column("enabled")); enabled {
	case "", "true":
	case "false":
		k.key.Enabled = false
	default:
		return k, apigw.Errorf(apigw.BadRequest, "Enabled is neither true nor false")
	}
	if len(k.key.Value) < minImportedValue {
		return k, apigw.Errorf(apigw.BadRequest, "API Key value should be at least %d characters", minImportedValue)
	}
	if err := checkKeyValue(k.key.Value); err != nil {
		return k, err
	}
	for id := range strings.SplitSeq(column("usageplanids"), ",") {
		if id = strings.TrimSpace(id); id != "" {
			k.plans = append(k.plans, apigw.UsagePlanID(id))
		}
		if len(k.plans) > maxImportPlans {
			return k, apigw.Errorf(apigw.BadRequest, "it names more than %d usage plans", maxImportPlans)
		}
	}
	return k, checkKey(&k.key)
}

// checkImportedPlans warns of plans that there aren't, and leaves them out.
func (c *Control) checkImportedPlans(ctx context.Context, scope apigw.Scope, keys []importedKey) ([]string, error) {
	var warnings []string
	more := 0
	known := map[apigw.UsagePlanID]bool{}
	plans, err := c.plans(ctx, scope)
	for _, p := range plans {
		known[p.ID] = true
	}
	for i := range keys {
		var exist []apigw.UsagePlanID
		for _, id := range keys[i].plans {
			switch {
			case known[id]:
				exist = append(exist, id)
			case len(warnings) == maxImportWarnings:
				more++
			default:
				warnings = append(warnings, fmt.Sprintf("Usage Plan %s doesn't exist. Ignoring it for API Key '%s'", id, keys[i].key.Name))
			}
		}
		keys[i].plans = exist
	}
	if more > 0 {
		warnings = append(warnings, fmt.Sprintf("and %d more usage plans that don't exist", more))
	}
	return warnings, err
}

// roomForImport refuses a file with more new keys than there is room for.
func (c *Control) roomForImport(ctx context.Context, scope apigw.Scope, keys []importedKey) error {
	s, err := c.beginScope(ctx, scope)
	if err != nil {
		return err
	}
	made := 0
	for i := range keys {
		id, err := c.keyOf(ctx, scope, keys[i].key.Value)
		if err != nil {
			return err
		}
		if id == "" {
			made++
		}
	}
	if n := s.counts.APIKeys + made; n > c.limits.APIKeys {
		return apigw.Errorf(apigw.LimitExceeded, "Maximum number of API keys for this account has been reached: %d", c.limits.APIKeys)
	}
	return nil
}

// importKey makes or changes one key and puts it into its plans.
func (c *Control) importKey(ctx context.Context, scope apigw.Scope, in *importedKey) (id apigw.APIKeyID, warnings []string, err error) {
	err = c.changeScope(ctx, scope, func(s *scopeChange) error {
		warnings = nil
		k := in.key
		id, err = c.keyOf(ctx, scope, k.Value)
		if err != nil {
			return err
		}
		var plans []*apigw.UsagePlan // that the key is in: a new one is in none
		if id == "" {
			if err := c.addKey(ctx, s, &k); err != nil {
				return err
			}
			id = k.ID
		} else if err := c.reimportKey(ctx, s, id, &k); err != nil {
			return err
		} else if plans, err = c.plansOf(ctx, scope, id); err != nil {
			return err
		}
		var added []apigw.PlanStage
		joined := 0
		for _, plan := range in.plans {
			p, err := c.readPlan(ctx, scope, plan)
			if err != nil {
				return err
			}
			if stage, shared := sharedStage(p.Stages, added); shared {
				warnings = append(warnings, message(keyInPlan(id, p, stage)))
				continue
			}
			switch err := c.join(s, p, id, plans, joined); apigw.KindOf(err) {
			case apigw.Conflict, apigw.LimitExceeded:
				warnings = append(warnings, message(err))
			default:
				if err != nil {
					return err
				}
				added = append(added, p.Stages...)
				joined++
			}
		}
		return nil
	})
	return id, warnings, err
}

// reimportKey changes the key that has the row's value.
func (c *Control) reimportKey(ctx context.Context, s *scopeChange, id apigw.APIKeyID, row *apigw.APIKey) error {
	k, sealed, err := c.readKey(ctx, s.scope, id, false)
	if err != nil {
		return err
	}
	k.Name, k.Description, k.Enabled, k.Updated = row.Name, row.Description, row.Enabled, c.seconds()
	return c.putKey(s, k, sealed)
}
