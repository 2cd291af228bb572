package gateway

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/admission"
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
)

// TestRequestsBeyondTheLimitAreShed: with one request in work and room for one
// to wait, both are served and a third is answered 503, in AWS's form.
func TestRequestsBeyondTheLimitAreShed(t *testing.T) {
	entered, release := make(chan struct{}, 2), make(chan struct{})
	k := &fakeKind{serve: func(x *exchange.Exchange, _ *apigw.Definition, _ *apigw.Stage) {
		entered <- struct{}{}
		<-release
		x.Response.Status = 200
	}}
	e := startEdge(t, k, func(c *Config) { c.Requests = admission.Config{Work: 1, Queue: 1, Patience: time.Minute} })
	url := "http://" + e.Addrs()[0].String() + "/_aws/execute-api/a1b2c3d4e5/prod/"
	statuses := make(chan int, 2)
	get := func() {
		r, err := http.Get(url)
		if err != nil {
			t.Error(err)
			statuses <- 0
			return
		}
		r.Body.Close()
		statuses <- r.StatusCode
	}
	go get()
	<-entered
	go get()
	for { // until the second waits
		if _, waiting, _ := e.Requests(); waiting == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(r.Body)
	r.Body.Close()
	got := []any{r.StatusCode, r.Header["X-Amzn-Errortype"], r.Header["Content-Type"], r.Header["X-Amzn-Requestid"], string(body)}
	want := []any{503, []string{"ServiceUnavailableException"}, []string{"application/json"}, []string{"01234567-89ab-4cde-8f01-23456789abcd"}, `{"message":"Service Unavailable"}`}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	close(release)
	if a, b := <-statuses, <-statuses; a != 200 || b != 200 {
		t.Errorf("the admitted requests: %d and %d", a, b)
	}
	if inWork, waiting, refused := e.Requests(); waiting != 0 || refused != 1 {
		t.Errorf("in work %d, waiting %d, refused %d", inWork, waiting, refused)
	}
}

// TestBrokenRequestMakesRoom: a stage that panics doesn't keep its place.
func TestBrokenRequestMakesRoom(t *testing.T) {
	k := &fakeKind{serve: func(*exchange.Exchange, *apigw.Definition, *apigw.Stage) { panic("broken") }}
	e := startEdge(t, k, func(c *Config) { c.Requests = admission.Config{Work: 1, Patience: time.Millisecond} })
	for range 3 {
		r, err := http.Get("http://" + e.Addrs()[0].String() + "/_aws/execute-api/a1b2c3d4e5/prod/")
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != 500 {
			t.Errorf("%d, want the stage's 500 each time", r.StatusCode)
		}
	}
}

func TestSheddingIsToldNowAndThen(t *testing.T) {
	var s shedding
	start := time.Unix(1e9, 0)
	var told []int64
	for _, after := range []time.Duration{0, 1, 2, 9, 11, 12, 30} {
		told = append(told, s.count(start.Add(after*time.Second)))
	}
	if d := cmp.Diff([]int64{1, 0, 0, 0, 4, 0, 2}, told); d != "" {
		t.Error(d)
	}
}
