package stacktest

import (
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// routeHandlers are the types of HTTP and WebSocket APIs: version 2 of the
// management API has four calls for each, and an update carries the members that
// changed.
func routeHandlers() map[string]handler {
	return map[string]handler{
		"Api":                 routeHandler("Api", "ApiId", "ProtocolType"),
		"Integration":         routeHandler("Integration", "IntegrationId", "ApiId", "IntegrationType"),
		"IntegrationResponse": routeHandler("IntegrationResponse", "IntegrationResponseId", "ApiId", "IntegrationId"),
		"Route":               routeHandler("Route", "RouteId", "ApiId"),
		"RouteResponse":       routeHandler("RouteResponse", "RouteResponseId", "ApiId", "RouteId"),
		"Authorizer":          routeHandler("Authorizer", "AuthorizerId", "ApiId"),
		"Model":               routeHandler("Model", "ModelId", "ApiId"),
		"Deployment":          routeHandler("Deployment", "DeploymentId", "ApiId"),
		"Stage":               routeHandler("Stage", "StageName", "ApiId", "StageName"),
		"VpcLink":             routeHandler("VpcLink", "VpcLinkId", "SubnetIds", "SecurityGroupIds"),
	}
}

// routeHandler makes the calls CreateX, GetX, UpdateX and DeleteX, whose inputs
// name the resource by the member id, within what replaces it when it changes.
func routeHandler(kind, id string, replaced ...string) handler {
	within := func(c *call) map[string]any {
		in := map[string]any{}
		for _, name := range replaced {
			if parent, ok := c.properties[name]; ok && name != id && strings.HasSuffix(name, "Id") {
				in[name] = parent
			}
		}
		return in
	}
	place := func(c *call) map[string]any { return merged(within(c), map[string]any{id: c.id}) }
	return handler{
		replaced: replaced,
		create: func(c *call) error {
			out, err := c.route("Create"+kind, routeMembers(c.properties))
			c.id = text(out[id])
			c.attributes[id] = c.id
			if endpoint, ok := out["ApiEndpoint"]; ok {
				c.attributes["ApiEndpoint"] = text(endpoint)
			}
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.route("Get"+kind, place(c))
			if log := object(out["AccessLogSettings"]); log != nil {
				log["DestinationArn"] = text(log["DestinationArn"]) + ":*"
			}
			if schema, ok := out["Schema"]; ok {
				out["Schema"] = parsed(schema)
			}
			return merged(out, within(c)), err
		},
		update: func(c *call) error {
			in := place(c)
			for name, v := range changed(routeMembers(c.old), routeMembers(c.properties)) {
				if name != "Tags" {
					in[name] = v.now
				}
			}
			if _, err := c.route("Update"+kind, in); err != nil {
				return err
			}
			return c.retagRoute(kind)
		},
		remove: func(c *call) error {
			_, err := c.route("Delete"+kind, place(c))
			return err
		},
	}
}

// routeMembers are the properties as the calls have them.
func routeMembers(properties map[string]any) map[string]any {
	in := maps.Clone(properties)
	if log := object(in["AccessLogSettings"]); log != nil {
		in["AccessLogSettings"] = merged(log, map[string]any{"DestinationArn": strings.TrimSuffix(text(log["DestinationArn"]), ":*")}) // as for REST APIs
	}
	if schema, ok := in["Schema"]; ok { // JSON in a template
		in["Schema"] = document(schema)
	}
	return in
}

// route makes a call of version 2 of the management API.
func (c *call) route(operation string, members map[string]any) (map[string]any, error) {
	return c.invoke(c.Routes, operation, members)
}

// retagRoute gives an API, a stage or a VPC link the tags of the template.
func (c *call) retagRoute(kind string) error {
	arn := "arn:aws:apigateway:" + c.Region + "::/apis/" + c.id
	switch kind {
	case "Stage":
		arn = "arn:aws:apigateway:" + c.Region + "::/apis/" + text(c.properties["ApiId"]) + "/stages/" + c.id
	case "VpcLink":
		arn = "arn:aws:apigateway:" + c.Region + "::/vpclinks/" + c.id
	}
	set := map[string]string{}
	for name, v := range changed(object(c.old["Tags"]), object(c.properties["Tags"])) {
		if v.now == nil {
			if _, err := c.Routes.UntagResource(c.ctx, &apigatewayv2.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{name}}); err != nil {
				return err
			}
			continue
		}
		set[name] = text(v.now)
	}
	if len(set) == 0 {
		return nil
	}
	_, err := c.Routes.TagResource(c.ctx, &apigatewayv2.TagResourceInput{ResourceArn: &arn, Tags: set})
	return err
}
