package responsecache

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/http1"
)

var made = time.UnixMilli(1_750_267_739_123)

func keepsAll([]byte) bool { return false }

// answer is an entry of a body, with some fields.
func answer(body string) []byte { return answerAt(made, body) }

func answerAt(made time.Time, body string) []byte {
	var h http1.Header
	h.Add("X-A", "b")
	h.Add("Empty", "")
	return Encode(made, 201, &h, keepsAll, []byte(body))
}

// shown is an entry as text.
func shown(e Entry) string {
	text := fmt.Sprint(e.Made.UnixMilli(), " ", e.Status)
	for {
		name, value, ok := e.Next()
		if !ok {
			return text + " " + string(e.Body)
		}
		text += fmt.Sprintf(" %s=%s", name, value)
	}
}

func TestEntry(t *testing.T) {
	var h http1.Header
	h.Add("X-A", "b")
	h.Add("x-amzn-RequestId", "1")
	h.Add("X-A", "c")
	e, err := Decode(Encode(made, 404, &h, func(name []byte) bool { return string(name) == "x-amzn-RequestId" }, []byte("body")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("1750267739123 404 X-A=b X-A=c body", shown(e)); diff != "" {
		t.Error(diff)
	}
	if Encode(made, 200, new(http1.Header), keepsAll, make([]byte, MaxEntry)) == nil || Encode(made, 200, &h, keepsAll, make([]byte, MaxEntry)) != nil {
		t.Error("an answer of 1 MB is to be the largest")
	}
}

func TestDecodeRefuses(t *testing.T) {
	whole := answer("body")
	for n := range len(whole) - len("body") {
		if _, err := Decode(whole[:n]); !errors.Is(err, errEntry) {
			t.Fatalf("%d bytes of an entry: %v", n, err)
		}
	}
	long := bytes.Clone(whole)
	long[entryHead+2] = 0xff // the length of a value
	if _, err := Decode(long); !errors.Is(err, errEntry) {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(answer("body"))
	f.Add([]byte{formPlain, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200, 0, 2, 0, 1, 0, 0, 0, 0, 'a'})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Decode(b)
		if err != nil {
			return
		}
		var h http1.Header
		for {
			name, value, ok := e.Next()
			if !ok {
				break
			}
			h.AddBytes(name, value)
		}
		if again := Encode(e.Made, e.Status, &h, keepsAll, e.Body); len(b) <= MaxEntry && !bytes.Equal(again, b) {
			t.Errorf("%x becomes %x", b, again)
		}
	})
}

func look(c *Cache, key Key, ttl time.Duration) (string, Found) {
	e, _, found := c.Look(key, made, ttl, false, nil)
	if found != Kept {
		return "", found
	}
	return string(e.Body), found
}

func land(c *Cache, key Key, l Landing) bool {
	f, _ := c.Join(key, false)
	return c.Land(key, f, l)
}

// TestKept: an answer is found until it is too old, plain or sealed, under its
// key alone.
func TestKept(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		p := NewPool(Config{Memory: 1 << 20})
		c := p.Acquire(Stage{Name: "s", Size: 1 << 20})
		key, other := Sum(c.KeyOf("a")), Sum(c.KeyOf("b"))
		if !land(c, key, Landing{Answer: answer("body"), TTL: time.Minute, Sealed: sealed}) {
			t.Error("the answer isn't kept")
		}
		if body, _ := look(c, key, time.Minute); body != "body" {
			t.Errorf("found %q", body)
		}
		if _, found := look(c, other, time.Minute); found != Nothing {
			t.Error("found under another key")
		}
		if _, _, found := c.Look(key, made.Add(time.Minute), time.Minute, false, nil); found != Nothing {
			t.Error("found when it is too old")
		}
		if _, _, found := c.Look(key, made, time.Minute, true, nil); (found == Kept) != sealed {
			t.Error("an answer is found that isn't sealed, where it is to be")
		}
		k, _ := c.local.GetIfPresent(key)
		if bytes.Contains(k.entry, []byte("body")) == sealed {
			t.Errorf("sealed %t: %q", sealed, k.entry)
		}
		c.local.Set(other, k)
		if _, found := look(c, other, time.Minute); sealed && found != Nothing {
			t.Error("a sealed answer was moved to another key")
		}
		p.Release(c)
	}
}

// TestMovedAlong: the parts of a key can't be shifted against each other, and
// stages have keys of their own.
func TestMovedAlong(t *testing.T) {
	p := NewPool(Config{Memory: 1 << 20})
	a, b := p.Acquire(Stage{Name: "a", Size: 1}), p.Acquire(Stage{Name: "b", Size: 1})
	if Sum(a.KeyOf("x", "yz")) == Sum(a.KeyOf("xy", "z")) || Sum(a.KeyOf("x")) == Sum(b.KeyOf("x")) {
		t.Error("two things have the same key")
	}
	if other := NewPool(Config{Memory: 1}).Acquire(Stage{Name: "a", Size: 1}); Sum(a.KeyOf("x")) == Sum(other.KeyOf("x")) {
		t.Error("keys can be told without the secret")
	}
}

// TestPool: stages share the memory; a cache lives as long as somebody uses it,
// and is empty after it was made anew.
func TestPool(t *testing.T) {
	p := NewPool(Config{Memory: 64 << 20})
	first := p.Acquire(Stage{Name: "s", Cluster: "1", Size: 1 << 30})
	again := p.Acquire(Stage{Name: "s", Cluster: "1", Size: 1 << 30})
	if first != again || first.local.GetMaximum() != 64<<20 {
		t.Errorf("two caches, or one of %d bytes", first.local.GetMaximum())
	}
	var others []*Cache
	for i := range 99 {
		others = append(others, p.Acquire(Stage{Name: fmt.Sprint(i), Size: 1 << 30}))
	}
	small := p.Acquire(Stage{Name: "small", Size: 1000})
	if got := []uint64{first.local.GetMaximum(), others[98].local.GetMaximum(), small.local.GetMaximum()}; !cmp.Equal(got, []uint64{512 << 10, 512 << 10, 1000}) {
		t.Errorf("shares of %v bytes", got)
	}
	key := Sum(first.KeyOf("a"))
	land(first, key, Landing{Answer: answer("body"), TTL: time.Minute})
	p.Release(again)
	if _, found := look(first, key, time.Minute); found != Kept {
		t.Error("a cache that is used was emptied")
	}
	flushed := p.Acquire(Stage{Name: "s", Cluster: "2", Size: 1 << 30})
	if _, found := look(first, key, time.Minute); found != Nothing || flushed == first {
		t.Error("a flushed cache isn't empty")
	}
	land(first, key, Landing{Answer: answer("late"), TTL: time.Minute})
	first.local.CleanUp()
	if first.local.WeightedSize() != 0 {
		t.Error("a cache that was replaced keeps answers")
	}
	p.Release(first)
	for _, c := range append(others, small) {
		p.Release(c)
	}
	if s := p.Stats(); s.Caches != 1 || flushed.local.GetMaximum() != 64<<20 {
		t.Errorf("%+v, of %d bytes", s, flushed.local.GetMaximum())
	}
}

// TestPasses: who asks for what isn't kept isn't held up for a while.
func TestPasses(t *testing.T) {
	p := NewPool(Config{Memory: 1 << 20})
	c := p.Acquire(Stage{Name: "s", Size: 1 << 20})
	defer p.Release(c)
	key := Sum(c.KeyOf("a"))
	if land(c, key, Landing{Passes: true, TTL: time.Minute}) {
		t.Error("there is nothing to find")
	}
	if _, found := look(c, key, time.Minute); found != Passing {
		t.Errorf("found %v", found)
	}
}

// TestJoin: one leads, unless somebody asks anew; then the older answer isn't
// kept.
func TestJoin(t *testing.T) {
	p := NewPool(Config{Memory: 1 << 20})
	c := p.Acquire(Stage{Name: "s", Size: 1 << 20})
	defer p.Release(c)
	key := Sum(c.KeyOf("a"))
	first, leads := c.Join(key, false)
	second, follows := c.Join(key, false)
	if !leads || follows || first != second {
		t.Error("two lead")
	}
	anew, leads := c.Join(key, true)
	if !leads || anew == first {
		t.Error("who asks anew waits for an older answer")
	}
	if !c.Land(key, anew, Landing{Answer: answer("new"), TTL: time.Minute}) || c.Land(key, first, Landing{Answer: answer("old"), TTL: time.Minute}) {
		t.Error("the older answer is kept")
	}
	if body, _ := look(c, key, time.Minute); body != "new" {
		t.Errorf("found %q", body)
	}
	if e, came := first.Wait(t.Context()); came != Landed || string(e.Body) != "old" {
		t.Error("who waits for the older answer doesn't get it")
	}
}

// memoryStore is a Shared.
type memoryStore struct {
	mu   sync.Mutex
	of   map[string][]byte
	away error
}

func (m *memoryStore) Away() bool { return false }

func (m *memoryStore) Get(key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of[key], m.away
}

func (m *memoryStore) Set(key string, value []byte, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away == nil {
		m.of[key] = value
	}
	return m.away
}

// TestShared: nodes with the same secret find each other's answers in the
// shared store, which learns nothing of them; what others put there isn't used.
func TestShared(t *testing.T) {
	store := &memoryStore{of: map[string][]byte{}}
	node := func(secret string) *Cache {
		return NewPool(Config{Memory: 1 << 20, Shared: store, Secret: []byte(secret)}).Acquire(Stage{Name: "s", Cluster: "1", Size: 1 << 20})
	}
	a, b, stranger := node("secret"), node("secret"), node("another")
	key := Sum(a.KeyOf("a"))
	if !land(a, key, Landing{Answer: answer("body"), TTL: time.Minute}) {
		t.Error("not kept")
	}
	if body, _ := look(b, Sum(b.KeyOf("a")), time.Minute); body != "body" {
		t.Errorf("the other node finds %q", body)
	}
	if _, found := look(stranger, Sum(stranger.KeyOf("a")), time.Minute); found != Nothing {
		t.Error("a node with another secret finds it")
	}
	for name, value := range store.of {
		if strings.Contains(string(value), "body") || !strings.HasPrefix(name, "gatehouse:response:") {
			t.Errorf("%s: %q", name, value)
		}
		for _, forged := range [][]byte{answer("forged"), value[:20], {}, append(bytes.Clone(value), 0)} {
			store.of[name] = forged
			if _, found := look(b, key, time.Minute); found != Nothing {
				t.Errorf("%q is taken for an answer", forged)
			}
		}
	}
	store.away = errors.New("away")
	if _, found := look(a, key, time.Minute); found != Nothing || land(a, key, Landing{Answer: answer("body"), TTL: time.Minute}) {
		t.Error("a store that is away keeps answers")
	}
}
