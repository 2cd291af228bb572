package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// routeJSON is about what a method with its integration takes.
func routeJSON(api, route int) []byte {
	return fmt.Appendf(nil, `{"schema":1,"resource":"r%d","httpMethod":"GET","authorizationType":"NONE","requestParameters":{"method.request.path.id":true},`+
		`"methodResponses":{"200":{"statusCode":"200","responseModels":{"application/json":"Model%d"}}},"integration":{"type":"HTTP_PROXY","httpMethod":"GET",`+
		`"uri":"http://backend-%d.internal:8080/items/{id}/%d","requestParameters":{"integration.request.path.id":"method.request.path.id"},"timeoutInMillis":29000}}`, route, route%7, api, route)
}

// writeAPI writes one API of 20 routes, its deployment and its stage: a head,
// a pack, a frozen head and a record.
func writeAPI(ctx context.Context, s *Store, api int) error {
	p := fmt.Sprintf("%saws/000000000000/us-east-1/apis/%010d/", Prefix, api)
	var changes []Change
	for r := range 20 {
		id := fmt.Sprintf("%06x", api*31+r)
		changes = append(changes, change("resource", id, fmt.Sprintf(`{"schema":1,"parent":"root","pathPart":"part%d"}`, r)),
			Change{EntryKey{"method", id + "/GET"}, routeJSON(api, r)})
	}
	tree, err := s.WriteTree(ctx, base(p), nil, []byte(`{"schema":1,"name":"an API"}`), changes, Txn{})
	if err != nil {
		return err
	}
	_, err = s.Commit(ctx, Txn{If: []Condition{tree.Unchanged()}, Ops: []Op{
		s.FreezeTree(tree, p+"deployments/abcdef", []byte(`{"schema":1}`)),
		put(p+"stages/prod", `{"schema":1,"deployment":"abcdef","variables":{"a":"b"}}`)}})
	return err
}

// runReader opens a store of many APIs, reads them all as a gateway would, and
// prints what that took.
func runReader() error {
	ctx, begin := context.Background(), time.Now()
	s, err := OpenEmbedded(ctx, EmbeddedConfig{Dir: os.Getenv("STORE_DIR")})
	if err != nil {
		return err
	}
	opened := time.Since(begin)
	begin = time.Now()
	b := <-s.Watch(ctx, Prefix, 0)
	listed, memory := time.Since(begin), resident()
	begin = time.Now()
	values := 0
	for _, e := range b.Events {
		if !strings.Contains(e.Key, "/deployments/") {
			continue
		}
		tree, err := DecodeTree(Record{Key: e.Key, Value: e.Value})
		if err != nil {
			return err
		}
		all, err := s.Values(ctx, base(strings.TrimSuffix(e.Key, "deployments/abcdef")), tree)
		if err != nil {
			return err
		}
		values += len(all)
	}
	fmt.Printf("%d keys: open %v, list %v (%s), read %d values %v (%s)\n", len(b.Events), opened.Round(time.Millisecond),
		listed.Round(time.Millisecond), memory, values, time.Since(begin).Round(time.Millisecond), resident())
	return s.Close()
}

func resident() string {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		if size, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(size) + " resident"
		}
	}
	return "resident memory unknown here"
}

// TestManyAPIs reports what a start with many APIs takes. GATEHOUSE_APIS sets
// how many, 10000 for the product's budget.
func TestManyAPIs(t *testing.T) {
	apis := 200
	if n, err := strconv.Atoi(os.Getenv("GATEHOUSE_APIS")); err == nil {
		apis = n
	}
	dir := t.TempDir()
	s := openTest(t, dir)
	begin := time.Now()
	var wg sync.WaitGroup
	failed := make([]error, 8)
	for w := range failed {
		wg.Go(func() {
			for i := w; i < apis && failed[w] == nil; i += len(failed) {
				failed[w] = writeAPI(t.Context(), s, i)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Fatal(err)
	}
	size, used := s.member.server.Backend().Size(), s.member.server.Backend().SizeInUse()
	t.Logf("wrote %d APIs in %v; database %d KB, %d in use", apis, time.Since(begin), size>>10, used>>10)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=reader", "STORE_DIR="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), fmt.Sprintf("read %d values", 40*apis)) {
		t.Errorf("%v: %s", err, out)
	}
	t.Logf("%s", out)
}

// BenchmarkChange is one change in a tree of so many entries.
func BenchmarkChange(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 2000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := openTest(b, b.TempDir())
			at := base(Prefix + "tree/")
			var changes []Change
			for i := range n {
				changes = append(changes, Change{EntryKey{"method", fmt.Sprintf("%06x/GET", i)}, routeJSON(1, i)})
			}
			tree, err := s.WriteTree(b.Context(), at, nil, []byte("meta"), changes, Txn{})
			if err != nil {
				b.Fatal(err)
			}
			i := 0
			for b.Loop() {
				i++
				c := Change{EntryKey{"method", fmt.Sprintf("%06x/GET", i%n)}, routeJSON(i, i)}
				if tree, err = s.WriteTree(b.Context(), at, tree, []byte("meta"), []Change{c}, Txn{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCommit(b *testing.B) {
	s := openTest(b, b.TempDir())
	value := make([]byte, 2000)
	for b.Loop() {
		if _, err := s.Commit(b.Context(), Txn{Ops: []Op{{Key: Prefix + "a", Value: value}}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValues(b *testing.B) {
	s := openTest(b, b.TempDir())
	if err := writeAPI(b.Context(), s, 1); err != nil {
		b.Fatal(err)
	}
	at := base(fmt.Sprintf("%saws/000000000000/us-east-1/apis/%010d/", Prefix, 1))
	tree, err := s.ReadTree(b.Context(), at)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Values(b.Context(), at, tree); err != nil {
			b.Fatal(err)
		}
	}
}
