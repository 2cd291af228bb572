package control

import (
	"context"
	"errors"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

func vpcLinkRecord(scope apigw.Scope, id apigw.VPCLinkID) string {
	return kindPrefix(scope, KeyVPCLink) + segment(string(id))
}

func unknownVPCLink() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Vpc Link identifier specified")
}

// VPCLink returns one link.
func (c *Control) VPCLink(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID) (*apigw.VPCLink, error) {
	r, err := c.store.Get(ctx, vpcLinkRecord(scope, id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, unknownVPCLink()
	}
	if err != nil {
		return nil, storeError(err)
	}
	l, _, err := decodeRecord[apigw.VPCLink](r)
	return l, storeError(err)
}

// VPCLinks lists the links of a scope by ID.
func (c *Control) VPCLinks(ctx context.Context, scope apigw.Scope) ([]*apigw.VPCLink, error) {
	list, err := listRecords[apigw.VPCLink](ctx, c, kindPrefix(scope, KeyVPCLink))
	return list, storeError(err)
}

// checkVPCLink checks the name before the targets (recorded on AWS).
func checkVPCLink(l *apigw.VPCLink) error {
	if l.Name == "" {
		return apigw.Errorf(apigw.BadRequest, "Name cannot be empty")
	}
	for _, arn := range l.TargetARNs {
		if parts := strings.SplitN(string(arn), ":", 6); len(parts) < 6 || parts[0] != "arn" || parts[1] == "" || parts[2] == "" || parts[5] == "" {
			return apigw.Errorf(apigw.BadRequest, "Invalid ARN. ARN is not well formed %s", arn)
		}
	}
	switch n := len(l.TargetARNs); {
	case n == 0:
		return apigw.Errorf(apigw.BadRequest, "No target arn specified for vpc link.")
	case n > 1: // AWS's words, as reported in the field
		return apigw.Errorf(apigw.BadRequest, "More than one target arn specified for vpc link.")
	}
	return checkTags(l.Tags)
}

// CreateVPCLink adds a link; its ID is made here.
func (c *Control) CreateVPCLink(ctx context.Context, scope apigw.Scope, link apigw.VPCLink) (*apigw.VPCLink, error) {
	if err := checkVPCLink(&link); err != nil {
		return nil, err
	}
	err := c.changeScope(ctx, scope, func(s *scopeChange) error {
		if err := s.count(&s.counts.VPCLinks, "VPC links", c.limits.VPCLinks); err != nil {
			return err
		}
		var err error
		if link.ID, err = c.freeLinkID(ctx, scope); err != nil {
			return err
		}
		return putValue(s, vpcLinkRecord(scope, link.ID), &link)
	})
	if err != nil {
		return nil, err
	}
	return &link, nil
}

// UpdateVPCLink changes a link's name or description.
func (c *Control) UpdateVPCLink(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID, mutate func(*apigw.VPCLink) error) (*apigw.VPCLink, error) {
	var changed *apigw.VPCLink
	err := c.changeScope(ctx, scope, func(s *scopeChange) error {
		l, err := c.VPCLink(ctx, scope, id)
		if err != nil {
			return err
		}
		if l.Declared {
			return declaredLink(id)
		}
		if err := mutate(l); err != nil {
			return err
		}
		if err := checkVPCLink(l); err != nil {
			return err
		}
		changed = l
		return putValue(s, vpcLinkRecord(scope, id), l)
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// DeleteVPCLink removes a link that nothing calls through.
func (c *Control) DeleteVPCLink(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		l, err := c.VPCLink(ctx, scope, id)
		if err != nil {
			return err
		}
		if l.Declared {
			return declaredLink(id)
		}
		if err := c.checkLinkUnused(ctx, scope, id); err != nil {
			return err
		}
		s.remove(vpcLinkRecord(scope, id))
		s.counts.VPCLinks--
		return nil
	})
}
