package restapi

import (
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// mock answers without a backend.
type mock struct {
	request payloadRule
	answers answers
}

func (c *compiler) mock(place string, m *apigw.Method) backend {
	c.parameters(place, m.Integration.RequestParameters) // no effect, but they must mean something
	return &mock{c.payloadRule(place, m.Integration), c.answers(place, m)}
}

// noAnswer is the header of a mock's backend: it has none.
var noAnswer http1.Header

// serve reads the status code out of the rendered request: selection patterns
// see it. Without any request the default response is used. The response
// begins from an empty body, not from the mock's document (recorded on AWS).
func (m *mock) serve(r *request) *exchange.Fault {
	doc, f := m.request.render(r)
	if f != nil {
		return f
	}
	if len(doc) == 0 {
		return m.answers.answerDefault(r, backendAnswer{header: &noAnswer})
	}
	status, err := integration.MockStatus(doc)
	if err != nil {
		return integration.Misconfigured(err)
	}
	return m.answers.answer(r, status, backendAnswer{header: &noAnswer})
}
