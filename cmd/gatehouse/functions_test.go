package main

import (
	"strings"
	"testing"
)

// TestFunctionExamples calls every operation of the examples in Node.js and
// Python, and finds what they print in the log.
func TestFunctionExamples(t *testing.T) {
	const node, python = "examples/functions-node/openapi.yaml", "examples/functions-python/openapi.yaml"
	cases := []struct {
		tool, file string
		operations []operation
		logged     []string
	}{
		{"node", node, []operation{
			{"GET /greetings/{name}", "", "/greetings/Ada", "", 200, jsonType, [2]string{"Content-Language", "en"}, `{"greeting":"Hello, Ada!"}`},
			{"POST /words", "", "", `to be or not to be`, 200, jsonType, [2]string{}, `{"to":2,"be":2,"or":1,"not":1}`},
			{"GET /stories/{name}", "", "/stories/Ada", "", 200, "text/plain; charset=utf-8", [2]string{"Transfer-Encoding", ""}, "Once there was Ada.\nAda read every page of the guide.\nAnd it worked.\n"},
			{"POST /words", "", "", "", 400, jsonType, [2]string{}, `{"message":"the body holds no words"}`},
		}, []string{"greeting in en with time left"}},
		{"python3", python, []operation{
			{"POST /baskets", "", "", `[{"price": 1.99, "count": 3}, {"price": "10"}]`, 200, jsonType, [2]string{}, `{"items": 2, "total": "19.00"}`},
			{"POST /baskets", "", "", `{"price": 1}`, 400, jsonType, [2]string{}, `{"message": "a basket is a list .*"}`},
			{"GET /temperatures/{celsius}", "", "/temperatures/21.5", "", 200, jsonType, [2]string{}, `{"fahrenheit": 70.7, "kelvin": 294.65}`},
			{"GET /temperatures/{celsius}", "", "/temperatures/warm", "", 400, jsonType, [2]string{}, `{"message": "warm is no number"}`},
		}, []string{"converting 21.5", "2 items, "}},
	}
	for _, c := range cases {
		t.Run(c.tool, func(t *testing.T) {
			need(t, c.tool)
			s := serveExample(t, c.file)
			s.performs(c.file, c.operations)
			for _, line := range c.logged {
				eventually(t, "the log has "+line, func() bool { return strings.Contains(s.log.String(), line) })
			}
		})
	}
}
