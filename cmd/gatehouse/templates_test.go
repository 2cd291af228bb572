package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTemplatesExample puts the mapping templates of the example before the
// orders example's backend.
func TestTemplatesExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(repository(t), "examples", "templates", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, "openapi.yaml", strings.ReplaceAll(string(text), "127.0.0.1:9090", ordersBackend(t)))
	s := serveWith(t, file)
	const orders = "/customers/{customer}/orders"
	s.performs(file, []operation{
		{"GET " + orders, "", "/customers/grace/orders", "", 200, jsonType, [2]string{},
			`{\n  "customer": "grace",\n  "count": 1,\n  "orders": \[\n    {"number": 2, "lines": 2, "first": "compiler"}\n  \]\n}\n`},
		{"GET " + orders, "", "/customers/nobody/orders", "", 404, jsonType, [2]string{}, `{"message": "nobody has no orders."}\n`},
		{"POST " + orders, "", "/customers/ada/orders", `{"lines": [{"what": "loom", "count": 2}, {"what": "card", "count": 1}]}`, 201, jsonType,
			[2]string{"Location", "/customers/ada/orders/3"}, `{"number": 3, "items": \["loom","loom","card"\]}\n`},
		{"POST " + orders, "", "/customers/ada/orders", `{"lines": `, 400, jsonType, [2]string{}, `{"message": "Invalid JSON in request body"}`},
		{"POST /echo/{word}", "", "/echo/hello?to=world", `{"say": ["a", 1]}`, 200, jsonType, [2]string{},
			`{\n  "path": {"word": "hello"},\n  "querystring": {"to": "world"},\n  "stage": "dev",\n  "method": "POST /echo/{word}",\n  "said": \["a",1\]\n}\n`},
	})
}
