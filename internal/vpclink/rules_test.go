package vpclink

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// echo is a target that says what reached it.
func echo(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, r.Method+" "+r.Host+" "+r.RequestURI)
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Amzn-Trace-Id", "Bad_name"} {
		io.WriteString(w, "\n"+name+": "+strings.Join(r.Header.Values(name), "|"))
	}
}

func fixedResponse(text string) []apigw.RuleAction {
	return []apigw.RuleAction{{Type: "fixed-response", Fixed: &apigw.FixedResponse{Status: 200, ContentType: "text/plain", Body: text}}}
}

// TestConditions: which requests meet which conditions (Rule condition types;
// 7.1 of the sheet).
func TestConditions(t *testing.T) {
	field := func(name string, values ...string) apigw.RuleCondition {
		return apigw.RuleCondition{Field: name, Values: values}
	}
	header := func(name string, values ...string) apigw.RuleCondition {
		return apigw.RuleCondition{Field: "http-header", Header: name, Values: values}
	}
	query := func(key, value string) apigw.RuleCondition {
		return apigw.RuleCondition{Field: "query-string", Query: []apigw.QueryPair{{Key: key, Value: value}}}
	}
	for _, tc := range []struct {
		name       string
		conditions []apigw.RuleCondition
		request    string
		fields     []string
		met        bool
	}{
		{"host in any case", []apigw.RuleCondition{field("host-header", "*.Example.com")}, "GET http://WWW.example.COM/", nil, true},
		{"bare domain", []apigw.RuleCondition{field("host-header", "*.example.com")}, "GET http://example.com/", nil, false},
		{"host with port", []apigw.RuleCondition{field("host-header", "example.com")}, "GET http://example.com:8080/", nil, true},
		{"one of the hosts", []apigw.RuleCondition{field("host-header", "a.example.com", "b.example.com")}, "GET http://b.example.com/", nil, true},
		{"host by regex in any case", []apigw.RuleCondition{{Field: "host-header", Regex: []string{`^[a-z]+\.example\.com$`}}}, "GET http://ABC.example.com/", nil, true},
		{"path crosses slashes", []apigw.RuleCondition{field("path-pattern", "/img/*")}, "GET http://x/img/a/b.png?q", nil, true},
		{"path in its case", []apigw.RuleCondition{field("path-pattern", "/img/*")}, "GET http://x/IMG/a", nil, false},
		{"path with one character", []apigw.RuleCondition{field("path-pattern", "/v?/*")}, "GET http://x/v12/", nil, false},
		{"path without its query", []apigw.RuleCondition{field("path-pattern", "/a")}, "GET http://x/a?/b", nil, true},
		{"path normalized", []apigw.RuleCondition{field("path-pattern", "/admin/*")}, "GET http://x/public/../%61dmin/x", nil, true},
		{"path by regex", []apigw.RuleCondition{{Field: "path-pattern", Regex: []string{`^/orders/\d+$`}}}, "GET http://x/orders/12", nil, true},
		{"path by regex in its case", []apigw.RuleCondition{{Field: "path-pattern", Regex: []string{`^/orders/\d+$`}}}, "GET http://x/Orders/12", nil, false},
		{"header in any case", []apigw.RuleCondition{header("x-tier", "gold*")}, "GET http://x/", []string{"X-Tier: GoldPlus"}, true},
		{"second header", []apigw.RuleCondition{header("X-Tier", "b")}, "GET http://x/", []string{"X-Tier: a", "x-tier: b"}, true},
		{"no header", []apigw.RuleCondition{header("X-Tier", "*")}, "GET http://x/", nil, false},
		{"method", []apigw.RuleCondition{field("http-request-method", "GET", "PURGE")}, "PURGE http://x/", nil, true},
		{"method in its case", []apigw.RuleCondition{field("http-request-method", "purge")}, "PURGE http://x/", nil, false},
		{"query key and value", []apigw.RuleCondition{query("Version", "v?")}, "GET http://x/?a=1&version=V2", nil, true},
		{"query value of any key", []apigw.RuleCondition{query("", "*needle*")}, "GET http://x/?hay=aneedleb", nil, true},
		{"query value escaped", []apigw.RuleCondition{query("q", "a b")}, "GET http://x/?q=a%20b", nil, true},
		{"query with a star of its own", []apigw.RuleCondition{query("q", `\*`)}, "GET http://x/?q=x", nil, false},
		{"query with that star", []apigw.RuleCondition{query("q", `\*`)}, "GET http://x/?q=*", nil, true},
		{"other query value", []apigw.RuleCondition{query("q", "a")}, "GET http://x/?q=b&r=a", nil, false},
		{"source is the link", []apigw.RuleCondition{field("source-ip", "127.0.0.0/8")}, "GET http://x/", []string{"X-Forwarded-For: 10.0.0.1"}, true},
		{"source isn't the client", []apigw.RuleCondition{field("source-ip", "10.0.0.0/8")}, "GET http://x/", []string{"X-Forwarded-For: 10.0.0.1"}, false},
		{"all conditions", []apigw.RuleCondition{field("path-pattern", "/a"), header("X-Tier", "a")}, "GET http://x/a", []string{"X-Tier: a"}, true},
		{"not all conditions", []apigw.RuleCondition{field("path-pattern", "/a"), header("X-Tier", "a")}, "GET http://x/a", nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBook(t, Config{})
			rule := apigw.ListenerRule{Priority: 10, Conditions: tc.conditions, Actions: fixedResponse("met")}
			b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(fixedResponse("not met"), rule)})
			a := get(t, b, albPlace(t, "http://x/"), tc.request, tc.fields...)
			if a.fault != nil || (a.body == "met") != tc.met {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestRegexWithoutEnd: a request on which a rule's pattern takes more steps than
// it may isn't one that the rule doesn't mean: it gets no further.
func TestRegexWithoutEnd(t *testing.T) {
	b := newBook(t, Config{})
	hard := apigw.RuleCondition{Field: "http-header", Header: "X-Text", Regex: []string{`\b(a|aa)+(a|aa)+b`}}
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(fixedResponse("inside"), apigw.ListenerRule{Priority: 1, Conditions: []apigw.RuleCondition{hard}, Actions: fixedResponse("kept out")})})
	for text, want := range map[string]int{"abc": 200, strings.Repeat("a", 2000) + "\xe9": 500} {
		if a := get(t, b, albPlace(t, "http://x/"), "GET http://x/", "X-Text: "+text); a.status != want {
			t.Errorf("%.10q: %+v", text, a)
		}
	}
}

// TestPriority: the lowest number is judged first, in whatever order rules are
// kept, and the default rule last (7.1 of the sheet).
func TestPriority(t *testing.T) {
	b := newBook(t, Config{})
	all := []apigw.RuleCondition{{Field: "path-pattern", Values: []string{"/*"}}}
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(fixedResponse("default"),
		apigw.ListenerRule{Priority: 20, Conditions: all, Actions: fixedResponse("20")},
		apigw.ListenerRule{Priority: 3, Conditions: []apigw.RuleCondition{{Field: "path-pattern", Values: []string{"/a"}}}, Actions: fixedResponse("3")})})
	for path, want := range map[string]string{"/a": "3", "/b": "20"} {
		if a := get(t, b, albPlace(t, "http://x/"), "GET http://x"+path); a.body != want {
			t.Errorf("%s: %+v", path, a)
		}
	}
}

// TestRedirect: what keywords stand for, and the shape of the answer (reference,
// RedirectActionConfig; field reports of Location with its port).
func TestRedirect(t *testing.T) {
	for _, tc := range []struct {
		name     string
		redirect apigw.Redirect
		want     string
	}{
		{"all defaults but the protocol", apigw.Redirect{Protocol: "HTTPS", Port: "443", Query: "#{query}", Status: 301}, "https://Example.com:443/a/b?c=d&e"},
		{"parts", apigw.Redirect{Host: "new.#{host}", Path: "/old/#{path}", Query: "from=#{port}&#{query}", Status: 302}, "http://new.Example.com:80/old/a/b?from=80&c=d&e"},
		{"no query", apigw.Redirect{Path: "/x", Status: 302}, "http://Example.com:80/x"},
		{"query without a keyword", apigw.Redirect{Path: "/#{protocol}", Query: "x", Status: 302}, "http://Example.com:80/http?x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBook(t, Config{})
			b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer([]apigw.RuleAction{{Type: "redirect", Redirect: &tc.redirect}})})
			a := get(t, b, albPlace(t, "http://x/"), "GET http://Example.com/a/b?c=d&e")
			if a.status != tc.redirect.Status || a.header.Get("Location") != tc.want || a.header.Get("Server") != "awselb/2.0" {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestInventedAnswers: what the load balancer answers itself (7.6 of the sheet).
func TestInventedAnswers(t *testing.T) {
	b := newBook(t, Config{})
	gone := served(t, "", nil)
	silent := served(t, "", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	b.SetTargetGroups([]*apigw.TargetGroup{
		targetGroup(groupARN, "HTTP", target(addressOf(t, gone))), targetGroup(otherARN, "HTTP"), targetGroup("broken", "HTTP", target(addressOf(t, silent))),
	})
	gone.Close()
	path := func(p string) []apigw.RuleCondition {
		return []apigw.RuleCondition{{Field: "path-pattern", Values: []string{p}}}
	}
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(fixedResponse("ok"),
		apigw.ListenerRule{Priority: 1, Conditions: path("/gone"), Actions: forwardTo(groupARN)},
		apigw.ListenerRule{Priority: 2, Conditions: path("/empty"), Actions: forwardTo(otherARN)},
		apigw.ListenerRule{Priority: 3, Conditions: path("/broken"), Actions: forwardTo("broken")})})
	for _, tc := range []struct {
		request, title string
		status         int
		fields         []string
	}{
		{"GET http://x/empty", "503 Service Temporarily Unavailable", 503, nil},
		{"GET http://x/gone", "502 Bad Gateway", 502, nil},
		{"GET http://x/broken", "502 Bad Gateway", 502, nil},
		{"TRACE http://x/", "405 Not Allowed", 405, nil},
		{"GET http://x/", "463", 463, []string{"X-Forwarded-For: " + strings.Repeat("10.0.0.1, ", 30) + "10.0.0.2"}},
		{"GET http://x/" + strings.Repeat("a", 16<<10), "414 Request-URI Too Large", 414, nil},
		{"GET http://x/", "400 Bad Request", 400, []string{"X-Large: " + strings.Repeat("a", 16<<10)}},
	} {
		a := get(t, b, albPlace(t, "http://x/"), tc.request, tc.fields...)
		if a.status != tc.status || !strings.Contains(a.body, "<center><h1>"+tc.title+"</h1></center>") || a.header.Get("Server") != "awselb/2.0" {
			t.Errorf("%.40s: %+v", tc.request, a)
		}
	}
}

// TestFixedResponse: status, type and body are the rule's.
func TestFixedResponse(t *testing.T) {
	b := newBook(t, Config{})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer([]apigw.RuleAction{{Type: "fixed-response", Fixed: &apigw.FixedResponse{Status: 418, ContentType: "application/json", Body: "{}"}}})})
	a := get(t, b, albPlace(t, "http://x/"), "GET http://x/")
	if a.status != 418 || a.body != "{}" || a.header.Get("Content-Type") != "application/json" || a.header.Get("Server") != "awselb/2.0" {
		t.Errorf("%+v", a)
	}
}

// TestTransforms: targets see what transforms made, rules what came (7.1 of the
// sheet).
func TestTransforms(t *testing.T) {
	b := newBook(t, Config{})
	one := served(t, "", echo)
	b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "HTTP", target(addressOf(t, one)))})
	rewrites := func(url, replace string) []apigw.RuleTransform {
		return []apigw.RuleTransform{
			{Type: "host-header-rewrite", Rewrites: []apigw.Rewrite{{Regex: `^([a-z]+)\.example\.com$`, Replace: "$1.internal"}}},
			{Type: "url-rewrite", Rewrites: []apigw.Rewrite{{Regex: url, Replace: replace}}},
		}
	}
	api := []apigw.RuleCondition{{Field: "path-pattern", Values: []string{"/api/*"}}}
	for _, tc := range []struct {
		name, regex, replace, request, want string
		status                              int
	}{
		{"both", `^/api/(.*)$`, "/v2/$1", "GET http://shop.example.com/api/a?b", "GET shop.internal /v2/a?b", 200},
		{"neither matches", `^/other/(.*)$`, "/v2/$1", "GET http://shop.example.org/api/a?b", "GET shop.example.org /api/a?b", 200},
		{"no path", `^/api/(.*)$`, "$1", "GET http://shop.example.com/api/a", "", 500},
		{"no such group", `^/api/(.*)$`, "/$7", "GET http://shop.example.com/api/a", "", 500},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(fixedResponse("default"),
				apigw.ListenerRule{Priority: 1, Conditions: api, Actions: forwardTo(groupARN), Transforms: rewrites(tc.regex, tc.replace)})})
			a := get(t, b, albPlace(t, "http://x/"), tc.request)
			line, _, _ := strings.Cut(a.body, "\n")
			if a.status != tc.status || tc.status == 200 && line != tc.want {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestForwardedFields: 7.4 of the sheet, and the announcement of Host header
// preservation.
func TestForwardedFields(t *testing.T) {
	one := served(t, "", echo)
	for _, tc := range []struct {
		name       string
		attributes map[string]string
		port       int
		fields     []string
		want       []string
	}{
		{"nothing came", nil, 80, nil, []string{"GET x /", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Port: 80", "X-Amzn-Trace-Id: Root=1-"}},
		{"appended", nil, 80, []string{"x-forwarded-for: 10.0.0.1", "X-Forwarded-Proto: https", "X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"},
			[]string{"X-Forwarded-For: 10.0.0.1, 127.0.0.1", "X-Forwarded-Proto: http", "X-Amzn-Trace-Id: Self=1-", ";Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}},
		{"preserved", map[string]string{"routing.http.xff_header_processing.mode": "preserve"}, 80, []string{"X-Forwarded-For: 10.0.0.1"}, []string{"X-Forwarded-For: 10.0.0.1\n"}},
		{"removed", map[string]string{"routing.http.xff_header_processing.mode": "remove"}, 80, []string{"X-Forwarded-For: 10.0.0.1"}, []string{"X-Forwarded-For: \n"}},
		{"with port", map[string]string{"routing.http.xff_client_port.enabled": "true"}, 80, nil, []string{"X-Forwarded-For: 127.0.0.1:443"}},
		{"host with the listener's port", nil, 8081, nil, []string{"GET x:8081 /", "X-Forwarded-Port: 8081"}},
		{"host as it came", map[string]string{"routing.http.preserve_host_header.enabled": "true"}, 8081, nil, []string{"GET x /"}},
		{"invalid name stays", nil, 80, []string{"Bad_name: a"}, []string{"Bad_name: a"}},
		{"invalid name dropped", map[string]string{"routing.http.drop_invalid_header_fields.enabled": "true"}, 80, []string{"Bad_name: a"}, []string{"Bad_name: "}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBook(t, Config{})
			b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "HTTP", target(addressOf(t, one)))})
			lb := applicationBalancer(forwardTo(groupARN))
			lb.Attributes, lb.Listeners[0].Port = tc.attributes, tc.port
			b.SetLoadBalancers([]*apigw.LoadBalancer{lb})
			p := albPlace(t, "http://x/")
			p.URI, p.Target = nil, lb.Listeners[0].ARN
			a := get(t, b, p, "GET http://x/", tc.fields...)
			for _, want := range tc.want {
				if !strings.Contains(a.body+"\n", want) {
					t.Errorf("no %q in %s", want, a.body)
				}
			}
		})
	}
}

// TestResponseFields: listeners' attributes add fields to every answer (listeners,
// "Header modification").
func TestResponseFields(t *testing.T) {
	b := newBook(t, Config{})
	lb := applicationBalancer(fixedResponse("ok"))
	lb.Listeners[0].Attributes = map[string]string{"routing.http.response.server.enabled": "false", "routing.http.response.x_frame_options.header_value": "DENY"}
	b.SetLoadBalancers([]*apigw.LoadBalancer{lb})
	a := get(t, b, albPlace(t, "http://x/"), "GET http://x/")
	if a.header.Get("Server") != "" || a.header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("%+v", a)
	}
}
