package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// What an idle connection may take, what a new one, and a message to many.
const (
	idlePlain   = 6 << 10  // bytes
	idleTLS     = 16 << 10 // bytes
	idleCPU     = 0.01     // of a core, the process with all of them
	newRate     = 5000     // a second
	fanOutLimit = 100 * time.Millisecond
	idleStep    = 5000
	newOnes     = 2000
	fanOutSize  = 10000
)

// websockets holds WebSocket APIs of a real process to their budgets: memory and
// CPU time of idle connections, new connections, messages through a route beside
// a bare server that echoes, and one message to many connections.
func websockets(o options) error {
	s, err := newSocketShop(o)
	if err != nil {
		return err
	}
	defer s.close()
	var failed error
	for _, part := range []struct {
		name string
		run  func() error
	}{
		{"idle", func() error { return s.idle(o, false) }}, {"idle", func() error { return s.idle(o, true) }},
		{"echo", func() error { return s.echoes(o) }}, {"fanout", func() error { return s.fanOut(o) }},
	} {
		if which := o.only[0]; which == socketScenario || which == socketScenario+"-"+part.name {
			failed = errors.Join(failed, part.run())
		}
	}
	return failed
}

const socketScenario = "websockets"

// socketShop is a Gatehouse with WebSocket APIs, a backend that echoes, a bare
// WebSocket server that does, and one that does nothing but write.
type socketShop struct {
	*workshop
	gatehouse, bare, bareWrites *process
	plain, tls                  string // addresses of Gatehouse
	echoing, bareAt, control    string
	writing                     string // address of bareWrites
	letting, lettingTLS         string // addresses of servers that do nothing but let clients in
	lets, letsTLS               *process
	open, mocked                string // IDs of the APIs: without $connect, and with one that is a MOCK
}

type object = map[string]any

const socketsConfig = `control: %s
invoke:
  - %s
  - {address: '%s', tls: {cert: '%s', key: '%s'}}
endpoints: {backend: 'http://%s'}
identities:
  users:
    - name: bench
      accessKeys: [{id: %s, secret: %s}]
      policies: [{name: all, document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}]
`

func newSocketShop(o options) (*socketShop, error) {
	o.peers = nil
	w, err := newWorkshop(o)
	if err != nil {
		return nil, err
	}
	s := &socketShop{workshop: w, plain: freeAddress(), tls: freeAddress(), echoing: freeAddress(), bareAt: freeAddress(), control: freeAddress(), writing: freeAddress(), letting: freeAddress(), lettingTLS: freeAddress()}
	if err := s.begin(o); err != nil {
		w.close()
		return nil, err
	}
	return s, nil
}

func (s *socketShop) begin(o options) (err error) {
	binary := o.binary
	if binary == "" {
		if binary, err = build(s.dir); err != nil {
			return err
		}
	}
	config := s.file("gatehouse.yaml", fmt.Sprintf(socketsConfig, s.control, s.plain, s.tls, s.cert, s.key, s.echoing, benchKey, benchSecret))
	if s.gatehouse, err = s.start(s.plain, binary, "serve", "--config", config, "--data", filepath.Join(s.dir, "data")); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if s.bare, err = s.start(s.bareAt, self, "echoes", s.bareAt, s.echoing); err != nil {
		return err
	}
	if s.bareWrites, err = s.start(s.writing, self, "writes", s.writing); err != nil {
		return err
	}
	if s.lets, err = s.start(s.letting, self, "handshakes", s.letting, "", ""); err != nil {
		return err
	}
	if s.letsTLS, err = s.start(s.lettingTLS, self, "handshakes", s.lettingTLS, s.cert, s.key); err != nil {
		return err
	}
	if s.open, err = s.addAPI(false); err != nil {
		return fmt.Errorf("%w\n%s", err, s.gatehouse.log())
	}
	s.mocked, err = s.addAPI(true)
	return err
}

// addAPI makes a WebSocket API whose routes echo: one to a MOCK, one to HTTP.
func (s *socketShop) addAPI(connect bool) (string, error) {
	var api struct{ APIID string }
	if err := s.call("POST", "/v2/apis", object{"name": "bench", "protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action"}, &api); err != nil {
		return "", err
	}
	base := "/v2/apis/" + api.APIID
	add := func(key string, integration object, response string) error {
		var made struct{ IntegrationID, RouteID string }
		if err := s.call("POST", base+"/integrations", integration, &made); err != nil {
			return err
		}
		if response != "" {
			if err := s.call("POST", base+"/integrations/"+made.IntegrationID+"/integrationresponses", object{"integrationResponseKey": "$default",
				"templateSelectionExpression": "\\$default", "responseTemplates": object{"$default": response}}, nil); err != nil {
				return err
			}
		}
		route := object{"routeKey": key, "target": "integrations/" + made.IntegrationID}
		if key != "$connect" {
			route["routeResponseSelectionExpression"] = "$default"
		}
		if err := s.call("POST", base+"/routes", route, &made); err != nil || key == "$connect" {
			return err
		}
		return s.call("POST", base+"/routes/"+made.RouteID+"/routeresponses", object{"routeResponseKey": "$default"}, nil)
	}
	mock := object{"integrationType": "MOCK", "templateSelectionExpression": "\\$default", "requestTemplates": object{"$default": `{"statusCode":200}`}}
	if connect {
		if err := add("$connect", mock, ""); err != nil {
			return "", err
		}
	}
	if err := add("mock", mock, `{"event":"$context.eventType","connection":"$context.connectionId"}`); err != nil {
		return "", err
	}
	if err := add("http", object{"integrationType": "HTTP_PROXY", "integrationMethod": "POST", "integrationUri": "http://" + s.echoing + "/"}, ""); err != nil {
		return "", err
	}
	return api.APIID, s.call("POST", base+"/stages", object{"stageName": "bench", "autoDeploy": true}, nil)
}

// holder starts a process that holds connections to an API.
func (s *socketShop) holder(api string, secure bool) (*holder, error) {
	address := s.plain
	if secure {
		address = s.tls
	}
	return startHolder(address, api+".execute-api.localhost", secure)
}

// idle opens connections in three steps and prints what each takes.
func (s *socketShop) idle(o options, secure bool) error {
	name, most := "plain", idlePlain
	if secure {
		name, most = "TLS", idleTLS
	}
	without := s.atRest(o)
	fmt.Printf("\nidle connections, %s; %.2f %% of a core without any\n%12s %10s %12s %14s %14s\n", name, 100*without, "connections", "RSS MB", "B/connection", "new/s", "CPU µs/new")
	h, err := s.holder(s.open, secure)
	if err != nil {
		return err
	}
	defer h.close()
	var rss [3]float64
	var rate float64
	for i := range rss {
		before := s.gatehouse.cpu()
		took, err := h.openMore(idleStep)
		if err != nil {
			return err
		}
		each := float64((s.gatehouse.cpu() - before).Microseconds()) / idleStep
		rate = max(rate, idleStep/took.Seconds())
		rss[i] = s.settled()
		slope := "-"
		if i > 0 {
			slope = fmt.Sprintf("%.0f", (rss[i]-rss[i-1])*(1<<20)/idleStep)
		}
		fmt.Printf("%12d %10.1f %12s %14.0f %14.1f\n", (i+1)*idleStep, rss[i], slope, idleStep/took.Seconds(), each)
	}
	slope, share := (rss[2]-rss[0])*(1<<20)/(2*idleStep), s.atRest(o)
	fmt.Printf("%.0f bytes a connection (budget: at most %d); at rest with them the process takes %.2f %% of a core (at most %.0f)\n", slope, most, 100*share, 100*idleCPU)
	h.close()
	mocked, err := s.newOnes(o, secure)
	if err != nil {
		return err
	}
	if slope > float64(most) || share > idleCPU || !secure && min(rate, mocked) < newRate {
		return fmt.Errorf("idle connections, %s: out of budget", name)
	}
	return nil
}

// newOnes opens connections in turn with a bare server, and prints the most that
// came in a second, and the least of CPU time. It returns the rate with a $connect
// route.
func (s *socketShop) newOnes(o options, secure bool) (mocked float64, err error) {
	address, bare, bareAddress := s.plain, s.lets, s.letting
	if secure {
		address, bare, bareAddress = s.tls, s.letsTLS, s.lettingTLS
	}
	ways := []struct {
		name, address, host string
		server              *process
		rate, used          float64
	}{
		{"a bare server", bareAddress, "localhost", bare, 0, math.Inf(1)},
		{"no $connect route", address, s.open + ".execute-api.localhost", s.gatehouse, 0, math.Inf(1)},
		{"$connect is a MOCK", address, s.mocked + ".execute-api.localhost", s.gatehouse, 0, math.Inf(1)},
	}
	for range min(max(o.rounds, 3), 5) {
		for i := range ways {
			w := &ways[i]
			h, err := startHolder(w.address, w.host, secure)
			if err != nil {
				return 0, err
			}
			before := w.server.cpu()
			took, err := h.openMore(newOnes)
			used := w.server.cpu() - before
			h.close()
			if err != nil {
				return 0, fmt.Errorf("%s: %w", w.name, err)
			}
			w.rate, w.used = max(w.rate, newOnes/took.Seconds()), min(w.used, float64(used.Microseconds())/newOnes)
		}
	}
	fmt.Printf("new connections, %d at once\n%-20s %10s %12s %10s\n", newOnes, "by", "most a s", "least CPU µs", "CPU/bare")
	for _, w := range ways {
		fmt.Printf("%-20s %10.0f %12.1f %10.2f\n", w.name, w.rate, w.used, w.used/ways[0].used)
	}
	return ways[2].rate, nil
}

// settled is resident memory once it stays: the runtime gives back what the
// connecting took for a while.
func (s *socketShop) settled() float64 {
	least, since := s.gatehouse.rss(), time.Now()
	for began := time.Now(); time.Since(since) < 3*time.Second && time.Since(began) < 20*time.Second; time.Sleep(200 * time.Millisecond) {
		if now := s.gatehouse.rss(); now < least-0.5 {
			least, since = now, time.Now()
		}
	}
	return s.gatehouse.rss()
}

// atRest is the share of a core that the process takes while nobody says
// anything, over the duration of a measurement.
func (s *socketShop) atRest(o options) (share float64) {
	interval := max(o.duration, 3*time.Second)
	for range 3 { // what follows on opening connections may take a while
		before := s.gatehouse.cpu()
		time.Sleep(interval)
		if share = (s.gatehouse.cpu() - before).Seconds() / interval.Seconds(); share <= idleCPU {
			break
		}
	}
	return share
}

// echoes measures messages and their answers, in turn with a bare server.
func (s *socketShop) echoes(o options) error {
	message := func(action string) string {
		return `{"action":"` + action + `","text":"` + strings.Repeat("x", 60) + `"}`
	}
	kinds := []struct {
		name, address, host, message string
		process                      *process
	}{
		{"gws", s.bareAt, "localhost", message("mock"), s.bare},
		{"MOCK", s.plain, s.open + ".execute-api.localhost", message("mock"), s.gatehouse},
		{"HTTP_PROXY", s.plain, s.open + ".execute-api.localhost", message("http"), s.gatehouse},
	}
	results := make([][]measurement, len(kinds))
	for range o.rounds {
		for i, k := range kinds {
			m, err := echo(k.address, k.host, k.message, o.conns, o.duration, k.process)
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", k.name, err, s.gatehouse.log())
			}
			results[i] = append(results[i], m)
		}
	}
	fmt.Printf("\nmessages that are answered: %d connections, %d rounds of %v, medians\n", o.conns, o.rounds, o.duration)
	fmt.Printf("%-12s %12s %12s %10s %10s %10s\n", "route", "messages/s", "CPU µs each", "p50 µs", "p99 µs", "CPU/gws")
	for i, k := range kinds {
		pick := func(f func(measurement) float64) float64 { return median(each(results[i], f)) }
		fmt.Printf("%-12s %12.0f %12.1f %10.0f %10.0f %10.2f\n", k.name, pick(func(m measurement) float64 { return m.perSecond }), pick(cpu),
			pick(func(m measurement) float64 { return m.p50 }), pick(func(m measurement) float64 { return m.p99 }), median(ratios(results[i], results[0])))
	}
	return nil
}
