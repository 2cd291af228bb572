package restapi

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/responsecache"
)

// slowFunctions answer after a while, or end with their caller.
type slowFunctions func(n int64, in *lambda.Invocation) (after time.Duration, output string, err error)

type slow struct {
	calls  atomic.Int64
	answer slowFunctions
}

func (s *slow) Invoke(ctx context.Context, in *lambda.Invocation, out *lambda.Result) error {
	after, output, err := s.answer(s.calls.Add(1), in)
	select {
	case <-time.After(after):
	case <-ctx.Done():
		return &lambda.Error{Kind: lambda.Timeout, Cause: ctx.Err()}
	}
	out.Status, out.Payload = 200, append(out.Payload, output...)
	return err
}

// leaving is an edge whose client can leave.
type leaving struct {
	mu   sync.Mutex
	stop func()
	left bool
}

func (l *leaving) OnAbandon(cancel func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop = cancel; cancel != nil && l.left {
		cancel()
	}
}

func (l *leaving) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left = true; l.stop != nil {
		l.stop()
	}
}

// cacheCrowd is many requests for the same at once.
type cacheCrowd struct {
	s       *Stage
	wg      sync.WaitGroup
	mu      sync.Mutex
	replies map[string]int
}

func (c *cacheCrowd) send(n int, edge *leaving, header string) {
	for range n {
		c.wg.Go(func() {
			x := newExchange(call{method: "GET", target: "/r", header: header})
			if edge != nil {
				from := *x
				x.Begin(edge)
				x.Method, x.Path, x.Host, x.Protocol, x.Header, x.Body, x.Address = from.Method, from.Path, from.Host, from.Protocol, from.Header, from.Body, from.Address
			}
			c.s.Serve(x)
			c.mu.Lock()
			c.replies[fmt.Sprint(x.Response.Status, " ", string(x.Response.Body))]++
			c.mu.Unlock()
			x.End()
		})
	}
}

// crowd makes requests of s, inside a synctest bubble.
func crowd(t *testing.T, functions slowFunctions, timeout int) (*cacheCrowd, *slow) {
	f := &slow{answer: functions}
	env := testEnv(f)
	env.Now = time.Now
	m := lambdaMethod()
	m.Integration.TimeoutMillis = timeout
	env.Responses = responsecache.NewPool(responsecache.Config{Memory: 1 << 20})
	s, err := Compile(define(map[string]*apigw.Method{"GET /r": m}), cachingStage(cacheAll(func(s *apigw.MethodSetting) { s.RequireAuthorizationForCacheControl = false })), "d", env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &cacheCrowd{s: s, replies: map[string]int{}}, f
}

// TestCacheOneCall: of those who ask for the same at once, one calls the
// backend. When that comes to nothing, the others are neither failed for it nor
// let loose together, and nobody waits longer than its integration may take.
func TestCacheOneCall(t *testing.T) {
	const sec = time.Second
	broken := &lambda.Error{Kind: lambda.Unreachable}
	for name, c := range map[string]struct {
		functions slowFunctions
		run       func(c *cacheCrowd)
		calls     int64
		want      map[string]int
		took      time.Duration
		timeout   int // ms; 0: 5000
	}{
		"all at once": {
			func(n int64, _ *lambda.Invocation) (time.Duration, string, error) {
				return sec, fmt.Sprintf(`{"body":"%d"}`, n), nil
			},
			func(c *cacheCrowd) { c.send(50, nil, "") }, 1, map[string]int{"200 1": 50}, sec, 0,
		},
		"the first fails": {
			func(n int64, _ *lambda.Invocation) (time.Duration, string, error) {
				if n == 1 {
					return sec, "", broken
				}
				return sec, fmt.Sprintf(`{"body":"%d"}`, n), nil
			},
			func(c *cacheCrowd) { c.send(50, nil, "") }, 2, map[string]int{"200 2": 49, `504 {"message": "Network error communicating with endpoint"}`: 1}, 2 * sec, 0,
		},
		"the first's client leaves": {
			func(n int64, _ *lambda.Invocation) (time.Duration, string, error) {
				return 2 * sec, fmt.Sprintf(`{"body":"%d"}`, n), nil
			},
			func(c *cacheCrowd) {
				edge := new(leaving)
				c.send(1, edge, "")
				synctest.Wait()
				c.send(9, nil, "")
				time.Sleep(sec)
				edge.leave()
			}, 2, map[string]int{"200 2": 9, `504 {"message": "Endpoint request timed out"}`: 1}, 3 * sec, 0,
		},
		"one who waits leaves": {
			func(n int64, _ *lambda.Invocation) (time.Duration, string, error) {
				return 2 * sec, fmt.Sprintf(`{"body":"%d"}`, n), nil
			},
			func(c *cacheCrowd) {
				c.send(9, nil, "")
				synctest.Wait()
				edge := new(leaving)
				c.send(1, edge, "")
				time.Sleep(sec)
				edge.leave()
			}, 1, map[string]int{"200 1": 9, `504 {"message": "Endpoint request timed out"}`: 1}, 2 * sec, 0,
		},
		"the first takes too long": { // it and those who came with it time out; who came later has time left
			func(n int64, _ *lambda.Invocation) (time.Duration, string, error) {
				if n == 1 {
					return time.Hour, "", nil
				}
				return sec, fmt.Sprintf(`{"body":"%d"}`, n), nil
			},
			func(c *cacheCrowd) {
				c.send(3, nil, "")
				synctest.Wait()
				time.Sleep(3 * sec)
				c.send(2, nil, "")
			}, 2, map[string]int{"200 2": 2, `504 {"message": "Endpoint request timed out"}`: 3}, 6 * sec, 0,
		},
		"all fail": { // 1, 1, 4, 16 and the rest, each for a second
			func(int64, *lambda.Invocation) (time.Duration, string, error) { return sec, "", broken },
			func(c *cacheCrowd) { c.send(60, nil, "") }, 60, map[string]int{`504 {"message": "Network error communicating with endpoint"}`: 60}, 5 * sec, 10_000,
		},
		"answers that aren't kept": {
			func(int64, *lambda.Invocation) (time.Duration, string, error) {
				return sec, `{"body":"` + strings.Repeat("x", 1<<20+1) + `"}`, nil
			},
			func(c *cacheCrowd) { c.send(5, nil, "") }, 5, map[string]int{"200 " + strings.Repeat("x", 1<<20+1): 5}, 2 * sec, 0,
		},
		"asked anew meanwhile": { // who asks anew gets the backend's own answer, and that one is kept
			func(n int64, _ *lambda.Invocation) (time.Duration, string, error) {
				return time.Duration(3-n) * sec, fmt.Sprintf(`{"body":"%d"}`, n), nil
			},
			func(c *cacheCrowd) {
				c.send(1, nil, "")
				synctest.Wait()
				c.send(1, nil, "Cache-Control: max-age=0")
				time.Sleep(4 * sec)
				c.send(3, nil, "")
			}, 2, map[string]int{"200 1": 1, "200 2": 4}, 4 * sec, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				all, f := crowd(t, c.functions, max(c.timeout, 5000))
				c.run(all)
				all.wg.Wait()
				if took := time.Since(began); f.calls.Load() != c.calls || took != c.took {
					t.Errorf("%d calls in %v, want %d in %v", f.calls.Load(), took, c.calls, c.took)
				}
				if diff := cmp.Diff(c.want, all.replies); diff != "" && len(diff) < 10_000 {
					t.Error(diff)
				}
			})
		})
	}
}

// TestCacheIsTransparent: with every part of the request that an answer depends
// on among its keys, a stage with a cache answers any requests as one without,
// in any order and at once.
func TestCacheIsTransparent(t *testing.T) {
	echo := fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		var e map[string]any = decode(t, string(in.Payload))
		p, _ := e["pathParameters"].(map[string]any)
		h, _ := e["multiValueHeaders"].(map[string]any)
		q, _ := e["multiValueQueryStringParameters"].(map[string]any)
		out.Payload = appendJSONString(append(out.Payload, `{"statusCode":200,"body":`...), fmt.Sprint(p["id"], " ", h["X-H"], " ", q["q"]))
		out.Payload = append(out.Payload, '}')
		return nil
	})
	keys := []string{"method.request.path.id", "method.request.header.X-H", "method.request.querystring.q"}
	def := define(map[string]*apigw.Method{"GET /r/{id}": cachedBy(lambdaMethod(), keys...)})
	value := rapid.SampledFrom([]string{"", "a", "b", "ab", "a%00b", "%2F", "a,b", "ä"})
	rapid.Check(t, func(rt *rapid.T) {
		plain, kept := compileStage(t, def, nil, testEnv(echo)), compileStage(t, def, cachingStage(cacheAll()), testEnv(echo))
		calls := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) call {
			c := call{method: "GET", target: "/r/x" + value.Draw(rt, "id")}
			for i, v := range rapid.SliceOfN(value, 0, 2).Draw(rt, "q") {
				c.target += map[bool]string{true: "?", false: "&"}[i == 0] + "q=" + v
			}
			for _, v := range rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b", "a,b"}), 0, 2).Draw(rt, "h") {
				c.header += "X-H: " + v + "\n"
			}
			return c
		}), 1, 12).Draw(rt, "calls")
		var wg sync.WaitGroup
		for _, c := range calls {
			_, want := serve(plain, c)
			for range 1 + rand.IntN(2) {
				wg.Go(func() {
					if _, got := serve(kept, c); got != want {
						t.Errorf("%+v: %+v with a cache, %+v without", c, got, want)
					}
				})
			}
		}
		wg.Wait()
	})
}

// TestCacheUnderAttack: whatever a client varies, what is kept stays within the
// memory that the operator gave it.
func TestCacheUnderAttack(t *testing.T) {
	const memory = 1 << 20
	env := testEnv(returning(`{"body":"` + strings.Repeat("x", 1000) + `"}`))
	env.Responses = responsecache.NewPool(responsecache.Config{Memory: memory})
	s := compileStage(t, define(map[string]*apigw.Method{"GET /r": cachedBy(lambdaMethod(), "method.request.querystring.q")}), cachingStage(cacheAll()), env)
	for i := range 20_000 {
		one := newExchange(call{method: "GET", target: fmt.Sprintf("/r?q=%d", i)})
		s.Serve(one)
		one.End()
		if i%1000 == 0 {
			if bytes := env.Responses.Stats().Bytes; bytes > memory+memory/4 {
				t.Fatalf("%d bytes are kept after %d keys", bytes, i)
			}
		}
	}
	if kept := env.Responses.Stats(); kept.Entries == 0 || kept.Entries > memory/1000 {
		t.Errorf("%+v", kept)
	}
}
