package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ordersBackend builds and runs the backend of the orders example on a free
// port, and returns its address.
func ordersBackend(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "backend")
	build := exec.Command("go", "build", "-o", binary, "./examples/orders/backend")
	build.Dir = repository(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(binary, "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, addr, _ := strings.Cut(strings.TrimSpace(line), "http://")
	return addr
}

// orders serves the example before a backend of its own.
func orders(t *testing.T) (s *server, file string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(t), "examples", "orders", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file = write(t, "openapi.yaml", strings.ReplaceAll(string(text), "127.0.0.1:9090", ordersBackend(t)))
	return serveWith(t, file), file
}

// TestOrders puts HTTP and HTTP_PROXY in front of the example's backend.
func TestOrders(t *testing.T) {
	t.Parallel()
	s, file := orders(t)
	s.performs(file, []operation{
		{"GET /orders", "", "", "", 200, jsonType, [2]string{}, `\[{"id":1,"customer":"ada",.*},{"id":2,.*}\]\n`},
		{"GET /orders", "", "/orders?customer=grace", "", 200, jsonType, [2]string{}, `\[{"id":2,"customer":"grace",[^{]*}\]\n`},
		{"GET /orders", "", "/orders?customer=a%26b", "", 200, jsonType, [2]string{}, `\[\]\n`},
		{"POST /orders", "", "", `{"customer": "ada", "items": ["loom"]}`, 201, jsonType, [2]string{"Location", "/v1/orders/3"}, `{"id":3,"customer":"ada","items":\["loom"\],.*}\n`},
		{"POST /orders", "", "", `{}`, 400, jsonType, [2]string{"x-amzn-Remapped-Content-Length", "55"}, `{"error":"an order is JSON with a customer and items"}\n`},
		{"GET /orders/{orderId}", "", "/orders/3", "", 200, jsonType, [2]string{}, `{"id":3,"customer":"ada",.*}\n`},
		{"GET /orders/{orderId}", "", "/orders/99", "", 404, jsonType, [2]string{}, `{"message": "There is no such order."}`},
		{"GET /status", "", "", "", 200, jsonType, [2]string{"X-Served-By", "orders"}, `{"asked-by":"[0-9a-f-]{36}","status":"open"}\n`},
		{"GET /status", "", "", "", 200, jsonType, [2]string{"Cache-Control", "no-store"}, `{"asked-by":"[0-9a-f-]{36}","status":"open"}\n`},
		{"POST /search", "", "", `{"customer": {"name": "grace"}}`, 200, jsonType, [2]string{"X-First-Item", "compiler"}, `\[{"id":2,"customer":"grace",[^{]*}\]\n`},
		{"POST /search", "", "", `{"customer": {"name": "grace"}}`, 200, jsonType, [2]string{"X-Order-Ids", "[2]"}, `\[{"id":2,[^{]*}\]\n`},
		{"POST /search", "", "", `{"customer": `, 400, jsonType, [2]string{}, `{"message": "Invalid JSON in request body"}`},
		{"ANY /anything/{proxy+}", "DELETE", "/anything/at/all?x=1&x=2", "", 200, jsonType, [2]string{}, `.*"method":"DELETE","path":"/v1/anything/at/all","query":{"x":\["1","2"\]}}\n`},
		{"ANY /anything/{proxy+}", "HEAD", "/anything/x", "", 200, jsonType, [2]string{}, ``},
		{"", "POST", "/status", "{}", 403, jsonType, [2]string{}, `{"message":"Missing Authentication Token"}`},
	})
}

// TestOrdersHeaders: what a client sends and what the service gets to see.
func TestOrdersHeaders(t *testing.T) {
	t.Parallel()
	s, file := orders(t)
	api := s.api(file)
	a := call(t, "PUT", s.invoke+"/dev/anything/h?q=a+b", api+".execute-api.localhost", "body",
		"X-Own", "1", "X-Own", "2", "Accept", "text/plain", "User-Agent", "tester", "Connection", "X-Hop", "X-Hop", "no", "Via", "1.1 client")
	var got struct {
		Method  string
		Query   map[string][]string
		Headers http.Header
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatalf("%v: %v", a, err)
	}
	if trace := got.Headers.Get("X-Amzn-Trace-Id"); !strings.HasPrefix(trace, "Root=1-") {
		t.Errorf("the service got the trace ID %q", trace)
	}
	got.Headers.Del("X-Amzn-Trace-Id")
	want := http.Header{
		"X-Own": {"1", "2"}, "Accept": {"text/plain"}, "User-Agent": {"tester"}, "Content-Length": {"4"}, "Accept-Encoding": {"gzip"},
		"X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Proto": {"http"}, "X-Forwarded-Port": {strings.Split(address(t, s.invoke), ":")[1]},
		"X-Amzn-Apigateway-Api-Id": {api},
	}
	if d := cmp.Diff(want, got.Headers); d != "" {
		t.Errorf("headers: %s", d)
	}
	if d := cmp.Diff(map[string][]string{"q": {"a b"}}, got.Query); d != "" || got.Method != "PUT" {
		t.Errorf("%s, query: %s", got.Method, d)
	}
}
