package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestValidationExample does what the example's text says.
func TestValidationExample(t *testing.T) {
	t.Parallel()
	base := baseOf(t, serveExample(t, "examples/validation/openapi.yaml"))
	const address = `{"street": "1 Mill Lane", "city": "York", "country": "GB"}`
	for name, c := range map[string]struct {
		method, query, customer, body string
		status                        int
		want                          string
	}{
		"no parameters": {"GET", "", "", "", 400, `{"message":"Missing required request parameters: [x-customer, since]"}`},
		"parameters":    {"GET", "?since=2026-01-01", "ada", "", 200, `{"ok": true}`},
		"no body":       {"POST", "", "", "", 422, `{"message": "Invalid request body", "problems": "[Unknown error parsing request body]"}`},
		"nothing right": {"POST", "", "", `{"grams": 0, "colour": "blue"}`, 422,
			`{"message": "Invalid request body", "problems": "[object instance has properties which are not allowed by the schema: [\"colour\"], object has missing required properties ([\"to\"])]"}`},
		"another model": {"POST", "", "", `{"grams": 1, "to": {"street": "", "city": "York", "country": "gb"}}`, 422,
			`{"message": "Invalid request body", "problems": "[ECMA 262 regex \"^[A-Z]{2}$\" does not match input string \"gb\", string \"\" is too short (length: 0, required minimum: 1)]"}`},
		"valid":           {"POST", "", "", `{"grams": 120, "to": ` + address + `, "contents": ["tea"]}`, 200, `{"ok": true}`},
		"parcels in it":   {"POST", "", "", `{"grams": 1, "to": ` + address + `, "contents": [{"grams": 1, "to": ` + address + `}]}`, 200, `{"ok": true}`},
		"a bad one in it": {"POST", "", "", `{"grams": 1, "to": ` + address + `, "contents": [{"grams": 1}]}`, 422, `{"message": "Invalid request body", "problems": "[instance failed to match exactly one schema (matched 0 out of 2)]"}`},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), c.method, base+"/parcels"+c.query, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("x-customer", c.customer)
			request.Header.Set("Content-Type", "application/json")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != c.status || string(body) != c.want {
				t.Errorf("%d %s, want %d %s", response.StatusCode, body, c.status, c.want)
			}
		})
	}
}
