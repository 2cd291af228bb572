package httpapi

import "github.com/gatehouse/gatehouse/internal/apigw"

// What isn't served yet is refused by name. Each of these functions moves to the
// file that serves it: lambda.go, service.go, parameters.go.

// compileLambda is the backend of a function.
func (c *compiler) compileLambda(place string, _ *apigw.RouteIntegration) backend {
	c.refuse(place, "integrationType AWS_PROXY: functions are not called by HTTP APIs yet")
	return nil
}

// compileService is the backend of an AWS service's action.
func (c *compiler) compileService(place string, i *apigw.RouteIntegration) backend {
	c.refuse(place, "integrationSubtype "+i.Subtype+": AWS services are not called by HTTP APIs yet")
	return nil
}

// compileParameters is the parameter mapping of an integration without subtype;
// nil: it has none.
func (c *compiler) compileParameters(place string, i *apigw.RouteIntegration) mapper {
	if len(i.RequestParameters) > 0 {
		c.refuse(place, "requestParameters are not mapped by HTTP APIs yet")
	}
	if len(i.ResponseParameters) > 0 {
		c.refuse(place, "responseParameters are not mapped by HTTP APIs yet")
	}
	return nil
}
