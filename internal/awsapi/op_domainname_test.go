package awsapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	edgeCert     = "arn:aws:acm:us-east-1:000000000000:certificate/c"
	regional     = `"endpointConfiguration":{"types":["REGIONAL"]},"regionalCertificateArn":"` + edgeCert + `"`
	edgeName     = `"certificateArn":"` + edgeCert + `"`
	privateName  = `"endpointConfiguration":{"types":["PRIVATE"]},"certificateArn":"` + edgeCert + `"`
	domainPolicy = `{\"Version\":\"2012-10-17\",\"Statement\":[]}`
)

// members are the names of what an answer has.
func members(t *testing.T, got map[string]any, want ...string) {
	t.Helper()
	have := map[string]bool{}
	for name := range got {
		have[name] = true
	}
	all := map[string]bool{}
	for _, name := range append(want, "domainName", "domainNameStatus", "endpointConfiguration", "securityPolicy", "routingMode") {
		all[name] = true
	}
	if diff := cmp.Diff(all, have); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestDomainNames: members of each endpoint type (API reference, DomainName).
func TestDomainNames(t *testing.T) {
	h := newHouse(t)
	got := h.ok("POST /domainnames", `{"domainName":"api.example.com",`+regional+`,"tags":{"a":"b"}}`)
	members(t, got, "regionalCertificateArn", "regionalDomainName", "regionalHostedZoneId", "tags")
	if name := got["regionalDomainName"].(string); !strings.HasPrefix(name, "d-") || !strings.HasSuffix(name, ".execute-api.us-east-1.amazonaws.com") || len(name) != len("d-0123456789.execute-api.us-east-1.amazonaws.com") {
		t.Error(name)
	}
	if got["domainNameStatus"] != "AVAILABLE" || got["securityPolicy"] != "TLS_1_2" || got["regionalHostedZoneId"] != "Z1UJRXOUMOOFQ8" {
		t.Errorf("%v", got)
	}
	if diff := cmp.Diff(got, h.ok("GET /domainnames/api.example.com", "")); diff != "" {
		t.Error(diff)
	}
	got = h.ok("POST /domainnames", `{"domainName":"*.example.com",`+edgeName+`}`)
	members(t, got, "certificateArn", "certificateUploadDate", "distributionDomainName", "distributionHostedZoneId")
	got = h.ok("POST /domainnames", `{"domainName":"api.example.com",`+privateName+`,"policy":"`+domainPolicy+`"}`)
	members(t, got, "certificateArn", "certificateUploadDate", "domainNameId", "domainNameArn", "policy")
	id := got["domainNameId"].(string)
	if got["domainNameArn"] != "arn:aws:apigateway:us-east-1:000000000000:/domainnames/api.example.com+"+id {
		t.Errorf("%v", got)
	}
	h.vars = append(h.vars, "{id}", id)
	if diff := cmp.Diff(got, h.ok("GET /domainnames/api.example.com?domainNameId={id}", "")); diff != "" {
		t.Error(diff)
	}

	page := h.ok("GET /domainnames?limit=2", "")
	next := h.ok("GET /domainnames?limit=2&position="+page["position"].(string), "")
	if len(page["item"].([]any)) != 2 || len(next["item"].([]any)) != 1 || next["position"] != nil {
		t.Errorf("%v %v", page, next)
	}
	if none := h.ok("GET /domainnames?resourceOwner=OTHER_ACCOUNTS", ""); len(none["item"].([]any)) != 0 {
		t.Errorf("%v", none)
	}

	h.ok("PUT /tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fdomainnames%2Fapi.example.com", `{"tags":{"c":"d"}}`)
	h.ok("PUT /tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A000000000000%3A%2Fdomainnames%2Fapi.example.com%2B{id}", `{"tags":{"e":"f"}}`)
	if tags := h.ok("GET /domainnames/api.example.com", "")["tags"]; !cmp.Equal(tags, map[string]any{"a": "b", "c": "d"}) {
		t.Errorf("%v", tags)
	}
	if tags := h.ok("GET /tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A000000000000%3A%2Fdomainnames%2Fapi.example.com%2B{id}", "")["tags"]; !cmp.Equal(tags, map[string]any{"e": "f"}) {
		t.Errorf("%v", tags)
	}

	for _, path := range []string{"/domainnames/api.example.com", "/domainnames/api.example.com?domainNameId={id}"} {
		if status, _ := h.call("DELETE "+path, ""); status != 202 {
			t.Error(status)
		}
		h.refused("DELETE "+path, "", 404, "Invalid domain name identifier specified")
	}
	h.ok("POST /domainnames", `{"domainName":"api.example.com",`+regional+`}`)
}

func TestRefusedDomainNames(t *testing.T) {
	h := newHouse(t)
	h.ok("POST /domainnames", `{"domainName":"api.example.com",`+regional+`}`)
	for _, c := range []struct{ name, body, text string }{
		{"there", `"domainName":"api.example.com",` + regional, "The domain name you provided already exists."},
		{"no certificate", `"domainName":"a.example.com"`, "A certificate was not provided for the endpoint type EDGE."},
		{"the other type's", `"domainName":"a.example.com","endpointConfiguration":{"types":["REGIONAL"]},` + edgeName, "A certificate was not provided for the endpoint type REGIONAL."},
		{"elsewhere", `"domainName":"a.example.com","certificateArn":"arn:aws:acm:eu-west-1:1:certificate/c"`, "Invalid certificate ARN: arn:aws:acm:eu-west-1:1:certificate/c. Certificate must be in 'us-east-1'."},
		{"no ARN", `"domainName":"a.example.com","certificateArn":"c"`, "Invalid certificate ARN: c."},
		{"capitals", `"domainName":"A.example.com",` + regional, `Invalid domain name specified: "A.example.com": uppercase letters are not supported`},
		{"one label", `"domainName":"localhost",` + regional, `Invalid domain name specified: "localhost": a domain name has at least two labels, behind a wildcard too`},
		{"inner wildcard", `"domainName":"a.*.com",` + regional, `Invalid domain name specified: "a.*.com": labels have letters, digits and hyphens, and only the first may be *`},
		{"an API's address", `"domainName":"a1b2c3d4e5.execute-api.localhost",` + regional, `Invalid domain name specified: "a1b2c3d4e5.execute-api.localhost": names whose second label is execute-api address APIs by their IDs`},
		{"private wildcard", `"domainName":"*.a.example.com",` + privateName, "A PRIVATE domain name can't be a wildcard"},
		{"upload", `"domainName":"a.example.com","certificateBody":"x","certificatePrivateKey":"y"`, "certificateBody: import the certificate into ACM (ImportCertificate), and name it here by certificateArn or regionalCertificateArn"},
		{"mutual TLS", `"domainName":"a.example.com",` + regional + `,"mutualTlsAuthentication":{"truststoreUri":"s3://a/b"}`, "The trust store s3://a/b can't be read: nothing here reads trust stores"},
		{"security policy", `"domainName":"a.example.com",` + regional + `,"securityPolicy":"SecurityPolicy_TLS13_1_3_2025_09"`, `securityPolicy SecurityPolicy_TLS13_1_3_2025_09 needs endpointAccessMode BASIC or STRICT`},
		{"FIPS", `"domainName":"a.example.com",` + regional + `,"endpointAccessMode":"BASIC","securityPolicy":"SecurityPolicy_TLS13_1_3_FIPS_2025_09"`, `securityPolicy "SecurityPolicy_TLS13_1_3_FIPS_2025_09": Gatehouse has no cryptographic module that is validated for FIPS, and can't take TLS_CHACHA20_POLY1305_SHA256 out of TLS 1.3. Choose SecurityPolicy_TLS13_1_3_2025_09`},
		{"a policy of the edge", `"domainName":"a.example.com",` + regional + `,"endpointAccessMode":"BASIC","securityPolicy":"SecurityPolicy_TLS13_2025_EDGE"`, `securityPolicy SecurityPolicy_TLS13_2025_EDGE isn't supported for the endpoint type REGIONAL`},
		{"mutual TLS with a new policy", `"domainName":"a.example.com",` + regional + `,"endpointAccessMode":"BASIC","securityPolicy":"SecurityPolicy_TLS13_1_3_2025_09","mutualTlsAuthentication":{"truststoreUri":"s3://a/b"}`, "Mutual TLS authentication is only supported with securityPolicy TLS_1_2, not SecurityPolicy_TLS13_1_3_2025_09"},
		{"no certificate of this ARN", `"domainName":"a.example.com","certificateArn":"arn:aws:acm:us-east-1:000000000000:certificate/none"`, "The provided certificate does not exist."},
		{"policy", `"domainName":"a.example.com",` + regional + `,"policy":"{}"`, "policy and managementPolicy are of the endpoint type PRIVATE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			(&house{T: t, url: h.url}).refused("POST /domainnames", "{"+c.body+"}", 400, c.text)
		})
	}
}

// TestDomainNamesOfAccounts: the name is all that a request says, so one
// account in one region has it.
func TestDomainNamesOfAccounts(t *testing.T) {
	h := newHouse(t)
	h.ok("POST /domainnames", `{"domainName":"api.example.com",`+regional+`}`)
	h.ok("POST /domainnames", `{"domainName":"*.example.org",`+regional+`}`)
	other := &house{T: t, url: h.url, account: "111122223333"}
	other.refused("POST /domainnames", `{"domainName":"api.example.com",`+regional+`}`, 400, "The domain name you provided already exists.")
	other.refused("POST /domainnames", `{"domainName":"*.example.com",`+regional+`}`, 400, "The domain name *.example.com overlaps with a domain name of another account: a wildcard and the names that it covers belong to one account")
	other.refused("POST /domainnames", `{"domainName":"api.example.org",`+regional+`}`, 400, "The domain name api.example.org overlaps with a domain name of another account: a wildcard and the names that it covers belong to one account")
	other.ok("POST /domainnames", `{"domainName":"web.example.com",`+regional+`}`)
	other.refused("GET /domainnames/api.example.com", "", 404, "Invalid domain name identifier specified")
	h.ok("DELETE /domainnames/api.example.com", "")
	other.ok("POST /domainnames", `{"domainName":"api.example.com",`+regional+`}`)
}

func TestPatchDomainName(t *testing.T) {
	h := newHouse(t)
	h.ok("POST /domainnames", `{"domainName":"api.example.com",`+regional+`}`)
	const second = "arn:aws:acm:us-east-1:000000000000:certificate/d"
	h.patches("/domainnames/api.example.com", 200, []patch{
		{name: "nothing", want: `{"regionalCertificateArn":"` + edgeCert + `"}`},
		{name: "certificate", ops: `{"op":"replace","path":"/regionalCertificateArn","value":"` + second + `"},{"op":"add","path":"/regionalCertificateName","value":"n"}`, want: `{"regionalCertificateArn":"` + second + `","regionalCertificateName":"n"}`},
		{name: "no name", ops: `{"op":"remove","path":"/regionalCertificateName"}`, want: `{"regionalCertificateName":null}`},
		{name: "address type", ops: `{"op":"replace","path":"/endpointConfiguration/ipAddressType","value":"dualstack"}`, want: `{"endpointConfiguration":{"types":["REGIONAL"],"ipAddressType":"dualstack"}}`},
		{name: "security policy", ops: `{"op":"replace","path":"/securityPolicy","value":"TLS_1_0"}`, want: `{"securityPolicy":"TLS_1_0"}`},
		{name: "no truststore", ops: `{"op":"replace","path":"/mutualTlsAuthentication/truststoreUri","value":""}`, want: `{"mutualTlsAuthentication":null}`},
		{name: "mutual TLS of an old policy", ops: `{"op":"replace","path":"/mutualTlsAuthentication/truststoreUri","value":"s3://a/b"}`, status: 400, text: "Mutual TLS authentication is only supported with securityPolicy TLS_1_2, not TLS_1_0"},
		{name: "the security policy of before", ops: `{"op":"replace","path":"/securityPolicy","value":"TLS_1_2"}`, want: `{"securityPolicy":"TLS_1_2"}`},
		{name: "truststore", ops: `{"op":"replace","path":"/mutualTlsAuthentication/truststoreUri","value":"s3://a/b"}`, status: 400, text: "The trust store s3://a/b can't be read: nothing here reads trust stores"},
		{name: "no certificate", ops: `{"op":"remove","path":"/regionalCertificateArn"}`, status: 400, text: "A certificate was not provided for the endpoint type REGIONAL."},
		{name: "both endpoint types", ops: `{"op":"add","path":"/endpointConfiguration/types","value":"EDGE"},{"op":"add","path":"/certificateArn","value":"` + second + `"}`, want: `{"endpointConfiguration":{"types":["REGIONAL","EDGE"],"ipAddressType":"dualstack"},"distributionHostedZoneId":"Z2FDTNDATAQYW2"}`},
		{name: "the new one", ops: `{"op":"remove","path":"/endpointConfiguration/types","value":"REGIONAL"},{"op":"remove","path":"/regionalCertificateArn"}`, want: `{"endpointConfiguration":{"types":["EDGE"],"ipAddressType":"dualstack"},"regionalDomainName":null,"certificateArn":"` + second + `"}`},
		{name: "as Terraform replaces it", ops: `{"op":"replace","path":"/endpointConfiguration/types/0","value":"REGIONAL"},{"op":"replace","path":"/regionalCertificateArn","value":"` + second + `"}`, want: `{"endpointConfiguration":{"types":["REGIONAL"],"ipAddressType":"dualstack"},"certificateArn":null,"distributionDomainName":null}`},
		{name: "added and removed", ops: `{"op":"add","path":"/certificateArn","value":"` + second + `"},{"op":"remove","path":"/regionalCertificateArn"}`, status: 400, text: "Certificates can't be added and removed in one request"},
		{name: "private", ops: `{"op":"replace","path":"/endpointConfiguration/types/0","value":"PRIVATE"},{"op":"remove","path":"/regionalCertificateArn"},{"op":"replace","path":"/certificateArn","value":"` + second + `"}`, status: 400, text: "A domain name can't move between PRIVATE and the public endpoint types. Create another one, and delete this one"},
		{name: "routing rules", ops: `{"op":"replace","path":"/routingMode","value":"ROUTING_RULE_ONLY"}`, want: `{"routingMode":"ROUTING_RULE_ONLY"}`},
		{name: "another mode", ops: `{"op":"replace","path":"/routingMode","value":"API_MAPPING_ONLY"}`, status: 400, text: `routingMode "API_MAPPING_ONLY": it is BASE_PATH_MAPPING_ONLY, ROUTING_RULE_ONLY or ROUTING_RULE_THEN_BASE_PATH_MAPPING`},
		{name: "another path", ops: `{"op":"replace","path":"/domainName","value":"x"}`, status: 400, text: "Invalid patch path  '/domainName' specified for op 'replace'. Must be one of: [" + strings.Join(domainPaths, ", ") + "]"},
		{name: "another operation", ops: `{"op":"add","path":"/securityPolicy","value":"TLS_1_2"}`, status: 400, text: "Invalid patch path  '/securityPolicy' specified for op 'add'. Please choose supported operations"},
	})
	h.refused("PATCH /domainnames/none.example.com", `{"patchOperations":[]}`, 404, "Invalid domain name identifier specified")
}

// TestBasePathMappings holds them to AWS's texts, as reported in the field.
func TestBasePathMappings(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"s"}`)
	h.ok("POST /domainnames", `{"domainName":"api.example.com",`+regional+`}`)
	h.vars = append(h.vars, "{maps}", "/domainnames/api.example.com/basepathmappings")
	if got := h.ok("POST {maps}", `{"restApiId":"{api}","stage":"s"}`); got["basePath"] != "(none)" || got["stage"] != "s" || got["restApiId"] != h.expand("{api}") {
		t.Errorf("%v", got)
	}
	h.ok("POST {maps}", `{"restApiId":"{api}","basePath":"v1"}`)
	if got := h.ok("GET {maps}/%28none%29", ""); got["basePath"] != "(none)" {
		t.Errorf("%v", got)
	}
	if got := h.ok("GET {maps}/v1", ""); got["stage"] != nil {
		t.Errorf("%v", got)
	}
	refused := func(body string, status int, text string) {
		t.Helper()
		h.refused("POST {maps}", body, status, h.expand(text))
	}
	refused(`{"restApiId":"{api}","basePath":"(none)"}`, 409, "Only one base path mapping is allowed if the base path is empty.")
	refused(`{"restApiId":"{api}","basePath":"v1"}`, 409, "Base path already exists for this domain name")
	refused(`{"restApiId":"{api}","basePath":"a/b"}`, 400, "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.")
	refused(`{"restApiId":"{api}","basePath":"ä"}`, 400, "Invalid base path specified: letters, digits and $-_.+!*'() only")
	refused(`{"restApiId":"{api}","basePath":"ping"}`, 400, "Invalid base path specified: /ping and /sping of a domain name are reserved for health checks")
	refused(`{"restApiId":"none","basePath":"x"}`, 400, "Invalid REST API identifier specified")
	refused(`{"restApiId":"{api}","basePath":"x","stage":"none"}`, 400, "Invalid stage identifier specified")
	h.refused("POST /domainnames/none.example.com/basepathmappings", `{"restApiId":"{api}"}`, 404, "Invalid domain name identifier specified")
	h.refused("GET {maps}/none", "", 404, "Invalid base path mapping identifier specified")
	h.refused("DELETE {maps}/none", "", 404, "Invalid base path mapping identifier specified")

	h.patches("{maps}/v1", 200, []patch{
		{name: "stage", ops: `{"op":"replace","path":"/stage","value":"s"}`, want: `{"stage":"s","basePath":"v1"}`},
		{name: "API", ops: `{"op":"replace","path":"/restapiId","value":"none"}`, status: 400, text: "Invalid REST API identifier specified"},
		{name: "no stage", ops: `{"op":"replace","path":"/stage","value":"x"}`, status: 400, text: "Invalid stage identifier specified"},
		{name: "taken", ops: `{"op":"replace","path":"/basePath","value":""}`, status: 409, text: "Only one base path mapping is allowed if the base path is empty."},
		{name: "path", ops: `{"op":"replace","path":"/x","value":""}`, status: 400, text: "Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/basePath, /restapiId, /stage]"},
		{name: "operation", ops: `{"op":"add","path":"/stage","value":""}`, status: 400, text: "Invalid patch path  '/stage' specified for op 'add'. Please choose supported operations"},
		{name: "moved", ops: `{"op":"replace","path":"/basePath","value":"v2"}`, want: `{"stage":"s","basePath":"v2"}`},
	})
	h.refused("GET {maps}/v1", "", 404, "Invalid base path mapping identifier specified")
	var seen []string
	for position := ""; ; {
		page := h.ok("GET {maps}?limit=1"+position, "")
		for _, m := range page["item"].([]any) {
			seen = append(seen, m.(map[string]any)["basePath"].(string))
		}
		next, more := page["position"].(string)
		if !more {
			break
		}
		position = "&position=" + next
	}
	if diff := cmp.Diff([]string{"(none)", "v2"}, seen); diff != "" {
		t.Error(diff)
	}

	h.refused("DELETE /restapis/{api}/stages/s", "", 400, "Deleting stage s failed. Please remove all base path mappings related to the stage in your domains: api.example.com")
	h.refused("DELETE /restapis/{api}", "", 400, h.expand("Deleting RestApi {api} failed. Please remove all base path mappings related to the RestApi in your domains: api.example.com"))
	if status, _ := h.call("DELETE {maps}/%28none%29", ""); status != 202 {
		t.Error(status)
	}
	h.ok("DELETE /domainnames/api.example.com", "") // and its mappings
	h.ok("DELETE /restapis/{api}/stages/s", "")
	h.ok("DELETE /restapis/{api}", "")
}

func TestBasePathMappingsAreBounded(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.ok("POST /domainnames", `{"domainName":"api.example.com",`+regional+`}`)
	for i := range 200 {
		h.ok("POST /domainnames/api.example.com/basepathmappings", fmt.Sprintf(`{"restApiId":"{api}","basePath":"p%d"}`, i))
	}
	h.refused("POST /domainnames/api.example.com/basepathmappings", `{"restApiId":"{api}","basePath":"x"}`, 429, "Maximum number of base path mappings for this domain name has been reached: 200")
}

func TestDomainNameAccessAssociations(t *testing.T) {
	h := newHouse(t)
	arn := h.ok("POST /domainnames", `{"domainName":"api.example.com",`+privateName+`}`)["domainNameArn"].(string)
	other := h.ok("POST /domainnames", `{"domainName":"api.example.com",`+privateName+`}`)["domainNameArn"].(string)
	h.vars = append(h.vars, "{arn}", arn, "{other}", other, "{escaped}", strings.ReplaceAll(arn, "+", "%2B"), "{otherescaped}", strings.ReplaceAll(other, "+", "%2B"))
	create := func(domain, source string) string {
		return `{"domainNameArn":"` + domain + `","accessAssociationSourceType":"VPCE","accessAssociationSource":"` + source + `"}`
	}
	const made = "arn:aws:apigateway:us-east-1:000000000000:/domainnameaccessassociations/domainname/api.example.com/vpcesource/vpce-0a1b"
	got := h.ok("POST /domainnameaccessassociations", create("{arn}", "vpce-0a1b"))
	want := map[string]any{"domainNameAccessAssociationArn": made, "domainNameArn": arn, "accessAssociationSource": "vpce-0a1b", "accessAssociationSourceType": "VPCE"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	h.refused("POST /domainnameaccessassociations", create("{arn}", "vpce-0a1b"), 409, "The VPC endpoint vpce-0a1b is already associated with a domain name api.example.com")
	h.refused("POST /domainnameaccessassociations", create("{other}", "vpce-0a1b"), 409, "The VPC endpoint vpce-0a1b is already associated with a domain name api.example.com")
	h.refused("POST /domainnameaccessassociations", create("{arn}", "vpc-1"), 400, `Invalid VPC endpoint specified: "vpc-1"`)
	h.refused("POST /domainnameaccessassociations", create("{arn}x", "vpce-1"), 400, "Invalid domain name identifier specified")
	h.refused("POST /domainnameaccessassociations", create("x", "vpce-1"), 400, "Invalid domain name ARN specified: the ARN of a PRIVATE domain name ends in {name}+{id}")
	h.refused("POST /domainnameaccessassociations", create("arn:aws:apigateway:eu-west-1:000000000000:/domainnames/a.example.com+x", "vpce-1"), 400,
		"Invalid domain name ARN specified: name one in us-east-1")
	h.refused("POST /domainnameaccessassociations", create("arn:aws:apigateway:us-east-1:111122223333:/domainnames/a.example.com+x", "vpce-1"), 403,
		"User: arn:aws:iam::000000000000:root is not authorized to perform: apigateway:CreateAccessAssociation on resource: "+
			"arn:aws:apigateway:us-east-1:111122223333:/domainnames/a.example.com+x because no resource-based policy allows the apigateway:CreateAccessAssociation action")
	h.ok("POST /domainnameaccessassociations", create("{other}", "vpce-2"))
	if list := h.ok("GET /domainnameaccessassociations", "")["item"].([]any); len(list) != 2 {
		t.Errorf("%v", list)
	}
	escaped := strings.NewReplacer(":", "%3A", "/", "%2F").Replace(made)
	h.ok("PUT /tags/"+escaped, `{"tags":{"a":"b"}}`)
	if tags := h.ok("GET /tags/"+escaped, "")["tags"]; !cmp.Equal(tags, map[string]any{"a": "b"}) {
		t.Errorf("%v", tags)
	}
	h.refused("POST /rejectdomainnameaccessassociations?domainNameAccessAssociationArn="+escaped+"&domainNameArn={otherescaped}", "", 404, "Invalid domain name access association identifier specified")
	if status, body := h.call("POST /rejectdomainnameaccessassociations?domainNameAccessAssociationArn="+escaped+"&domainNameArn={escaped}", ""); status != 202 {
		t.Error(status, body)
	}
	h.refused("DELETE /domainnameaccessassociations/"+escaped, "", 404, "Invalid domain name access association identifier specified")
	h.ok("POST /domainnameaccessassociations", create("{arn}", "vpce-0a1b"))
	if status, _ := h.call("DELETE /domainnameaccessassociations/"+escaped, ""); status != 202 {
		t.Error(status)
	}
}
