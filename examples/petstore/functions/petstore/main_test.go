package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestServe(t *testing.T) {
	cases := []struct {
		name     string
		request  request
		status   int
		body     string // JSON; empty: not compared
		location string
	}{
		{"a pet", request{HTTPMethod: "GET", Resource: "/pets/{petId}", PathParameters: map[string]string{"petId": "3"}},
			200, `{"id":3,"type":"fish","name":"Wanda","price":0.99}`, ""},
		{"by type", request{HTTPMethod: "GET", Resource: "/pets", QueryStringParameters: map[string]string{"type": "horse"}},
			200, `[{"id":8,"type":"horse","name":"Rosinante","price":1250,"ownerId":4}]`, ""},
		{"past the last page", request{HTTPMethod: "GET", Resource: "/pets", QueryStringParameters: map[string]string{"page": "9"}},
			200, `[]`, ""},
		{"no page", request{HTTPMethod: "GET", Resource: "/pets", QueryStringParameters: map[string]string{"page": "x"}},
			400, `{"message":"page is a number from 1"}`, ""},
		{"missing", request{HTTPMethod: "GET", Resource: "/pets/{petId}", PathParameters: map[string]string{"petId": "99"}},
			404, `{"message":"there is no pet 99"}`, ""},
		{"no number", request{HTTPMethod: "DELETE", Resource: "/pets/{petId}", PathParameters: map[string]string{"petId": "x"}},
			400, `{"message":"a pet's ID is a number"}`, ""},
		{"replaced", request{HTTPMethod: "PUT", Resource: "/pets/{petId}", PathParameters: map[string]string{"petId": "2"},
			Body: `{"id":7,"type":"cat","name":"Hodge","price":5}`}, 200, `{"id":2,"type":"cat","name":"Hodge","price":5}`, ""},
		{"created", create(`{"type":"cat","name":"Pangur","price":1}`), 201, `{"id":13,"type":"cat","name":"Pangur","price":1}`, "/dev/pets/13"},
		{"no JSON", create(`{`), 400, "", ""},
		{"no name", create(`{"type":"cat"}`), 400, `{"message":"a pet has a type, a name and a price that isn't negative"}`, ""},
		{"removed", request{HTTPMethod: "DELETE", Resource: "/pets/{petId}", PathParameters: map[string]string{"petId": "1"}}, 204, "", ""},
		{"of an owner", request{HTTPMethod: "GET", Resource: "/owners/{ownerId}/pets", PathParameters: map[string]string{"ownerId": "5"}},
			200, `[{"id":10,"type":"dog","name":"Flush","price":410,"ownerId":5}]`, ""},
		{"unknown", request{HTTPMethod: "GET", Resource: "/nothing"}, 404, `{"message":"no such operation: GET /nothing"}`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := newStore(seed()).serve(&c.request)
			if got.StatusCode != c.status || got.Headers["Location"] != c.location {
				t.Errorf("status %d, location %q: want %d, %q", got.StatusCode, got.Headers["Location"], c.status, c.location)
			}
			if c.body != "" {
				if d := cmp.Diff(c.body, got.Body); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func create(body string) request {
	r := request{HTTPMethod: "POST", Resource: "/pets", Body: body}
	r.RequestContext.Path = "/dev/pets"
	return r
}

func TestEcho(t *testing.T) {
	got := newStore(nil).serve(&request{
		HTTPMethod: "PATCH", Resource: "/echo/{proxy+}", Path: "/echo/a/b", PathParameters: map[string]string{"proxy": "a/b"},
		MultiValueQueryStringParameters: map[string][]string{"q": {"1", "2"}}, Body: "hi",
	})
	var body map[string]any
	if err := json.Unmarshal([]byte(got.Body), &body); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"method": "PATCH", "path": "/echo/a/b", "proxy": "a/b", "headers": nil,
		"query": map[string]any{"q": []any{"1", "2"}}, "stageVariables": nil, "body": "hi", "isBase64": false}
	if d := cmp.Diff(want, body); d != "" {
		t.Error(d)
	}
}
