package authorizer

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/gatehouse/gatehouse/internal/mapping"
)

// Sources are what identifies a client to an authorizer.
type Sources struct {
	list  []mapping.Source
	names []string
}

// Add adds a source; name is how the definition writes it.
func (s *Sources) Add(name string, source mapping.Source) {
	s.list, s.names = append(s.list, source), append(s.names, name)
}

// Len is how many there are.
func (s *Sources) Len() int { return len(s.list) }

// Name is how the definition writes source i.
func (s *Sources) Name(i int) string { return s.names[i] }

// Append appends the value of source i.
func (s *Sources) Append(dst []byte, i int, in *mapping.Input) []byte {
	dst, _ = s.list[i].Append(dst, in)
	return dst
}

// Key is what names the answer for a request's client. scope is what the
// answer is for beside the client: the authorizer as it is defined, on its
// stage. Values can't be shifted against each other. missing names a source
// that says nothing, or an empty text: then nobody needs to be asked. dst is
// room to work in; what comes back is dst, perhaps grown.
func (s *Sources) Key(dst, scope []byte, in *mapping.Input) (key Key, room []byte, missing string) {
	text := append(dst[:0], scope...)
	for i := range s.list {
		length := len(text)
		var ok bool
		if text, ok = s.list[i].Append(append(text, 0, 0, 0, 0), in); !ok || len(text) == length+4 {
			return Key{}, text[:0], s.names[i]
		}
		binary.BigEndian.PutUint32(text[length:], uint32(len(text)-length-4))
	}
	return sha256.Sum256(text), text[:0], ""
}
