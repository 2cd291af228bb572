package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// MaxRouteBody is how many bytes of a body a JSONPath of an HTTP API's mapping
// sees: what is longer is cut before it is read, and then is no JSON (developer
// guide, "Transform API requests and responses for HTTP APIs").
const MaxRouteBody = 100 << 10

// RouteValue is a compiled value of an HTTP API's parameter mapping: texts and
// sources one after another.
type RouteValue struct {
	parts []routePart
}

// routePart is a text, or a source.
type routePart struct {
	text   string
	expr   string // the source as written, $request.body.id; empty: a text
	source Source
	place  jsonPlace
}

// jsonPlace is where in a JSON text a source stands.
type jsonPlace uint8

const (
	noJSON jsonPlace = iota
	inString
	asValue
)

// ParseRouteValue compiles a value: "$request.header.id" alone, or any text with
// "${request.header.id}" in it, as often as one likes (developer guide,
// "Transform API requests and responses for HTTP APIs"). In a text that is JSON,
// what stands in one of its strings is escaped, so that no client's value ends
// the string.
func ParseRouteValue(text string, phase Phase, stageVariables map[string]string) (RouteValue, error) {
	var v RouteValue
	if len(text) > 1 && text[0] == '$' && letter(text[1]) {
		return v, v.addSource(text, phase, stageVariables)
	}
	for text != "" {
		at := strings.Index(text, "${")
		if at < 0 {
			break
		}
		end := strings.IndexByte(text[at:], '}')
		if end < 0 {
			return v, invalidExpression(text[at:])
		}
		v.addText(text[:at])
		if err := v.addSource("$"+text[at+2:at+end], phase, stageVariables); err != nil {
			return v, err
		}
		text = text[at+end+1:]
	}
	v.addText(text)
	v.findJSON()
	return v, nil
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func startsJSON(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n")
	return text != "" && (text[0] == '{' || text[0] == '[')
}

// findJSON finds out whether the texts are JSON, with a value wherever a source
// stands outside of a string, and tells the sources where they stand.
func (v *RouteValue) findJSON() {
	if len(v.parts) < 2 || v.parts[0].expr != "" || !startsJSON(v.parts[0].text) {
		return
	}
	var scan jsonStrings
	var text []byte
	places := make([]jsonPlace, len(v.parts))
	for i := range v.parts {
		switch {
		case v.parts[i].expr == "":
			scan.read(v.parts[i].text)
			text = append(text, v.parts[i].text...)
		case scan.inside:
			places[i] = inString
		default:
			places[i] = asValue
			text = append(text, "null"...)
		}
	}
	if !json.Valid(text) {
		return
	}
	for i := range v.parts {
		v.parts[i].place = places[i]
	}
}

// jsonStrings knows whether the end of what it has read is in a string of a
// JSON text.
type jsonStrings struct{ inside, escaped bool }

func (j *jsonStrings) read(text string) {
	for i := range len(text) {
		switch {
		case j.escaped:
			j.escaped = false
		case text[i] == '\\' && j.inside:
			j.escaped = true
		case text[i] == '"':
			j.inside = !j.inside
		}
	}
}

func (v *RouteValue) addText(text string) {
	if text != "" {
		v.parts = append(v.parts, routePart{text: text})
	}
}

func (v *RouteValue) addSource(expr string, phase Phase, stageVariables map[string]string) error {
	s, err := routeSource(expr, phase, stageVariables)
	if err != nil {
		return err
	}
	v.parts = append(v.parts, routePart{expr: expr, source: s})
	return nil
}

// invalidExpression is a value that can't be read, in the words that AWS has for
// REST APIs' (recorded on AWS).
func invalidExpression(expr string) error {
	return fmt.Errorf("Invalid mapping expression specified: %.256q", expr)
}

// routeSource compiles one expression, with its "$".
func routeSource(expr string, phase Phase, stageVariables map[string]string) (Source, error) {
	if name, ok := strings.CutPrefix(expr, "$stageVariables."); ok && name != "" {
		value, set := stageVariables[name]
		if !set {
			return Source{}, nil
		}
		return Source{kind: literal, name: value}, nil
	}
	if name, ok := strings.CutPrefix(expr, "$context."); ok && name != "" {
		return routeVariable(expr, name)
	}
	message, body := "$request.", plainRequestBody
	if phase == ResponsePhase {
		message, body = "$response.", plainResponseBody
	}
	rest, ok := strings.CutPrefix(expr, message)
	if !ok {
		return Source{}, invalidExpression(expr)
	}
	if path, ok := strings.CutPrefix(rest, "body"); ok && (path == "" || path[0] == '.' || path[0] == '[') {
		return routeBodySource(expr, path, body)
	}
	if phase == ResponsePhase {
		if name, ok := strings.CutPrefix(rest, "header."); ok && name != "" {
			return Source{kind: anyCaseResponse, name: name}, nil
		}
		return Source{}, invalidExpression(expr)
	}
	return requestSource(expr, rest)
}

func requestSource(expr, rest string) (Source, error) {
	if rest == "path" {
		return Source{kind: requestPath}, nil
	}
	where, name, _ := strings.Cut(rest, ".")
	kind, ok := map[string]sourceKind{"header": anyCaseHeader, "querystring": multiQuery, "path": plainPathParam}[where]
	if !ok || name == "" {
		return Source{}, invalidExpression(expr)
	}
	return Source{kind: kind, name: name, known: http1.Lookup(name)}, nil
}

// routeVariable resolves a variable: any that an access log may show.
func routeVariable(expr, name string) (Source, error) {
	v, err := exchange.ParseRouteVariable(name)
	if err != nil {
		if v = exchange.ParseLogVariable(name); !v.Documented() {
			return Source{}, invalidExpression(expr)
		}
	}
	return Source{kind: variable, v: v}, nil
}

var errPathKind = errors.New("paths with recursive descent (..) or filters (?()) are not supported")

// routeBodySource compiles a body or a JSONPath in it that lacks its "$". The
// two kinds of paths that AWS refuses are refused.
func routeBodySource(expr, path string, kind sourceKind) (Source, error) {
	s := Source{kind: kind}
	if path == "" {
		return s, nil
	}
	if strings.Contains(path, "..") || strings.Contains(path, "?(") {
		return s, fmt.Errorf("%w: %w", invalidExpression(expr), errPathKind)
	}
	var err error
	if s.path, err = jsonpath.Compile("$" + path); err != nil {
		return s, fmt.Errorf("%w: %w", invalidExpression(expr), err)
	}
	return s, nil
}

// appendRoute appends what only HTTP APIs' mappings read.
func (s *Source) appendRoute(dst []byte, in *Input) ([]byte, bool) {
	switch s.kind {
	case anyCaseResponse:
		if in.Response == nil {
			return dst, false
		}
		return s.appendAnyCase(dst, in.Response)
	case requestPath:
		if len(in.X.Address.StagePath) == 0 {
			return append(dst, '/'), true
		}
		return append(dst, in.X.Address.StagePath...), true
	case plainPathParam:
		v, ok := in.Params.Get(s.name)
		return AppendPathUnescaped(dst, v), ok
	case plainRequestBody:
		return s.appendPlainBody(dst, in, in.Body)
	}
	return s.appendPlainBody(dst, in, in.ResponseBody)
}

// appendPlainBody is appendBody for HTTP APIs, where an empty body is nothing
// rather than an object without members.
func (s *Source) appendPlainBody(dst []byte, in *Input, b *Body) ([]byte, bool) {
	if b == nil || len(b.text) == 0 {
		return dst, false
	}
	return s.appendBody(dst, in, b)
}

// AppendPathUnescaped appends what a part of a path stands for: %20 is a blank,
// and '+' itself.
func AppendPathUnescaped(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && isEscape(b[i:]) {
			dst = append(dst, unhex(b[i+1])<<4|unhex(b[i+2]))
			i += 2
			continue
		}
		dst = append(dst, b[i])
	}
	return dst
}

// ReadsBody says that a part is a body's: then Input's Body or ResponseBody must
// be set.
func (v *RouteValue) ReadsBody() bool {
	for i := range v.parts {
		if v.parts[i].source.ReadsBody() {
			return true
		}
	}
	return false
}

// Fixed is the value when it is the same for every request of a stage: made of
// texts and stage variables alone.
func (v *RouteValue) Fixed() (text string, ok bool) {
	for i := range v.parts {
		p := &v.parts[i]
		switch {
		case p.expr == "":
			text += p.text
		case p.source.kind == literal:
			text += p.source.name
		case p.source.kind != missing:
			return "", false
		}
	}
	return text, true
}

// Append appends the value; a source that is missing is empty text. It is false
// when nothing came of it: then missing is the first source that gave nothing,
// as it is written.
func (v *RouteValue) Append(dst []byte, in *Input) (out []byte, missing string, ok bool) {
	return v.append(dst, in, false)
}

// AppendPath is Append for a path: what may not stand in one is escaped, and
// path parameters keep the escapes that they came with, so that none becomes a
// slash.
func (v *RouteValue) AppendPath(dst []byte, in *Input) (out []byte, missing string, ok bool) {
	return v.append(dst, in, true)
}

func (v *RouteValue) append(dst []byte, in *Input, path bool) (out []byte, missing string, ok bool) {
	from := len(dst)
	for i := range v.parts {
		p := &v.parts[i]
		mark := len(dst)
		switch {
		case p.expr == "":
			dst = append(dst, p.text...)
		case path && p.source.kind == plainPathParam:
			raw, _ := in.Params.Get(p.source.name)
			dst = append(dst, raw...)
		default:
			dst, _ = p.source.Append(dst, in)
		}
		if len(dst) == mark && p.expr != "" && missing == "" {
			missing = p.expr
		}
		switch {
		case p.place == inString && len(dst) > mark:
			dst = quoteTail(dst, mark)
		case p.place == asValue && !json.Valid(dst[mark:]):
			dst = append(dst[:mark], "null"...)
		}
		if path {
			dst = pathTail(dst, mark)
		}
	}
	return dst, missing, len(dst) > from
}

// quoteTail escapes dst from mark on as the inside of a JSON string.
func quoteTail(dst []byte, mark int) []byte {
	end := len(dst)
	dst = jsonpath.AppendText(dst, dst[mark:end])
	inside := dst[end+1 : len(dst)-1]
	return append(dst[:mark], inside...)
}

func pathTail(dst []byte, mark int) []byte {
	end := len(dst)
	dst = AppendPathEscaped(dst, dst[mark:end])
	return append(dst[:mark], dst[end:]...)
}
