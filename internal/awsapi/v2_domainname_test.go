package awsapi

import "testing"

// TestRouteDomains: a domain name and its mappings are the same to both
// versions of the API, which lay them out as the API Gateway references do.
// Keys of several levels are version 2's (developer guide, "Map API stages to a
// custom domain name").
func TestRouteDomains(t *testing.T) {
	h := newHouse(t)
	const certificate = "arn:aws:acm:us-east-1:000000000000:certificate/c"
	configured := func(ip string) string {
		return `{"apiMappingSelectionExpression":"$request.basepath","domainName":"api.example.com","domainNameArn":"arn:aws:apigateway:us-east-1::/domainnames/api.example.com",` +
			`"domainNameConfigurations":[{"apiGatewayDomainName":"{dns}","certificateArn":"` + certificate + `","domainNameStatus":"AVAILABLE","endpointType":"REGIONAL","hostedZoneId":"Z1UJRXOUMOOFQ8","ipAddressType":"` + ip + `","securityPolicy":"TLS_1_2"}],` +
			`"routingMode":"API_MAPPING_ONLY","tags":{}}`
	}
	_, _, made := h.raw("POST /v2/domainnames", `{"domainName":"api.example.com","domainNameConfigurations":[{"certificateArn":"`+certificate+`","endpointType":"REGIONAL","securityPolicy":"TLS_1_2"}]}`)
	h.vars = append(h.vars, "{dns}", h.ok("GET /domainnames/api.example.com", "")["regionalDomainName"].(string))
	if want := h.expand(configured("ipv4")); sorted(made) != want {
		t.Errorf("got  %s\nwant %s", sorted(made), want)
	}
	h.tell([]step{
		{"POST /v2/domainnames", `{"domainName":"b.example.com"}`, 400, `BadRequestException: A domain name has exactly one of domainNameConfigurations`, ""},
		{"PATCH /v2/domainnames/api.example.com", `{"domainNameConfigurations":[{"ipAddressType":"dualstack"}],"mutualTlsAuthentication":{"truststoreUri":""},"routingMode":"API_MAPPING_ONLY"}`, 200, configured("dualstack"), ""},
		{"GET /v2/domainnames", ``, 200, `{"items":[` + configured("dualstack") + `]}`, ""},

		{"POST /v2/apis", `{"name":"pets","protocolType":"HTTP"}`, 201, v2API + `}`, "apiId {api}"},
		{"POST /v2/apis/{api}/stages", `{"stageName":"dev"}`, 201, `{` + v2Stage + `,"lastUpdatedDate":"T","routeSettings":{},"stageName":"dev","stageVariables":{},"tags":{}}`, ""},
		{"POST /v2/domainnames/api.example.com/apimappings", `{"apiId":"{api}","stage":"dev","apiMappingKey":"shop/v1"}`, 201, `{"apiId":"{api}","apiMappingId":"{m}","apiMappingKey":"shop/v1","stage":"dev"}`, "apiMappingId {m}"},
		{"POST /v2/domainnames/api.example.com/apimappings", `{"apiId":"{api}","stage":"dev","apiMappingKey":"shop/v1"}`, 409, `ConflictException: Base path already exists for this domain name`, ""},
		{"POST /v2/domainnames/api.example.com/apimappings", `{"apiId":"{api}","stage":"dev","apiMappingKey":"/a"}`, 400, `BadRequestException: API mapping key should not start with a '/' or have consecutive '/'s.`, ""},
		{"POST /v2/domainnames/api.example.com/apimappings", `{"apiId":"{api}","stage":"dev","apiMappingKey":"a/"}`, 400, `BadRequestException: API mapping key should not end with a '/'.`, ""},
		{"POST /v2/domainnames/api.example.com/apimappings", `{"apiId":"gone","stage":"dev"}`, 404, `NotFoundException: Invalid API identifier specified 000000000000:gone`, ""},
		{"POST /v2/domainnames/api.example.com/apimappings", `{"apiId":"{api}","stage":"gone"}`, 400, `BadRequestException: Invalid stage identifier specified`, ""},
		{"PATCH /v2/domainnames/api.example.com/apimappings/{m}", `{"apiId":"{api}","apiMappingKey":""}`, 200, `{"apiId":"{api}","apiMappingId":"{m}","apiMappingKey":"","stage":"dev"}`, ""},
		{"GET /domainnames/api.example.com/basepathmappings/%28none%29", ``, 200, `{"basePath":"(none)","restApiId":"{api}","stage":"dev"}`, ""},
		{"PATCH /domainnames/api.example.com/basepathmappings/%28none%29", `{"patchOperations":[{"op":"replace","path":"/basePath","value":"one"}]}`, 200, `{"basePath":"one","restApiId":"{api}","stage":"dev"}`, ""},
		{"GET /v2/domainnames/api.example.com/apimappings/{m}", ``, 200, `{"apiId":"{api}","apiMappingId":"{m}","apiMappingKey":"one","stage":"dev"}`, ""},
		{"DELETE /v2/apis/{api}", ``, 400, `BadRequestException: Deleting API {api} failed. Please remove all API mappings for the API from your custom domain names.`, ""},
		{"DELETE /v2/domainnames/api.example.com/apimappings/{m}", ``, 204, ``, ""},
		{"GET /v2/domainnames/api.example.com/apimappings/{m}", ``, 404, `NotFoundException: Invalid API mapping identifier specified {m}`, ""},
		{"POST /domainnames/api.example.com/basepathmappings", `{"restApiId":"{api}","basePath":"old"}`, 201, `{"basePath":"old","restApiId":"{api}"}`, ""},
		{"DELETE /v2/domainnames/api.example.com", ``, 204, ``, ""},
		{"GET /v2/domainnames/api.example.com", ``, 404, `NotFoundException: Invalid domain name identifier specified`, ""},
	})
}
