package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// streamingLinks leads over links of both versions to a target at {TARGET}, whose
// paths have no stage.
const streamingLinks = `
targetGroups:
  web: {protocol: HTTP, port: 80, targets: ["{TARGET}"]}
  tcp: {protocol: TCP, port: 80, targets: ["{TARGET}"]}
loadBalancers:
  front:
    listeners:
      - port: 80
        protocol: HTTP
        default: {respond: {status: 404}}
        rules: [{priority: 1, path: ["/dev/*"], rewriteUrl: {regex: "^/dev/", replace: /}, then: {forward: web}}]
  flows:
    type: network
    listeners: [{port: 80, protocol: TCP, default: {forward: tcp}}]
vpcLinks:
  old001: {loadBalancer: flows}
  new001: {subnets: [subnet-1]}
`

// streamingOver is streaming over a link of version 1, at /v1{path}, and over one
// of version 2, at /v2{path}.
func streamingOver(path string) string {
	const over = "        connectionType: VPC_LINK\n        connectionId: "
	const target = "        integrationTarget: arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/front/681db3b38b08da94\n"
	uri := "http://shop.internal" + path
	return streaming("/v1"+path, uri) + over + "old001\n" + streaming("/v2"+path, uri) + over + "new001\n" + target
}

// TestStreamedOverLinks: behind both kinds of load balancer, what was written is
// there while the rest isn't, large answers pass, and a client that leaves ends
// its call (developer guide, "Set up a response streaming integration").
func TestStreamedOverLinks(t *testing.T) {
	t.Parallel()
	b := newSlowBackend(t)
	file := apiFile(t, streamingOver("/ticks")+streamingOver("/large")+streamingOver("/quiet"))
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", strings.ReplaceAll(streamingLinks, "{TARGET}", address(t, b.URL))),
		file)
	root := s.invoke + "/_aws/execute-api/" + s.api(file) + "/dev"
	for _, version := range []string{"/v1", "/v2"} {
		t.Run(version, func(t *testing.T) {
			transport := new(http.Transport)
			left := get(t, transport, root+version+"/quiet")
			if _, err := io.ReadFull(left.Body, make([]byte, 3)); err != nil {
				t.Fatal(err)
			}
			left.Body.Close()
			if path := <-b.left; path != "/quiet" {
				t.Errorf("%s ended", path)
			}
			r := get(t, transport, root+version+"/ticks")
			defer r.Body.Close()
			first := make([]byte, 9)
			if _, err := io.ReadFull(r.Body, first); err != nil || string(first) != "data: 1\n\n" || r.StatusCode != 200 || r.ContentLength != -1 {
				t.Fatalf("%d, %q, %v", r.StatusCode, first, err)
			}
			b.gate <- struct{}{}
			if rest, err := io.ReadAll(r.Body); string(rest) != "data: 2\n\n" || err != nil {
				t.Errorf("the rest: %q, %v", rest, err)
			}
			large := get(t, transport, root+version+"/large")
			defer large.Body.Close()
			if n, err := io.Copy(io.Discard, large.Body); n != 11<<20 || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
}
