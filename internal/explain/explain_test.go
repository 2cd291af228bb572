package explain

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/exchange"
)

// request is one that was explained and failed.
func request(id string) *exchange.Exchange {
	x := new(exchange.Exchange)
	x.Explain()
	copy(x.RequestID[:], id)
	x.Method, x.Host, x.Path, x.Query = "GET", []byte("api.test"), []byte("/dev/pets"), []byte("token=secret")
	x.Received = time.Now()
	x.Address.APIID, x.Address.Stage = "abc", "dev"
	x.Response.Status = 502
	x.Outcome.Resource = "/pets"
	x.Outcome.Fault = &exchange.Fault{Kind: exchange.IntegrationFailure, Cause: errors.New("connection refused\x1b[2J")}
	x.Outcome.Integration = exchange.Integration{Type: "HTTP_PROXY", Target: "127.0.0.1:1", Began: x.Received.Add(time.Millisecond), Ended: x.Received.Add(3 * time.Millisecond)}
	x.Decide("route", "GET /pets", "it fits")
	x.Decide("fault", "INTEGRATION_FAILURE", "connection\r\nrefused")
	return x
}

func id(n int) string { return fmt.Sprintf("%036d", n) }

func TestRecorder(t *testing.T) {
	r := NewRecorder(3)
	for n := range 5 {
		r.Record(request(id(n)), time.Now())
	}
	r.Record(request(id(4)), time.Now()) // another with the same ID
	for n, want := range []bool{false, false, false, true, true} {
		if got := r.Find(id(n)) != nil; got != want {
			t.Errorf("request %d is kept: %t, want %t", n, got, want)
		}
	}
	other := request(id(7))
	copy(other.ExtendedID[:], "cq/848p88IAyK/8=")
	if r.Record(other, time.Now()); r.Find("cq/848p88IAyK/8=") != r.Find(id(7)) || r.Find("none") != nil {
		t.Error("not found by its extended ID")
	}
	if len(r.byID) != 2 {
		t.Errorf("%d requests are found", len(r.byID))
	}
}

func TestReport(t *testing.T) {
	x := request(id(1))
	r := newReport(x, x.Received.Add(5*time.Millisecond))
	if r.Total != 5 || r.Integration.Began != 1 || r.Integration.Took != 2 || len(r.Steps) != 2 {
		t.Errorf("the report is %+v", r)
	}
	var text strings.Builder
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"GET /dev/pets: 502 in 5.00 ms", "API abc, stage dev, resource /pets", "fault INTEGRATION_FAILURE: connection refused?[2J",
		"integration HTTP_PROXY 127.0.0.1:1: status 0, 2.00 ms of 5.00 ms", "GET /pets", "it fits", "5.00 ms  answered",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "secret") {
		t.Error("the query is shown")
	}
}

func TestHeader(t *testing.T) {
	want := "route GET /pets; fault INTEGRATION_FAILURE; integration took 2.00 ms"
	if diff := cmp.Diff(want, Header(request(id(1)))); diff != "" {
		t.Error(diff)
	}
	x := request(id(1))
	x.Decide("route", strings.Repeat("ä", 5000), "")
	if h := Header(x); len(h) != maxHeader || strings.Trim(h[len(want):], "?") == h {
		t.Errorf("a long header has %d bytes", len(h))
	}
}

// TestBounds: what one request may make us keep.
func TestBounds(t *testing.T) {
	x := request(id(1))
	for range 1000 {
		x.Decide("step", strings.Repeat("x", 1<<20), "")
	}
	r := newReport(x, time.Now())
	if len(r.Steps) != maxSteps || len(r.Steps[10].Result) != maxText {
		t.Errorf("%d steps of %d bytes are kept", len(r.Steps), len(r.Steps[10].Result))
	}
}
