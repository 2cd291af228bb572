package control

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// taggable is something that has tags, as its ARN names it.
type taggable struct {
	kind   string // restapis, stages, apis, routestages, apikeys, usageplans, vpclinks, clientcertificates, domainnames, domainnameaccessassociations
	id     string
	stage  apigw.StageName
	domain apigw.DomainID // of a private domain name
}

// parseTaggable takes arn:aws:apigateway:{region}::/restapis/{id} and its like
// apart (developer guide, "Tag API Gateway resources"). No name in one is ever
// escaped, and a policy on tags knows each by one ARN alone.
func parseTaggable(scope apigw.Scope, arn string) (taggable, error) {
	bad := apigw.Errorf(apigw.BadRequest, "Invalid ARN specified in the request")
	if owner, name, id, err := parsePrivateDomain(scope, arn); err == nil && owner == scope {
		return taggable{kind: "domainnames", id: name, domain: id}, nil
	}
	if account, _, _, ok := parseAssociation(scope, arn); ok && account == scope.Account {
		return taggable{kind: "domainnameaccessassociations", id: arn}, nil
	}
	path, ok := strings.CutPrefix(arn, "arn:"+scope.Partition+":apigateway:"+scope.Region+"::/")
	if !ok {
		return taggable{}, bad
	}
	parts := strings.Split(path, "/")
	switch {
	case slices.Contains(parts, ""):
	case len(parts) == 2 && (parts[0] == "restapis" || parts[0] == "apis" || parts[0] == "apikeys" || parts[0] == "usageplans" || parts[0] == "vpclinks" || parts[0] == "clientcertificates" || parts[0] == "domainnames"):
		return taggable{kind: parts[0], id: parts[1]}, nil
	case len(parts) == 4 && parts[0] == "restapis" && parts[2] == "stages":
		return taggable{kind: "stages", id: parts[1], stage: apigw.StageName(parts[3])}, nil
	case len(parts) == 4 && parts[0] == "apis" && parts[2] == "stages":
		return taggable{kind: "routestages", id: parts[1], stage: apigw.StageName(parts[3])}, nil
	}
	return taggable{}, bad
}

// Tags are the tags of what an ARN names.
func (c *Control) Tags(ctx context.Context, scope apigw.Scope, arn string) (map[string]string, error) {
	t, err := parseTaggable(scope, arn)
	if err != nil {
		return nil, err
	}
	switch t.kind {
	case "restapis":
		return tagsOf(c.RestAPI(ctx, scope, apigw.APIID(t.id)))(func(a *apigw.RestAPI) map[string]string { return a.Tags })
	case "stages":
		return tagsOf(c.Stage(ctx, scope, apigw.APIID(t.id), t.stage))(func(s *apigw.Stage) map[string]string { return s.Tags })
	case "apis":
		return tagsOf(c.RouteAPI(ctx, scope, apigw.APIID(t.id)))(func(a *apigw.RouteAPI) map[string]string { return a.Tags })
	case "routestages":
		return tagsOf(c.RouteStage(ctx, scope, apigw.APIID(t.id), t.stage))(func(s *apigw.Stage) map[string]string { return s.Tags })
	case "apikeys":
		return tagsOf(c.APIKey(ctx, scope, apigw.APIKeyID(t.id), false))(func(k *apigw.APIKey) map[string]string { return k.Tags })
	case "usageplans":
		return tagsOf(c.UsagePlan(ctx, scope, apigw.UsagePlanID(t.id)))(func(p *apigw.UsagePlan) map[string]string { return p.Tags })
	case "vpclinks":
		return c.linkTags(ctx, scope, apigw.VPCLinkID(t.id))
	case "domainnames":
		return tagsOf(c.DomainName(ctx, scope, t.id, t.domain))(func(d *apigw.DomainName) map[string]string { return d.Tags })
	case "domainnameaccessassociations":
		_, name, source, _ := parseAssociation(scope, t.id)
		return tagsOf(c.association(ctx, scope, name, source))(func(a *DomainAssociation) map[string]string { return a.Access.Tags })
	}
	return tagsOf(c.ClientCertificate(ctx, scope, t.id))(func(l *apigw.ClientCertificate) map[string]string { return l.Tags })
}

func tagsOf[T any](v *T, err error) func(func(*T) map[string]string) (map[string]string, error) {
	return func(tags func(*T) map[string]string) (map[string]string, error) {
		if err != nil {
			return nil, err
		}
		return tags(v), nil
	}
}

// TagResource adds tags to what an ARN names; others stay.
func (c *Control) TagResource(ctx context.Context, scope apigw.Scope, arn string, tags map[string]string) error {
	return c.changeTags(ctx, scope, arn, func(have map[string]string) { maps.Copy(have, tags) })
}

// UntagResource removes tags; those that aren't there don't matter.
func (c *Control) UntagResource(ctx context.Context, scope apigw.Scope, arn string, keys []string) error {
	return c.changeTags(ctx, scope, arn, func(have map[string]string) {
		for _, k := range keys {
			delete(have, k)
		}
	})
}

func (c *Control) changeTags(ctx context.Context, scope apigw.Scope, arn string, change func(map[string]string)) error {
	t, err := parseTaggable(scope, arn)
	if err != nil {
		return err
	}
	to := func(tags *map[string]string) error {
		changed := maps.Clone(*tags)
		if changed == nil {
			changed = map[string]string{}
		}
		change(changed)
		if len(changed) == 0 {
			changed = nil
		}
		*tags = changed
		return checkTags(changed)
	}
	switch t.kind {
	case "restapis":
		_, err = c.UpdateRestAPI(ctx, scope, apigw.APIID(t.id), func(a *apigw.RestAPI) error { return to(&a.Tags) })
	case "stages":
		_, err = c.UpdateStage(ctx, scope, apigw.APIID(t.id), t.stage, func(s *apigw.Stage) error { return to(&s.Tags) })
	case "apis":
		_, err = c.UpdateRouteAPI(ctx, scope, apigw.APIID(t.id), func(a *apigw.RouteAPI) error { return to(&a.Tags) })
	case "routestages":
		_, err = c.UpdateRouteStage(ctx, scope, apigw.APIID(t.id), t.stage, func(s *apigw.Stage) error { return to(&s.Tags) })
	case "apikeys":
		_, err = c.UpdateAPIKey(ctx, scope, apigw.APIKeyID(t.id), func(k *apigw.APIKey) error { return to(&k.Tags) })
	case "usageplans":
		_, err = c.UpdateUsagePlan(ctx, scope, apigw.UsagePlanID(t.id), func(p *PlanChange) error { return to(&p.Tags) })
	case "vpclinks":
		err = c.changeLinkTags(ctx, scope, apigw.VPCLinkID(t.id), to)
	case "domainnames":
		_, err = c.UpdateDomainName(ctx, scope, t.id, t.domain, func(d *apigw.DomainName) error { return to(&d.Tags) })
	case "domainnameaccessassociations":
		_, name, source, _ := parseAssociation(scope, t.id)
		a, err := c.association(ctx, scope, name, source)
		if err != nil {
			return err
		}
		return c.changeAssociation(ctx, a, func(_ *scopeChange, d *apigw.DomainName, at int) error {
			d.Associations = slices.Clone(d.Associations)
			return to(&d.Associations[at].Tags)
		})
	default:
		_, err = c.UpdateClientCertificate(ctx, scope, t.id, func(l *apigw.ClientCertificate) error { return to(&l.Tags) })
	}
	return err
}

// linkTags are those of a VPC link: the ARNs of both versions look the same, and
// no two links share an ID.
func (c *Control) linkTags(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID) (map[string]string, error) {
	if l, err := c.PrivateLink(ctx, scope, id); err == nil {
		return l.Tags, nil
	}
	return tagsOf(c.VPCLink(ctx, scope, id))(func(l *apigw.VPCLink) map[string]string { return l.Tags })
}

func (c *Control) changeLinkTags(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID, to func(*map[string]string) error) error {
	if _, err := c.PrivateLink(ctx, scope, id); err == nil {
		_, err := c.UpdatePrivateLink(ctx, scope, id, func(l *apigw.PrivateLink) error { return to(&l.Tags) })
		return err
	}
	_, err := c.UpdateVPCLink(ctx, scope, id, func(l *apigw.VPCLink) error { return to(&l.Tags) })
	return err
}
