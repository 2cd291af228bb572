package restapi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/identity"
)

// gate is a policy with one statement.
func gate(effect, principal, rest string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `","Principal":` + principal + `,"Action":"execute-api:Invoke",` + rest + `}}`
}

const viaDomain = "arn:aws:execute-api:us-east-1:123456789012:/domainnames/orders.internal+d1"

// TestGatesOfPrivateAPIs: the endpoint's policy, the private domain name's and
// the API's must all allow a request, whom the Authorization field identifies,
// before the method's own authorization is asked (developer guide, "Use VPC
// endpoint policies for private APIs", with its table of four rows).
func TestGatesOfPrivateAPIs(t *testing.T) {
	const everyone, everything = `"*"`, `"Resource":"*"`
	alice := &identity.Caller{ARN: "arn:aws:iam::123456789012:user/alice", Account: "123456789012"}
	onlyAlice := gate("Allow", `{"AWS":"`+alice.ARN+`"}`, everything)
	all := gate("Allow", everyone, everything)
	byDomain := gate("Allow", everyone, `"Resource":"*","Condition":{"ArnEquals":{"execute-api:viaDomainArn":"`+viaDomain+`"}}`)
	denied := func(who, resource, why string) string {
		return `{"Message":"User: ` + who + ` is not authorized to perform: execute-api:Invoke on resource: ` + strings.Replace(resource, "123456789012", "********9012", 1) + why + `"}`
	}
	const noEndpoint, byEndpoint = " because no VPC endpoint policy allows the execute-api:Invoke action", " with an explicit deny in a VPC endpoint policy"
	const noResource, byResource = " because no resource-based policy allows the execute-api:Invoke action", " with an explicit deny in a resource-based policy"
	method := "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/r/7"
	bearer, broken, other := "Authorization: Bearer x.y.z", "Authorization: AWS4-HMAC-SHA256 nonsense", "Authorization: AWS4-ECDSA-P256-SHA256 Credential=AKIAALICE/20240101/execute-api/aws4_request, SignedHeaders=host, Signature=00"
	for name, c := range map[string]struct {
		endpoint, domain, api string // policies; empty: none, and of domain: it isn't used
		header                string
		key                   string // signs
		target                string
		status                int
		body                  string
	}{
		"no policy at the endpoint":              {api: all, status: 200},
		"everyone":                               {endpoint: all, api: all, status: 200},
		"nobody named":                           {endpoint: onlyAlice, api: all, status: 403, body: denied("anonymous", method, noEndpoint)},
		"bearer is anonymous":                    {endpoint: onlyAlice, api: all, header: bearer, status: 403, body: denied("anonymous", method, noEndpoint)},
		"bearer where everyone may":              {endpoint: all, api: all, header: bearer, status: 200},
		"signer":                                 {endpoint: onlyAlice, api: all, key: "AKIAALICE", status: 200},
		"another signer":                         {endpoint: onlyAlice, api: all, key: "AKIABOB", status: 403, body: denied("arn:aws:iam::123456789012:user/bob", method, noEndpoint)},
		"signer's account":                       {endpoint: gate("Allow", `{"AWS":"123456789012"}`, everything), api: all, key: "AKIAALICE", status: 200},
		"broken signature":                       {endpoint: all, api: all, header: broken, status: 403, body: "not a valid key=value pair"},
		"broken without a policy":                {api: all, header: broken, status: 403, body: "not a valid key=value pair"},
		"SigV4A":                                 {api: all, header: other, status: 403},
		"explicit deny":                          {endpoint: gate("Deny", everyone, everything), api: all, status: 403, body: denied("anonymous", method, byEndpoint)},
		"another API":                            {endpoint: gate("Allow", everyone, `"Resource":"arn:aws:execute-api:us-east-1:123456789012:zzzzzzzzzz/*"`), api: all, status: 403, body: denied("anonymous", method, noEndpoint)},
		"this method":                            {endpoint: gate("Allow", everyone, `"Resource":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/*"`), api: all, status: 200},
		"another method":                         {endpoint: gate("Allow", everyone, `"Resource":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/POST/*"`), api: all, status: 403, body: denied("anonymous", method, noEndpoint)},
		"the API's account":                      {endpoint: gate("Allow", everyone, `"Resource":"*","Condition":{"StringEquals":{"aws:ResourceAccount":"123456789012"}}`), api: all, status: 200},
		"another account's APIs":                 {endpoint: gate("Allow", everyone, `"Resource":"*","Condition":{"StringEquals":{"aws:ResourceAccount":"111122223333"}}`), api: all, status: 403},
		"paths that aren't there":                {endpoint: onlyAlice, api: all, target: "/none", status: 403, body: denied("anonymous", strings.Replace(method, "/r/7", "/none", 1), noEndpoint)},
		"the API's policy comes behind":          {endpoint: all, api: gate("Deny", everyone, everything), status: 403, body: denied("anonymous", method, byResource)},
		"the API names the endpoint":             {endpoint: all, api: gate("Allow", everyone, `"Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1","aws:VpceAccount":"111122223333"}}`), status: 200},
		"domain name":                            {endpoint: all, domain: all, api: all, status: 200},
		"domain name without an endpoint policy": {domain: all, api: all, status: 200},
		"domain name without a policy":           {endpoint: all, domain: "none", api: all, status: 403, body: denied("anonymous", viaDomain, noResource)},
		"domain name that denies":                {endpoint: all, domain: gate("Deny", everyone, everything), api: all, status: 403, body: denied("anonymous", viaDomain, byResource)},
		"domain name and its condition":          {endpoint: byDomain, domain: all, api: all, status: 200},
		"the condition without the name":         {endpoint: byDomain, api: all, status: 403, body: denied("anonymous", method, noEndpoint)},
		"the API alone":                          {endpoint: gate("Allow", everyone, `"Resource":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/*"`), domain: all, api: all, status: 403, body: denied("anonymous", viaDomain, noEndpoint)},
		"the domain name alone":                  {endpoint: gate("Allow", everyone, `"Resource":"`+viaDomain+`"`), domain: all, api: all, status: 403, body: denied("anonymous", method, noEndpoint)},
		"both of them":                           {endpoint: gate("Allow", everyone, `"Resource":["`+viaDomain+`","arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/*"]`), domain: all, api: all, status: 200},
	} {
		t.Run(name, func(t *testing.T) {
			def := define(map[string]*apigw.Method{"GET /r/{id}": mockMethod("in")})
			def.API.Endpoint, def.API.Policy = apigw.EndpointConfiguration{Type: "PRIVATE", IPAddressType: "dualstack"}, c.api
			e := testEnv(nil)
			e.Identities = people{"AKIAALICE": alice, "AKIABOB": {ARN: "arn:aws:iam::123456789012:user/bob", Account: "123456789012"}}
			in := call{method: "GET", target: "/r/7", header: c.header}
			if c.target != "" {
				in.target = c.target
			}
			if c.key != "" {
				in = signed(in, c.key)
			}
			x := newExchange(in)
			x.Client.Endpoint = &exchange.Endpoint{ID: "vpce-1", VPC: "vpc-1", Account: "111122223333", Policies: policyOf(t, iam.Resource, c.endpoint)}
			if c.domain != "" {
				x.Address.Private = &exchange.PrivateDomain{ARN: viaDomain}
				if c.domain != "none" {
					x.Address.Private.Policies = policyOf(t, iam.Resource, c.domain)
				}
			}
			compileStage(t, def, nil, e).Serve(x)
			got := replyOf(x)
			if got.Status != c.status || c.body != "" && strings.HasPrefix(c.body, "{") && got.Body != c.body {
				t.Errorf("status %d, want %d\n%s", got.Status, c.status, cmp.Diff(c.body, got.Body))
			}
			x.End()
		})
	}
}
