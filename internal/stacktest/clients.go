package stacktest

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// clientHandlers are the types beside an API: who calls it, and by which name.
func clientHandlers() map[string]handler {
	return map[string]handler{
		"ApiKey":            keyHandler(),
		"UsagePlan":         planHandler(),
		"UsagePlanKey":      {[]string{"*"}, createPlanKey, readPlanKey, nil, removePlanKey},
		"Account":           accountHandler(),
		"ClientCertificate": certificateHandler(),
		"VpcLink":           linkHandler(),
		"DomainName":        domainHandler(),
		"BasePathMapping":   mappingHandler(),
	}
}

func keyHandler() handler {
	return handler{
		replaced: []string{"Name", "Value", "GenerateDistinctId"},
		create: func(c *call) error {
			in := new(apigateway.CreateApiKeyInput)
			members := merged(map[string]any{"Name": c.named()}, c.properties)
			if t, ok := members["Tags"]; ok {
				members["Tags"] = tags(t)
			}
			if err := fill(in, members); err != nil {
				return err
			}
			out, err := c.API.CreateApiKey(c.ctx, in)
			if err == nil {
				c.id = *out.Id
				c.attributes["APIKeyId"] = c.id
			}
			return err
		},
		read: func(c *call) (map[string]any, error) {
			yes := true
			out, err := c.API.GetApiKey(c.ctx, &apigateway.GetApiKeyInput{ApiKey: &c.id, IncludeValue: &yes})
			if err != nil {
				return nil, err
			}
			read, stages := tagList(properties(out)), []any{}
			for _, k := range out.StageKeys {
				api, stage, _ := strings.Cut(k, "/")
				stages = append(stages, map[string]any{"RestApiId": api, "StageName": stage})
			}
			read["StageKeys"] = stages
			return read, nil
		},
		update: func(c *call) error {
			var p patches
			c.scalars(&p, "Description", "/description", "Enabled", "/enabled", "CustomerId", "/customerId")
			if len(p) > 0 {
				if _, err := c.API.UpdateApiKey(c.ctx, &apigateway.UpdateApiKeyInput{ApiKey: &c.id, PatchOperations: p}); err != nil {
					return err
				}
			}
			return c.retag("/apikeys/" + c.id)
		},
		remove: func(c *call) error {
			_, err := c.API.DeleteApiKey(c.ctx, &apigateway.DeleteApiKeyInput{ApiKey: &c.id})
			return err
		},
	}
}

func planHandler() handler {
	return handler{
		create: func(c *call) error {
			in := new(apigateway.CreateUsagePlanInput)
			members := merged(map[string]any{"Name": c.named()}, renamed(c.properties, "UsagePlanName", "Name"))
			if t, ok := members["Tags"]; ok {
				members["Tags"] = tags(t)
			}
			if err := fill(in, members); err != nil {
				return err
			}
			out, err := c.API.CreateUsagePlan(c.ctx, in)
			if err == nil {
				c.id = *out.Id
				c.attributes["Id"] = c.id
			}
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetUsagePlan(c.ctx, &apigateway.GetUsagePlanInput{UsagePlanId: &c.id})
			return tagList(renamed(properties(out), "Name", "UsagePlanName")), err
		},
		update: updatePlan,
		remove: removePlan,
	}
}

func updatePlan(c *call) error {
	var p patches
	c.scalars(&p, "UsagePlanName", "/name", "Description", "/description")
	for name, v := range changed(object(c.old["Throttle"]), object(c.properties["Throttle"])) {
		p.add(types.OpReplace, "/throttle/"+strings.ToLower(name[:1])+name[1:], v.now)
	}
	for name, v := range changed(object(c.old["Quota"]), object(c.properties["Quota"])) {
		p.add(types.OpReplace, "/quota/"+strings.ToLower(name[:1])+name[1:], v.now)
	}
	old, now := planStages(c.old), planStages(c.properties)
	for stage, v := range changed(old, now) {
		switch {
		case v.now == nil:
			p.add(types.OpRemove, "/apiStages", stage)
			continue
		case v.old == nil:
			p.add(types.OpAdd, "/apiStages", stage)
		}
		for method, limits := range changed(object(v.old), object(v.now)) {
			path, verb := method[:strings.LastIndex(method, "/")], method[strings.LastIndex(method, "/")+1:]
			at := "/apiStages/" + stage + "/throttle/" + escaped(path) + "/" + verb
			if limits.now == nil {
				p.add(types.OpRemove, at, "")
				continue
			}
			for name, v := range changed(object(limits.old), object(limits.now)) {
				p.add(types.OpReplace, at+"/"+strings.ToLower(name[:1])+name[1:], v.now)
			}
		}
	}
	if len(p) > 0 {
		if _, err := c.API.UpdateUsagePlan(c.ctx, &apigateway.UpdateUsagePlanInput{UsagePlanId: &c.id, PatchOperations: p}); err != nil {
			return err
		}
	}
	return c.retag("/usageplans/" + c.id)
}

// planStages are the throttles of a plan's stages, by api:stage.
func planStages(properties map[string]any) map[string]any {
	out := map[string]any{}
	list, _ := properties["ApiStages"].([]any)
	for _, x := range list {
		throttle := object(object(x)["Throttle"])
		if throttle == nil {
			throttle = map[string]any{}
		}
		out[text(object(x)["ApiId"])+":"+text(object(x)["Stage"])] = throttle
	}
	return out
}

// removePlan takes the plan's stages away first, those that it still has: AWS
// deletes no plan with stages.
func removePlan(c *call) error {
	plan, err := c.API.GetUsagePlan(c.ctx, &apigateway.GetUsagePlanInput{UsagePlanId: &c.id})
	if err != nil {
		return err
	}
	var p patches
	for _, s := range plan.ApiStages {
		p.add(types.OpRemove, "/apiStages", aws.ToString(s.ApiId)+":"+aws.ToString(s.Stage))
	}
	if len(p) > 0 {
		if _, err := c.API.UpdateUsagePlan(c.ctx, &apigateway.UpdateUsagePlanInput{UsagePlanId: &c.id, PatchOperations: p}); err != nil {
			return err
		}
	}
	_, err = c.API.DeleteUsagePlan(c.ctx, &apigateway.DeleteUsagePlanInput{UsagePlanId: &c.id})
	return err
}

func createPlanKey(c *call) error {
	in := new(apigateway.CreateUsagePlanKeyInput)
	if err := fill(in, c.properties); err != nil {
		return err
	}
	c.id = *in.KeyId + ":" + *in.UsagePlanId
	_, err := c.API.CreateUsagePlanKey(c.ctx, in)
	return err
}

func readPlanKey(c *call) (map[string]any, error) {
	out, err := c.API.GetUsagePlanKey(c.ctx, &apigateway.GetUsagePlanKeyInput{UsagePlanId: c.given("UsagePlanId"), KeyId: c.given("KeyId")})
	if err != nil {
		return nil, err
	}
	return map[string]any{"KeyId": *out.Id, "KeyType": *out.Type, "UsagePlanId": c.properties["UsagePlanId"]}, nil
}

func removePlanKey(c *call) error {
	_, err := c.API.DeleteUsagePlanKey(c.ctx, &apigateway.DeleteUsagePlanKeyInput{UsagePlanId: c.given("UsagePlanId"), KeyId: c.given("KeyId")})
	return err
}

// accountHandler never takes the account's role away: the account goes on
// when a stack is deleted.
func accountHandler() handler {
	put := func(c *call) error {
		c.id = c.Account
		return c.account(text(c.properties["CloudWatchRoleArn"]))
	}
	return handler{
		create: put, update: put, remove: func(*call) error { return nil },
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetAccount(c.ctx, &apigateway.GetAccountInput{})
			return renamed(properties(out), "CloudwatchRoleArn", "CloudWatchRoleArn"), err
		},
	}
}

func certificateHandler() handler {
	return handler{
		create: func(c *call) error {
			in := new(apigateway.GenerateClientCertificateInput)
			if err := fill(in, c.properties); err != nil {
				return err
			}
			out, err := c.API.GenerateClientCertificate(c.ctx, in)
			if err == nil {
				c.id = *out.ClientCertificateId
				c.attributes["ClientCertificateId"] = c.id
			}
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetClientCertificate(c.ctx, &apigateway.GetClientCertificateInput{ClientCertificateId: &c.id})
			return tagList(properties(out)), err
		},
		update: func(c *call) error {
			var p patches
			c.scalars(&p, "Description", "/description")
			_, err := c.API.UpdateClientCertificate(c.ctx, &apigateway.UpdateClientCertificateInput{ClientCertificateId: &c.id, PatchOperations: p})
			return err
		},
		remove: func(c *call) error {
			_, err := c.API.DeleteClientCertificate(c.ctx, &apigateway.DeleteClientCertificateInput{ClientCertificateId: &c.id})
			return err
		},
	}
}

func linkHandler() handler {
	return handler{
		replaced: []string{"TargetArns"},
		create: func(c *call) error {
			in := new(apigateway.CreateVpcLinkInput)
			members := c.properties
			if t, ok := members["Tags"]; ok {
				members = merged(members, map[string]any{"Tags": tags(t)})
			}
			if err := fill(in, members); err != nil {
				return err
			}
			out, err := c.API.CreateVpcLink(c.ctx, in)
			if err == nil {
				c.id = *out.Id
				c.attributes["VpcLinkId"] = c.id
			}
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetVpcLink(c.ctx, &apigateway.GetVpcLinkInput{VpcLinkId: &c.id})
			return tagList(properties(out)), err
		},
		update: func(c *call) error {
			var p patches
			c.scalars(&p, "Name", "/name", "Description", "/description")
			if len(p) > 0 {
				if _, err := c.API.UpdateVpcLink(c.ctx, &apigateway.UpdateVpcLinkInput{VpcLinkId: &c.id, PatchOperations: p}); err != nil {
					return err
				}
			}
			return c.retag("/vpclinks/" + c.id)
		},
		remove: func(c *call) error {
			_, err := c.API.DeleteVpcLink(c.ctx, &apigateway.DeleteVpcLinkInput{VpcLinkId: &c.id})
			return err
		},
	}
}

func domainHandler() handler {
	return handler{
		replaced: []string{"DomainName"},
		create: func(c *call) error {
			in := new(apigateway.CreateDomainNameInput)
			members := c.properties
			if t, ok := members["Tags"]; ok {
				members = merged(members, map[string]any{"Tags": tags(t)})
			}
			if err := fill(in, members); err != nil {
				return err
			}
			out, err := c.API.CreateDomainName(c.ctx, in)
			if err == nil {
				c.id = *out.DomainName
				c.attributes["RegionalDomainName"], c.attributes["RegionalHostedZoneId"] = aws.ToString(out.RegionalDomainName), aws.ToString(out.RegionalHostedZoneId)
				c.attributes["DistributionDomainName"], c.attributes["DistributionHostedZoneId"] = aws.ToString(out.DistributionDomainName), aws.ToString(out.DistributionHostedZoneId)
			}
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetDomainName(c.ctx, &apigateway.GetDomainNameInput{DomainName: &c.id})
			return tagList(properties(out)), err
		},
		update: func(c *call) error {
			var p patches
			c.scalars(&p, "SecurityPolicy", "/securityPolicy", "RegionalCertificateArn", "/regionalCertificateArn", "CertificateArn", "/certificateArn")
			_, err := c.API.UpdateDomainName(c.ctx, &apigateway.UpdateDomainNameInput{DomainName: &c.id, PatchOperations: p})
			return err
		},
		remove: func(c *call) error {
			_, err := c.API.DeleteDomainName(c.ctx, &apigateway.DeleteDomainNameInput{DomainName: &c.id})
			return err
		},
	}
}

func mappingHandler() handler {
	path := func(c *call) *string {
		if p := c.given("BasePath"); p != nil && *p != "" {
			return p
		}
		none := "(none)"
		return &none
	}
	return handler{
		replaced: []string{"DomainName", "BasePath"},
		create: func(c *call) error {
			in := new(apigateway.CreateBasePathMappingInput)
			if err := fill(in, c.properties); err != nil {
				return err
			}
			c.id = *in.DomainName + "|" + *path(c)
			_, err := c.API.CreateBasePathMapping(c.ctx, in)
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetBasePathMapping(c.ctx, &apigateway.GetBasePathMappingInput{DomainName: c.given("DomainName"), BasePath: path(c)})
			return merged(properties(out), map[string]any{"DomainName": c.properties["DomainName"]}), err
		},
		update: func(c *call) error {
			var p patches
			c.scalars(&p, "RestApiId", "/restapiId", "Stage", "/stage")
			_, err := c.API.UpdateBasePathMapping(c.ctx, &apigateway.UpdateBasePathMappingInput{DomainName: c.given("DomainName"), BasePath: path(c), PatchOperations: p})
			return err
		},
		remove: func(c *call) error {
			_, err := c.API.DeleteBasePathMapping(c.ctx, &apigateway.DeleteBasePathMappingInput{DomainName: c.given("DomainName"), BasePath: path(c)})
			return err
		},
	}
}
