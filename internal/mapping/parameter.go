package mapping

import (
	"fmt"
	"strings"
)

// Place is where a mapped value goes.
type Place uint8

// The places.
const (
	InPath Place = iota
	InQuery
	InHeader
)

// Parameter is one compiled mapping: a target and where its value comes from.
type Parameter struct {
	Place  Place
	Name   string
	Source Source
}

// targetPrefix is what a mapping's key begins with, in a phase.
type targetPrefix struct {
	phase  Phase
	prefix string
	place  Place
}

var targetPrefixes = []targetPrefix{
	{RequestPhase, "integration.request.path.", InPath},
	{RequestPhase, "integration.request.querystring.", InQuery},
	{RequestPhase, "integration.request.header.", InHeader},
	{ResponsePhase, "method.response.header.", InHeader},
	{GatewayPhase, "gatewayresponse.header.", InHeader},
}

// ParseParameter compiles one entry of requestParameters or
// responseParameters.
func ParseParameter(target, source string, phase Phase, stageVariables map[string]string) (Parameter, error) {
	for _, t := range targetPrefixes {
		name, ok := strings.CutPrefix(target, t.prefix)
		if !ok || t.phase != phase {
			continue
		}
		if name == "" || t.place == InHeader && !SendableName(name) {
			return Parameter{}, fmt.Errorf("%q names no parameter", target)
		}
		s, err := ParseSource(source, phase, stageVariables)
		return Parameter{t.place, name, s}, err
	}
	return Parameter{}, fmt.Errorf("%q is no target of a mapping here", target)
}
