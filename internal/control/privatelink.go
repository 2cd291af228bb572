package control

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Bounds of VPC links of version 2 (quotas page; API Gateway V2 reference,
// CreateVpcLink). How many security groups one takes isn't documented: a network
// interface on AWS carries 16 at most.
const (
	maxLinkName    = 128
	maxLinkSubnets = 10
	maxLinkGroups  = 16
)

func privateLinkRecord(scope apigw.Scope, id apigw.VPCLinkID) string {
	return kindPrefix(scope, KeyPrivateLink) + segment(string(id))
}

var unknownPrivateLink = unknownPartOf[apigw.VPCLinkID]("VpcLink")

// PrivateLink returns one link of version 2.
func (c *Control) PrivateLink(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID) (*apigw.PrivateLink, error) {
	r, err := c.store.Get(ctx, privateLinkRecord(scope, id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, unknownPrivateLink(id)
	}
	if err != nil {
		return nil, storeError(err)
	}
	l, _, err := decodeRecord[apigw.PrivateLink](r)
	return l, storeError(err)
}

// PrivateLinks lists the links of version 2 of a scope by ID.
func (c *Control) PrivateLinks(ctx context.Context, scope apigw.Scope) ([]*apigw.PrivateLink, error) {
	list, err := listRecords[apigw.PrivateLink](ctx, c, kindPrefix(scope, KeyPrivateLink))
	return list, storeError(err)
}

func checkPrivateLink(l *apigw.PrivateLink) error {
	switch {
	case l.Name == "":
		return apigw.Errorf(apigw.BadRequest, "Name cannot be empty")
	case len(l.Name) > maxLinkName:
		return tooLong("Name", len(l.Name), maxLinkName)
	case len(l.Subnets) == 0:
		return apigw.Errorf(apigw.BadRequest, "At least one subnet must be specified in subnetIds")
	case len(l.Subnets) > maxLinkSubnets:
		return apigw.Errorf(apigw.BadRequest, "At most %d subnets can be specified in subnetIds", maxLinkSubnets)
	case len(l.SecurityGroups) > maxLinkGroups:
		return apigw.Errorf(apigw.BadRequest, "At most %d security groups can be specified in securityGroupIds", maxLinkGroups)
	case repeats(l.Subnets) || repeats(l.SecurityGroups):
		return apigw.Errorf(apigw.BadRequest, "A subnet or security group is specified more than once")
	}
	return checkTags(l.Tags)
}

// checkNewPrivateLink is checkPrivateLink for one whose subnets and security
// groups, which never change, must be there, in one VPC.
func (c *Control) checkNewPrivateLink(l *apigw.PrivateLink) error {
	if err := checkPrivateLink(l); err != nil {
		return err
	}
	vpc := ""
	for _, id := range l.Subnets {
		s, err := c.network.Subnet(id)
		if err != nil {
			return apigw.Errorf(apigw.BadRequest, "%s", err)
		}
		if vpc = cmp.Or(vpc, s.VPC); s.VPC != vpc {
			return apigw.Errorf(apigw.BadRequest, "All subnets of a VPC link must be in the same VPC: %s is in %s, not in %s", id, s.VPC, vpc)
		}
	}
	for _, id := range l.SecurityGroups {
		g, err := c.network.SecurityGroup(id)
		if err != nil {
			return apigw.Errorf(apigw.BadRequest, "%s", err)
		}
		if g.VPC != vpc {
			return apigw.Errorf(apigw.BadRequest, "The security groups of a VPC link must be in the VPC of its subnets: %s is in %s, not in %s", id, g.VPC, vpc)
		}
	}
	return nil
}

func repeats(list []string) bool {
	sorted := slices.Sorted(slices.Values(list))
	return len(slices.Compact(sorted)) < len(list)
}

// CreatePrivateLink adds a link; its ID is made here.
func (c *Control) CreatePrivateLink(ctx context.Context, scope apigw.Scope, link apigw.PrivateLink) (*apigw.PrivateLink, error) {
	link.Created = c.seconds()
	if err := c.checkNewPrivateLink(&link); err != nil {
		return nil, err
	}
	err := c.changeScope(ctx, scope, func(s *scopeChange) (err error) {
		if err := s.count(&s.counts.PrivateLinks, "VPC links", c.limits.PrivateLinks); err != nil {
			return err
		}
		if link.ID, err = c.freeLinkID(ctx, scope); err != nil {
			return err
		}
		return putValue(s, privateLinkRecord(scope, link.ID), &link)
	})
	if err != nil {
		return nil, err
	}
	return &link, nil
}

// freeLinkID draws an ID that no link of either version has: an integration
// names one of either by its ID alone.
func (c *Control) freeLinkID(ctx context.Context, scope apigw.Scope) (apigw.VPCLinkID, error) {
	for {
		id, err := c.freeScopeID(ctx, kindPrefix(scope, KeyVPCLink), 6)
		if err != nil {
			return "", err
		}
		if _, err := c.store.Get(ctx, kindPrefix(scope, KeyPrivateLink)+id); errors.Is(err, store.ErrNotFound) {
			return apigw.VPCLinkID(id), nil
		} else if err != nil {
			return "", err
		}
	}
}

// UpdatePrivateLink changes a link's name or tags: the rest stays as it was made
// (developer guide, "Set up VPC links V2").
func (c *Control) UpdatePrivateLink(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID, mutate func(*apigw.PrivateLink) error) (*apigw.PrivateLink, error) {
	var changed *apigw.PrivateLink
	err := c.changeScope(ctx, scope, func(s *scopeChange) error {
		l, err := c.PrivateLink(ctx, scope, id)
		if err != nil {
			return err
		}
		if l.Declared {
			return declaredLink(id)
		}
		if err := mutate(l); err != nil {
			return err
		}
		if err := checkPrivateLink(l); err != nil {
			return err
		}
		changed = l
		return putValue(s, privateLinkRecord(scope, id), l)
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// DeletePrivateLink removes a link that nothing calls through.
func (c *Control) DeletePrivateLink(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		l, err := c.PrivateLink(ctx, scope, id)
		if err != nil {
			return err
		}
		if l.Declared {
			return declaredLink(id)
		}
		if err := c.checkLinkUnused(ctx, scope, id); err != nil {
			return err
		}
		s.remove(privateLinkRecord(scope, id))
		s.counts.PrivateLinks--
		return nil
	})
}
