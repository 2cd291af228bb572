package discovery_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/discovery"
	"github.com/gatehouse/gatehouse/internal/registry"
)

var (
	scope  = apigw.Scope{Partition: "aws", Account: "123456789012", Region: "eu-west-1"}
	shop   = &apigw.Namespace{ID: "ns-1", ARN: apigw.NamespaceARN(scope, "ns-1"), Name: "shop", HTTPName: "shop", Type: apigw.NamespaceHTTP}
	orders = &apigw.RegistryService{ID: "srv-1", ARN: apigw.RegistryServiceARN(scope, "srv-1"), Name: "orders", Namespace: "ns-1", Type: "HTTP"}
	named  = discovery.Service{Namespace: "shop", Name: "orders"}
)

// patience is how long tests wait for what others do.
const patience = 60 * time.Second

// observed is a source that runs, and what comes of it.
type observed struct {
	t    *testing.T
	book *registry.Book
	log  buffer
}

type buffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// observe runs the source that make makes until the test ends.
func observe(t *testing.T, make func(*slog.Logger) discovery.Source) *observed {
	t.Helper()
	o := &observed{t: t, book: registry.New(registry.Options{Now: time.Now})}
	log := slog.New(slog.NewTextHandler(&o.log, nil))
	o.book.Update(func(u *registry.Update) { u.Namespace(shop) })
	shelf := discovery.NewShelf(o.book, scope, "test", log)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { shelf.Follow(ctx) })
	running.Go(func() { make(log).Run(ctx, shelf) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if t.Failed() {
			t.Logf("the log:\n%s", o.log.String())
		}
	})
	o.book.Update(func(u *registry.Update) { u.Service(orders) }) // it may come after its instances
	return o
}

// shown are the service's instances: address and port, health, and the attributes
// that are asked for.
func (o *observed) shown(attributes ...string) (list []string) {
	s := o.book.Service(orders.ARN)
	if s == nil {
		return nil
	}
	for _, i := range s.View().Instances {
		text := fmt.Sprintf("%s %d %s", i.IPv4, i.Port, i.Health)
		if i.IPv6.IsValid() {
			text = i.IPv6.String() + " " + text
		}
		for _, a := range attributes {
			text += " " + a + "=" + i.Attributes[a]
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return list
}

// becomes waits until the instances are these.
func (o *observed) becomes(attributes []string, want ...string) {
	o.t.Helper()
	for end := time.Now().Add(patience); ; {
		got := o.shown(attributes...)
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(end) {
			o.t.Fatalf("the instances are\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// says waits until the log has a text.
func (o *observed) says(text string) {
	o.t.Helper()
	o.t.Logf("waiting for: %s", text)
	eventually(o.t, "the log says: "+text, func() bool { return strings.Contains(o.log.String(), text) })
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it takes too long: %s", what)
		}
	}
}
