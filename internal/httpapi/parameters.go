package httpapi

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// parameters is an integration's parameter mapping (developer guide, "Transform
// API requests and responses for HTTP APIs").
type parameters struct {
	changes   []mapping.RouteChange         // of requests
	answers   map[int][]mapping.RouteChange // of answers, by the integration's status
	fields    bool                          // changes change fields
	queries   bool                          // changes change the query
	readsBody bool                          // changes read the client's body
	readsBack bool                          // answers read the integration's
}

// compileParameters is the parameter mapping of an integration; nil: it has none.
// The request parameters of an AWS service's action are the action's own.
func (c *compiler) compileParameters(place string, i *apigw.RouteIntegration) mapper {
	p, err := parseParameters(i, c.vars)
	if err != nil {
		c.refuse(place, err.Error())
		return nil
	}
	if len(p.changes) == 0 && len(p.answers) == 0 {
		return nil
	}
	return p
}

func parseParameters(i *apigw.RouteIntegration, vars map[string]string) (*parameters, error) {
	p := &parameters{answers: map[int][]mapping.RouteChange{}}
	var err error
	if i.Subtype == "" {
		if p.changes, err = mapping.ParseRouteChanges(i.RequestParameters, mapping.RequestPhase, vars); err != nil {
			return nil, fmt.Errorf("requestParameters %w", err)
		}
	}
	for n := range p.changes {
		c := &p.changes[n]
		p.fields = p.fields || c.Place == mapping.InHeader
		p.queries = p.queries || c.Place == mapping.InQuery
		p.readsBody = p.readsBody || c.Value.ReadsBody()
	}
	for _, code := range slices.Sorted(maps.Keys(i.ResponseParameters)) {
		status, ok := mapping.ParseStatus(string(code))
		if !ok {
			return nil, fmt.Errorf("responseParameters: %.64q is no status code from 200 to 599", code)
		}
		list, err := mapping.ParseRouteChanges(i.ResponseParameters[code], mapping.ResponsePhase, vars)
		if err != nil {
			return nil, fmt.Errorf("responseParameters of %s: %w", code, err)
		}
		for n := range list {
			p.readsBack = p.readsBack || list[n].Value.ReadsBody()
		}
		p.answers[status] = list
	}
	return p, nil
}

func (p *parameters) readsAnswer() bool { return p.readsBack }

// mappedBodies are the bodies that mappings read.
type mappedBodies struct{ client, backend mapping.Body }

// readMapped makes the client's body the one that mappings read.
func (r *Request) readMapped() *exchange.Fault {
	if f := r.readBody(); f != nil {
		return f
	}
	if r.mapped == nil {
		r.mapped = new(mappedBodies)
	}
	b := &r.mapped.client
	b.Limit = mapping.MaxRouteBody
	b.Set(r.body)
	r.input.Body = b
	return nil
}

// request makes r.out what the integration is to get. Every value is read from
// the client's request, which stays as it is; a change whose value is empty does
// nothing.
func (p *parameters) request(r *Request) *exchange.Fault {
	if len(p.changes) == 0 {
		return nil
	}
	if p.readsBody {
		if f := r.readMapped(); f != nil {
			return f
		}
	}
	if p.fields {
		r.out.changed.Reset()
		integration.PassFields(&r.out.changed, r.X.Header, connectionField)
		r.out.Header = &r.out.changed
	}
	for n := range p.changes {
		c := &p.changes[n]
		var f *exchange.Fault
		switch c.Place {
		case mapping.InHeader:
			f = r.changeField(c)
		case mapping.InPath:
			r.changePath(c)
		}
		if f != nil {
			return f
		}
	}
	if p.queries {
		r.changeQuery(p.changes)
	}
	if len(r.out.Path) > maxMapped || len(r.out.Query) > maxMapped {
		return serving.Unreadable
	}
	if r.X.Explaining() {
		r.decideMapping("request mapping", p.changes)
	}
	return r.unmapped()
}

// connectionField tells the field that calls others hop-by-hop. The client's says
// nothing of those that are mapped: it would take from the backend what the API
// sets.
func connectionField(_ []byte, k http1.Known) bool { return k == http1.NameConnection }

// maxMapped bounds a path or a query that was mapped, in bytes: of a body, much
// more could be mapped there than a client may send.
const maxMapped = 2 * maxHeaders

// decideMapping tells what was mapped. It is only called for requests that are
// explained.
func (r *Request) decideMapping(step string, changes []mapping.RouteChange) {
	for n := range changes {
		c, result := &changes[n], "done"
		if c.Operation != mapping.RouteRemove {
			if _, missing, ok := c.Value.Append(nil, &r.input); !ok {
				result = "left out: " + missing + " is nothing"
			}
		}
		r.X.Decide(step, result, c.Key)
	}
}

// unmapped is the fault of a mapping that couldn't be read within its bounds.
func (r *Request) unmapped() *exchange.Fault {
	if r.input.Err != nil {
		return integration.Misconfigured(r.input.Err)
	}
	return nil
}

// changeField does one change of a field of r.out.
func (r *Request) changeField(c *mapping.RouteChange) *exchange.Fault {
	value, f, ok := r.fieldValue(c)
	if f != nil || !ok {
		return f
	}
	changeField(&r.out.changed, c, value)
	if http1.Lookup(c.Name) == http1.NameHost {
		r.out.Host = append([]byte(nil), value...)
	}
	return nil
}

// fieldValue is the value of a change of a field, in r.scratch. One that would
// break the message apart is refused, as a client may have brought it.
func (r *Request) fieldValue(c *mapping.RouteChange) (value []byte, f *exchange.Fault, ok bool) {
	if c.Operation == mapping.RouteRemove {
		return nil, nil, true
	}
	value, _, ok = c.Value.Append(r.scratch[:0], &r.input)
	r.scratch = value
	if len(value) > maxHeaders || !http1.ValidValue(value) {
		return nil, serving.Unreadable, false
	}
	return value, nil, ok
}

func changeField(h *http1.Header, c *mapping.RouteChange, value []byte) {
	switch c.Operation {
	case mapping.RouteRemove:
		h.Del(c.Name)
		return
	case mapping.RouteOverwrite:
		h.Del(c.Name)
	}
	at := len(value)
	value = append(value, c.Name...)
	h.AddBytes(value[at:], value[:at])
}

func (r *Request) changePath(c *mapping.RouteChange) {
	path, _, ok := c.Value.AppendPath(r.scratch[:0], &r.input)
	r.scratch = path
	if !ok {
		return
	}
	var whole []byte
	if path[0] != '/' {
		whole = append(whole, '/')
	}
	r.out.Path = append(whole, path...)
}

// changeQuery puts the query of r.out together anew: the client's pairs, but for
// those that are removed or overwritten, then what is overwritten, then what is
// appended.
func (r *Request) changeQuery(changes []mapping.RouteChange) {
	dst := r.out.memory[:0]
next:
	for i := range r.Query.Len() {
		name, value := r.Query.At(i)
		for n := range changes {
			if c := &changes[n]; c.Place == mapping.InQuery && c.Operation != mapping.RouteAppend && c.Name == string(name) && r.changes(c) {
				continue next
			}
		}
		dst = mapping.AppendQueryEscaped(append(dst, '&'), name)
		dst = mapping.AppendQueryEscaped(append(dst, '='), value)
	}
	for n := range changes {
		c := &changes[n]
		if c.Place != mapping.InQuery || c.Operation == mapping.RouteRemove {
			continue
		}
		value, _, ok := c.Value.Append(r.scratch[:0], &r.input)
		if r.scratch = value; ok {
			dst = mapping.AppendQueryPair(dst, c.Name, string(value))
		}
	}
	r.out.memory, r.out.Query = dst, nil
	if len(dst) > 0 {
		r.out.Query = dst[1:]
	}
}

// changes says whether a change does anything: a remove does, another when it has
// a value.
func (r *Request) changes(c *mapping.RouteChange) bool {
	if c.Operation == mapping.RouteRemove {
		return true
	}
	value, _, ok := c.Value.Append(r.scratch[:0], &r.input)
	r.scratch = value
	return ok
}

var errMappedStatus = errors.New("overwrite:statuscode gave no status code from 200 to 599")

// response changes the answer that the integration gave. Values are read from
// that answer as it was.
func (p *parameters) response(r *Request) *exchange.Fault {
	resp := &r.X.Response
	changes := p.answers[resp.Status]
	if len(changes) == 0 {
		return nil
	}
	r.event.header.CopyFrom(&resp.Header)
	r.input.Response = &r.event.header
	if p.readsBack {
		r.readAnswer()
	}
	if r.X.Explaining() {
		r.decideMapping("response mapping", changes)
	}
	for n := range changes {
		c := &changes[n]
		value, f, ok := r.fieldValue(c)
		switch {
		case f != nil: // the integration's, not the client's
			return integration.Misconfigured(fmt.Errorf("responseParameters give %s a value that no field may have", c.Name))
		case !ok:
		case c.Place == mapping.InHeader:
			changeField(&resp.Header, c, value)
		default:
			status, good := mapping.ParseStatus(value)
			if !good {
				return integration.Misconfigured(errMappedStatus)
			}
			resp.Status = status
		}
	}
	return r.unmapped()
}

// readAnswer makes the integration's body the one that mappings read.
func (r *Request) readAnswer() {
	if r.mapped == nil {
		r.mapped = new(mappedBodies)
	}
	b := &r.mapped.backend
	b.Limit = mapping.MaxRouteBody
	b.Set(r.X.Response.Body)
	r.input.ResponseBody = b
}
