package sdk

import "strings"

// javascriptFiles lays an SDK out as AWS's: a page written for AWS's zip finds
// what it loads, but for the libraries that AWS bundles (axios, CryptoJS,
// url-template), whose work Web Crypto and fetch do here. An API with only ANY
// methods has no apigClient.js, as on AWS.
func javascriptFiles(a *api, _ map[string]string) ([]file, error) {
	nameJavascript(a)
	r := &render{language: "javascript", data: a}
	if len(a.Operations) > 0 {
		r.add("apiGateway-js-sdk/apigClient.js", "apigClient.js.tmpl")
	}
	for _, name := range []string{"utils", "sigV4Client", "simpleHttpClient", "apiGatewayClient"} {
		r.add("apiGateway-js-sdk/lib/apiGatewayCore/"+name+".js", "lib/apiGatewayCore/"+name+".js")
	}
	r.add("apiGateway-js-sdk/README.md", "README.md.tmpl")
	return r.done()
}

// nameJavascript names methods by path and verb: rootGet, aBOpGet. Operation
// names aren't used (recorded in SDKs that AWS generated).
func nameJavascript(a *api) {
	names := newNamer("constructor", "__proto__", "prototype")
	for _, o := range a.Operations {
		o.Name = names.name(lowerFirst(camel(o.pathWords()))+camel([]string{strings.ToLower(o.Verb)}), "op")
	}
}
