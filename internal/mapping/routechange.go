package mapping

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// RouteOperation is what an HTTP API's mapping does to its target. They are done
// in the order of their numbers, so that one map renames a field: append the new
// from the old, remove the old (developer guide's example).
type RouteOperation uint8

// The operations.
const (
	RouteRemove RouteOperation = iota
	RouteOverwrite
	RouteAppend
)

var routeOperations = map[string]RouteOperation{"remove": RouteRemove, "overwrite": RouteOverwrite, "append": RouteAppend}

// InStatus is the place of overwrite:statuscode.
const InStatus Place = InHeader + 1

// RouteChange is one entry of an HTTP API's requestParameters, or of its
// responseParameters for one status.
type RouteChange struct {
	Key       string // as written: "append:header.x-id"
	Operation RouteOperation
	Place     Place
	Name      string // of the field or query parameter
	Value     RouteValue
}

// ParseRouteChanges compiles the parameters of one phase, in the order that they
// are done in. An error names the key, and is one of those for which AWS refuses
// the call that brings it (400).
func ParseRouteChanges(params map[string]string, phase Phase, stageVariables map[string]string) ([]RouteChange, error) {
	var list []RouteChange
	for _, key := range slices.Sorted(maps.Keys(params)) {
		c, err := parseRouteChange(key, params[key], phase, stageVariables)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b RouteChange) int { return cmp.Compare(a.Operation, b.Operation) })
	return list, nil
}

func parseRouteChange(key, value string, phase Phase, stageVariables map[string]string) (c RouteChange, err error) {
	c.Key = key
	operation, target, _ := strings.Cut(key, ":")
	var known bool
	if c.Operation, known = routeOperations[operation]; !known {
		return c, fmt.Errorf("%.64q is none of append, overwrite and remove", operation)
	}
	if err := c.parseTarget(target, phase); err != nil {
		return c, err
	}
	if c.Operation == RouteRemove {
		if value != "" && value != "''" {
			return c, fmt.Errorf("the value of a remove is '', not %.64q", value)
		}
		return c, nil
	}
	if c.Value, err = ParseRouteValue(value, phase, stageVariables); err != nil {
		return c, err
	}
	return c, c.checkLiteral()
}

func (c *RouteChange) parseTarget(target string, phase Phase) error {
	place, name, named := strings.Cut(target, ".")
	switch {
	case place == "header" && name != "":
		c.Place, c.Name = InHeader, name
		return c.checkHeader(phase)
	case place == "querystring" && name != "" && phase == RequestPhase:
		c.Place, c.Name = InQuery, name
		return nil
	case place == "path" && !named && phase == RequestPhase && c.Operation == RouteOverwrite:
		c.Place = InPath
		return nil
	case place == "statuscode" && !named && phase == ResponsePhase && c.Operation == RouteOverwrite:
		c.Place = InStatus
		return nil
	case phase == RequestPhase:
		return fmt.Errorf("%.128q is no target of a request: header.NAME, querystring.NAME, or path with overwrite", target)
	}
	return fmt.Errorf("%.128q is no target of a response: header.NAME, or statuscode with overwrite", target)
}

// reservedFields are the fields that no mapping changes (developer guide,
// "Reserved headers"), in lower case; what ends in '-' is a beginning.
var reservedFields = []string{
	"access-control-", "apigw-", "authorization", "connection", "content-encoding", "content-length", "content-location", "forwarded",
	"keep-alive", "origin", "proxy-authenticate", "proxy-authorization", "te", "trailer", "trailers", "transfer-encoding", "upgrade",
	"x-amz-", "x-amzn-", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via",
}

func (c *RouteChange) checkHeader(phase Phase) error {
	lower := strings.ToLower(c.Name)
	for _, reserved := range reservedFields {
		if lower == reserved || strings.HasSuffix(reserved, "-") && strings.HasPrefix(lower, reserved) {
			return fmt.Errorf("Operations on header %.128s are restricted", c.Name)
		}
	}
	switch {
	case !SendableName(c.Name):
		return fmt.Errorf("%.128q is no name of a header", c.Name)
	case lower == "host" && (phase != RequestPhase || c.Operation != RouteOverwrite):
		// There is one Host, always, and none in an answer.
		return fmt.Errorf("the header host can only be overwritten, and only of requests")
	}
	return nil
}

// checkLiteral refuses a text that can't stand where it is to go.
func (c *RouteChange) checkLiteral() error {
	for i := range c.Value.parts {
		p := &c.Value.parts[i]
		if c.Place == InHeader && p.expr == "" && !http1.ValidValue(p.text) {
			return fmt.Errorf("the value %.128q holds a character that no header may", p.text)
		}
	}
	text, fixed := c.Value.Fixed()
	if _, ok := ParseStatus(text); c.Place == InStatus && fixed && text != "" && !ok {
		return fmt.Errorf("%.64q is no status code from 200 to 599", text)
	}
	if c.Place == InPath && len(c.Value.parts) > 0 && c.Value.parts[0].expr == "" && c.Value.parts[0].text[0] != '/' {
		return fmt.Errorf("the path %.128q doesn't begin with a slash", c.Value.parts[0].text)
	}
	return nil
}

// ParseStatus reads a status code, 200 to 599.
func ParseStatus[T string | []byte](text T) (status int, ok bool) {
	if len(text) != 3 {
		return 0, false
	}
	n, err := strconv.Atoi(string(text))
	return n, err == nil && n >= 200 && n <= 599
}
