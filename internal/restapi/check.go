package restapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// What is refused here is what nothing would enforce: each refusal goes away
// with the capability it names.

func (c *compiler) checkAPI() {
	api := &c.def.API
	if api.Endpoint.Type == apigw.EndpointPrivate && strings.TrimSpace(api.Policy) == "" {
		c.refuse("API", "Private REST API doesn't have a resource policy attached to it")
	}
	if !slices.Contains([]string{"", "TLS_1_0", "TLS_1_2"}, api.SecurityPolicy) {
		c.refuse("API", "securityPolicy "+api.SecurityPolicy+" is not enforced yet")
	}
	if api.EndpointAccessMode == "STRICT" {
		c.refuse("API", "endpointAccessMode STRICT is not enforced yet")
	}
	if api.MinimumCompressionSize != nil && (*api.MinimumCompressionSize < 0 || *api.MinimumCompressionSize > integration.MaxBody) {
		c.refuse("API", fmt.Sprintf("minimumCompressionSize %d is not between 0 and %d", *api.MinimumCompressionSize, integration.MaxBody))
	}
}

func (c *compiler) checkStage() {
	st := c.stage
	if st == nil {
		return
	}
	place := "stage " + string(st.Name)
	refused := []struct {
		set  bool
		what string
	}{
		{st.TracingEnabled, "tracingEnabled: X-Ray tracing is not supported yet"},
		{st.WebACLARN != "", "webAclArn: a web ACL is not enforced yet"},
	}
	for _, r := range refused {
		if r.set {
			c.refuse(place, r.what)
		}
	}
	c.checkCache(place)
	for _, key := range slices.Sorted(maps.Keys(st.MethodSettings)) {
		c.checkMethodSetting(place+" methodSettings "+key, st.MethodSettings[key])
	}
}

// checkMethodSetting refuses what a setting asks for.
func (c *compiler) checkMethodSetting(place string, m *apigw.MethodSetting) {
	if !slices.Contains([]string{"", "OFF", "ERROR", "INFO"}, m.LoggingLevel) {
		c.refuse(place, "loggingLevel "+m.LoggingLevel+" is none that API Gateway has")
	}
	if (m.ThrottlingRateLimit < 0 && m.ThrottlingRateLimit != serving.NoLimit) || (m.ThrottlingBurstLimit < 0 && m.ThrottlingBurstLimit != serving.NoLimit) {
		c.refuse(place, fmt.Sprintf("throttling %v requests/s, burst %d: a limit is -1, for none, or not negative", m.ThrottlingRateLimit, m.ThrottlingBurstLimit))
	}
}

func (c *compiler) checkIntegration(place string, i *apigw.Integration) {
	c.checkConnection(place, i)
	c.checkStream(place, i)
	if i.Credentials != "" {
		c.checkCredentials(place, i)
	}
	if _, ok := integration.ParseConversion(i.ContentHandling); !ok {
		c.refuse(place, fmt.Sprintf("contentHandling %q is none that API Gateway has", i.ContentHandling))
	}
	if i.PassthroughBehavior != "" && !slices.Contains([]string{whenNoMatch, whenNoTemplates, never}, i.PassthroughBehavior) {
		c.refuse(place, fmt.Sprintf("passthroughBehavior %q is none that API Gateway has", i.PassthroughBehavior))
	}
	if i.TLSInsecure != nil && *i.TLSInsecure && i.Type != apigw.IntegrationHTTP && i.Type != apigw.IntegrationHTTPProxy {
		c.refuse(place, "tlsConfig.insecureSkipVerification is for HTTP and HTTP_PROXY integrations")
	}
}

func (c *compiler) checkConnection(place string, i *apigw.Integration) {
	over := i.ConnectionType == serving.OverLink
	switch {
	case !over && i.ConnectionType != "" && i.ConnectionType != "INTERNET":
		c.refuse(place, "connectionType "+i.ConnectionType+" is none that API Gateway has")
	case over && i.Type != apigw.IntegrationHTTP && i.Type != apigw.IntegrationHTTPProxy:
		c.refuse(place, "connectionType VPC_LINK is for HTTP and HTTP_PROXY integrations")
	case over && i.ConnectionID == "":
		c.refuse(place, "connectionType VPC_LINK needs a connectionId, which names a VPC link")
	case !over && i.Target != "":
		c.refuse(place, "integrationTarget is for integrations with connectionType VPC_LINK")
	}
}

// checkCredentials lets roles of AWS's services and functions pass: whether they
// can be used only the process that makes the calls knows.
func (c *compiler) checkCredentials(place string, i *apigw.Integration) {
	if i.Type == apigw.IntegrationMock || i.Type == apigw.IntegrationAWS || i.Type == apigw.IntegrationAWSProxy {
		return
	}
	c.refuse(place, "credentials "+i.Credentials+": calling an integration as another identity is not supported yet")
}

// asCaller says that a method's backend is called as the method's caller, who
// must be known by a signature for that. A method that is tested has none.
func (c *compiler) asCaller(place string, m *apigw.Method) bool {
	i := m.Integration
	if i.Type == apigw.IntegrationMock || !integration.IsCaller(integration.Substitute(i.Credentials, c.vars)) {
		return false
	}
	if m.AuthorizationType != "AWS_IAM" && c.trial == nil {
		c.refuse(place, "credentials "+i.Credentials+": the integration is called as the method's caller, whom only authorizationType AWS_IAM knows")
	}
	return true
}
