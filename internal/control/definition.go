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

// decodeDefinition puts a definition together from what its tree holds.
func decodeDefinition(scope apigw.Scope, api apigw.RestAPI, values map[store.EntryKey][]byte) (*apigw.Definition, error) {
	def := newDefinition(scope, api)
	for k, v := range values {
		if err := decodeEntry(def, k, v); err != nil {
			return nil, fmt.Errorf("decode %s %s of API %s: %w", k.Kind, k.ID, def.API.ID, err)
		}
	}
	return def, nil
}

func decodeEntry(def *apigw.Definition, k store.EntryKey, v []byte) error {
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
}

const definitionSchema = 1

// maxDefinition bounds a saved definition, in bytes before compression: well
// over what the limits of an API come to.
const maxDefinition = 1 << 30

// EncodeDefinition writes a definition as one piece, compressed, for the state
// a node keeps on its own disk: the file is mapped into memory, so its size is
// memory, too. Documentation isn't kept there: nothing that is served needs it.
func EncodeDefinition(def *apigw.Definition) ([]byte, error) {
	raw, err := json.Marshal(savedDefinition{
		Schema: definitionSchema, Scope: def.Scope, API: def.API, Resources: def.Resources, Authorizers: def.Authorizers,
		Models: def.Models, Validators: def.Validators, GatewayResponses: def.GatewayResponses,
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
	if s.Schema != definitionSchema {
		return nil, fmt.Errorf("decode definition: %w (schema %d)", store.ErrNewer, s.Schema)
	}
	def := newDefinition(s.Scope, s.API)
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
