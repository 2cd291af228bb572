package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/credentials"
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
		if len(r.Policies) > 0 {
			return nil, fmt.Errorf("identities: role %s: policies of roles are not evaluated: on AWS, IAM has them", r.Name)
		}
		trust, err := credentials.ParseTrust(r.Trust)
		if err != nil {
			return nil, fmt.Errorf("identities: role %s: %w", r.Name, err)
		}
		list = append(list, credentials.Role{Name: r.Name, Trust: trust})
	}
	return list, nil
}

// checkRole says why calls of an integration with an AWS service will fail for
// its role, or what they are signed with instead of it. Stage variables decide
// later.
func (s *parts) checkRole(i *apigw.Integration) error {
	if i == nil || i.Type != apigw.IntegrationAWS || i.Credentials == "" || strings.Contains(i.URI+i.Credentials, "${") {
		return nil
	}
	uri, err := integration.ParseAWSURI(i.URI)
	if err != nil || uri.Service == "lambda" {
		return nil // restapi.Check tells, or the role isn't needed
	}
	found, err := s.env.Services.Find(uri, nil)
	if err != nil || integration.IsCaller(i.Credentials) {
		return nil
	}
	err = s.env.Services.Roles.Check(i.Credentials, "")
	switch {
	case err == nil:
		return nil
	case !found.AWS:
		return fmt.Errorf("the role %s isn't declared in identities.roles: calls to %s are signed with stand-ins, which servers that check signatures refuse", i.Credentials, found.URI.Host)
	}
	return fmt.Errorf("%w; every request will be answered with 500", err)
}
