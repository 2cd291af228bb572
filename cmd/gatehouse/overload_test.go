package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestHangingBackendTakesNoRoomFromOthers: calls to a backend that hangs fill
// its own bound; what is beyond is answered 503 with AWS's body, and other
// backends are served as before.
func TestHangingBackendTakesNoRoomFromOthers(t *testing.T) {
	release, arrived := make(chan struct{}), make(chan struct{}, 10)
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	}))
	defer hanging.Close()
	defer close(release)
	quick := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "quick") }))
	defer quick.Close()
	config := write(t, "gatehouse.yaml", fmt.Sprintf("limits: {requests: 4, queueTime: 20ms, backends: {'%s': 2}}\n", address(t, hanging.URL)))
	integration := func(url string) string {
		return `{get: {responses: {"200": {description: ok}}, x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: "` + url + `"}}}`
	}
	file := apiFile(t, "  /hanging: "+integration(hanging.URL)+"\n  /quick: "+integration(quick.URL)+"\n")
	s := serveWith(t, "--config", config, file)
	base := s.invoke + "/_aws/execute-api/" + s.api(file) + "/dev"
	for range 2 {
		go func() { _, _ = try("GET", base+"/hanging", "", "") }() // until the backend goes away
		<-arrived
	}
	got := call(t, "GET", base+"/hanging", "", "") // waits for its turn, in vain
	if got.status != 503 || got.body != `{"message":"Service Unavailable"}` || got.header.Get("x-amzn-ErrorType") != "ServiceUnavailableException" {
		t.Errorf("a third call: %v, %v", got, got.header)
	}
	if got := call(t, "GET", base+"/quick", "", ""); got.status != 200 || got.body != "quick" {
		t.Errorf("another backend meanwhile: %v", got)
	}
	for range 5 {
		_ = call(t, "GET", base+"/hanging", "", "")
	}
	if n := len(s.records("request failed")); n != 1 {
		t.Errorf("%d lines for 6 refused requests within a second, want 1", n)
	}
}
