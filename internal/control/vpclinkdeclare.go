package control

import (
	"context"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// declaredLink refuses to change what the configuration file has.
func declaredLink(id apigw.VPCLinkID) *apigw.Error {
	return apigw.Errorf(apigw.BadRequest, "VPC link %s is declared under vpcLinks in Gatehouse's configuration file: change it there", id)
}

// DeclareLinks puts the links that the configuration file has in place of those
// that it had before; nothing is written when they are the same.
// Their IDs are the file's: one that a call gave to another link is an error.
func (c *Control) DeclareLinks(ctx context.Context, scope apigw.Scope, links []apigw.VPCLink, private []apigw.PrivateLink) error {
	d := linkDeclaration{links: map[apigw.VPCLinkID]*apigw.VPCLink{}, private: map[apigw.VPCLinkID]*apigw.PrivateLink{}}
	for i := range links {
		l := links[i]
		l.Declared = true
		if err := c.nameTargets(ctx, scope, &l); err != nil {
			return err
		}
		if err := checkVPCLink(&l); err != nil {
			return err
		}
		d.links[l.ID] = &l
	}
	for i := range private {
		l := private[i]
		l.Declared, l.Created = true, c.seconds()
		if err := c.checkNewPrivateLink(&l); err != nil {
			return err
		}
		d.private[l.ID] = &l
	}
	for {
		more := false
		err := c.changeScope(ctx, scope, func(s *scopeChange) (err error) {
			more, err = c.declareLinks(ctx, s, d)
			return err
		})
		if err != nil || !more {
			return err
		}
	}
}

// nameTargets puts the ARNs of load balancers in the place of their names.
func (c *Control) nameTargets(ctx context.Context, scope apigw.Scope, l *apigw.VPCLink) error {
	l.TargetARNs = slices.Clone(l.TargetARNs)
	for i, name := range l.TargetARNs {
		if strings.HasPrefix(string(name), "arn:") {
			continue
		}
		balancers, err := c.LoadBalancers(ctx, scope)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(balancers, func(b *apigw.LoadBalancer) bool { return b.Name == string(name) })
		if at < 0 {
			return apigw.Errorf(apigw.BadRequest, "vpcLinks: %s: there is no load balancer %s", l.ID, name)
		}
		l.TargetARNs[i] = balancers[at].ARN
	}
	return nil
}

// linkDeclaration is what the configuration file has, by ID.
type linkDeclaration struct {
	links   map[apigw.VPCLinkID]*apigw.VPCLink
	private map[apigw.VPCLinkID]*apigw.PrivateLink
}

func (d linkDeclaration) has(id apigw.VPCLinkID) bool {
	return d.links[id] != nil || d.private[id] != nil
}

// allLinks are the links of both versions.
func (c *Control) allLinks(ctx context.Context, scope apigw.Scope) ([]*apigw.VPCLink, []*apigw.PrivateLink, error) {
	links, err := c.VPCLinks(ctx, scope)
	if err != nil {
		return nil, nil, err
	}
	private, err := c.PrivateLinks(ctx, scope)
	return links, private, err
}

// declareLinks writes some of what the file has otherwise than the store. More:
// another change has to write the rest.
func (c *Control) declareLinks(ctx context.Context, s *scopeChange, d linkDeclaration) (more bool, err error) {
	links, private, err := c.allLinks(ctx, s.scope)
	if err != nil {
		return false, err
	}
	had := linkDeclaration{links: map[apigw.VPCLinkID]*apigw.VPCLink{}, private: map[apigw.VPCLinkID]*apigw.PrivateLink{}}
	for _, l := range links {
		if l.Declared {
			had.links[l.ID] = l
		} else if d.has(l.ID) {
			return false, takenLink(l.ID)
		}
	}
	for _, l := range private {
		if l.Declared {
			had.private[l.ID] = l
		} else if d.has(l.ID) {
			return false, takenLink(l.ID)
		}
		if wanted := d.private[l.ID]; wanted != nil {
			wanted.Created = l.Created
		}
	}
	if more, err := replaceLinks(s, &s.counts.VPCLinks, had.links, d.links, vpcLinkRecord); more || err != nil {
		return more, err
	}
	return replaceLinks(s, &s.counts.PrivateLinks, had.private, d.private, privateLinkRecord)
}

// replaceLinks writes those of now that aren't the same in had, and removes what is
// in had alone. More: another change has to, too.
func replaceLinks[T any](s *scopeChange, count *int, had, now map[apigw.VPCLinkID]*T, key func(apigw.Scope, apigw.VPCLinkID) string) (more bool, err error) {
	for id := range had {
		if now[id] != nil {
			continue
		}
		if s.full() {
			return true, nil
		}
		s.remove(key(s.scope, id))
		*count--
	}
	for id, l := range now {
		old := had[id]
		if old != nil && sameJSON(old, l) {
			continue
		}
		if s.full() {
			return true, nil
		}
		if old == nil {
			*count++
		}
		if err := putValue(s, key(s.scope, id), l); err != nil {
			return false, err
		}
	}
	return false, nil
}

func takenLink(id apigw.VPCLinkID) *apigw.Error {
	return apigw.Errorf(apigw.Conflict, "vpcLinks: a call made the VPC link %s already: give the declared one another ID, or delete the other", id)
}
