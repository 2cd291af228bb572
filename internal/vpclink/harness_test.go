package vpclink

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
)

var scope = apigw.Scope{Partition: "aws", Account: "123456789012", Region: "eu-central-1"}

const (
	albARN   apigw.ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/front/0123456789abcdef"
	nlbARN   apigw.ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/net/front/0123456789abcdef"
	groupARN apigw.ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/blue/0123456789abcdef"
	otherARN apigw.ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/green/0123456789abcdef"
)

func newBook(t testing.TB, c Config) *Book {
	t.Helper()
	b := NewBook(c)
	t.Cleanup(b.Close)
	b.SetLinks([]Link{{Scope: scope, ID: "v2link"}, {Scope: scope, ID: "v1link", Target: nlbARN}})
	return b
}

// served is a target that answers with its name.
func served(t testing.TB, name string, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	if h == nil {
		h = func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, name) }
	}
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// addressOf is where a server listens.
func addressOf(t testing.TB, s *httptest.Server) netip.AddrPort {
	t.Helper()
	return netip.MustParseAddrPort(s.Listener.Addr().String())
}

func target(addr netip.AddrPort) apigw.Target {
	return apigw.Target{ID: addr.Addr().String(), Port: int(addr.Port()), Address: addr.Addr()}
}

// targetGroup is a group whose targets aren't checked.
func targetGroup(arn apigw.ARN, protocol string, targets ...apigw.Target) *apigw.TargetGroup {
	return &apigw.TargetGroup{ARN: arn, Name: string(arn), Protocol: protocol, Port: 80, TargetType: apigw.TargetIP, Targets: targets}
}

// applicationBalancer has one listener of HTTP at port 80.
func applicationBalancer(actions []apigw.RuleAction, rules ...apigw.ListenerRule) *apigw.LoadBalancer {
	return &apigw.LoadBalancer{ARN: albARN, Type: apigw.BalancerApplication, Name: "front",
		Listeners: []apigw.Listener{{ARN: albARN + "/listener", Port: 80, Protocol: "HTTP", Actions: actions, Rules: rules}}}
}

func networkBalancer(protocol string, port int, group apigw.ARN) *apigw.LoadBalancer {
	return &apigw.LoadBalancer{ARN: nlbARN, Type: apigw.BalancerNetwork, Name: "front",
		Listeners: []apigw.Listener{{ARN: nlbARN + "/listener", Port: port, Protocol: protocol, Actions: forwardTo(group)}}}
}

// forwardTo divides requests equally among groups.
func forwardTo(groups ...apigw.ARN) []apigw.RuleAction {
	f := &apigw.ForwardAction{}
	for _, g := range groups {
		f.Groups = append(f.Groups, apigw.WeightedGroup{Group: g, Weight: 1})
	}
	return []apigw.RuleAction{{Type: "forward", Forward: f}}
}

func parseURI(t testing.TB, uri string) *integration.URI {
	t.Helper()
	u, err := integration.ParseURI(uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// albPlace is the place of a URI behind the Application Load Balancer.
func albPlace(t testing.TB, uri string) Place {
	return Place{Scope: scope, Link: "v2link", Target: albARN, URI: parseURI(t, uri)}
}

// answer is what came back of a call.
type answer struct {
	status int
	header http.Header
	body   string
	fault  *exchange.Fault
}

// caller makes calls to a backend, one after the other.
type caller struct {
	call *integration.Call
	x    exchange.Exchange
	body []byte
}

func newCaller() *caller { return &caller{call: integration.NewCall()} }

// send makes a call of "METHOD URL" and fields, "Name: value".
func (c *caller) send(b *integration.Backend, request string, fields ...string) answer {
	method, uri, _ := strings.Cut(request, " ")
	_, rest, _ := strings.Cut(uri, "://")
	host, path, _ := strings.Cut(rest, "/")
	c.call.Reset()
	req := &c.call.Request
	req.Method, req.Host, req.Target = method, append(req.Host, host...), append(req.Target, "/"+path...)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		req.Header.Add(name, value)
	}
	req.Body = c.body
	body, f := c.call.Do(&c.x, b, time.Now().Add(20*time.Second), nil)
	if f != nil {
		return answer{fault: f}
	}
	a := answer{status: c.call.Response.Status, header: http.Header{}, body: string(body)}
	for i := range c.call.Response.Header.Len() {
		name, value := c.call.Response.Header.At(i)
		a.header.Add(string(name), string(value))
	}
	return a
}

// get makes one call with a place of its own.
func get(t testing.TB, b *Book, p Place, request string, fields ...string) answer {
	t.Helper()
	backend := b.Acquire(p)
	defer backend.Release()
	return newCaller().send(backend, request, fields...)
}

// eventually waits until ok says so.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("never came: " + what)
}
