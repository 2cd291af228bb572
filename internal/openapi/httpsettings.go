package openapi

import "github.com/gatehouse/gatehouse/internal/apigw"

// settings translates what the document says of the API itself.
func (im *httpImporter) settings() {
	im.endpoint()
	api, read := im.out.Definition.RouteAPI, im.api
	api.Name, api.Version, api.Description = read.Name, read.Version, read.Description
	if read.DisableExecuteAPIEndpoint != nil {
		api.DisableExecuteAPIEndpoint = *read.DisableExecuteAPIEndpoint
	}
	if read.IPAddressType != "" {
		api.IPAddressType = read.IPAddressType
	}
	if len(read.VPCEndpointIDs) > 0 {
		im.problem(im.root.peek("servers").elements()[0].peek(extEndpoint).peek("vpcEndpointIds"),
			"vpcEndpointIds belongs to REST APIs: HTTP APIs are public, and everybody could call this one")
	}
	im.root.get(extExportVersion)
	api.CORS = im.cors(im.root.get(extCORS))
	im.tags()
}

// cors translates x-amazon-apigateway-cors. A list that isn't there is nil.
func (im *httpImporter) cors(n *node) *apigw.CORS {
	if !im.object(n, extCORS, "allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders", "maxAge", "allowCredentials") {
		return nil
	}
	return &apigw.CORS{
		AllowOrigins:     im.texts(n.get("allowOrigins"), "allowOrigins"),
		AllowMethods:     im.texts(n.get("allowMethods"), "allowMethods"),
		AllowHeaders:     im.texts(n.get("allowHeaders"), "allowHeaders"),
		ExposeHeaders:    im.texts(n.get("exposeHeaders"), "exposeHeaders"),
		MaxAge:           im.integer(n.get("maxAge"), "maxAge"),
		AllowCredentials: im.boolean(n.get("allowCredentials"), "allowCredentials"),
	}
}

// tags are the API's: the document's tags with their values. One without a
// value has an empty one (developer guide, "x-amazon-apigateway-tag-value").
func (im *httpImporter) tags() {
	all := im.root.get("tags")
	if !im.isList(all, "tags") || len(all.items) == 0 {
		return
	}
	tags := make(map[string]string, len(all.items))
	for _, n := range all.items {
		if !im.isObject(n, "a tag") {
			continue
		}
		name := im.text(n.get("name"), "name")
		if name == "" {
			im.problem(n, "a tag needs a name")
			continue
		}
		if _, twice := tags[name]; twice {
			im.problem(n, "tag %q is there twice", name)
		}
		tags[name] = im.text(n.get(extTagValue), extTagValue)
		im.ignored(n, "name")
	}
	im.out.Definition.RouteAPI.Tags = tags
}
