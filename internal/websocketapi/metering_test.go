package websocketapi

import (
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/metering"
)

// Messages in both directions are metered by the 32 KB, what backends push
// included, and connections by their time; what is refused as a request would be,
// and asking, are free (aws.amazon.com/api-gateway/pricing, "WebSocket APIs").
func TestMetering(t *testing.T) {
	var minutes atomic.Int64
	began := time.Now()
	clock := func() time.Time { return began.Add(time.Duration(minutes.Load()) * time.Minute) }
	meters := metering.NewBook(clock)
	def := definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat"), "join!": lambdaProxyOf("chat"), "quiet": lambdaProxyOf("chat")})
	w := newWorld(t, def, echoConnect(), func(env *Env, _ *apigw.Stage) {
		env.Meters = meters
		env.Identities = people{"ALL": user(t, "ALL", "execute-api:ManageConnections", "*")}
	})
	var got apigw.MeteredAmount
	metered := func(what string, want apigw.MeteredAmount) {
		t.Helper()
		for until := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) { // what a client heard is written down behind that
			counts, _ := meters.Drain()
			for _, c := range counts {
				got = got.Plus(c.Amount)
			}
			if got == want || time.Now().After(until) {
				break
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", what, d)
		}
		got = apigw.MeteredAmount{}
	}

	s := w.connect("")
	event := w.event()
	id := event["requestContext"].(map[string]any)["connectionId"].(string)
	s.say(`{"action":"join"}`)
	answer := int64(len(s.hear()))
	metered("two-way", apigw.MeteredAmount{Messages: 2, Bytes: answer})
	w.event()

	s.say(`{"action":"quiet","text":"` + strings.Repeat("x", 20<<10) + `"}`)
	w.event()
	metered("one-way", apigw.MeteredAmount{Messages: 1})

	s.say(`{"action":"none"}`)
	s.hear()
	metered("without a route", apigw.MeteredAmount{})

	path := "/prod/@connections/" + url.PathEscape(id)
	for range 2 { // each is two on the bill; a client reads one of several frames
		if got := w.manage("ALL", "POST", path, strings.Repeat("x", 33<<10)); got.StatusCode != 200 {
			t.Fatal(got.Status)
		}
		if text := s.hear(); len(text) != 33<<10 {
			t.Fatalf("%d bytes", len(text))
		}
	}
	w.manage("ALL", "GET", path, "")
	w.manage("ALL", "POST", strings.Replace(path, "A", "B", 1), "nobody is there")
	metered("pushed", apigw.MeteredAmount{Messages: 4, Bytes: 66 << 10})
	w.manage("ALL", "POST", "/prod/@connections", `{"everyone":true,"data":"hello"}`)
	s.hear()
	metered("to all", apigw.MeteredAmount{Messages: 1, Bytes: 5})

	w.deploy(def, testStageRecord())
	minutes.Store(7)
	metered("open", apigw.MeteredAmount{Connected: 7 * 60_000})
	minutes.Store(9)
	s.nc.Write([]byte("\x88\x80\x00\x00\x00\x00"))
	for w.env.Hub.Len() > 0 {
		time.Sleep(time.Millisecond)
	}
	metered("until it left", apigw.MeteredAmount{Connected: 2 * 60_000})
	minutes.Store(100)
	metered("gone", apigw.MeteredAmount{})
}
