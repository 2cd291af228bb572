package mapping

import (
	"errors"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/vtl"
)

// TemplateLimits bound one rendering of a mapping template: what goes beyond
// them ends the rendering with an error, and the request with 500. The turns of
// a #foreach are AWS's quota (Amazon API Gateway quotas).
var TemplateLimits = vtl.Limits{Steps: 2_000_000, Depth: 100, Output: 10 << 20, Loop: 1000}

// The bounds of what templates ask of JSON while they are rendered: paths that
// are computed, and values that all the paths of a request visit.
const (
	maxPaths  = 64
	maxPath   = 4 << 10
	maxVisits = 10_000_000
)

// Rendering is what the templates of one request see, and what they leave to
// be done: overrides. It serves a request's two phases one after the other,
// and then, after Begin, another request.
type Rendering struct {
	// Input, Variables and Context are set by whoever renders. Body is the
	// body of the phase: the client's, then the integration's.
	Input     *Input
	Variables *StageVariables
	Context   Context
	Body      *Body

	// Request and Response are the overrides that templates set.
	Request, Response Overrides

	run     vtl.Run
	objects [4]vtl.Object
	phase   int
	text    string // of textOf
	textOf  *Body
	paths   map[string]*jsonpath.Path
	visits  int
	scratch []byte
}

// NewRendering is a Rendering for any number of requests, one after another.
func NewRendering() *Rendering {
	r := new(Rendering)
	r.objects = [4]vtl.Object{inputObject{}, utilObject{}, contextObject{}, variablesObject{}}
	r.run = vtl.Run{Objects: r.objects[:], Host: r, Limits: TemplateLimits}
	return r
}

// Begin readies r for a new request: it forgets what the last one left.
func (r *Rendering) Begin(in *Input, variables *StageVariables, context Context) {
	r.Input, r.Variables, r.Context, r.Body = in, variables, context, nil
	r.Request.reset()
	r.Response.reset()
	r.phase, r.visits, r.text, r.textOf = 0, maxVisits, "", nil
	clear(r.paths)
}

// Trace makes r report each step of its renderings; nil: it doesn't.
func (r *Rendering) Trace(report func(vtl.Step)) { r.run.Trace = report }

// beginTemplate begins a phase: an override of the phase before may be set
// again.
func (r *Rendering) beginTemplate() {
	r.phase++
	r.text, r.textOf = "", nil
}

// of is the Rendering that a run belongs to.
func of(run *vtl.Run) *Rendering { return run.Host.(*Rendering) }

// bodyText is the body as one string, made once.
func (r *Rendering) bodyText() string {
	if r.Body == nil {
		return string(emptyObject)
	}
	if r.textOf != r.Body {
		r.text, r.textOf = string(r.Body.Text()), r.Body
	}
	return r.text
}

// document is the body as JSON; nil when it is other text.
func (r *Rendering) document() (*jsonpath.Value, error) {
	if r.Body == nil {
		r.Body = new(Body)
	}
	return r.Body.JSON()
}

var errVisits = errors.New("the template's JSON paths visit too many values")

// find is what path names in the body: nil when it names nothing.
func (r *Rendering) find(path *jsonpath.Path) (*jsonpath.Value, error) {
	doc, err := r.document()
	if doc == nil {
		return nil, err
	}
	limits := BodyLimits
	limits.Nodes = min(limits.Nodes, r.visits)
	found, ok, err := path.Find(doc, limits)
	if err != nil || !ok {
		return nil, err
	}
	// An indefinite path may look at all of the body; a definite one at the
	// names on its way.
	cost := len(r.Body.text) / 4
	if path.Definite() {
		cost /= 512
	}
	if r.visits -= 1 + cost; r.visits <= 0 {
		return nil, errVisits
	}
	return found, nil
}

// path is a path that the template computed, compiled.
func (r *Rendering) path(text string) (*jsonpath.Path, error) {
	if p, ok := r.paths[text]; ok {
		return p, nil
	}
	if len(text) > maxPath {
		return nil, errors.New("the JSON path is too long")
	}
	p, err := jsonpath.Compile(text)
	if err != nil {
		return nil, err
	}
	if r.paths == nil {
		r.paths = map[string]*jsonpath.Path{}
	}
	if len(r.paths) < maxPaths {
		r.paths[text] = p
	}
	return p, nil
}
