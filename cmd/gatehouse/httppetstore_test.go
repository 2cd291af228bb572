package main

import (
	"slices"
	"testing"
)

// TestHTTPPetstore does what the README of the example says.
func TestHTTPPetstore(t *testing.T) {
	t.Parallel()
	need(t, "node")
	s := serveExample(t, "examples/http-petstore/openapi.yaml")
	base := baseOf(t, s)
	told := s.records("serving")[0]
	if told["kind"] != "http" || told["because"] != "x-amazon-apigateway-cors (line 10)" || told["stage"] != "$default" {
		t.Errorf("told: %v", told)
	}
	key := []string{"x-key", "open sesame", "Content-Type", jsonType}
	for _, c := range []struct {
		method, path, send string
		header             []string
		status             int
		contentType, body  string
	}{
		{"GET", "/pets", "", nil, 200, jsonType, `[{"id":1,"type":"dog","name":"Argos"},{"id":2,"type":"cat","name":"Hodge"}]`},
		{"GET", "/pets/2", "", nil, 200, jsonType, `{"id":2,"type":"cat","name":"Hodge"}`},
		{"GET", "/pets/9", "", nil, 404, jsonType, `{"message":"there is no pet 9"}`},
		{"POST", "/pets", `{"type":"cat","name":"Tom"}`, nil, 401, jsonType, `{"message":"Unauthorized"}`},
		{"POST", "/pets", `{"type":"cat","name":"Tom"}`, []string{"x-key", "sesame"}, 403, jsonType, `{"message":"Forbidden"}`},
		{"POST", "/pets", `{"type":"cat","name":"Tom"}`, key, 201, "", `{"id":3,"type":"cat","name":"Tom","by":"one who knows"}`},
		{"POST", "/pets", `{"type":"cat"}`, key, 400, jsonType, `{"message":"a pet has a type and a name"}`},
		{"DELETE", "/pets/2", "", nil, 404, jsonType, `{"message":"there is no /pets/2"}`},
	} {
		got := call(t, c.method, base+c.path, "", c.send, c.header...)
		if got.status != c.status || got.body != c.body || c.contentType != "" && got.header.Get("Content-Type") != c.contentType {
			t.Errorf("%s %s: %v %s, want %d %s", c.method, c.path, got, got.header.Get("Content-Type"), c.status, c.body)
		}
	}
	preflight := call(t, "OPTIONS", base+"/pets", "", "", "Origin", "https://shop.example", "Access-Control-Request-Method", "POST")
	if preflight.status != 204 || preflight.header.Get("Access-Control-Allow-Origin") != "https://shop.example" || preflight.header.Get("Access-Control-Max-Age") != "300" {
		t.Errorf("preflight: %v %v", preflight, preflight.header)
	}
	if want := []string{"ANY $default", "GET /pets", "GET /pets/{petId}", "POST /pets"}; !slices.Equal(slices.Sorted(slices.Values(s.routes("examples/http-petstore/openapi.yaml"))), want) {
		t.Errorf("routes: %v", told["routes"])
	}
}
