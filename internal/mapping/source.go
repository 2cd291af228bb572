package mapping

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// Phase says which side of a call a mapping stands on: what it may read.
type Phase uint8

// The phases.
const (
	RequestPhase  Phase = iota // method.request.*
	ResponsePhase              // integration.response.*
	GatewayPhase               // method.request.*, in gateway responses
)

type sourceKind uint8

const (
	missing sourceKind = iota
	literal
	pathParam
	query
	multiQuery
	header
	multiHeader
	anyCaseHeader
	responseHeader
	multiResponseHeader
	requestBody
	responseBody
	variable

	// Of HTTP APIs' parameter mappings.
	anyCaseResponse
	requestPath
	plainPathParam // unescaped
	plainRequestBody
	plainResponseBody
)

// Source is one compiled source expression. The zero Source is always
// missing.
type Source struct {
	kind  sourceKind
	name  string // the parameter's, or the literal text
	known http1.Known
	v     exchange.Variable
	path  *jsonpath.Path // within a body; nil: all of it
}

// ParseSource compiles a source expression (Amazon API Gateway developer
// guide, "Parameter mapping source reference"). Stage variables are replaced
// by their values: an unset one is a Source that is always missing.
func ParseSource(expr string, phase Phase, stageVariables map[string]string) (Source, error) {
	if len(expr) >= 2 && expr[0] == '\'' && expr[len(expr)-1] == '\'' {
		return fixed(expr[1 : len(expr)-1])
	}
	if name, ok := strings.CutPrefix(expr, "stageVariables."); ok {
		value, set := stageVariables[name]
		if !set {
			return Source{}, nil
		}
		return fixed(value)
	}
	if name, ok := strings.CutPrefix(expr, "context."); ok {
		v, err := exchange.ParseVariable(name)
		if err != nil {
			return Source{}, err
		}
		return Source{kind: variable, v: v}, nil
	}
	prefix := "method.request."
	if phase == ResponsePhase {
		prefix = "integration.response."
	}
	if rest, ok := strings.CutPrefix(expr, prefix); ok {
		return messageSource(expr, rest, phase)
	}
	return Source{}, fmt.Errorf("%q is no source of a value here", expr)
}

func fixed(text string) (Source, error) {
	if !http1.ValidValue(text) {
		return Source{}, fmt.Errorf("the value %q holds a character that no header or query may", text)
	}
	return Source{kind: literal, name: text}, nil
}

var (
	requestKinds = map[string]sourceKind{"path": pathParam, "querystring": query, "header": header,
		"multivaluequerystring": multiQuery, "multivalueheader": multiHeader}
	responseKinds = map[string]sourceKind{"header": responseHeader, "multivalueheader": multiResponseHeader}
)

func messageSource(expr, rest string, phase Phase) (Source, error) {
	if path, ok := strings.CutPrefix(rest, "body"); ok && (path == "" || path[0] == '.' || path[0] == '[') {
		return bodySource(expr, path, phase)
	}
	where, name, _ := strings.Cut(rest, ".")
	kind, ok := requestKinds[where]
	if phase == ResponsePhase {
		kind, ok = responseKinds[where]
	}
	if !ok || name == "" {
		return Source{}, fmt.Errorf("%q is no source of a value here", expr)
	}
	return Source{kind: kind, name: name, known: http1.Lookup(name)}, nil
}

// Literal is the source's text when it is the same for every request.
func (s *Source) Literal() (string, bool) { return s.name, s.kind == literal }

// Escaped says that the source's values are escaped as in a URL already.
func (s *Source) Escaped() bool { return s.kind == pathParam }

// Input is where sources are read. What a phase has not is left nil.
type Input struct {
	X      *exchange.Exchange
	Params Params
	Query  *Query
	// Trace is the X-Amzn-Trace-Id that a method request shows.
	Trace    []byte
	Response *http1.Header
	// Body is the client's, ResponseBody the backend's; nil while there is
	// none.
	Body, ResponseBody *Body
	// Err is set once a source can't be read within its bounds: then the
	// request fails.
	Err error
	// Overrides are what a request template overrides; nil when there are none.
	Overrides *Overrides
	// Canonical says that well-known request headers count as sent in their
	// usual spelling, as edge-optimized endpoints have it (recorded on AWS).
	Canonical bool
}

// Params are the values of path parameters, escaped as sent.
type Params struct {
	Path  []byte
	Names []string
	Spans []Span // one for each name
}

// Get is the value of parameter name.
func (p *Params) Get(name string) ([]byte, bool) {
	for i, n := range p.Names {
		if n == name {
			return p.Spans[i].of(p.Path), true
		}
	}
	return nil, false
}

// Add adds a parameter.
func (p *Params) Add(name, value string) {
	from := len(p.Path)
	p.Path = append(p.Path, value...)
	p.Names = append(p.Names, name)
	p.Spans = append(p.Spans, Span{uint32(from), uint32(len(p.Path))})
}

// At is the value of parameter i.
func (p *Params) At(i int) []byte { return p.Spans[i].of(p.Path) }

// Append appends the source's value: the last of several, or all joined with
// ',' for the multivalue forms (recorded on AWS). It is false, and dst as it
// was, when the source is missing. Names are compared in their case (recorded
// on AWS).
func (s *Source) Append(dst []byte, in *Input) ([]byte, bool) {
	switch s.kind {
	case literal:
		return append(dst, s.name...), true
	case pathParam:
		v, ok := in.Params.Get(s.name)
		return append(dst, v...), ok
	case query:
		v, ok := in.Query.Last(s.name)
		return append(dst, v...), ok
	case multiQuery:
		return s.joinQuery(dst, in.Query)
	case header, multiHeader:
		return s.appendHeader(dst, in)
	case anyCaseHeader:
		return s.appendAnyCase(dst, in.X.Header)
	case responseHeader:
		return appendLast(dst, in.Response, s.name)
	case multiResponseHeader:
		return appendJoined(dst, in.Response, s.name)
	case requestBody:
		return s.appendBody(dst, in, in.Body)
	case responseBody:
		return s.appendBody(dst, in, in.ResponseBody)
	case anyCaseResponse, requestPath, plainPathParam, plainRequestBody, plainResponseBody:
		return s.appendRoute(dst, in)
	case variable:
		return in.X.Vars.AppendVariable(dst, in.X, s.v)
	}
	return dst, false
}

func (s *Source) joinQuery(dst []byte, q *Query) ([]byte, bool) {
	found := false
	for i := range q.Len() {
		if n, v := q.At(i); string(n) == s.name {
			if found {
				dst = append(dst, ',')
			}
			dst, found = append(dst, v...), true
		}
	}
	return dst, found
}

// AppendQuery appends "&name=value" for the source's value, escaped; the
// multivalue form of a query parameter gives one for each value (recorded on
// AWS). A missing source appends nothing.
func (s *Source) AppendQuery(dst []byte, name string, in *Input) []byte {
	if s.kind == multiQuery {
		for i := range in.Query.Len() {
			if n, v := in.Query.At(i); string(n) == s.name {
				dst = AppendQueryEscaped(appendName(dst, name), v)
			}
		}
		return dst
	}
	from := len(dst)
	dst = appendName(dst, name)
	value := len(dst)
	dst, ok := s.Append(dst, in)
	if !ok {
		return dst[:from]
	}
	return escapeTail(dst, value, s.Escaped())
}

// AppendQueryValue appends the source's value, escaped for a query.
func (s *Source) AppendQueryValue(dst []byte, in *Input) ([]byte, bool) {
	from := len(dst)
	dst, ok := s.Append(dst, in)
	if !ok {
		return dst[:from], false
	}
	return escapeTail(dst, from, s.Escaped()), true
}

// AppendPathValue appends the source's value, escaped for a path.
func (s *Source) AppendPathValue(dst []byte, in *Input) ([]byte, bool) {
	from := len(dst)
	dst, ok := s.Append(dst, in)
	if !ok {
		return dst[:from], false
	}
	end := len(dst)
	dst = AppendPathEscaped(dst, dst[from:end])
	return append(dst[:from], dst[end:]...), true
}

func appendName(dst []byte, name string) []byte {
	dst = append(dst, '&')
	for i := range len(name) {
		if c := name[i]; unreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return append(dst, '=')
}

// AppendQueryPair appends "&name=value", escaped, for a value that a template
// gave.
func AppendQueryPair(dst []byte, name, value string) []byte {
	return AppendQueryEscaped(appendName(dst, name), []byte(value))
}

// escapeTail escapes dst from from on in place. A value that is escaped
// already keeps its escapes.
func escapeTail(dst []byte, from int, escaped bool) []byte {
	end := len(dst)
	if escaped {
		for i := from; i < end; i++ {
			c := dst[i]
			if unreserved(c) || c == '%' && isEscape(dst[i:end]) {
				dst = append(dst, c)
			} else {
				dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
			}
		}
	} else {
		dst = AppendQueryEscaped(dst, dst[from:end])
	}
	return append(dst[:from], dst[end:]...)
}
