package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
		id, err := c.freeScopeID(ctx, kindPrefix(scope, KeyVPCLink), 6)
		if err != nil {
			return err
		}
		link.ID = apigw.VPCLinkID(id)
		return putVPCLink(s, &link)
	})
	if err != nil {
		return nil, err
	}
	return &link, nil
}

func putVPCLink(s *scopeChange, l *apigw.VPCLink) error {
	key := vpcLinkRecord(s.scope, l.ID)
	raw, err := encodeRecord(key, l, nil)
	if err == nil {
		s.set(key, raw)
	}
	return err
}

// UpdateVPCLink changes a link's name or description.
func (c *Control) UpdateVPCLink(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID, mutate func(*apigw.VPCLink) error) (*apigw.VPCLink, error) {
	var changed *apigw.VPCLink
	err := c.changeScope(ctx, scope, func(s *scopeChange) error {
		l, err := c.VPCLink(ctx, scope, id)
		if err != nil {
			return err
		}
		if err := mutate(l); err != nil {
			return err
		}
		if err := checkVPCLink(l); err != nil {
			return err
		}
		changed = l
		return putVPCLink(s, l)
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// DeleteVPCLink removes a link that no stage uses.
func (c *Control) DeleteVPCLink(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		if _, err := c.VPCLink(ctx, scope, id); err != nil {
			return err
		}
		users, err := c.vpcLinkUsers(ctx, scope, id)
		if err != nil {
			return err
		}
		if len(users) > 0 { // AWS's words, as reported in the field
			return apigw.Errorf(apigw.BadRequest, "Cannot delete vpc link. Vpc link '%s', is referenced in [%s] in format of [RESTApiId:Method:Resource:Stage].", id, strings.Join(users, ", "))
		}
		s.remove(vpcLinkRecord(scope, id))
		s.counts.VPCLinks--
		return nil
	})
}

// maxUsers bounds how many users of a link a message names.
const maxUsers = 20

// vpcLinkUsers are the deployed methods that call through a link.
func (c *Control) vpcLinkUsers(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID) ([]string, error) {
	records, _, _, err := c.store.List(ctx, kindPrefix(scope, KeyStage), "", 0)
	if err != nil {
		return nil, err
	}
	var users []string
	for _, r := range records {
		stage, err := DecodeStage(r.Value)
		if err != nil {
			return nil, err
		}
		deployments := []apigw.DeploymentID{stage.DeploymentID}
		if stage.Canary != nil && stage.Canary.DeploymentID != stage.DeploymentID {
			deployments = append(deployments, stage.Canary.DeploymentID)
		}
		for _, dep := range deployments {
			def, err := c.loadDeployment(ctx, anyRef(scope, stage.APIID), dep)
			if apigw.KindOf(err) == apigw.NotFound && err != nil {
				continue // it went meanwhile
			}
			if err != nil {
				return nil, err
			}
			users = append(users, linkedMethods(def, stage, id)...)
		}
		if len(users) >= maxUsers {
			return users[:maxUsers], nil
		}
	}
	return users, nil
}

func linkedMethods(def *apigw.Definition, stage *apigw.Stage, id apigw.VPCLinkID) []string {
	var list []string
	for _, r := range def.Resources {
		for verb, m := range r.Methods {
			if m.Integration == nil || m.Integration.ConnectionType != "VPC_LINK" {
				continue
			}
			if linkOf(stage, m.Integration.ConnectionID) == id {
				list = append(list, fmt.Sprintf("%s:%s:%s:%s", stage.APIID, verb, r.ID, stage.Name))
			}
		}
	}
	for _, r := range def.Routes {
		if i := def.RouteIntegrations[r.Target]; i != nil && i.ConnectionType == "VPC_LINK" && linkOf(stage, i.ConnectionID) == id {
			list = append(list, fmt.Sprintf("%s:%s:%s", stage.APIID, r.Key, stage.Name))
		}
	}
	slices.Sort(list)
	return list
}

// linkOf is the link that a stage's connection ID names, itself or through a
// stage variable.
func linkOf(stage *apigw.Stage, connection string) apigw.VPCLinkID {
	if name, ok := strings.CutPrefix(connection, "${stageVariables."); ok {
		connection = stage.Variables[strings.TrimSuffix(name, "}")]
	}
	return apigw.VPCLinkID(connection)
}
