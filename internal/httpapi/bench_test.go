package httpapi

import (
	"net"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// fastBackend answers every read with one answer and allocates nothing.
func fastBackend(b testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	answer := []byte("HTTP/1.1 200 OK\r\nDate: Wed, 18 Jun 2025 17:28:59 GMT\r\nServer: fast\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				buf := make([]byte, 8<<10)
				for {
					if _, err := c.Read(buf); err != nil {
						return
					}
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// discarded is a log that nobody reads.
type discarded struct{}

func (discarded) Write(string, []byte) error { return nil }
func (discarded) Idle()                      {}
func (discarded) Close() error               { return nil }

const jsonLog = `{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","requestTime":"$context.requestTime","httpMethod":"$context.httpMethod",` +
	`"routeKey":"$context.routeKey","status":"$context.status","protocol":"$context.protocol","responseLength":"$context.responseLength"}`

// BenchmarkHTTPAPIProxy is a GET through {proxy+} to an HTTP backend and back:
// bare, and with throttling, metrics and a JSON access log.
func BenchmarkHTTPAPIProxy(b *testing.B) {
	def := definition(map[string]string{"ANY /{proxy+}": "i"}, proxyTo("i", "http://"+fastBackend(b)+"/{proxy}"))
	b.Run("bare", func(b *testing.B) { benchmarkServe(b, compileStage(b, def, nil, nil)) })
	b.Run("full", func(b *testing.B) {
		env := testEnv(nil)
		env.Metrics, env.Logs = telemetry.NewMetrics(nil), telemetry.NewLogs(discarded{}, nil)
		b.Cleanup(func() { env.Logs.Close() })
		rate, burst := 1e6, 1_000_000
		benchmarkServe(b, compileStage(b, def, &apigw.Stage{
			Name: "$default", AccessLog: &apigw.AccessLogSettings{DestinationARN: "arn:aws:logs:us-east-1:123456789012:log-group:access", Format: jsonLog},
			Routes: &apigw.RouteStage{DefaultSettings: &apigw.RouteSettings{ThrottlingRateLimit: &rate, ThrottlingBurstLimit: &burst, DetailedMetrics: true}},
		}, env))
	})
}

func benchmarkServe(b *testing.B, s *Stage) {
	x, h := new(exchange.Exchange), new(http1.Header)
	template := new(exchange.Exchange)
	fill(template, s, "GET", "/a/b", "User-Agent: bench")
	b.ReportAllocs()
	for b.Loop() {
		serveAgain(b, s, x, h, template)
	}
}

// serveAgain serves template in the memory of x and h.
func serveAgain(t testing.TB, s *Stage, x *exchange.Exchange, h *http1.Header, template *exchange.Exchange) {
	x.Begin(nil)
	h.CopyFrom(template.Header)
	x.Method, x.Path, x.Header, x.Protocol, x.Host = template.Method, template.Path, h, template.Protocol, template.Host
	x.Client, x.Address, x.RequestID, x.ExtendedID = template.Client, template.Address, template.RequestID, template.ExtendedID
	s.Serve(x)
	if x.Response.Status != 200 || string(x.Response.Body) != "ok" {
		t.Fatal(x.Response.Status, string(x.Response.Body))
	}
	x.End()
}

// TestNoAllocation: what a proxied request needs was made before.
func TestNoAllocation(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has pools forget what they hold")
	}
	s := compileStage(t, definition(map[string]string{"ANY /{proxy+}": "i"}, proxyTo("i", "http://"+fastBackend(t)+"/{proxy}")), nil, nil)
	x, h := new(exchange.Exchange), new(http1.Header)
	template := new(exchange.Exchange)
	fill(template, s, "GET", "/a/b", "User-Agent: bench")
	if n := testing.AllocsPerRun(500, func() { serveAgain(t, s, x, h, template) }); n != 0 {
		t.Errorf("%v allocations for a request", n)
	}
}
