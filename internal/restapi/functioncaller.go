package restapi

import (
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// functionCaller is whom i invokes its function as. An error means that i may
// not use the role that it names.
func (c *compiler) functionCaller(m *method, i *apigw.Integration, function string) (integration.FunctionCaller, error) {
	return c.env.Services.FunctionCaller(integration.Substitute(i.Credentials, c.vars), c.sourceARN(m), function, c.out.scope)
}

// client is r as the calls that are made for it see it.
func (r *request) client() *integration.Client {
	return &integration.Client{
		X: r.x, Scope: r.stage.scope, ID: string(r.x.RequestID[:]), Trace: r.trace.Full,
		Who: r.identity.caller, Signed: r.identity.keys, Context: r.policyKeys(),
	}
}
