package mapping

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/http1"
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

// targetPrefixes are what a mapping's key begins with, in each phase.
var targetPrefixes = map[Phase]map[string]Place{
	RequestPhase: {
		"integration.request.path.":        InPath,
		"integration.request.querystring.": InQuery,
		"integration.request.header.":      InHeader,
	},
	ResponsePhase: {"method.response.header.": InHeader},
	GatewayPhase:  {"gatewayresponse.header.": InHeader},
}

// ParseParameter compiles one entry of requestParameters or
// responseParameters.
func ParseParameter(target, source string, phase Phase, stageVariables map[string]string) (Parameter, error) {
	for prefix, place := range targetPrefixes[phase] {
		name, ok := strings.CutPrefix(target, prefix)
		if !ok {
			continue
		}
		if name == "" || place == InHeader && !http1.ValidName(name) {
			return Parameter{}, fmt.Errorf("%q names no parameter", target)
		}
		s, err := ParseSource(source, phase, stageVariables)
		return Parameter{place, name, s}, err
	}
	return Parameter{}, fmt.Errorf("%q is no target of a mapping here", target)
}
