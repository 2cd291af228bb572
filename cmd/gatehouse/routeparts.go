package main

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/httpapi"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/restapi"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/websocketapi"
)

// restKind is the REST API kind as the edge needs it.
func (s *parts) restKind() gateway.Kind {
	return gateway.Kind{
		Compile: func(st *apigw.Stage, def, canary *apigw.Definition) (gateway.Stage, error) {
			compiled, err := restapi.CompileStage(st, def, canary, s.rest)
			if err != nil {
				return nil, err
			}
			return compiled, nil
		},
		NoStage: restapi.Forbidden,
		NewIDs:  serving.NewIDs,
	}
}

// httpKind is the HTTP API kind. Its stages have no canaries.
func (s *parts) httpKind() gateway.Kind {
	return gateway.Kind{
		Compile: func(st *apigw.Stage, def, _ *apigw.Definition) (gateway.Stage, error) {
			compiled, err := httpapi.Compile(def, st, s.http)
			if err != nil {
				return nil, err
			}
			return compiled, nil
		},
		NoStage: httpapi.NotFound,
		Broken:  httpapi.Broken,
		NewIDs:  serving.NewIDs,
	}
}

// webSocketKind is the WebSocket API kind. Its stages have no canaries either.
func (s *parts) webSocketKind() gateway.Kind {
	return gateway.Kind{
		Compile: func(st *apigw.Stage, def, _ *apigw.Definition) (gateway.Stage, error) {
			compiled, err := websocketapi.Compile(def, st, s.sockets)
			if err != nil {
				return nil, err
			}
			return compiled, nil
		},
		NoStage: websocketapi.Forbidden,
		NewIDs:  serving.NewIDs,
		Deleted: func(api, stage string) { s.sockets.Hub.Deleted(apigw.APIID(api), apigw.StageName(stage)) },
	}
}

// asMethod is a route's integration as far as a method's has the same.
func asMethod(i *apigw.RouteIntegration) *apigw.Integration {
	if i.Subtype != "" {
		return nil
	}
	uri := i.URI
	if _, err := lambda.ParseName(uri); err == nil && strings.HasPrefix(uri, "arn:") { // routes may name a function itself
		uri = "arn:aws:apigateway:local:lambda:path/2015-03-31/functions/" + uri + "/invocations"
	}
	return &apigw.Integration{Type: i.Type, URI: uri, Credentials: i.Credentials}
}

// checkRoutes is check for what the routes of an API call.
func (s *parts) checkRoutes(def *apigw.Definition) (list []control.Problem) {
	for _, i := range def.RouteIntegrations {
		place, as := "integration "+string(i.ID), asMethod(i)
		if as == nil {
			continue
		}
		if err := s.checkCaller(as); err != nil {
			list = append(list, control.Problem{Place: place, Text: err.Error()})
		}
		if err := errors.Join(s.checkFunction(as), s.checkRole(as, "")); err != nil {
			list = append(list, control.Problem{Place: place, Text: err.Error(), Warning: true})
		}
	}
	slices.SortFunc(list, func(a, b control.Problem) int { return cmp.Compare(a.Place, b.Place) })
	return list
}

// checkIntegration refuses an integration of an API of routes that no stage
// could serve.
func checkIntegration(api *apigw.RouteAPI, i *apigw.RouteIntegration) error {
	if api.Protocol != apigw.ProtocolHTTP {
		return nil
	}
	return httpapi.CheckIntegration(api, i)
}
