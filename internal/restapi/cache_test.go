package restapi

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// cacheSettings are the settings of a method whose answers are kept.
func cacheSettings() *apigw.MethodSetting {
	return &apigw.MethodSetting{
		CachingEnabled: true, CacheTTLSeconds: 300, RequireAuthorizationForCacheControl: true,
		UnauthorizedCacheControlHeaderStrategy: "SUCCEED_WITH_RESPONSE_HEADER", ThrottlingRateLimit: serving.NoLimit, ThrottlingBurstLimit: serving.NoLimit,
	}
}

// cachingStage has a cache, with settings by their keys.
func cachingStage(settings map[string]*apigw.MethodSetting) *apigw.Stage {
	return &apigw.Stage{Name: "prod", CacheClusterEnabled: true, CacheClusterSize: "0.5", MethodSettings: settings}
}

// cacheAll caches what */* means.
func cacheAll(change ...func(*apigw.MethodSetting)) map[string]*apigw.MethodSetting {
	s := cacheSettings()
	for _, f := range change {
		f(s)
	}
	return map[string]*apigw.MethodSetting{"*/*": s}
}

// counting answers each call with its number.
func counting(n *atomic.Int64) fakeFunctions {
	return func(_ *lambda.Invocation, out *lambda.Result) error {
		out.Payload = fmt.Appendf(out.Payload, `{"statusCode":200,"headers":{"X-A":"b","Set-Cookie":"s=1"},"body":"%d"}`, n.Add(1))
		return nil
	}
}

// cachedBy gives a method the keys of its answers.
func cachedBy(m *apigw.Method, keys ...string) *apigw.Method {
	m.Integration.CacheKeyParameters = keys
	return m
}

// TestCacheKeys: what tells answers apart, and what doesn't (developer guide,
// "Cache settings for REST APIs").
func TestCacheKeys(t *testing.T) {
	const path, query, header = "method.request.path.id", "method.request.querystring.type", "method.request.header.Accept-Language"
	mapped := func(from string) *apigw.Method {
		m := lambdaMethod()
		m.Integration.RequestParameters = map[string]string{"integration.request.header.Key": from}
		return cachedBy(m, "integration.request.header.Key")
	}
	get := func(target, header string) call { return call{method: "GET", target: target, header: header} }
	for name, c := range map[string]struct {
		method *apigw.Method
		calls  []call
		want   string // the number of the answer that each call gets
	}{
		"nothing":                {lambdaMethod(), []call{get("/r/1", ""), get("/r/2?type=a", "Accept-Language: de")}, "11"},
		"path":                   {cachedBy(lambdaMethod(), path), []call{get("/r/1", ""), get("/r/2", ""), get("/r/1?type=a", "")}, "121"},
		"query":                  {cachedBy(lambdaMethod(), query), []call{get("/r/1?type=a", ""), get("/r/1?type=b", ""), get("/r/1?type=a&department=B", ""), get("/r/1", "")}, "1213"},
		"empty is not absent":    {cachedBy(lambdaMethod(), query), []call{get("/r/1", ""), get("/r/1?type=", "")}, "12"},
		"every value counts":     {cachedBy(lambdaMethod(), query), []call{get("/r/1?type=a", ""), get("/r/1?type=b&type=a", "")}, "12"},
		"values can't shift":     {cachedBy(lambdaMethod(), query, "method.request.querystring.u"), []call{get("/r/1?type=a&type=b", ""), get("/r/1?type=a&u=b", "")}, "12"},
		"case of a query":        {cachedBy(lambdaMethod(), query), []call{get("/r/1?type=a", ""), get("/r/1?Type=a", "")}, "12"},
		"header in any case":     {cachedBy(lambdaMethod(), header), []call{get("/r/1", "Accept-Language: de"), get("/r/1", "accept-language: de"), get("/r/1", "accept-language: fr"), get("/r/1", "")}, "1123"},
		"several":                {cachedBy(lambdaMethod(), query, path), []call{get("/r/1?type=a", ""), get("/r/2?type=a", ""), get("/r/1?type=b", ""), get("/r/2?type=a", "")}, "1232"},
		"mapped":                 {mapped("method.request.querystring.x"), []call{get("/r/1?x=a", ""), get("/r/1?x=b", ""), get("/r/1?x=a&y=c", "")}, "121"},
		"mapped from the body":   {mapped("method.request.body.n"), []call{{method: "GET", target: "/r/1", body: `{"n":1}`}, {method: "GET", target: "/r/1", body: `{"n":2}`}, {method: "GET", target: "/r/1", body: `{"n":1,"m":2}`}}, "121"},
		"mapped from nothing":    {mapped("method.request.querystring.x"), []call{get("/r/1", ""), get("/r/1?x=", ""), get("/r/1", "")}, "121"},
		"other verbs aren't":     {lambdaMethod(), []call{get("/r/1", ""), {method: "POST", target: "/r/1"}, {method: "POST", target: "/r/1"}, get("/r/1", "")}, "1231"},
		"a method in its stead":  {lambdaMethod(), []call{get("/r/1", ""), {method: "POST", target: "/r/1", header: "X-HTTP-Method-Override: GET"}, get("/r/1", "X-HTTP-Method-Override: POST")}, "112"},
		"a body doesn't matter":  {lambdaMethod(), []call{get("/r/1", ""), {method: "GET", target: "/r/1", body: "x"}}, "11"},
		"an answer to Accept, 1": {cachedBy(lambdaMethod(), "method.request.header.Accept"), []call{get("/r/1", "Accept: a/b"), get("/r/1", "Accept: c/d")}, "12"},
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			any := *c.method
			s := compileStage(t, define(map[string]*apigw.Method{"ANY /r/{id}": &any}), cachingStage(cacheAll()), testEnv(counting(&n)))
			got := ""
			for _, one := range c.calls {
				_, r := serve(s, one)
				got += r.Body
			}
			if got != c.want {
				t.Errorf("answers %s, want %s", got, c.want)
			}
		})
	}
}

// TestCacheSettings: which methods and verbs are cached.
func TestCacheSettings(t *testing.T) {
	off := func(s *apigw.MethodSetting) *apigw.MethodSetting { s.CachingEnabled = false; return s }
	never := func(s *apigw.MethodSetting) *apigw.MethodSetting { s.CacheTTLSeconds = 0; return s }
	for name, c := range map[string]struct {
		route    string
		settings map[string]*apigw.MethodSetting
		verb     string
		cached   bool
	}{
		"all":                       {"GET /r", cacheAll(), "GET", true},
		"all, another verb":         {"POST /r", cacheAll(), "POST", false},
		"its own":                   {"POST /r", map[string]*apigw.MethodSetting{"~1r/POST": cacheSettings()}, "POST", true},
		"its own, written plainly":  {"POST /r", map[string]*apigw.MethodSetting{"r/POST": cacheSettings()}, "POST", true},
		"its own, off":              {"GET /r", map[string]*apigw.MethodSetting{"*/*": cacheSettings(), "r/GET": off(cacheSettings())}, "GET", false},
		"no time":                   {"GET /r", map[string]*apigw.MethodSetting{"*/*": never(cacheSettings())}, "GET", false},
		"another's":                 {"GET /r", map[string]*apigw.MethodSetting{"q/GET": cacheSettings()}, "GET", false},
		"none":                      {"GET /r", nil, "GET", false},
		"ANY":                       {"ANY /r", cacheAll(), "GET", true},
		"ANY, another verb":         {"ANY /r", cacheAll(), "HEAD", false},
		"ANY's own":                 {"ANY /r", map[string]*apigw.MethodSetting{"r/ANY": cacheSettings()}, "GET", true},
		"ANY's own, another verb":   {"ANY /r", map[string]*apigw.MethodSetting{"r/ANY": cacheSettings()}, "POST", false},
		"ANY, with settings for it": {"ANY /r", map[string]*apigw.MethodSetting{"r/POST": cacheSettings()}, "POST", true},
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			s := compileStage(t, define(map[string]*apigw.Method{c.route: lambdaMethod()}), cachingStage(c.settings), testEnv(counting(&n)))
			serve(s, call{method: c.verb, target: "/r"})
			if serve(s, call{method: c.verb, target: "/r"}); (n.Load() == 1) != c.cached {
				t.Errorf("%d calls of the backend", n.Load())
			}
		})
	}
}

// TestCacheAnswer: an answer from the cache is the backend's, under the name of
// the request that it answers.
func TestCacheAnswer(t *testing.T) {
	var n atomic.Int64
	s := compileStage(t, define(map[string]*apigw.Method{"GET /r": lambdaMethod()}), cachingStage(cacheAll()), testEnv(counting(&n)))
	first, _ := serve(s, call{method: "GET", target: "/r"})
	second, got := serve(s, call{method: "GET", target: "/r"})
	if diff := cmp.Diff(reply{200, "1", ""}, got); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string][]string{
		"X-A": {"b"}, "Set-Cookie": {"s=1"}, "Content-Type": {"application/json"},
		"x-amzn-RequestId": {string(second.RequestID[:])}, "x-amz-apigw-id": {string(second.ExtendedID[:])},
		"X-Amzn-Trace-Id": nil, // nothing was called
	} {
		if diff := cmp.Diff(want, fields(&second.Response.Header, name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if first.RequestID == second.RequestID || fields(&first.Response.Header, "X-Amzn-Trace-Id") == nil {
		t.Error("the first answer isn't the backend's")
	}
}

// TestCacheAge: an answer is kept for as long as the settings say.
func TestCacheAge(t *testing.T) {
	var n atomic.Int64
	env, now := testEnv(counting(&n)), testTime
	env.Now = func() time.Time { return now }
	def := define(map[string]*apigw.Method{"GET /r": lambdaMethod()})
	s := compileStage(t, def, cachingStage(cacheAll()), env)
	sooner := compileStage(t, def, cachingStage(cacheAll(func(s *apigw.MethodSetting) { s.CacheTTLSeconds = 60 })), env)
	for _, c := range []struct {
		after time.Duration
		of    *Stage
		want  string
	}{{0, s, "1"}, {59 * time.Second, sooner, "1"}, {60 * time.Second, sooner, "2"}, {299 * time.Second, s, "2"}, {360 * time.Second, s, "3"}} {
		now = testTime.Add(c.after)
		if _, got := serve(c.of, call{method: "GET", target: "/r"}); got.Body != c.want {
			t.Errorf("after %v: answer %s, want %s", c.after, got.Body, c.want)
		}
	}
}

// TestCacheLives: what empties a stage's cache, and what doesn't.
func TestCacheLives(t *testing.T) {
	for name, c := range map[string]struct {
		change func(st *apigw.Stage, dep *apigw.DeploymentID)
		want   string
	}{
		"another setting":    {func(st *apigw.Stage, _ *apigw.DeploymentID) { st.Variables = map[string]string{"a": "b"} }, "1"},
		"another deployment": {func(_ *apigw.Stage, dep *apigw.DeploymentID) { *dep = "another" }, "2"},
		"flushed":            {func(st *apigw.Stage, _ *apigw.DeploymentID) { st.CacheCluster = "flushed" }, "2"},
		"resized":            {func(st *apigw.Stage, _ *apigw.DeploymentID) { st.CacheCluster, st.CacheClusterSize = "resized", "1.6" }, "2"},
		"another stage":      {func(st *apigw.Stage, _ *apigw.DeploymentID) { st.Name = "test" }, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			env, def := testEnv(counting(&n)), define(map[string]*apigw.Method{"GET /r": lambdaMethod()})
			before := compileStage(t, def, cachingStage(cacheAll()), env)
			serve(before, call{method: "GET", target: "/r"})
			st, dep := cachingStage(cacheAll()), apigw.DeploymentID("d3p10y")
			c.change(st, &dep)
			after, err := Compile(def, st, dep, env)
			if err != nil {
				t.Fatal(err)
			}
			defer after.Close()
			if _, got := serve(after, call{method: "GET", target: "/r"}); got.Body != c.want {
				t.Errorf("answer %s, want %s", got.Body, c.want)
			}
		})
	}
}

// TestCacheNamespace: methods of one namespace share answers, methods of one
// resource don't (API reference, Integration).
func TestCacheNamespace(t *testing.T) {
	shared := func(space string) *apigw.Method {
		m := lambdaMethod()
		m.Integration.CacheNamespace = space
		return m
	}
	var n atomic.Int64
	s := compileStage(t, define(map[string]*apigw.Method{
		"GET /a": shared("x"), "GET /b": shared("x"), "GET /c": shared("y"), "HEAD /a": shared("x"), "GET /d": lambdaMethod(), "GET /e": lambdaMethod(),
	}), cachingStage(map[string]*apigw.MethodSetting{"*/*": cacheSettings(), "a/HEAD": cacheSettings()}), testEnv(counting(&n)))
	got := ""
	for _, c := range []call{{method: "GET", target: "/a"}, {method: "GET", target: "/b"}, {method: "GET", target: "/c"}, {method: "HEAD", target: "/a"},
		{method: "GET", target: "/d"}, {method: "GET", target: "/e"}, {method: "GET", target: "/d"}} {
		_, r := serve(s, c)
		got += r.Body
	}
	if got != "1123454" {
		t.Error(got)
	}
}

// TestCacheKept: which answers are kept: an integration's, whatever its status,
// up to 1 MB; no gateway response.
func TestCacheKept(t *testing.T) {
	var n atomic.Int64
	answering := func(output string) fakeFunctions {
		return func(_ *lambda.Invocation, out *lambda.Result) error {
			n.Add(1)
			out.Payload = append(out.Payload, output...)
			return nil
		}
	}
	for name, c := range map[string]struct {
		functions fakeFunctions
		calls     int64
		status    int
	}{
		"not found": {answering(`{"statusCode":404}`), 1, 404},
		"an error":  {answering(`{"statusCode":500}`), 1, 500},
		"none":      {answering(`nonsense`), 3, 502},
		"a failure": {func(*lambda.Invocation, *lambda.Result) error {
			n.Add(1)
			return &lambda.Error{Kind: lambda.Unreachable}
		}, 3, 504},
		"large":       {answering(`{"body":"` + strings.Repeat("x", 1<<20-20) + `"}`), 1, 200},
		"too large":   {answering(`{"body":"` + strings.Repeat("x", 1<<20+1) + `"}`), 3, 200},
		"large field": {answering(`{"headers":{"a":"` + strings.Repeat("x", 1<<20) + `"}}`), 3, 200},
	} {
		t.Run(name, func(t *testing.T) {
			n.Store(0)
			s := compileStage(t, define(map[string]*apigw.Method{"GET /r": lambdaMethod()}), cachingStage(cacheAll()), testEnv(c.functions))
			var bodies [3]string
			for i := range bodies {
				x, got := serve(s, call{method: "GET", target: "/r"})
				bodies[i] = got.Body
				if got.Status != c.status {
					t.Errorf("status %d", got.Status)
				}
				x.End()
			}
			if n.Load() != c.calls || bodies[0] != bodies[1] || bodies[1] != bodies[2] {
				t.Errorf("%d calls of the backend, or another answer", n.Load())
			}
		})
	}
}

// TestCacheLarge: a large answer isn't copied, and stays what it is whatever the
// exchange that carried it is used for next.
func TestCacheLarge(t *testing.T) {
	large := strings.Repeat("large ", 100_000)
	s := compileStage(t, define(map[string]*apigw.Method{"GET /r": lambdaMethod(), "POST /r": mockMethod("small")}), cachingStage(cacheAll()),
		testEnv(returning(`{"body":"`+large+`"}`)))
	x, h := new(exchange.Exchange), new(http1.Header)
	for i := range 6 {
		want, verb := large, "GET"
		if i%2 == 1 {
			want, verb = "small", "POST"
		}
		fillExchange(x, h, call{method: verb, target: "/r"})
		s.Serve(x)
		if got := string(x.Response.Body); got != want {
			t.Fatalf("answer %d has %d bytes, %.20q", i, len(got), got)
		}
		x.End()
	}
}

// TestCacheCompression: what is kept isn't compressed; each client gets the
// coding it asks for.
func TestCacheCompression(t *testing.T) {
	var n atomic.Int64
	def := define(map[string]*apigw.Method{"GET /r": lambdaMethod()})
	def.API.MinimumCompressionSize = new(0)
	s := compileStage(t, def, cachingStage(cacheAll()), testEnv(counting(&n)))
	for _, c := range []struct{ accept, coding string }{{"gzip", "gzip"}, {"identity", ""}, {"deflate", "deflate"}, {"gzip", "gzip"}} {
		x, got := serve(s, call{method: "GET", target: "/r", header: "Accept-Encoding: " + c.accept})
		if coding := string(x.Response.Header.Get("Content-Encoding")); coding != c.coding || (c.coding == "") != (got.Body == "1") {
			t.Errorf("%s: coding %q, body %q", c.accept, coding, got.Body)
		}
	}
	if n.Load() != 1 {
		t.Errorf("%d calls of the backend", n.Load())
	}
}

// TestInvalidateCache has the three ways of dealing with a client that may not
// ask for a new answer, and those that may (developer guide, "Invalidate an API
// Gateway cache entry").
func TestInvalidateCache(t *testing.T) {
	const invalidate = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["execute-api:Invoke","execute-api:InvalidateCache"],"Resource":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/r"}]}`
	const deny = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"execute-api:InvalidateCache","Resource":"*"},{"Effect":"Allow","Action":"execute-api:*","Resource":"*"}]}`
	const refused = `{"Message":"User: arn:aws:iam::123456789012:user/ann is not authorized to perform: execute-api:InvalidateCache on resource: arn:aws:execute-api:us-east-1:********9012:a1b2c3d4e5/prod/GET/r because no identity-based policy allows the execute-api:InvalidateCache action"}`
	for name, c := range map[string]struct {
		policy, account, resource string
		session                   string // a policy of the caller's session
		open                      bool   // without AWS_IAM
		control                   string
		strategy                  string
		unguarded                 bool
		want                      string // of the second call
		warning                   []string
	}{
		"allowed":             {policy: invalidate, want: "2"},
		"among others":        {policy: invalidate, control: "no-cache, Max-Age=0", want: "2"},
		"by the API's policy": {policy: invokeAll, resource: strings.Replace(invalidate, `"Effect"`, `"Principal":"*","Effect"`, 1), want: "2"},
		"warned":              {policy: invokeAll, want: "1", warning: []string{cacheControlIgnored}},
		"by default":          {policy: invokeAll, strategy: "-", want: "1", warning: []string{cacheControlIgnored}},
		"in silence":          {policy: invokeAll, strategy: "SUCCEED_WITHOUT_RESPONSE_HEADER", want: "1"},
		"refused":             {policy: invokeAll, strategy: "FAIL_WITH_403", want: refused},
		"denied":              {policy: deny, strategy: "SUCCEED_WITHOUT_RESPONSE_HEADER", want: "1"},
		"by a session":        {policy: invalidate, session: invalidate, want: "2"},
		"a session may not":   {policy: invalidate, session: invokeAll, strategy: "FAIL_WITH_403", want: strings.Replace(refused, "identity-based", "session", 1)},
		"of another account":  {policy: invalidate, account: "210987654321", resource: strings.Replace(invalidate, `"Effect"`, `"Principal":"*","Effect"`, 1), strategy: "SUCCEED_WITHOUT_RESPONSE_HEADER", want: "1"},
		"nobody known":        {open: true, want: "1", warning: []string{cacheControlIgnored}},
		"anyone":              {open: true, unguarded: true, want: "2"},
		"older":               {open: true, unguarded: true, control: "max-age=10", want: "1"},
		"no-cache":            {open: true, unguarded: true, control: "no-cache", want: "1"},
		"no-store":            {open: true, unguarded: true, control: "no-store, max-age=00", want: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			m := lambdaMethod()
			account := c.account
			if account == "" {
				account = "123456789012"
			}
			env := testEnv(counting(&n))
			if !c.open {
				m.AuthorizationType = "AWS_IAM"
				env.Identities = people{"AKIA1": {AccessKeyID: "AKIA1", Account: account, ARN: "arn:aws:iam::" + account + ":user/ann", Policies: policyOf(t, iam.Identity, c.policy), Session: policyOf(t, iam.Identity, c.session)}}
			}
			def := define(map[string]*apigw.Method{"GET /r": m})
			def.API.Policy = c.resource
			s := compileStage(t, def, cachingStage(cacheAll(func(s *apigw.MethodSetting) {
				if s.RequireAuthorizationForCacheControl = !c.unguarded; c.strategy != "" {
					s.UnauthorizedCacheControlHeaderStrategy = strings.Trim(c.strategy, "-")
				}
			})), env)
			send := func(header string) (*exchange.Exchange, reply) {
				one := call{method: "GET", target: "/r", header: header}
				if !c.open {
					one = signed(one, "AKIA1")
				}
				return serve(s, one)
			}
			control := c.control
			if control == "" {
				control = "max-age=0"
			}
			send("")
			x, got := send("Cache-Control: " + control)
			if diff := cmp.Diff(c.want, got.Body); diff != "" || (got.Status == 403) != (c.strategy == "FAIL_WITH_403") {
				t.Errorf("%d: %s", got.Status, diff)
			}
			if diff := cmp.Diff(c.warning, fields(&x.Response.Header, "Warning")); diff != "" {
				t.Error(diff)
			}
			last := "1"
			if c.want == "2" {
				last = "2" // the new answer took the old one's place
			}
			if x, got := send(""); got.Body != last || len(fields(&x.Response.Header, "Warning")) > 0 {
				t.Errorf("afterwards: %+v", got)
			}
		})
	}
}

// TestCacheOfCanary: a canary uses the stage's cache if it is told to, with
// answers of its own unless it has the stage's deployment (developer guide, "Set
// up an API Gateway canary release deployment").
func TestCacheOfCanary(t *testing.T) {
	for name, c := range map[string]struct {
		use  bool
		dep  apigw.DeploymentID
		want string // canary, production, canary
	}{
		"without":         {false, "d3p10y", "123"},
		"same deployment": {true, "d3p10y", "111"},
		"another":         {true, "another", "121"},
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			env := testEnv(counting(&n))
			draws := []float64{0, 0.9, 0}
			env.Random = func() float64 { d := draws[0]; draws = draws[1:]; return d }
			st := cachingStage(cacheAll())
			st.DeploymentID, st.Canary = "d3p10y", &apigw.CanarySettings{DeploymentID: c.dep, PercentTraffic: 50, UseStageCache: c.use}
			def := define(map[string]*apigw.Method{"GET /r": lambdaMethod()})
			s := compileServer(t, st, def, def, env)
			got := ""
			for range 3 {
				x := newExchange(call{method: "GET", target: "/r"})
				s.Serve(x)
				got += string(x.Response.Body)
			}
			if got != c.want {
				t.Errorf("answers %s, want %s", got, c.want)
			}
		})
	}
}

// TestCacheSeen: hits and misses in metrics, the access log, the execution log
// and explanations.
func TestCacheSeen(t *testing.T) {
	var n atomic.Int64
	env := testEnv(counting(&n))
	env.Metrics = telemetry.NewMetrics(nil)
	logs, text := testLogs(t)
	env.Logs = logs
	settings := map[string]*apigw.MethodSetting{"*/*": cacheSettings(), "b/POST": cacheSettings()}
	settings["*/*"].MetricsEnabled, settings["*/*"].LoggingLevel, settings["b/POST"].CachingEnabled = true, "INFO", false
	s := compileStage(t, define(map[string]*apigw.Method{"GET /a": lambdaMethod(), "POST /b": lambdaMethod()}), cachingStage(settings), env)
	steps := ""
	for _, c := range []call{{method: "GET", target: "/a"}, {method: "GET", target: "/a"}, {method: "GET", target: "/a"}, {method: "POST", target: "/b"}} {
		x := newExchange(c)
		x.Explain()
		s.Serve(x)
		for _, d := range x.Decisions() {
			if d.Step == "cache" {
				steps += d.Result + ": " + d.Why + "\n"
			}
		}
		x.End()
	}
	want := "miss: the answer is kept for 300 s\nhit: kept 0.0 s ago, for 300 s\nhit: kept 0.0 s ago, for 300 s\noff: the stage's settings don't enable it for the method and verb\n"
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Error(diff)
	}
	w := httptest.NewRecorder()
	env.Metrics.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for _, want := range []string{
		`aws_apigateway_count_total{ApiName="a1b2c3d4e5",Stage="prod"} 4`,
		`aws_apigateway_cache_hit_count_total{ApiName="a1b2c3d4e5",Stage="prod"} 2`,
		`aws_apigateway_cache_miss_count_total{ApiName="a1b2c3d4e5",Stage="prod"} 1`,
		`aws_apigateway_method_cache_hit_count_total{ApiName="a1b2c3d4e5",Method="GET",Resource="/a",Stage="prod"} 2`,
		`aws_apigateway_integration_latency_milliseconds_count{ApiName="a1b2c3d4e5",Stage="prod"} 2`,
	} {
		if !strings.Contains(w.Body.String(), want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	if lines := text(); strings.Count(lines, "Answered from the response cache") != 2 || strings.Count(lines, "Method completed with status: 200") != 4 {
		t.Errorf("the execution log is\n%s", lines)
	}
}

// TestCacheChecks: what a deployment with a cache is refused or warned for.
func TestCacheChecks(t *testing.T) {
	streamed := lambdaMethod()
	streamed.Integration.URI = strings.NewReplacer("2015-03-31", "2021-11-15", "/invocations", "/response-streaming-invocations").Replace(functionURI)
	streamed.Integration.ResponseMode = modeStream
	signed := lambdaMethod()
	signed.AuthorizationType = "AWS_IAM"
	custom := func(keys ...string) *apigw.Method {
		m := cachedBy(lambdaMethod(), keys...)
		m.AuthorizationType, m.AuthorizerID = "CUSTOM", "au"
		return m
	}
	mapped := cachedBy(lambdaMethod(), "integration.request.path.id")
	mapped.Integration.RequestParameters = map[string]string{"integration.request.path.id": "method.request.path.id"}
	const shared = "!cachingEnabled: none of cacheKeyParameters tells callers apart"
	for name, c := range map[string]struct {
		route    string
		method   *apigw.Method
		settings map[string]*apigw.MethodSetting
		want     string // begins with '!': a warning; empty: nothing
	}{
		"nothing is cached":   {"GET /r", lambdaMethod(), nil, "!cacheClusterEnabled: no method's answers are cached"},
		"a plain method":      {"GET /r", lambdaMethod(), cacheAll(), ""},
		"streamed":            {"GET /r", streamed, cacheAll(), "!cachingEnabled: streamed answers aren't cached"},
		"signed":              {"GET /r", signed, cacheAll(), shared},
		"by an authorizer":    {"GET /r", custom(), cacheAll(), shared},
		"by its source":       {"GET /r", custom("method.request.header.X"), cacheAll(), ""},
		"path":                {"GET /r/{id}", lambdaMethod(), cacheAll(), "!cachingEnabled: the path parameter id is none of cacheKeyParameters"},
		"path, a key":         {"GET /r/{id}", cachedBy(lambdaMethod(), "method.request.path.id"), cacheAll(), ""},
		"path, a mapped key":  {"GET /r/{id}", mapped, cacheAll(), ""},
		"a key that isn't":    {"GET /r", cachedBy(lambdaMethod(), "method.request.body"), cacheAll(), "cacheKeyParameters method.request.body: a key is one of"},
		"a key that isn't, 2": {"GET /r", cachedBy(lambdaMethod(), "integration.request.header.a"), cacheAll(), "cacheKeyParameters integration.request.header.a: requestParameters map nothing to it"},
		"a strategy": {"GET /r", lambdaMethod(), cacheAll(func(s *apigw.MethodSetting) { s.UnauthorizedCacheControlHeaderStrategy = "x" }),
			"unauthorizedCacheControlHeaderStrategy x is none"},
	} {
		t.Run(name, func(t *testing.T) {
			def := define(map[string]*apigw.Method{c.route: c.method})
			def.Authorizers = map[apigw.AuthorizerID]*apigw.Authorizer{"au": {ID: "au", Name: "au", Type: "REQUEST", URI: functionURI, IdentitySource: "method.request.header.X"}}
			problems := Check(def, cachingStage(c.settings))
			if c.want == "" && len(problems) > 0 {
				t.Errorf("problems %v", problems)
			}
			text, warning := strings.CutPrefix(c.want, "!")
			if c.want != "" && (len(problems) == 0 || !strings.HasPrefix(problems[0].Text, text) || problems[0].Warning != warning) {
				t.Errorf("problems %v, want %q", problems, c.want)
			}
		})
	}
}

func again(b *testing.B, s *Stage, r *reused) {
	r.serve(b, s)
	b.ReportAllocs()
	for b.Loop() {
		r.serve(b, s)
	}
}

// BenchmarkCacheHit answers from the cache.
func BenchmarkCacheHit(b *testing.B) {
	for _, size := range []int{256, 16 << 10, 512 << 10} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			body := strings.Repeat("x", size)
			env := testEnv(returning(`{"body":"` + body + `"}`))
			s := compileStage(b, define(map[string]*apigw.Method{"GET /r/{id}": cachedBy(lambdaMethod(), "method.request.path.id")}), cachingStage(cacheAll()), env)
			again(b, s, newReused("/r/7"))
		})
	}
}

// BenchmarkCacheHitMany answers from a cache of many entries.
func BenchmarkCacheHitMany(b *testing.B) {
	for _, entries := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(entries), func(b *testing.B) {
			env := testEnv(returning(`{"body":"x"}`))
			s := compileStage(b, define(map[string]*apigw.Method{"GET /r/{id}": cachedBy(lambdaMethod(), "method.request.path.id")}), cachingStage(cacheAll()), env)
			x, h := new(exchange.Exchange), new(http1.Header)
			for i := range entries {
				fillExchange(x, h, call{method: "GET", target: fmt.Sprint("/r/", i)})
				s.Serve(x)
				x.End()
			}
			again(b, s, newReused(fmt.Sprint("/r/", entries-7)))
		})
	}
}

// BenchmarkCacheHitSealed answers from a cache whose answers are encrypted.
func BenchmarkCacheHitSealed(b *testing.B) {
	env := testEnv(returning(`{"body":"` + strings.Repeat("x", 1000) + `"}`))
	st := cachingStage(cacheAll(func(s *apigw.MethodSetting) { s.CacheDataEncrypted = true }))
	again(b, compileStage(b, define(map[string]*apigw.Method{"GET /r": lambdaMethod()}), st, env), newReused("/r"))
}
