package vpclink

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// killable is a target that dies and comes back at its address.
type killable struct {
	t       *testing.T
	name    string
	addr    netip.AddrPort
	working atomic.Int64 // requests in flight
	cut     atomic.Int64 // requests that were in flight when it died
	served  atomic.Int64
	server  *httptest.Server
}

func newKillable(t *testing.T, name string) *killable {
	k := &killable{t: t, name: name}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k.addr = netip.MustParseAddrPort(l.Addr().String())
	k.start(l)
	t.Cleanup(func() { k.server.Close() })
	return k
}

func (k *killable) start(l net.Listener) {
	k.server = &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(k.serve)}}
	k.server.Start()
}

func (k *killable) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/health" {
		return
	}
	k.working.Add(1)
	defer k.working.Add(-1)
	time.Sleep(time.Millisecond)
	k.served.Add(1)
	w.Write([]byte(k.name))
}

// kill ends it with its connections, as the end of a process does.
func (k *killable) kill() {
	k.server.Listener.Close()
	k.cut.Add(k.working.Load())
	k.server.CloseClientConnections()
	k.server.Close()
}

func (k *killable) revive() {
	var l net.Listener
	eventually(k.t, "the address is free", func() bool {
		var err error
		l, err = net.Listen("tcp", k.addr.String())
		return err == nil
	})
	k.start(l)
}

// TestKilledTargets: while targets die and come back under load, no call fails
// but those that were in flight on one that died; a dead one is found unhealthy
// by two checks, and takes calls again once it is back.
func TestKilledTargets(t *testing.T) {
	for _, protocol := range []string{"HTTP", "TCP"} {
		t.Run(protocol, func(t *testing.T) {
			b := newBook(t, Config{})
			var targets []apigw.Target
			var list []*killable
			for i := range 4 {
				k := newKillable(t, fmt.Sprint(i))
				list, targets = append(list, k), append(targets, target(k.addr))
			}
			b.SetTargetGroups([]*apigw.TargetGroup{checked(targetGroup(groupARN, protocol, targets...))})
			place := albPlace(t, "http://x/")
			if protocol == "TCP" {
				b.SetLoadBalancers([]*apigw.LoadBalancer{networkBalancer("TCP", 80, groupARN)})
				place = Place{Scope: scope, Link: "v1link", URI: parseURI(t, "http://x/")}
			} else {
				b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
			}
			state := func(i int) string { return b.Health(groupARN)[i].State }
			for i := range list {
				eventually(t, "healthy at first", func() bool { return state(i) == "healthy" })
			}
			backend := b.Acquire(place)
			defer backend.Release()
			var stop atomic.Bool
			var work sync.WaitGroup
			var failed atomic.Int64
			for range 8 {
				work.Go(func() {
					for c := newCaller(); !stop.Load(); {
						if a := c.send(backend, "GET http://x/"); a.fault != nil || a.status != 200 {
							failed.Add(1)
						}
					}
				})
			}
			for _, k := range list[:2] {
				at := int(k.name[0] - '0')
				eventually(t, "it takes calls", func() bool { return k.served.Load() > 50 })
				k.kill()
				eventually(t, "unhealthy when dead", func() bool { return state(at) == "unhealthy" })
				k.revive()
				eventually(t, "healthy when back", func() bool { return state(at) == "healthy" })
				before := k.served.Load()
				eventually(t, "it takes calls again", func() bool { return k.served.Load() > before+50 })
			}
			stop.Store(true)
			work.Wait()
			// A request may have reached a dying target's socket, and no handler yet: each
			// of the callers has at most one.
			if most := list[0].cut.Load() + list[1].cut.Load() + 2*8; failed.Load() > most {
				t.Errorf("%d calls failed, %d were in flight", failed.Load(), most)
			}
			if n := b.groups[groupARN].set.InFlight(); n != 0 {
				t.Errorf("%d calls are left", n)
			}
		})
	}
}

// answered is a target that answers with its name at once.
func answered(t testing.TB, name string) *httptest.Server {
	return served(t, name, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(name)) })
}

// TestWeights: over 100,000 requests groups get what their weights say, within
// 2 % (7.1 of the sheet: weights are proportional).
func TestWeights(t *testing.T) {
	requests := 100_000
	if testing.Short() {
		requests = 20_000
	}
	b := newBook(t, Config{})
	b.SetTargetGroups([]*apigw.TargetGroup{
		targetGroup(groupARN, "HTTP", target(addressOf(t, answered(t, "blue")))), targetGroup(otherARN, "HTTP", target(addressOf(t, answered(t, "green")))),
	})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer([]apigw.RuleAction{{Type: "forward", Forward: &apigw.ForwardAction{
		Groups: []apigw.WeightedGroup{{Group: groupARN, Weight: 30}, {Group: otherARN, Weight: 10}},
	}}})})
	backend := b.Acquire(albPlace(t, "http://x/"))
	defer backend.Release()
	var work sync.WaitGroup
	var blue atomic.Int64
	for range 4 {
		work.Go(func() {
			c := newCaller()
			for range requests / 4 {
				if a := c.send(backend, "GET http://x/"); a.body == "blue" {
					blue.Add(1)
				} else if a.body != "green" {
					t.Errorf("%+v", a)
				}
			}
		})
	}
	work.Wait()
	if share := float64(blue.Load()) / float64(requests); math.Abs(share-0.75) > 0.02 {
		t.Errorf("%.4f of the requests went to the group with 3/4 of the weight", share)
	}
}

// TestZeroWeight: a group without weight gets nothing, and the other no more than
// it can take: weighted groups don't fail over (7.1 of the sheet).
func TestZeroWeight(t *testing.T) {
	b := newBook(t, Config{})
	b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "HTTP", target(addressOf(t, answered(t, "blue")))), targetGroup(otherARN, "HTTP")})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer([]apigw.RuleAction{{Type: "forward", Forward: &apigw.ForwardAction{
		Groups: []apigw.WeightedGroup{{Group: groupARN, Weight: 0}, {Group: otherARN, Weight: 1}},
	}}})})
	for range 20 {
		if a := get(t, b, albPlace(t, "http://x/"), "GET http://x/"); a.status != 503 {
			t.Fatalf("%+v", a)
		}
	}
}

// TestOverflow: a saturated group's calls go to its overflow group, and no more
// of them than it can't take; when the overflow group can't either, nobody
// answers.
func TestOverflow(t *testing.T) {
	b := newBook(t, Config{})
	release := make(chan struct{})
	slow := served(t, "", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		w.Write([]byte("home"))
	})
	cloud := answered(t, "cloud")
	home := targetGroup(groupARN, "HTTP", target(addressOf(t, slow)))
	home.Attributes = map[string]string{apigw.AttributeOverflowGroup: string(otherARN), apigw.AttributeOverflowAt: "3"}
	b.SetTargetGroups([]*apigw.TargetGroup{home, targetGroup(otherARN, "HTTP", target(addressOf(t, cloud)))})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	backend := b.Acquire(albPlace(t, "http://x/"))
	defer backend.Release()
	var work sync.WaitGroup
	var atHome atomic.Int64
	for range 3 {
		work.Go(func() {
			if a := newCaller().send(backend, "GET http://x/"); a.body == "home" {
				atHome.Add(1)
			}
		})
	}
	eventually(t, "three are in flight", func() bool { return b.groups[groupARN].set.InFlight() == 3 })
	c := newCaller()
	for range 50 {
		if a := c.send(backend, "GET http://x/"); a.body != "cloud" {
			t.Fatalf("%+v", a)
		}
	}
	b.SetTargetGroups([]*apigw.TargetGroup{home, targetGroup(otherARN, "HTTP")})
	if a := c.send(backend, "GET http://x/"); a.fault == nil || a.fault.Status != 503 {
		t.Errorf("with nowhere to go: %+v", a)
	}
	close(release)
	work.Wait()
	if atHome.Load() != 3 {
		t.Errorf("%d were answered at home", atHome.Load())
	}
}

// TestLateOverflow: an overflow group that comes after the group that names it,
// and before anything leads there, takes its calls.
func TestLateOverflow(t *testing.T) {
	b := newBook(t, Config{})
	home := targetGroup(groupARN, "HTTP")
	home.Attributes = map[string]string{apigw.AttributeOverflowGroup: string(otherARN)}
	b.SetTargetGroups([]*apigw.TargetGroup{home})
	b.SetTargetGroups([]*apigw.TargetGroup{home, targetGroup(otherARN, "HTTP", target(addressOf(t, answered(t, "cloud"))))})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	if a := get(t, b, albPlace(t, "http://x/"), "GET http://x/"); a.body != "cloud" {
		t.Errorf("%+v", a)
	}
}

// TestOverflowOfTheUnhealthy: a group whose targets are all unhealthy overflows
// before it fails open, and has its calls back once one is healthy.
func TestOverflowOfTheUnhealthy(t *testing.T) {
	b := newBook(t, Config{})
	var well atomic.Bool
	home := served(t, "", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" && !well.Load() {
			w.WriteHeader(500)
		}
		w.Write([]byte("home"))
	})
	spec := checked(targetGroup(groupARN, "HTTP", target(addressOf(t, home))))
	spec.Attributes = map[string]string{apigw.AttributeOverflowGroup: string(otherARN)}
	b.SetTargetGroups([]*apigw.TargetGroup{spec, targetGroup(otherARN, "HTTP", target(addressOf(t, answered(t, "cloud"))))})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	body := func() string { return get(t, b, albPlace(t, "http://x/"), "GET http://x/").body }
	eventually(t, "unhealthy", func() bool { return b.Health(groupARN)[0].State == "unhealthy" })
	if got := body(); got != "cloud" {
		t.Errorf("%q", got)
	}
	b.SetTargetGroups([]*apigw.TargetGroup{spec, targetGroup(otherARN, "HTTP")})
	if got := body(); got != "home" {
		t.Errorf("with nothing to overflow to, it doesn't fail open: %q", got)
	}
	well.Store(true)
	eventually(t, "healthy", func() bool { return b.Health(groupARN)[0].State == "healthy" })
	if got := body(); got != "home" {
		t.Errorf("%q", got)
	}
}

// TestDeployment: another stage with the same place uses the connections and the
// health that are there, and a change of the group leaves them to targets that
// stay.
func TestDeployment(t *testing.T) {
	b := newBook(t, Config{})
	var connections atomic.Int64
	one := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {}))
	one.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	one.Start()
	t.Cleanup(one.Close)
	stays := target(addressOf(t, one))
	b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "HTTP", stays)})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	before := b.groups[groupARN].set.Targets()[0]
	for i := range 5 {
		backend := b.Acquire(albPlace(t, "http://x/"))
		if a := newCaller().send(backend, "GET http://x/"); a.status != 200 {
			t.Fatalf("%+v", a)
		}
		backend.Release()
		group := targetGroup(groupARN, "HTTP", stays)
		if i%2 == 0 {
			group.Targets = append(group.Targets, apigw.Target{ID: "192.0.2.1", Port: 80, Removed: time.Now()})
		}
		b.SetTargetGroups([]*apigw.TargetGroup{group})
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections were made", n)
	}
	if after := b.groups[groupARN].set.Targets()[0]; after != before {
		t.Error("what is known of a target was lost")
	}
}

// TestDraining: a target that was deregistered takes no new calls, those in
// flight end well within the delay, and what is left then is cut (7.6 of the
// sheet), behind a Network Load Balancer only with
// deregistration_delay.connection_termination.enabled (6.1).
func TestDraining(t *testing.T) {
	network := Place{Scope: scope, Link: "v1link", URI: parseURI(t, "http://x/")}
	ends := "deregistration_delay.connection_termination.enabled"
	for _, tc := range []struct {
		name, protocol string
		attributes     map[string]string
		place          Place
		after          func(answer) bool
	}{
		{"application", "HTTP", nil, albPlace(t, "http://x/"), func(a answer) bool { return a.status == 502 }},
		{"network", "TCP", nil, network, nil},
		{"network that ends connections", "TCP", map[string]string{ends: "true"}, network, func(a answer) bool { return a.fault != nil }},
	} {
		t.Run(tc.name, func(t *testing.T) { testDraining(t, tc.protocol, tc.attributes, tc.place, tc.after) })
	}
}

// testDraining looks at what after says of the call in flight when the delay is
// over; nil: it goes on.
func testDraining(t *testing.T, protocol string, attributes map[string]string, p Place, after func(answer) bool) {
	b := newBook(t, Config{})
	group := func(targets ...apigw.Target) []*apigw.TargetGroup {
		g := targetGroup(groupARN, protocol, targets...)
		g.Attributes = attributes
		return []*apigw.TargetGroup{g}
	}
	started, release := make(chan struct{}, 2), make(chan struct{})
	old := served(t, "", func(w http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
		w.Write([]byte("old"))
	})
	leaving, stays := target(addressOf(t, old)), target(addressOf(t, answered(t, "new")))
	b.SetTargetGroups(group(leaving))
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN)), networkBalancer("TCP", 80, groupARN)})
	call := func() answer { return get(t, b, p, "GET http://x/") }
	results := make(chan answer, 2)
	for range 2 {
		go func() { results <- call() }()
		<-started
	}
	leaving.Removed = time.Now()
	b.SetTargetGroups(group(leaving, stays))
	if h := b.Health(groupARN); h[0].State != "draining" || h[0].Reason != "Target.DeregistrationInProgress" {
		t.Errorf("%+v", h[0])
	}
	for range 4 {
		if a := call(); a.body != "new" {
			t.Errorf("%+v", a)
		}
	}
	release <- struct{}{}
	if a := <-results; a.body != "old" {
		t.Errorf("in flight: %+v", a)
	}
	b.SetTargetGroups(group(stays)) // the delay is over
	if after == nil {
		release <- struct{}{}
		after = func(a answer) bool { return a.body == "old" }
	}
	if a := <-results; !after(a) {
		t.Errorf("after the delay: %+v", a)
	}
}

// TestSticky: clients come back to their target and group by the cookies that
// they were given, as long as these are true ("Sticky sessions").
func TestSticky(t *testing.T) {
	now := time.Now()
	b := newBook(t, Config{Now: func() time.Time { return now }})
	var targets []apigw.Target
	for i := range 8 {
		targets = append(targets, target(addressOf(t, served(t, "", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Set-Cookie", "session=1; Path=/")
			fmt.Fprint(w, i)
		}))))
	}
	set := func(attributes map[string]string, actions []apigw.RuleAction) {
		blue, green := targetGroup(groupARN, "HTTP", targets[:4]...), targetGroup(otherARN, "HTTP", targets[4:]...)
		blue.Attributes, green.Attributes = attributes, attributes
		b.SetTargetGroups([]*apigw.TargetGroup{blue, green})
		b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(actions)})
	}
	call := func(fields ...string) answer { return get(t, b, albPlace(t, "http://x/"), "GET http://x/", fields...) }
	stays := func(fields ...string) bool {
		first := call(fields...).body
		for range 12 {
			if call(fields...).body != first {
				return false
			}
		}
		return true
	}
	cookies := func(a answer) map[string]*http.Cookie {
		found := map[string]*http.Cookie{}
		for _, c := range (&http.Response{Header: http.Header{"Set-Cookie": a.header.Values("Set-Cookie")}}).Cookies() {
			found[c.Name] = c
		}
		return found
	}
	set(map[string]string{"stickiness.enabled": "true", "stickiness.lb_cookie.duration_seconds": "60"}, forwardTo(groupARN))
	a := call()
	given := cookies(a)
	own, cors := given["AWSALB"], given["AWSALBCORS"]
	if own == nil || cors == nil || own.Path != "/" || cors.SameSite != http.SameSiteNoneMode || !cors.Secure || own.Expires.Sub(now).Round(time.Hour) != 7*24*time.Hour {
		t.Fatalf("%+v", a.header)
	}
	if !stays("Cookie: other=1; AWSALB="+own.Value) || !stays("Cookie: AWSALBCORS="+cors.Value) {
		t.Error("the client didn't stay")
	}
	if stays() || stays("Cookie: AWSALB="+own.Value[:len(own.Value)-4]+"AAA=") {
		t.Error("clients without a true cookie stay")
	}
	now = now.Add(61 * time.Second)
	if stays("Cookie: AWSALB=" + own.Value) {
		t.Error("the client stays for longer than it may")
	}
	set(map[string]string{"stickiness.enabled": "true", "stickiness.type": "app_cookie", "stickiness.app_cookie.cookie_name": "session"}, forwardTo(groupARN))
	app := cookies(call())["AWSALBAPP-0"]
	if app == nil || !stays("Cookie: session=1; AWSALBAPP-0="+app.Value) {
		t.Error("the client didn't stay with the application's cookie")
	}
	if stays("Cookie: AWSALBAPP-0=" + app.Value) {
		t.Error("it stays without the application's cookie")
	}
	both := forwardTo(groupARN, otherARN)
	both[0].Forward.Sticky = 60
	set(nil, both)
	a = call()
	tg := cookies(a)["AWSALBTG"]
	if tg == nil {
		t.Fatalf("%+v", a.header)
	}
	group := func(a answer) bool { return a.body < "4" }
	for range 30 {
		if group(call("Cookie: AWSALBTG="+tg.Value)) != group(a) {
			t.Fatal("the client changed groups")
		}
	}
}

// BenchmarkRefresh is a change of a group with 10,000 targets.
func BenchmarkRefresh(b *testing.B) {
	book := NewBook(Config{})
	defer book.Close()
	group := func(first int) *apigw.TargetGroup {
		g := checked(targetGroup(groupARN, "HTTP"))
		g.Health.IntervalSeconds = 3600
		for i := first; i < first+10_000; i++ {
			addr := netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)})
			g.Targets = append(g.Targets, apigw.Target{ID: addr.String(), Port: 80, Address: addr})
		}
		return g
	}
	sets := [2]*apigw.TargetGroup{group(0), group(100)}
	for i := 0; b.Loop(); i++ {
		book.SetTargetGroups([]*apigw.TargetGroup{sets[i%2]})
	}
}

// BenchmarkChoice is what a call costs beside its call of the target: rules,
// fields, choice and counts.
func BenchmarkChoice(b *testing.B) {
	book := NewBook(Config{})
	defer book.Close()
	book.SetLinks([]Link{{Scope: scope, ID: "v2link"}})
	rules := []apigw.ListenerRule{}
	for i := range 20 {
		rules = append(rules, apigw.ListenerRule{Priority: i + 1, Actions: fixedResponse("no"), Conditions: []apigw.RuleCondition{{Field: "path-pattern", Values: []string{fmt.Sprintf("/service-%d/*", i)}}}})
	}
	book.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(fixedResponse("ok"), rules...)})
	p := &place{Place: albPlace(b, "http://x/"), book: book}
	call := integration.NewCall()
	req, resp := &call.Request, &call.Response
	bound := new(http1.Call)
	b.ReportAllocs()
	for b.Loop() {
		call.Reset()
		req.Method, req.Host, req.Target = "GET", append(req.Host, "private.example"...), append(req.Target, "/orders/42?a=b"...)
		req.Header.Add("Accept", "*/*")
		req.Header.Add("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793")
		if _, err := p.Do(nil, bound, req, resp); err != nil {
			b.Fatal(err)
		}
		resp.Close()
	}
}
