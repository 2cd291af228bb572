package main

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/vpclink"
)

// checkLinks warns of private integrations that lead nowhere as things are: AWS
// takes a deployment whose load balancer is gone, and fails its calls.
func (s *parts) checkLinks(def *apigw.Definition, stage *apigw.Stage) (list []control.Problem) {
	var vars map[string]string
	if stage != nil {
		vars = stage.Variables
	}
	scope := s.env.ScopeOf(def)
	note := func(place string, to vpclink.Place, err error) {
		if err == nil {
			err = s.env.Links.Check(to)
		}
		if err != nil {
			list = append(list, control.Problem{Place: place, Text: fmt.Sprintf("connectionType VPC_LINK: %v; calls will fail until it is mended", err), Warning: true})
		}
	}
	for _, r := range def.Resources {
		for verb, m := range r.Methods {
			i := m.Integration
			if i == nil || i.ConnectionType != serving.OverLink || stage == nil && variable(i.URI+i.ConnectionID+i.Target) {
				continue
			}
			uri, err := integration.ParseURI(integration.Substitute(i.URI, vars), nil)
			if err != nil {
				continue // the kind's own check tells
			}
			to, err := serving.MethodPlace(scope, i, uri, vars)
			note(string(verb)+" "+r.Path, to, err)
		}
	}
	for _, i := range def.RouteIntegrations {
		if i.ConnectionType != serving.OverLink || stage == nil && variable(i.URI+i.ConnectionID) {
			continue
		}
		var uri *integration.URI
		if def.RouteAPI.Protocol == apigw.ProtocolWebSocket {
			var err error
			if uri, err = integration.ParseURI(integration.Substitute(i.URI, vars), nil); err != nil {
				continue
			}
		}
		to, err := serving.RoutePlace(scope, i, uri, vars)
		note("integration "+string(i.ID), to, err)
	}
	return list
}

// variable says that stage variables decide what text is.
func variable(text string) bool { return strings.Contains(text, "${stageVariables.") }
