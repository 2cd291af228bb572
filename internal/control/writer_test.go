package control

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// parallel runs f n times at once and returns the errors.
func parallel(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errs
}

func TestParallelWritersAllSucceedInFewCommits(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	before := must[*snapshot](t)(w.load(t.Context(), restRef(w.scope, api.ID))).tree.Revision()
	for i, err := range parallel(100, func(i int) error {
		_, err := w.CreateResource(t.Context(), w.scope, api.ID, api.RootResourceID, fmt.Sprint("r", i))
		return err
	}) {
		if err != nil {
			t.Fatal(i, err)
		}
	}
	s := must[*snapshot](t)(w.load(t.Context(), restRef(w.scope, api.ID)))
	if n := len(s.def.Resources); n != 101 {
		t.Fatal(n)
	}
	if commits := s.tree.Revision() - before; commits > 50 {
		t.Errorf("%d commits for 100 changes", commits)
	}
}

func TestRefusedChangeDoesNotDisturbItsBatch(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	refused := 0
	for _, err := range parallel(60, func(i int) error {
		_, err := w.CreateResource(t.Context(), w.scope, api.ID, api.RootResourceID, fmt.Sprint("r", i%20))
		return err
	}) {
		if err != nil {
			refused++
			if apigw.KindOf(err) != apigw.Conflict {
				t.Fatal(err)
			}
		}
	}
	if n := len(paths(w, api.ID)); n != 21 || refused != 40 {
		t.Fatal(n, refused)
	}
}

// Two Controls stand for two nodes on one store.
func TestTwoNodesWriteOneAPI(t *testing.T) {
	a, b := newWorld(t), newWorld(t)
	b.scope = a.scope
	api := a.newAPI()
	for i, err := range parallel(40, func(i int) error {
		node := []*world{a, b}[i%2]
		_, err := node.CreateResource(t.Context(), a.scope, api.ID, api.RootResourceID, fmt.Sprint("r", i))
		return err
	}) {
		if err != nil {
			t.Fatal(i, err)
		}
	}
	if n := len(paths(a, api.ID)); n != 41 || len(paths(b, api.ID)) != 41 {
		t.Fatal(n)
	}
}

// A stage and the deletion of its deployment can't both win, on two nodes.
func TestStageAgainstDeletionOfItsDeployment(t *testing.T) {
	a, b := newWorld(t), newWorld(t)
	b.scope = a.scope
	api := a.newAPI()
	a.newMock(api)
	for range 20 {
		dep := a.deploy(api, "")
		errs := parallel(2, func(i int) error {
			if i == 0 {
				return b.DeleteDeployment(t.Context(), a.scope, api.ID, dep.ID)
			}
			_, err := a.CreateStage(t.Context(), a.scope, api.ID, apigw.Stage{Name: "s", DeploymentID: dep.ID})
			return err
		})
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatal(errs)
		}
		if errs[1] == nil {
			if err := a.DeleteStage(t.Context(), a.scope, api.ID, "s"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestCallerThatLeaves(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.CreateResource(ctx, w.scope, api.ID, api.RootResourceID, "a")
	if apigw.KindOf(err) != apigw.Unavailable {
		t.Fatal(err)
	}
}

func TestPanicCostsItsCallAlone(t *testing.T) {
	w := newWorldWith(t, Options{Check: func(*apigw.Definition, *apigw.Stage) []Problem { panic("a check") }})
	api := w.newAPI()
	w.newMock(api)
	_, err := w.UpdateRestAPI(t.Context(), w.scope, api.ID, func(a *apigw.RestAPI) error {
		a.Name = "half"
		panic("a mutator")
	})
	if apigw.KindOf(err) != apigw.Internal || !strings.Contains(err.Error(), "a mutator") {
		t.Fatal(err)
	}
	_, err = w.CreateDeployment(t.Context(), w.scope, api.ID, NewDeployment{})
	if apigw.KindOf(err) != apigw.Internal || !strings.Contains(err.Error(), "a check") {
		t.Fatal(err)
	}
	if got := must[*apigw.RestAPI](t)(w.RestAPI(t.Context(), w.scope, api.ID)); got.Name != "test" {
		t.Fatal(got)
	}
}

func TestTooManyWaiting(t *testing.T) {
	w := newWorld(t)
	ref := restRef(w.scope, w.newAPI().ID)
	begun, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- w.exclusive(t.Context(), ref, func(context.Context) (int64, error) {
			close(begun)
			<-release
			return 0, nil
		})
	}()
	<-begun
	for range maxQueue {
		ch := &change{done: make(chan error, 1), alone: func(context.Context) (int64, error) { return 0, nil }}
		if !w.queue(ref, ch) {
			t.Fatal("refused too early")
		}
	}
	_, err := w.UpdateRestAPI(t.Context(), w.scope, ref.api, func(*apigw.RestAPI) error { return nil })
	if apigw.KindOf(err) != apigw.Throttled {
		t.Fatal(err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
}

func TestEntrySizeIsBounded(t *testing.T) {
	w := newWorldWith(t, Options{Limits: Limits{EntryBytes: 2000}})
	api := w.newAPI()
	m := w.newMock(api)
	long := make([]byte, 3000)
	for i := range long {
		long[i] = 'x'
	}
	template := string(long)
	_, err := w.PutIntegration(t.Context(), m, apigw.Integration{Type: apigw.IntegrationMock, RequestTemplates: map[string]*string{"application/json": &template}})
	if apigw.KindOf(err) != apigw.LimitExceeded {
		t.Fatal(err)
	}
	if in := must[*apigw.Integration](t)(w.Integration(t.Context(), m)); in.RequestTemplates != nil {
		t.Fatal("the refused change shows")
	}
}

func BenchmarkChange(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkChange(b, n) })
	}
}

// benchmarkChange measures one acknowledged change of an API of n resources.
func benchmarkChange(b *testing.B, n int) {
	c := New(Options{Store: shared})
	defer c.Close()
	scope := apigw.Scope{Partition: "aws", Account: fmt.Sprintf("%012d", accounts.Add(1)), Region: "us-east-1"}
	api := must[*apigw.RestAPI](b)(c.CreateRestAPI(b.Context(), scope, NewRestAPI{API: apigw.RestAPI{Name: "n"}}))
	ids := make([]apigw.ResourceID, n)
	for _, err := range parallel(n, func(i int) error {
		r, err := c.CreateResource(b.Context(), scope, api.ID, api.RootResourceID, fmt.Sprint("resource-", i))
		if err == nil {
			ids[i] = r.ID
		}
		return err
	}) {
		if err != nil {
			b.Fatal(err)
		}
	}
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprint("renamed-", i)
		_, err := c.UpdateResource(b.Context(), scope, api.ID, ids[i%n], func(r *ResourceChange) error {
			r.PathPart = &name
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
