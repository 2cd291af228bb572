package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// newServices are AWS's services as integrations call them: at the configured
// endpoints or AWS's own, signed as the declared roles that own may assume.
func (p *program) newServices(own credentials.Source) *integration.Services {
	c := p.config
	roles := credentials.NewRoles(credentials.Config{
		Partition: c.Partition, Account: c.Account, Region: c.Region, Find: p.declaredRole,
		Own: own, STS: endpoint(c, "sts"), Log: p.log,
	})
	return &integration.Services{Endpoints: c.Endpoints, Roles: roles}
}

// declaredRole is a role of the directory as integrations use it.
func (p *program) declaredRole(arn string) *credentials.Role {
	r := p.directory.Role(arn)
	if r == nil {
		return nil
	}
	return &credentials.Role{Name: r.ARN, Trust: credentials.NewTrust(r.Trust), Policies: r.Policies}
}

// checkRole says why calls of an integration for its role will fail. Source is
// the method's ARN, empty while no stage has it; stage variables decide later.
func (s *parts) checkRole(i *apigw.Integration, source string) error {
	if i == nil || i.Credentials == "" || strings.Contains(i.URI+i.Credentials, "${") || integration.IsCaller(i.Credentials) {
		return nil
	}
	err := s.env.Services.Roles.Check(i.Credentials, source)
	if err == nil || i.Type != apigw.IntegrationAWS && i.Type != apigw.IntegrationAWSProxy {
		return nil
	}
	if errors.Is(err, credentials.ErrUndeclared) {
		return s.checkUndeclared(i, err)
	}
	return fmt.Errorf("%w; every request will be answered with 500", err)
}

// checkCaller refuses an integration that is to be called as the method's caller
// where nobody knows that one: on AWS. A function that isn't there yet is
// checkFunction's, and what stage variables decide shows when it is called.
func (s *parts) checkCaller(i *apigw.Integration) error {
	if i == nil || i.Type == apigw.IntegrationMock || !integration.IsCaller(i.Credentials) || strings.Contains(i.URI, "${") {
		return nil
	}
	onAWS := false
	if function := functionOf(i); function != "" {
		onAWS = s.functions.Check(function) == nil && s.functionOnAWS(function)
	} else if uri, err := integration.ParseAWSURI(i.URI); err == nil {
		found, err := s.env.Services.Find(uri, nil)
		onAWS = err == nil && found.AWS
	}
	if !onAWS {
		return nil
	}
	return fmt.Errorf("credentials %s: %w", i.Credentials, integration.ErrCallerOnAWS)
}

// functionOnAWS says that a function neither runs here nor at a server of the
// operator's.
func (s *parts) functionOnAWS(function string) bool {
	at := s.env.Services.Endpoint(&integration.AWSURI{Service: "lambda"})
	if here, ok := s.functions.FindConfigured(function); ok {
		if at = here.Function.Endpoint; at == "" {
			return false
		}
	}
	return !s.functions.IsStored(function) && (at == "" || credentials.IsAWSHost(at))
}

// checkUndeclared says what becomes of calls for a role that nobody declared.
// A function that runs here needs none, nor does a server that isn't AWS's.
func (s *parts) checkUndeclared(i *apigw.Integration, undeclared error) error {
	if function := functionOf(i); function != "" {
		here, ok := s.functions.FindConfigured(function)
		if ok && here.Function.Endpoint == "" || s.functions.IsStored(function) {
			return nil
		}
		return fmt.Errorf("the role %s isn't declared in identities.roles: the function is called with the process's own credentials", i.Credentials)
	}
	uri, err := integration.ParseAWSURI(i.URI)
	if err != nil {
		return nil // restapi.Check tells
	}
	if found, err := s.env.Services.Find(uri, nil); err != nil || !found.AWS {
		return nil
	}
	return fmt.Errorf("%w; every request will be answered with 500", undeclared)
}
