package restapi

import (
	"crypto/sha256"
	"encoding/json"
	"runtime"
	"sync"
	"weak"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// contentKey names a compiled part by what it was made of.
type contentKey [sha256.Size]byte

// interner shares equal parts of the stages of a process: many APIs with the
// same templates take the memory of one. A part that no stage uses any more
// is forgotten.
type interner[T any] struct {
	mu    sync.Mutex // guards parts
	parts map[contentKey]weak.Pointer[T]
}

// get is the part named key, made by make if there is none. What make says is
// not to be shared isn't kept.
func (t *interner[T]) get(key contentKey, make func() (part *T, share bool)) *T {
	if part := t.look(key); part != nil {
		return part
	}
	part, share := make()
	if !share {
		return part
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if other := t.parts[key].Value(); other != nil {
		return other
	}
	if t.parts == nil {
		t.parts = map[contentKey]weak.Pointer[T]{}
	}
	t.parts[key] = weak.Make(part)
	runtime.AddCleanup(part, t.forget, key)
	return part
}

func (t *interner[T]) look(key contentKey) *T {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.parts[key].Value()
}

func (t *interner[T]) forget(key contentKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.parts[key].Value() == nil {
		delete(t.parts, key)
	}
}

// shape is what a non-proxy integration does to a request on its way in and
// to an answer on its way out, whichever API it belongs to.
type shape struct {
	request payloadRule
	answers answers
	fixed   []mockStatus // of a MOCK: what each template's text says
}

// shape compiles m's templates and responses, or finds them compiled already.
func (c *compiler) shape(place string, m *apigw.Method) *shape {
	if c.env == nil {
		return c.newShape(place, m)
	}
	key, err := c.shapeKey(m)
	if err != nil {
		return c.newShape(place, m)
	}
	return c.env.shapes.get(key, func() (*shape, bool) {
		before := len(c.problems)
		s := c.newShape(place, m)
		return s, len(c.problems) == before // the next method needs its own messages
	})
}

func (c *compiler) newShape(place string, m *apigw.Method) *shape {
	s := &shape{request: c.payloadRule(place, m.Integration), answers: c.answers(place, m)}
	if m.Integration.Type == apigw.IntegrationMock {
		s.fixed = c.mockStatuses(place, s.request.templates)
	}
	return s
}

// shapeKey is of everything that newShape reads.
func (c *compiler) shapeKey(m *apigw.Method) (contentKey, error) {
	i := m.Integration
	declared := make([]apigw.StatusCode, 0, len(i.Responses))
	for code := range i.Responses {
		if m.Responses[code] != nil {
			declared = append(declared, code)
		}
	}
	raw, err := json.Marshal(struct {
		Type                         apigw.IntegrationType
		Templates                    map[string]*string
		Order                        []string
		Passthrough, ContentHandling string
		Responses                    map[apigw.StatusCode]*apigw.IntegrationResponse
		Declared                     map[apigw.StatusCode]bool
		Variables                    map[string]string
	}{i.Type, i.RequestTemplates, i.TemplateOrder, i.PassthroughBehavior, i.ContentHandling, i.Responses, set(declared), c.vars})
	return sha256.Sum256(raw), err
}

func set[K comparable](keys []K) map[K]bool {
	m := make(map[K]bool, len(keys))
	for _, k := range keys {
		m[k] = true
	}
	return m
}
