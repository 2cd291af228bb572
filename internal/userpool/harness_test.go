package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

var testScope = apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}

// memory is Records in a map. Sealing marks what is sealed, for which record.
type memory struct {
	mu       sync.Mutex
	revision int64
	records  map[string]Record
}

func (m *memory) name(s apigw.Scope, key string) string {
	return s.Account + "/" + s.Region + "/" + key
}

func (m *memory) Get(_ context.Context, s apigw.Scope, key string) (Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.records[m.name(s, key)]
	r.Key = key
	return r, nil
}

func (m *memory) List(_ context.Context, s apigw.Scope, prefix, after string, limit int) (list []Record, more bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	own := m.name(s, "")
	for _, name := range slices.Sorted(maps.Keys(m.records)) {
		key, ok := strings.CutPrefix(name, own)
		if !ok || !strings.HasPrefix(key, prefix) || key <= after {
			continue
		}
		if limit > 0 && len(list) == limit {
			return list, true, nil
		}
		r := m.records[name]
		r.Key = key
		list = append(list, r)
	}
	return list, false, nil
}

func (m *memory) Commit(_ context.Context, s apigw.Scope, c Change) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, revision := range c.If {
		if m.records[m.name(s, key)].Revision != revision {
			return 0, ErrConflict
		}
	}
	m.revision++
	for _, prefix := range c.Drop {
		maps.DeleteFunc(m.records, func(name string, _ Record) bool { return strings.HasPrefix(name, m.name(s, prefix)) })
	}
	for key, value := range c.Writes {
		if value == nil {
			delete(m.records, m.name(s, key))
		} else {
			m.records[m.name(s, key)] = Record{Value: value, Revision: m.revision}
		}
	}
	return m.revision, nil
}

func (m *memory) Seal(s apigw.Scope, key string, plain []byte) ([]byte, error) {
	return append([]byte("sealed for "+m.name(s, key)+"\x00"), plain...), nil
}

func (m *memory) Open(s apigw.Scope, key string, sealed []byte) ([]byte, error) {
	plain, ok := strings.CutPrefix(string(sealed), "sealed for "+m.name(s, key)+"\x00")
	if !ok {
		return nil, errors.New("sealed for another record")
	}
	return []byte(plain), nil
}

// world is a service with a clock and a mailbox of its own.
type world struct {
	t testing.TB
	*Service
	memory *memory
	clock  time.Time
	mail   []Message
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, memory: &memory{records: map[string]Record{}}, clock: time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC)}
	w.Service = New(Options{
		Records: w.memory, Now: func() time.Time { return w.clock }, Work: 4,
		Deliver: func(_ context.Context, m Message) error { w.mail = append(w.mail, m); return nil },
	})
	return w
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refuses compares an error's name and text.
func (w *world) refuses(err error, want string) {
	w.t.Helper()
	if err == nil || err.Error() != want {
		w.t.Errorf("got %v, want %s", err, want)
	}
}

func (w *world) pool(change ...func(*Settings)) PoolID {
	w.t.Helper()
	s := Settings{Password: DefaultPolicy(), CaseSensitive: true}
	for _, c := range change {
		c(&s)
	}
	return must[*Pool](w.t)(w.CreatePool(w.t.Context(), testScope, "pool", s)).ID
}

func (w *world) app(pool PoolID, change ...func(*ClientSettings)) ClientID {
	w.t.Helper()
	s := ClientSettings{Name: "app", Flows: []string{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}}
	for _, c := range change {
		c(&s)
	}
	c, _, err := w.CreateClient(w.t.Context(), testScope, pool, s, false, "")
	w.ok(err)
	return c.ID
}

const goodPassword = "Correct-Horse-1"

// ann is a confirmed user.
func (w *world) ann(pool PoolID, values ...Value) {
	w.t.Helper()
	must[*User](w.t)(w.CreateUser(w.t.Context(), testScope, pool, NewUser{Name: "ann", Attributes: values, Suppress: true}))
	w.ok(w.SetPassword(w.t.Context(), testScope, pool, "ann", goodPassword, true))
}

func (w *world) login(app ClientID, name, password string) (*Result, error) {
	return w.InitiateAuth(w.t.Context(), app, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": name, "PASSWORD": password})
}

// claims are those of a token.
func claims(t testing.TB, token string) map[string]any {
	t.Helper()
	raw := must[[]byte](t)(base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1]))
	m := map[string]any{}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// secretHash is SECRET_HASH as clients compute it.
func secretHash(secret, name string, app ClientID) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(name + string(app)))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}
