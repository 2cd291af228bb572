package restapi

import (
	"errors"
	"unicode/utf8"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

var (
	invalidJSON = &exchange.Fault{Kind: exchange.Default4XX, Status: 400, Message: mapping.ErrInvalidJSON.Error(), AfterIntegration: true}
	// invalidResponse is a backend's body that a mapping can't read (recorded on
	// AWS: 500).
	invalidResponse = integration.Misconfigured(errors.New("responseParameters read the body, which begins as a JSON object and is none"))
)

// mappedBodies are the bodies that mappings read.
type mappedBodies struct{ client, backend mapping.Body }

func (r *request) mappedBodies() *mappedBodies {
	if r.bodies == nil {
		r.bodies = new(mappedBodies)
	}
	return r.bodies
}

// mapClientBody makes the client's body, as text, the one that mappings read.
// Nobody reads one that is, or becomes, bytes. A body that begins as a JSON
// object must be one (recorded on AWS).
func (r *request) mapClientBody(convert integration.Conversion) *exchange.Fault {
	if f := r.readClientBody(convert); f != nil || r.input.Body == nil {
		return f
	}
	if _, err := r.input.Body.JSON(); err != nil {
		return invalidJSON
	}
	return nil
}

// readClientBody makes the client's body, as text, the one that mappings and
// templates read.
func (r *request) readClientBody(convert integration.Conversion) *exchange.Fault {
	if r.input.Body != nil {
		return nil
	}
	if f := r.readBody(); f != nil {
		return f
	}
	if text, ok := r.clientText(convert); ok {
		r.input.Body = &r.mappedBodies().client
		if !r.input.Body.Holds(text) { // a model may have been held against it
			r.input.Body.Set(text)
		}
	}
	return nil
}

// clientText is the client's body as text, without a copy where it is text.
func (r *request) clientText(convert integration.Conversion) ([]byte, bool) {
	binary := r.binaryRequest()
	if binary && convert != integration.ToText || convert == integration.ToBinary {
		return nil, len(r.body) == 0
	}
	if !binary && utf8.Valid(r.body) {
		return r.body, true
	}
	text, _, f := integration.ConvertRequest(nil, r.body, binary, convert)
	return text, f == nil
}

// mapBackendBody makes the backend's body, which is text, the one that
// mappings read.
func (r *request) mapBackendBody(text []byte, from backendAnswer) *exchange.Fault {
	b := &r.mappedBodies().backend
	b.Set(text)
	b.Nested = from.function
	r.input.ResponseBody = b
	if _, err := b.JSON(); err != nil {
		return invalidResponse
	}
	return nil
}

// mappingFault is the fault of a mapping that couldn't be done.
func (r *request) mappingFault() *exchange.Fault {
	if r.input.Err != nil {
		return integration.Misconfigured(r.input.Err)
	}
	return nil
}

// readBodies says that one of params reads a body.
func readBodies(params []mapping.Parameter) bool {
	for i := range params {
		if params[i].Source.ReadsBody() {
			return true
		}
	}
	return false
}
