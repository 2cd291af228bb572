package control

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// documentationID is the ID of the one entry of documentation parts.
const documentationID = "parts"

// documentationSchema is the version of both forms below.
const documentationSchema = 1

// storedDocumentation is the form of an API's documentation parts and of one
// of its documentation versions, compressed: it is text of one kind.
type storedDocumentation struct {
	Schema      int                        `json:"schema"`
	Version     string                     `json:"version,omitempty"`
	Description string                     `json:"description,omitempty"`
	Created     time.Time                  `json:"created,omitzero"`
	Parts       []*apigw.DocumentationPart `json:"parts"`
}

func (s storedDocumentation) encode() ([]byte, error) {
	s.Schema = documentationSchema
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return s2.EncodeBetter(nil, raw), nil
}

func decodeStoredDocumentation(value []byte) (s storedDocumentation, err error) {
	if n, err := s2.DecodedLen(value); err != nil || n > maxDefinition {
		return s, fmt.Errorf("decode documentation: %d bytes: %w", n, store.ErrDamaged)
	}
	raw, err := s2.Decode(nil, value)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, err
	}
	if s.Schema != documentationSchema {
		return s, fmt.Errorf("%w (documentation of schema %d)", store.ErrNewer, s.Schema)
	}
	return s, nil
}

func encodeDocumentation(def *apigw.Definition) ([]byte, error) {
	if len(def.Documentation) == 0 {
		return nil, nil
	}
	return storedDocumentation{Parts: partsByID(def)}.encode()
}

func decodeDocumentation(def *apigw.Definition, value []byte) error {
	s, err := decodeStoredDocumentation(value)
	for _, p := range s.Parts {
		def.Documentation[p.ID] = p
	}
	return err
}

func encodeDocumentationVersion(def *apigw.Definition, version string) ([]byte, error) {
	v := def.DocumentationVersions[version]
	if v == nil {
		return nil, nil
	}
	return storedDocumentation{Version: v.Version, Description: v.Description, Created: v.Created, Parts: v.Parts}.encode()
}

func decodeDocumentationVersion(def *apigw.Definition, value []byte) error {
	s, err := decodeStoredDocumentation(value)
	if err == nil {
		def.DocumentationVersions[s.Version] = &apigw.DocumentationVersion{
			Version: s.Version, Description: s.Description, Created: s.Created, Parts: s.Parts,
		}
	}
	return err
}

func partsByID(def *apigw.Definition) []*apigw.DocumentationPart {
	return slices.SortedFunc(maps.Values(def.Documentation), func(a, b *apigw.DocumentationPart) int { return cmp.Compare(a.ID, b.ID) })
}
