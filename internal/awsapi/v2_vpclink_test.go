package awsapi

import (
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestVPCLinks: links of version 1 (recorded on AWS, and reported in the field
// where the rules say so).
func TestVPCLinks(t *testing.T) {
	h := newHouse(t)
	h.api()
	const arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"
	made := h.ok("POST /vpclinks", `{"name":"l","targetArns":["`+arn+`"]}`)
	h.vars = append(h.vars, "{link}", made["id"].(string))
	h.refused("POST /vpclinks", `{"name":"l","targetArns":["`+arn+`","`+arn+`"]}`, 400, "More than one target arn specified for vpc link.")
	h.ok("PUT {get}/integration", `{"type":"HTTP_PROXY","httpMethod":"GET","uri":"http://e","connectionType":"VPC_LINK","connectionId":"{link}"}`)
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"prod"}`)
	h.refused("DELETE /vpclinks/{link}", "", 400, "Cannot delete vpc link. Vpc link '{link}', is referenced in [{api}:GET:{root}:prod] in format of [RESTApiId:Method:Resource:Stage].")
	h.patches("/vpclinks/{link}", 200, []patch{
		{name: "description", ops: `{"op":"replace","path":"/description","value":"d"}`, want: `{"description":"d","status":"AVAILABLE","tags":{}}`},
		{name: "targets", ops: `{"op":"replace","path":"/targetArns","value":"d"}`, status: 400, text: "Target arns are not allowed to be changed/added."},
		{name: "other", ops: `{"op":"replace","path":"/status","value":"d"}`, status: 400, text: "Invalid patch path  '/status' specified for op 'replace'. Must be one of: [/name, /description]"},
		{name: "no name", ops: `{"op":"replace","path":"/name","value":""}`, status: 400, text: "Name cannot be empty"},
	})
	// A stage variable doesn't keep a link (developer guide).
	h.ok("PUT {get}/integration", `{"type":"HTTP_PROXY","httpMethod":"GET","uri":"http://e","connectionType":"VPC_LINK","connectionId":"${stageVariables.link}"}`)
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"prod"}`)
	h.ok("PATCH /restapis/{api}/stages/prod", `{"patchOperations":[{"op":"replace","path":"/variables/link","value":"{link}"}]}`)
	h.ok("DELETE /vpclinks/{link}", "")
	h.refused("GET /vpclinks/{link}", "", 404, "Invalid Vpc Link identifier specified")
}

// TestFailedVPCLink: a link of version 1 to anything but a network load balancer
// is made and fails (reported in the field of Application Load Balancers).
func TestFailedVPCLink(t *testing.T) {
	h := newHouse(t)
	made := h.ok("POST /vpclinks", `{"name":"l","targetArns":["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/n/1"]}`)
	got := h.ok("GET /vpclinks/"+made["id"].(string), "")
	if made["status"] != "PENDING" || got["status"] != "FAILED" || got["statusMessage"] != "NLB ARN is malformed" {
		t.Error(made, got)
	}
}

const linkWire = `{"createdDate":"T","name":"%name","securityGroupIds":["sg-1"],"subnetIds":["subnet-1","subnet-2"],"tags":{%tags},"vpcLinkId":"{link}",` +
	`"vpcLinkStatus":"%status","vpcLinkStatusMessage":"%message","vpcLinkVersion":"V2"}`

func linkShown(name, tags, status, message string) string {
	return strings.NewReplacer("%name", name, "%tags", tags, "%status", status, "%message", message).Replace(linkWire)
}

// TestPrivateLinks: links of version 2 (API Gateway V2 reference, VpcLinks;
// developer guide, "Set up VPC links V2").
func TestPrivateLinks(t *testing.T) {
	h := newHouse(t)
	ready := linkShown("m", `"a":"1"`, "AVAILABLE", "VPC link is ready to route traffic")
	tagged := linkShown("m", `"a":"1","b":"2"`, "AVAILABLE", "VPC link is ready to route traffic")
	h.tell([]step{
		{request: "POST /v2/vpclinks", body: `{"name":"l","subnetIds":["subnet-1","subnet-2"],"securityGroupIds":["sg-1"],"tags":{"a":"1"}}`, status: 201,
			want: linkShown("l", `"a":"1"`, "PENDING", "VPC link is provisioning ENIs"), keep: "vpcLinkId {link}"},
		{request: "PATCH /v2/vpclinks/{link}", body: `{"name":"m"}`, status: 200, want: ready},
		{request: "GET /v2/vpclinks/{link}", status: 200, want: ready},
		{request: "GET /v2/vpclinks", status: 200, want: `{"items":[` + ready + `]}`},
		{request: "POST /v2/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fvpclinks%2F{link}", body: `{"tags":{"b":"2"}}`, status: 201, want: `{}`},
		{request: "GET /v2/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fvpclinks%2F{link}", status: 200, want: `{"tags":{"a":"1","b":"2"}}`},
		{request: "GET /v2/vpclinks/{link}", status: 200, want: tagged},
		{request: "GET /vpclinks/{link}", status: 404, want: "NotFoundException: Invalid Vpc Link identifier specified"},
		{request: "PATCH /v2/vpclinks/none", body: `{"name":"m"}`, status: 404, want: "NotFoundException: Invalid VpcLink identifier specified none"},
		{request: "DELETE /v2/vpclinks/{link}", status: 202, want: `{}`},
		{request: "GET /v2/vpclinks/{link}", status: 404, want: "NotFoundException: Invalid VpcLink identifier specified {link}"},
		{request: "DELETE /v2/vpclinks/{link}", status: 404, want: "NotFoundException: Invalid VpcLink identifier specified {link}"},
	})
}

// listener makes an Application Load Balancer with a listener, whose ARN it returns.
func (h *house) listener(balancer string) string {
	h.Helper()
	scope := apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}
	b, err := h.control.CreateLoadBalancer(h.Context(), scope, apigw.LoadBalancer{Name: balancer, Subnets: []string{"subnet-1", "subnet-2"}})
	if err != nil {
		h.Fatal(err)
	}
	answer := apigw.RuleAction{Type: "fixed-response", Fixed: &apigw.FixedResponse{Status: 200}}
	_, l, err := h.control.CreateListener(h.Context(), scope, b.ARN, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{answer}})
	if err != nil {
		h.Fatal(err)
	}
	return string(l.ARN)
}

// TestPrivateLinkInUse: a link that an HTTP API's routes lead through stays (AWS's
// words, as reported in the field).
func TestPrivateLinkInUse(t *testing.T) {
	h := newHouse(t)
	link := h.ok("POST /v2/vpclinks", `{"name":"l","subnetIds":["subnet-1"]}`)["vpcLinkId"].(string)
	api := "/v2/apis/" + h.ok("POST /v2/apis", `{"name":"n","protocolType":"HTTP"}`)["apiId"].(string)
	over := func(link, uri string) string {
		return `{"integrationUri":"` + uri + `","integrationMethod":"ANY","connectionType":"VPC_LINK","connectionId":"` + link + `","integrationType":"HTTP_PROXY"}`
	}
	listener := h.listener("n")
	const unfit = "For VpcLink VPC_LINK, integration uri should be a valid ELB listener ARN or a valid Cloud Map service ARN."
	h.refused("POST "+api+"/integrations", over("none", listener), 404, "Invalid VpcLink identifier specified none")
	h.refused("POST "+api+"/integrations", over(link, "https://backend.example"), 400, unfit)
	const gone = "Unable to retrieve listener port and load balancer DNS name from ELB listener"
	h.refused("POST "+api+"/integrations", over(link, listener+"0"), 400, gone)
	h.refused("POST "+api+"/integrations", over(link, strings.Replace(listener, ":000000000000:", ":111122223333:", 1)), 400, gone)
	h.refused("POST "+api+"/integrations", over(link, "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/n/1"), 400, unfit)
	h.ok("POST "+api+"/integrations", over(link, "arn:aws:servicediscovery:us-east-1:000000000000:service/srv-abc?color=blue"))
	integration := h.ok("POST "+api+"/integrations", over(link, listener))["integrationId"].(string)
	h.refused("PATCH "+api+"/integrations/"+integration, `{"integrationUri":"`+listener+`0"}`, 400, gone)
	route := h.ok("POST "+api+"/routes", `{"routeKey":"GET /","target":"integrations/`+integration+`"}`)["routeId"].(string)
	h.refused("DELETE /v2/vpclinks/"+link, "", 400, "Cannot delete vpc link. Vpc link '"+link+"', is referenced in [ANY:"+route+"] in format of [Method:Resource].")
	h.ok("DELETE "+api, "")
	h.ok("DELETE /v2/vpclinks/"+link, "")
}

func TestPrivateLinkRules(t *testing.T) {
	h := newHouse(t)
	subnets := strings.TrimSuffix(strings.Repeat(`"subnet-1",`, 11), ",")
	for body, want := range map[string]string{
		`{"name":"l","subnetIds":[]}`:                                           "At least one subnet must be specified in subnetIds",
		`{"name":"l","subnetIds":[` + subnets + `]}`:                            "At most 10 subnets can be specified in subnetIds",
		`{"name":"l","subnetIds":["subnet-1","subnet-1"]}`:                      "A subnet or security group is specified more than once",
		`{"name":"l","subnetIds":["net-1"]}`:                                    `Invalid id: "net-1" (expecting "subnet-...")`,
		`{"name":"l","subnetIds":["subnet-1"],"securityGroupIds":["subnet-1"]}`: `Invalid id: "subnet-1" (expecting "sg-...")`,
		`{"name":"l","subnetIds":["subnet-1"],"tags":{"aws:x":"1"}}`:            `Invalid tag key "aws:x": names that begin with aws: are reserved`,
	} {
		h.refused("POST /v2/vpclinks", body, 400, want)
	}
}

// TestLinksOfMethods: which link a method's integration may name, and with what
// beside it.
func TestLinksOfMethods(t *testing.T) {
	h := newHouse(t)
	h.api()
	private := h.ok("POST /v2/vpclinks", `{"name":"l","subnetIds":["subnet-1"]}`)["vpcLinkId"].(string)
	balancer := h.ok("POST /vpclinks", `{"name":"l","targetArns":["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"]}`)["id"].(string)
	put := func(more string) string {
		return `{"type":"HTTP_PROXY","httpMethod":"GET","uri":"https://e:443/x",` + more + `}`
	}
	const target = `"integrationTarget":"arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/n/1"`
	linked := func(id string) string { return `"connectionType":"VPC_LINK","connectionId":"` + id + `"` }
	for body, want := range map[string]string{
		put(target): "An integrationTarget can only be specified for connection type VPC_LINK",
		put(linked(private) + `,"integrationTarget":"arn:aws:elasticloadbalancing:us-east-1:0:listener/app/n/1/2"`): "Invalid integrationTarget specified: it must be the ARN of an Application or a Network Load Balancer",
		put(linked(private)):                 "IntegrationTarget is required for VpcLinkV2",
		put(linked(balancer) + "," + target): "An integrationTarget can only be specified for VPC links V2: VPC link " + balancer + " leads to its own target",
		put(`"connectionType":"VPC_LINK"`):   "A VPC link must be specified in connectionId for connection type VPC_LINK",
	} {
		h.refused("PUT {get}/integration", body, 400, want)
	}
	h.ok("PUT {get}/integration", put(linked(balancer)))
	got := h.ok("PUT {get}/integration", put(linked(private)+","+target))
	if got["connectionId"] != private || !strings.HasSuffix(got["integrationTarget"].(string), "loadbalancer/app/n/1") {
		t.Error(got)
	}
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"prod"}`)
	h.refused("DELETE /v2/vpclinks/"+private, "", 400, "Cannot delete vpc link. Vpc link '"+private+"', is referenced in [{api}:GET:{root}:prod] in format of [RESTApiId:Method:Resource:Stage].")
}

// TestLinksOfWebSockets: WebSocket APIs use links of version 1 (developer guide).
func TestLinksOfWebSockets(t *testing.T) {
	h := newHouse(t)
	private := h.ok("POST /v2/vpclinks", `{"name":"l","subnetIds":["subnet-1"]}`)["vpcLinkId"].(string)
	balancer := h.ok("POST /vpclinks", `{"name":"l","targetArns":["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"]}`)["id"].(string)
	api := h.ok("POST /v2/apis", `{"name":"n","protocolType":"WEBSOCKET","routeSelectionExpression":"$request.body.action"}`)["apiId"].(string)
	made := func(kind, id string) string {
		return `{"integrationType":"` + kind + `","integrationMethod":"POST","integrationUri":"http://backend.example:8080/x","connectionType":"VPC_LINK","connectionId":"` + id + `"}`
	}
	integration := h.ok("POST /v2/apis/"+api+"/integrations", made("HTTP_PROXY", balancer))["integrationId"].(string)
	h.refused("POST /v2/apis/"+api+"/integrations", made("HTTP", private), 400, "VPC link "+private+" is a VPC link V2: WebSocket APIs use VPC links V1")
	h.refused("POST /v2/apis/"+api+"/integrations", made("MOCK", balancer), 400, "VPC_LINK connections are for integrations of type HTTP and HTTP_PROXY")
	route := h.ok("POST /v2/apis/"+api+"/routes", `{"routeKey":"$default","target":"integrations/`+integration+`"}`)["routeId"].(string)
	h.refused("DELETE /vpclinks/"+balancer, "", 400, "Cannot delete vpc link. Vpc link '"+balancer+"', is referenced in [POST:"+route+"] in format of [Method:Resource].")
}
