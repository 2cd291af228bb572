package control

import (
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/s2"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// The kinds of entries in an API's tree. They are stored; don't rename them.
const (
	entryResource        = "resource"
	entryAuthorizer      = "authorizer"
	entryModel           = "model"
	entryValidator       = "validator"
	entryGatewayResponse = "gateway-response"
	// All of an API's documentation parts are one entry: there may be
	// thousands, and the head of the tree names every entry.
	entryDocumentation        = "documentation"
	entryDocumentationVersion = "documentation-version"
	// Of an API of routes. The responses of a route or an integration are part
	// of it.
	entryRoute            = "route"
	entryRouteIntegration = "route-integration"
	entryRouteAuthorizer  = "route-authorizer"
	entryRouteModel       = "route-model"
)

// newDefinition is an API of scope without anything in it.
func newDefinition(scope apigw.Scope, api apigw.RestAPI) *apigw.Definition {
	return &apigw.Definition{
		Scope:            scope,
		API:              api,
		Resources:        map[apigw.ResourceID]*apigw.Resource{},
		Authorizers:      map[apigw.AuthorizerID]*apigw.Authorizer{},
		Models:           map[apigw.ModelName]*apigw.Model{},
		Validators:       map[apigw.ValidatorID]*apigw.RequestValidator{},
		GatewayResponses: map[string]*apigw.GatewayResponse{},

		Documentation:         map[string]*apigw.DocumentationPart{},
		DocumentationVersions: map[string]*apigw.DocumentationVersion{},
	}
}

// newRouteDefinition is an API of routes of scope without anything in it.
func newRouteDefinition(scope apigw.Scope, api apigw.RouteAPI) *apigw.Definition {
	return &apigw.Definition{
		Scope:             scope,
		RouteAPI:          &api,
		Routes:            map[apigw.RouteID]*apigw.Route{},
		RouteIntegrations: map[apigw.RouteIntegrationID]*apigw.RouteIntegration{},
		RouteAuthorizers:  map[apigw.AuthorizerID]*apigw.RouteAuthorizer{},
		RouteModels:       map[apigw.RouteModelID]*apigw.RouteModel{},
	}
}

// apiMeta is how the settings of an API are stored. Those of a REST API stand
// there as such.
type apiMeta struct {
	Routes *apigw.RouteAPI `json:"routes,omitempty"`
}

func encodeMeta(def *apigw.Definition) ([]byte, error) {
	if def.RouteAPI != nil {
		return json.Marshal(apiMeta{def.RouteAPI})
	}
	return json.Marshal(&def.API)
}

// decodeMeta is the definition that an API's settings begin.
func decodeMeta(scope apigw.Scope, raw []byte) (*apigw.Definition, error) {
	var meta struct {
		apigw.RestAPI
		apiMeta
	}
	if err := json.Unmarshal(raw, &meta); err != nil {
		return nil, err
	}
	return beginDefinition(scope, meta.RestAPI, meta.Routes), nil
}

// beginDefinition is an empty API of whichever kind.
func beginDefinition(scope apigw.Scope, api apigw.RestAPI, routes *apigw.RouteAPI) *apigw.Definition {
	if routes != nil {
		return newRouteDefinition(scope, *routes)
	}
	return newDefinition(scope, api)
}

// decodeEntries puts into def what its tree holds.
func decodeEntries(def *apigw.Definition, values map[store.EntryKey][]byte) error {
	for k, v := range values {
		if err := decodeEntry(def, k, v); err != nil {
			return fmt.Errorf("decode %s %s of API %s: %w", k.Kind, k.ID, def.ID(), err)
		}
	}
	return nil
}

func decodeEntry(def *apigw.Definition, k store.EntryKey, v []byte) error {
	if def.RouteAPI != nil {
		return decodeRouteEntry(def, k, v)
	}
	switch k.Kind {
	case entryResource:
		return decodeInto(def.Resources, apigw.ResourceID(k.ID), v)
	case entryAuthorizer:
		return decodeInto(def.Authorizers, apigw.AuthorizerID(k.ID), v)
	case entryModel:
		return decodeInto(def.Models, apigw.ModelName(k.ID), v)
	case entryValidator:
		return decodeInto(def.Validators, apigw.ValidatorID(k.ID), v)
	case entryGatewayResponse:
		return decodeInto(def.GatewayResponses, k.ID, v)
	case entryDocumentation:
		return decodeDocumentation(def, v)
	case entryDocumentationVersion:
		return decodeDocumentationVersion(def, v)
	}
	return store.ErrNewer
}

func decodeRouteEntry(def *apigw.Definition, k store.EntryKey, v []byte) error {
	switch k.Kind {
	case entryRoute:
		return decodeInto(def.Routes, apigw.RouteID(k.ID), v)
	case entryRouteIntegration:
		return decodeInto(def.RouteIntegrations, apigw.RouteIntegrationID(k.ID), v)
	case entryRouteAuthorizer:
		return decodeInto(def.RouteAuthorizers, apigw.AuthorizerID(k.ID), v)
	case entryRouteModel:
		return decodeInto(def.RouteModels, apigw.RouteModelID(k.ID), v)
	}
	return store.ErrNewer
}

func decodeInto[K comparable, V any](m map[K]*V, id K, raw []byte) error {
	v := new(V)
	if err := json.Unmarshal(raw, v); err != nil {
		return err
	}
	m[id] = v
	return nil
}

// encodeEntry is what the tree holds under k; nil when def has no such entry.
func encodeEntry(def *apigw.Definition, k store.EntryKey) ([]byte, error) {
	switch k.Kind {
	case entryResource:
		return encodeFrom(def.Resources, apigw.ResourceID(k.ID))
	case entryAuthorizer:
		return encodeFrom(def.Authorizers, apigw.AuthorizerID(k.ID))
	case entryModel:
		return encodeFrom(def.Models, apigw.ModelName(k.ID))
	case entryValidator:
		return encodeFrom(def.Validators, apigw.ValidatorID(k.ID))
	case entryGatewayResponse:
		return encodeFrom(def.GatewayResponses, k.ID)
	case entryDocumentation:
		return encodeDocumentation(def)
	case entryDocumentationVersion:
		return encodeDocumentationVersion(def, k.ID)
	case entryRoute:
		return encodeFrom(def.Routes, apigw.RouteID(k.ID))
	case entryRouteIntegration:
		return encodeFrom(def.RouteIntegrations, apigw.RouteIntegrationID(k.ID))
	case entryRouteAuthorizer:
		return encodeFrom(def.RouteAuthorizers, apigw.AuthorizerID(k.ID))
	case entryRouteModel:
		return encodeFrom(def.RouteModels, apigw.RouteModelID(k.ID))
	}
	return nil, fmt.Errorf("no such kind of entry: %s", k.Kind)
}

func encodeFrom[K comparable, V any](m map[K]*V, id K) ([]byte, error) {
	v, ok := m[id]
	if !ok {
		return nil, nil
	}
	return json.Marshal(v)
}

// savedDefinition is the form of EncodeDefinition.
type savedDefinition struct {
	Schema           int                                           `json:"schema"`
	Scope            apigw.Scope                                   `json:"scope,omitzero"`
	API              apigw.RestAPI                                 `json:"api"`
	Resources        map[apigw.ResourceID]*apigw.Resource          `json:"resources"`
	Authorizers      map[apigw.AuthorizerID]*apigw.Authorizer      `json:"authorizers,omitempty"`
	Models           map[apigw.ModelName]*apigw.Model              `json:"models,omitempty"`
	Validators       map[apigw.ValidatorID]*apigw.RequestValidator `json:"validators,omitempty"`
	GatewayResponses map[string]*apigw.GatewayResponse             `json:"gatewayResponses,omitempty"`

	RouteAPI          *apigw.RouteAPI                                      `json:"routeApi,omitempty"`
	Routes            map[apigw.RouteID]*apigw.Route                       `json:"routes,omitempty"`
	RouteIntegrations map[apigw.RouteIntegrationID]*apigw.RouteIntegration `json:"routeIntegrations,omitempty"`
	RouteAuthorizers  map[apigw.AuthorizerID]*apigw.RouteAuthorizer        `json:"routeAuthorizers,omitempty"`
	RouteModels       map[apigw.RouteModelID]*apigw.RouteModel             `json:"routeModels,omitempty"`
}

// The schemas of saved definitions: an API of routes has one of its own, so
// that a binary that doesn't know such APIs refuses it.
const (
	definitionSchema      = 1
	routeDefinitionSchema = 2
)

func schemaOf(routes *apigw.RouteAPI) int {
	if routes != nil {
		return routeDefinitionSchema
	}
	return definitionSchema
}

// maxDefinition bounds a saved definition, in bytes before compression: well
// over what the limits of an API come to.
const maxDefinition = 1 << 30

// EncodeDefinition writes a definition as one piece, compressed, for the state
// a node keeps on its own disk: the file is mapped into memory, so its size is
// memory, too. Documentation isn't kept there: nothing that is served needs it.
func EncodeDefinition(def *apigw.Definition) ([]byte, error) {
	raw, err := json.Marshal(savedDefinition{
		Schema: schemaOf(def.RouteAPI), Scope: def.Scope, API: def.API, Resources: def.Resources, Authorizers: def.Authorizers,
		Models: def.Models, Validators: def.Validators, GatewayResponses: def.GatewayResponses,
		RouteAPI: def.RouteAPI, Routes: def.Routes, RouteIntegrations: def.RouteIntegrations,
		RouteAuthorizers: def.RouteAuthorizers, RouteModels: def.RouteModels,
	})
	if err != nil {
		return nil, fmt.Errorf("encode definition: %w", err)
	}
	return s2.EncodeBetter(nil, raw), nil
}

// DecodeDefinition reads what EncodeDefinition wrote. store.ErrNewer when a
// later version wrote it.
func DecodeDefinition(saved []byte) (*apigw.Definition, error) {
	if n, err := s2.DecodedLen(saved); err == nil && n > maxDefinition {
		return nil, fmt.Errorf("decode definition: %d bytes; at most %d", n, maxDefinition)
	}
	raw, err := s2.Decode(nil, saved)
	if err != nil {
		return nil, fmt.Errorf("decode definition: %w", err)
	}
	var s savedDefinition
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("decode definition: %w", err)
	}
	if s.Schema != schemaOf(s.RouteAPI) {
		return nil, fmt.Errorf("decode definition: %w (schema %d)", store.ErrNewer, s.Schema)
	}
	def := beginDefinition(s.Scope, s.API, s.RouteAPI)
	if s.RouteAPI != nil {
		fill(def.Routes, s.Routes)
		fill(def.RouteIntegrations, s.RouteIntegrations)
		fill(def.RouteAuthorizers, s.RouteAuthorizers)
		fill(def.RouteModels, s.RouteModels)
		return def, nil
	}
	fill(def.Resources, s.Resources)
	fill(def.Authorizers, s.Authorizers)
	fill(def.Models, s.Models)
	fill(def.Validators, s.Validators)
	fill(def.GatewayResponses, s.GatewayResponses)
	return def, nil
}

func fill[K comparable, V any](to, from map[K]V) {
	for k, v := range from {
		to[k] = v
	}
}
