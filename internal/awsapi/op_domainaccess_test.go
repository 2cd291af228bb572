package awsapi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSharedDomainNames: an account shares a private domain name by its
// management policy; another associates its endpoint, lists, deletes; the owner
// lists those of others, and rejects (developer guide, "API provider: Share your
// private custom domain name using the API Gateway AWS CLI", and "Stop sharing").
func TestSharedDomainNames(t *testing.T) {
	const provider, consumer, stranger = "000000000000", "111122223333", "444455556666"
	h := newHouse(t)
	as := func(account string) { h.account = account }
	as(provider)
	made := h.ok("POST /domainnames", `{"domainName":"api.example.com",`+privateName+`}`)
	arn, id := made["domainNameArn"].(string), made["domainNameId"].(string)
	const association = "arn:aws:apigateway:us-east-1:" + consumer + ":/domainnameaccessassociations/domainname/api.example.com/vpcesource/vpce-1"
	escape := strings.NewReplacer(":", "%3A", "/", "%2F", "+", "%2B").Replace
	associate := `{"domainNameArn":"` + arn + `","accessAssociationSourceType":"VPCE","accessAssociationSource":"vpce-1"}`
	denied := func(account string) string {
		return "User: arn:aws:iam::" + account + ":root is not authorized to perform: apigateway:CreateAccessAssociation on resource: " + arn +
			" because no resource-based policy allows the apigateway:CreateAccessAssociation action"
	}
	list := func(owner string) (arns []string) {
		t.Helper()
		items, _ := h.ok("GET /domainnameaccessassociations?resourceOwner="+owner, "")["item"].([]any)
		for _, item := range items {
			arns = append(arns, item.(map[string]any)["domainNameAccessAssociationArn"].(string))
		}
		return arns
	}
	expect := func(account, owner string, want ...string) {
		t.Helper()
		as(account)
		if diff := cmp.Diff(want, list(owner)); diff != "" {
			t.Errorf("%s lists %s: %s", account, owner, diff)
		}
	}

	as(consumer)
	h.refused("POST /domainnameaccessassociations", associate, 403, denied(consumer))
	as(provider)
	h.ok("PATCH /domainnames/api.example.com?domainNameId="+id, `{"patchOperations":[{"op":"replace","path":"/managementPolicy","value":`+
		`"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":[\"`+consumer+`\"]},\"Action\":\"apigateway:CreateAccessAssociation\",\"Resource\":\"`+arn+`\"}]}"}]}`)
	as(stranger)
	h.refused("POST /domainnameaccessassociations", associate, 403, denied(stranger))
	// AWS CLI reference, example 3 of get-domain-names.
	shared := map[string][]any{provider: {}, consumer: {map[string]any{"domainName": "api.example.com", "domainNameId": id, "domainNameArn": arn}}, stranger: {}}
	for account, want := range shared {
		as(account)
		if diff := cmp.Diff(want, h.ok("GET /domainnames?resourceOwner=OTHER_ACCOUNTS", "")["item"]); diff != "" {
			t.Errorf("%s: %s", account, diff)
		}
	}
	as(consumer)
	want := map[string]any{"domainNameAccessAssociationArn": association, "domainNameArn": arn, "accessAssociationSource": "vpce-1", "accessAssociationSourceType": "VPCE"}
	if diff := cmp.Diff(want, h.ok("POST /domainnameaccessassociations", associate)); diff != "" {
		t.Error(diff)
	}
	h.refused("POST /domainnameaccessassociations", associate, 409, "The VPC endpoint vpce-1 is already associated with a domain name api.example.com")
	expect(consumer, "SELF", association)
	expect(consumer, "OTHER_ACCOUNTS")
	expect(provider, "SELF")
	expect(provider, "OTHER_ACCOUNTS", association)
	expect(stranger, "SELF")

	as(provider)
	h.refused("DELETE /domainnameaccessassociations/"+escape(association), "", 404, "Invalid domain name access association identifier specified")
	if status, body := h.call("POST /rejectdomainnameaccessassociations?domainNameAccessAssociationArn="+escape(association)+"&domainNameArn="+escape(arn), ""); status != 202 {
		t.Error(status, body)
	}
	expect(consumer, "SELF", association) // to be deleted by its maker
	if status, body := h.call("DELETE /domainnameaccessassociations/"+escape(association), ""); status != 202 {
		t.Error(status, body)
	}
	expect(consumer, "SELF")
	expect(provider, "OTHER_ACCOUNTS")

	as(consumer)
	h.ok("POST /domainnameaccessassociations", associate)
	as(provider)
	if status, body := h.call("DELETE /domainnames/api.example.com?domainNameId="+id, ""); status != 202 {
		t.Error(status, body)
	}
	expect(consumer, "SELF")
}

// TestPrivateDomainPolicies: the short form is the domain name's own ARN (AWS CLI
// reference, example 2 of create-domain-name), and what can't be evaluated is
// refused when it is saved.
func TestPrivateDomainPolicies(t *testing.T) {
	h := newHouse(t)
	policy := func(resource string) string {
		return `"policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"execute-api:Invoke\",\"Resource\":\"` + resource + `\"}]}"`
	}
	made := h.ok("POST /domainnames", `{"domainName":"api.example.com",`+privateName+`,`+policy("execute-api:/*")+`}`)
	own := `\"arn:aws:execute-api:us-east-1:000000000000:/domainnames/api.example.com+` + made["domainNameId"].(string) + `\"`
	if got := made["policy"].(string); !strings.Contains(got, own) {
		t.Errorf("%s has no %s", got, own)
	}
	if status, body := h.call("POST /domainnames", `{"domainName":"api.example.com",`+privateName+`,`+policy("execute-api:/x")+`}`); status != 400 {
		t.Error(status, body)
	}
}

// TestEndpointTypeChanges: EDGE and REGIONAL become each other and PRIVATE, and
// PRIVATE becomes REGIONAL with IPv4 (developer guide, "Change a public or private
// API endpoint type"); nothing changes sides while a domain name leads to it.
func TestEndpointTypeChanges(t *testing.T) {
	h := newHouse(t)
	h.api()
	to := func(kind string) string {
		return `{"op":"replace","path":"/endpointConfiguration/types/0","value":"` + kind + `"}`
	}
	now := func(kind, addresses string) string {
		return `{"endpointConfiguration":{"types":["` + kind + `"],"ipAddressType":"` + addresses + `"}}`
	}
	h.patches("/restapis/{api}", 200, []patch{
		{name: "edge to regional", ops: to("REGIONAL"), want: now("REGIONAL", "ipv4")},
		{name: "regional to edge", ops: to("EDGE"), want: now("EDGE", "ipv4")},
		{name: "edge to private", ops: to("PRIVATE"), want: now("PRIVATE", "dualstack")},
		{name: "private to edge", ops: to("EDGE"), status: 400, text: "A PRIVATE API can't be changed into an EDGE one. Change it to REGIONAL"},
		{name: "private to regional", ops: to("REGIONAL"), want: now("REGIONAL", "ipv4")},
		{name: "regional to private", ops: to("PRIVATE"), want: now("PRIVATE", "dualstack")},
	})
	id := h.ok("POST /domainnames", `{"domainName":"api.example.com",`+privateName+`}`)["domainNameId"].(string)
	h.ok("POST /domainnames/api.example.com/basepathmappings?domainNameId="+id, `{"restApiId":"{api}"}`)
	h.patches("/restapis/{api}", 200, []patch{
		{name: "while mapped", ops: to("REGIONAL"), status: 400, text: "The endpoint type can't be changed from PRIVATE to REGIONAL while the domain name api.example.com leads to the API"},
		{name: "other settings", ops: `{"op":"replace","path":"/name","value":"other"}`, want: `{"name":"other"}`},
	})
}
