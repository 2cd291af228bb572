package restapi

import (
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// mock answers without a backend.
type mock struct{ *shape }

// mockStatus is the status code that a template's text holds.
type mockStatus struct {
	template *mapping.Template
	status   []byte
	err      error
}

func (c *compiler) mock(place string, m *apigw.Method) backend {
	c.parameters(place, m.Integration.RequestParameters) // no effect, but they must mean something
	return mock{c.shape(place, m)}
}

// mockStatuses reads the status code in every template whose text is fixed.
func (c *compiler) mockStatuses(place string, templates *mapping.Templates) (fixed []mockStatus) {
	for t := range templates.All() {
		text, ok := t.Fixed()
		if !ok {
			continue
		}
		status, err := integration.MockStatus(text)
		if err != nil {
			c.warn(place, "requestTemplates "+t.MediaType+": "+err.Error()+"; every request that uses it will be answered with 500")
		}
		fixed = append(fixed, mockStatus{t, status, err})
	}
	return fixed
}

// noAnswer is the header of a mock's backend: it has none.
var noAnswer http1.Header

// serve reads the status code out of the rendered request: selection patterns
// see it. Without any request the default response is used. The response
// begins from an empty body, not from the mock's document (recorded on AWS).
func (m mock) serve(r *request) *exchange.Fault {
	r.x.Outcome.Integration.Type = string(apigw.IntegrationMock)
	if r.x.Explaining() {
		r.x.Decide("integration", string(apigw.IntegrationMock), "answers without a backend")
	}
	doc, t, f := m.request.render(r)
	if f != nil {
		return f
	}
	if len(doc) == 0 {
		return m.answers.answerDefault(r, backendAnswer{header: &noAnswer})
	}
	status, err := m.status(t, doc)
	if err != nil {
		return integration.Misconfigured(err)
	}
	if code, err := strconv.Atoi(string(status)); err == nil {
		r.x.Outcome.Integration.Status = code
	}
	return m.answers.answer(r, status, backendAnswer{header: &noAnswer})
}

// status is the code in doc, the text of t if that is not nil.
func (m mock) status(t *mapping.Template, doc []byte) ([]byte, error) {
	for i := range m.fixed {
		if m.fixed[i].template == t {
			return m.fixed[i].status, m.fixed[i].err
		}
	}
	return integration.MockStatus(doc)
}
