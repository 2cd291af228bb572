package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// newServices are AWS's services as integrations call them: at the configured
// endpoints or AWS's own, signed as the declared roles that own may assume.
func (p *program) newServices(own credentials.Source) (*integration.Services, error) {
	c := p.config
	declared, err := declaredRoles(c)
	if err != nil {
		return nil, err
	}
	roles := credentials.NewRoles(credentials.Config{
		Partition: c.Partition, Account: c.Account, Region: c.Region, Declared: declared,
		Own: own, STS: endpoint(c, "sts"), Log: p.log,
	})
	return &integration.Services{Endpoints: c.Endpoints, Roles: roles}, nil
}

// declaredRoles are the configuration's roles with their trust.
func declaredRoles(c *config.Config) ([]credentials.Role, error) {
	if c.Identities == nil {
		return nil, nil
	}
	var list []credentials.Role
	for _, r := range c.Identities.Roles {
		if r.Name == "" {
			return nil, errors.New("identities: a role has no name")
		}
		trust, err := credentials.ParseTrust(r.Trust)
		if err != nil {
			return nil, fmt.Errorf("identities: role %s: %w", r.Name, err)
		}
		role := credentials.Role{Name: r.Name, Trust: trust}
		for _, p := range r.Policies {
			policy, err := iam.Parse(p.Document, iam.Identity)
			if err != nil {
				return nil, fmt.Errorf("identities: role %s, policy %s: %w", r.Name, p.Name, err)
			}
			role.Policies = append(role.Policies, policy)
		}
		list = append(list, role)
	}
	return list, nil
}

// checkRole says why calls of an integration with an AWS service will fail for
// its role. Stage variables decide later.
func (s *parts) checkRole(i *apigw.Integration) error {
	if f := functionOf(i); f != "" {
		return s.checkFunctionRole(i, f)
	}
	if i == nil || i.Type != apigw.IntegrationAWS || i.Credentials == "" || strings.Contains(i.URI+i.Credentials, "${") {
		return nil
	}
	uri, err := integration.ParseAWSURI(i.URI)
	if err != nil || uri.Service == "lambda" {
		return nil // restapi.Check tells
	}
	found, err := s.env.Services.Find(uri, nil)
	if err != nil || integration.IsCaller(i.Credentials) {
		return nil
	}
	err = s.env.Services.Roles.Check(i.Credentials, "")
	if err == nil || !found.AWS {
		return nil
	}
	return fmt.Errorf("%w; every request will be answered with 500", err)
}

// checkFunctionRole says that calls of a function elsewhere are signed with the
// process's own credentials instead of the role that the integration names. A
// function that runs here needs none.
func (s *parts) checkFunctionRole(i *apigw.Integration, function string) error {
	if i.Credentials == "" || strings.Contains(i.Credentials, "${") || integration.IsCaller(i.Credentials) {
		return nil
	}
	if here, ok := s.functions.FindConfigured(function); ok && here.Function.Endpoint == "" || s.functions.IsStored(function) {
		return nil
	}
	if s.env.Services.Roles.Check(i.Credentials, "") == nil {
		return nil
	}
	return fmt.Errorf("the role %s isn't declared in identities.roles: the function is called with the process's own credentials", i.Credentials)
}
