package openapi

import (
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// settings translates the extensions at the root that set the API up.
func (im *importer) settings() {
	root, a := im.root, im.api
	a.BinaryMediaTypes = im.texts(root.get(extBinary), extBinary)
	a.APIKeySource = im.choice(root.get(extKeySource), extKeySource, "HEADER", "AUTHORIZER")
	a.EndpointAccessMode = im.choice(root.get(extAccessMode), extAccessMode, "BASIC", "STRICT")
	a.SecurityPolicy = im.text(root.get(extSecurityPolicy), extSecurityPolicy)
	if strings.HasPrefix(a.SecurityPolicy, "SecurityPolicy_") && a.EndpointAccessMode == "" {
		im.problem(root.get(extSecurityPolicy), "security policy %s needs %s", a.SecurityPolicy, extAccessMode)
	}
	if p := root.get(extPolicy); im.isObject(p, extPolicy) {
		a.Policy = im.json(p, nil)
	}
	im.compression(root.get(extCompression))
	im.endpoint()
	root.get(extExportVersion)
}

func (im *importer) compression(n *node) {
	size := im.integer(n, extCompression)
	if size != nil && (*size < 0 || *size > 10485760) {
		im.problem(n, "Invalid minimum compression size, must be between 0 and 10485760")
		return
	}
	im.api.MinimumCompressionSize = size
}

// endpoint reads the endpoint configuration: at the root in Swagger, with the
// server in OpenAPI, of which AWS takes the first.
func (im *importer) endpoint() {
	n := im.root.peek(extEndpoint)
	if !im.swagger {
		servers := im.root.get("servers").elements()
		n = nil
		for i, s := range servers {
			if c := s.get(extEndpoint); i == 0 {
				n = c
			}
		}
		if len(servers) > 1 {
			im.warn("More than one server provided. Ignoring all but the first for defining endpoint configuration")
		}
	}
	if n == nil {
		return
	}
	n.read = true
	if !im.object(n, extEndpoint, "disableExecuteApiEndpoint", "vpcEndpointIds", "ipAddressType") {
		return
	}
	im.api.DisableExecuteAPIEndpoint = im.boolean(n.get("disableExecuteApiEndpoint"), "disableExecuteApiEndpoint")
	im.api.VPCEndpointIDs = im.texts(n.get("vpcEndpointIds"), "vpcEndpointIds")
	im.api.IPAddressType = im.choice(n.get("ipAddressType"), "ipAddressType", "ipv4", "dualstack")
}

// validators translates x-amazon-apigateway-request-validators.
func (im *importer) validators() {
	all := im.root.get(extValidators)
	if !im.isObject(all, extValidators) {
		return
	}
	for _, n := range all.items {
		if !im.object(n, "a request validator", "validateRequestBody", "validateRequestParameters") {
			continue
		}
		v := &apigw.RequestValidator{Name: n.name}
		if b := im.boolean(n.get("validateRequestBody"), "validateRequestBody"); b != nil {
			v.ValidateBody = *b
		}
		if b := im.boolean(n.get("validateRequestParameters"), "validateRequestParameters"); b != nil {
			v.ValidateParameters = *b
		}
		im.api.Validators = append(im.api.Validators, v)
	}
}

// validator is the name of the validator that n asks for.
func (im *importer) validator(n *node) apigw.ValidatorID {
	name := im.text(n, extValidator)
	if name != "" && im.root.peek(extValidators).peek(name) == nil {
		im.problem(n, "request validator %q isn't among %s", name, extValidators)
	}
	return apigw.ValidatorID(name)
}

// gatewayResponses translates x-amazon-apigateway-gateway-responses.
func (im *importer) gatewayResponses() {
	all := im.root.get(extGatewayResponses)
	if !im.isObject(all, extGatewayResponses) {
		return
	}
	types := gatewayResponseTypes()
	for _, n := range all.items {
		if !slices.Contains(types, n.name) {
			im.problem(n, "%q is no type of gateway response; there are %s", n.name, strings.Join(types, ", "))
			continue
		}
		if !im.object(n, "a gateway response", "statusCode", "responseParameters", "responseTemplates") {
			continue
		}
		im.api.GatewayResponses = append(im.api.GatewayResponses, &apigw.GatewayResponse{
			Type:               n.name,
			StatusCode:         im.status(n.get("statusCode"), "statusCode"),
			ResponseParameters: im.textMap(n.get("responseParameters"), "responseParameters"),
			ResponseTemplates:  im.textMap(n.get("responseTemplates"), "responseTemplates"),
		})
	}
}

// textMap is an object of strings; nil for nothing and for an empty object.
func (im *importer) textMap(n *node, what string) map[string]string {
	if !im.isObject(n, what) || len(n.items) == 0 {
		return nil
	}
	m := make(map[string]string, len(n.items))
	for _, i := range n.items {
		m[i.name] = im.text(i, i.name)
	}
	return m
}

// gatewayResponseTypes are the names of all types of gateway response.
func gatewayResponseTypes() []string {
	var names []string
	for _, t := range apigw.GatewayResponseTypes() {
		names = append(names, t.Name)
	}
	return names
}
