package mapping

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// ParseRouteSource compiles an identity source of an HTTP API's authorizer:
// $request.header.NAME, $request.querystring.NAME, $context.NAME or
// $stageVariables.NAME (API Gateway V2 reference, "Authorizer"). Fields are found
// whatever the case of their names; of several values all count, with commas
// between, as HTTP APIs show them. An unset stage variable is a Source that is
// always missing.
func ParseRouteSource(expr string, stageVariables map[string]string) (Source, error) {
	return identitySource(expr, "$request.", "$", stageVariables)
}

// ParseConnectSource is ParseRouteSource for WebSocket APIs:
// route.request.header.NAME, route.request.querystring.NAME, context.NAME or
// stageVariables.NAME.
func ParseConnectSource(expr string, stageVariables map[string]string) (Source, error) {
	return identitySource(expr, "route.request.", "", stageVariables)
}

func identitySource(expr, request, prefix string, stageVariables map[string]string) (Source, error) {
	for _, known := range []struct {
		prefix string
		source func(name string) (Source, error)
	}{
		{request + "header.", func(name string) (Source, error) {
			return Source{kind: anyCaseHeader, name: name, known: http1.Lookup(name)}, nil
		}},
		{request + "querystring.", func(name string) (Source, error) {
			return Source{kind: multiQuery, name: name}, nil
		}},
		{prefix + "stageVariables.", func(name string) (Source, error) {
			value, set := stageVariables[name]
			if !set {
				return Source{}, nil
			}
			return Source{kind: literal, name: value}, nil
		}},
		{prefix + "context.", func(name string) (Source, error) {
			v, err := exchange.ParseRouteVariable(name)
			return Source{kind: variable, v: v}, err
		}},
	} {
		if name, ok := strings.CutPrefix(expr, known.prefix); ok && name != "" {
			return known.source(name)
		}
	}
	return Source{}, fmt.Errorf("%q is no identity source: %sheader.NAME, %squerystring.NAME, %scontext.NAME or %sstageVariables.NAME", expr, request, request, prefix, prefix)
}

// appendAnyCase appends the values of a field, whatever the case of its name.
func (s *Source) appendAnyCase(dst []byte, h *http1.Header) ([]byte, bool) {
	found := false
	for i := h.Index(s.name, 0); i >= 0; i = h.Index(s.name, i+1) {
		if found {
			dst = append(dst, ',')
		}
		_, v := h.At(i)
		dst, found = append(dst, v...), true
	}
	return dst, found
}

// ParseConnectionParameter compiles an entry of requestParameters of an
// integration of a WebSocket API (developer guide, "WebSocket API data
// mapping"). Fields and query of the client are there while it connects alone;
// a body is a message's.
func ParseConnectionParameter(target, source string, stageVariables map[string]string) (Parameter, error) {
	for _, t := range targetPrefixes {
		name, ok := strings.CutPrefix(target, t.prefix)
		if !ok || t.phase != RequestPhase {
			continue
		}
		if name == "" || t.place == InHeader && !SendableName(name) {
			break
		}
		s, err := parseConnectionValue(source, stageVariables)
		return Parameter{t.place, name, s}, err
	}
	return Parameter{}, fmt.Errorf("%q is no target of a mapping here", target)
}

func parseConnectionValue(source string, stageVariables map[string]string) (Source, error) {
	if name, ok := strings.CutPrefix(source, "context."); ok {
		v, err := exchange.ParseConnectionVariable(name)
		return Source{kind: variable, v: v}, err
	}
	if rest, ok := strings.CutPrefix(source, "route.request."); ok {
		s, err := messageSource(source, rest, RequestPhase)
		if s.kind == pathParam && err == nil {
			err = fmt.Errorf("%q: a WebSocket API has no path parameters", source)
		}
		return s, err
	}
	if strings.HasPrefix(source, "method.request.") {
		return Source{}, fmt.Errorf("%q is no source of a value here", source)
	}
	return ParseSource(source, RequestPhase, stageVariables)
}
