package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The paths of links: a backend that the integration names itself, and the same
// over a VPC link.
const linkScenario, directPath, linkedPath = "links", "/item", "/linked"

// linkTargets is how many targets the load balancer divides calls among.
const linkTargets = 100

// links shows what a VPC link costs: one REST API with an HTTP_PROXY method to a
// backend and another over a link of version 2 to a load balancer with a rule and
// linkTargets targets, all of them addresses of the same backend, called in turn.
func links(o options) error {
	dir, err := os.MkdirTemp("", "gatehouse-links")
	if err != nil {
		return err
	}
	w := &workshop{dir: dir}
	defer w.close()
	p, invoke, err := w.linked(o.binary)
	if err != nil {
		return err
	}
	fmt.Printf("\nlinks: %d targets, %d connections, %d rounds of %v, load %s\n", linkTargets, o.conns, o.rounds, o.duration, loadAverage())
	fmt.Printf("%-8s %12s %12s %8s %10s %10s\n", "round", "direct µs", "linked µs", "ratio", "req/s", "linked")
	results := map[string][]measurement{}
	for round := range o.rounds {
		order := []string{directPath, linkedPath}
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, path := range order {
			m, err := measure(p, target{"http://" + invoke.address + "/bench" + path, invoke.host}, linkScenario, o)
			if err != nil {
				return fmt.Errorf("%s, round %d: %w\n%s", path, round+1, err, p.log())
			}
			results[path] = append(results[path], m)
		}
		direct, linked := results[directPath][round], results[linkedPath][round]
		fmt.Printf("%-8d %12.1f %12.1f %8.2f %10.0f %10.0f\n", round+1, direct.cpuPerRequest, linked.cpuPerRequest, linked.cpuPerRequest/direct.cpuPerRequest, direct.perSecond, linked.perSecond)
	}
	direct, linked := results[directPath], results[linkedPath]
	fmt.Printf("CPU over the link by CPU without: median %.2f (budget: at most 1.15), least by least %.2f; load %s\n",
		median(ratios(linked, direct)), slices.Min(each(linked, cpu))/slices.Min(each(direct, cpu)), loadAverage())
	return nil
}

// loadAverage is the machine's, of the last minute.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

// invocation is how an API is called.
type invocation struct{ address, host string }

// linked starts the backend, and Gatehouse with the load balancer, the link and
// the API.
func (w *workshop) linked(binary string) (*process, invocation, error) {
	var none invocation
	if binary == "" {
		var err error
		if binary, err = build(w.dir); err != nil {
			return nil, none, err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, none, err
	}
	w.backend = freeAddress()
	_, port, _ := net.SplitHostPort(w.backend)
	if _, err := w.start(w.backend, self, "backend", "0.0.0.0:"+port); err != nil {
		return nil, none, err
	}
	var targets strings.Builder
	for i := range linkTargets {
		fmt.Fprintf(&targets, "\"127.0.1.%d:%s\", ", i+1, port)
	}
	invoke := freeAddress()
	w.control = freeAddress()
	config := w.file("gatehouse.yaml", fmt.Sprintf(`control: %s
invoke: %s
targetGroups:
  items: {protocol: HTTP, port: 80, targets: [%s]}
loadBalancers:
  inside:
    listeners:
      - port: 80
        protocol: HTTP
        default: {respond: {status: 404}}
        rules: [{priority: 10, path: ["/*"], then: {forward: items}}]
vpcLinks:
  shop01: {subnets: [subnet-1]}
`, w.control, invoke, strings.TrimSuffix(targets.String(), ", ")))
	p, err := w.start(invoke, binary, "serve", "--config", config, "--data", filepath.Join(w.dir, "data"))
	if err != nil {
		return nil, none, err
	}
	id, err := addLinkAPI(w.control, w.backend)
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, p.log())
	}
	return p, invocation{invoke, id + ".execute-api.localhost"}, err
}

// addLinkAPI makes the API and returns its ID.
func addLinkAPI(control, backend string) (string, error) {
	type object = map[string]any
	balancer, err := onlyBalancer(control)
	if err != nil {
		return "", err
	}
	method := func(integration object) object {
		integration["type"], integration["httpMethod"], integration["uri"] = "http_proxy", "GET", "http://"+backend+directPath
		return object{"get": object{"responses": object{"200": object{"description": "an item"}}, "x-amazon-apigateway-integration": integration}}
	}
	over := method(object{"connectionType": "VPC_LINK", "connectionId": "shop01", "integrationTarget": balancer})
	over["get"].(object)["x-amazon-apigateway-integration"].(object)["uri"] = "http://items.internal" + directPath
	definition := object{"openapi": "3.0.1", "info": object{"title": linkScenario, "version": "1"},
		"paths": object{directPath: method(object{}), linkedPath: over}}
	var api struct{ ID string }
	if err := manage("POST", control, "/restapis?mode=import&failonwarnings=true", definition, &api); err != nil {
		return "", err
	}
	return api.ID, manage("POST", control, "/restapis/"+api.ID+"/deployments", object{"stageName": "bench"}, nil)
}

var balancerARN = regexp.MustCompile(`<LoadBalancerArn>([^<]+)</LoadBalancerArn>`)

// onlyBalancer is the ARN of the load balancer that the configuration declares,
// which is there soon after the start.
func onlyBalancer(control string) (string, error) {
	const form = "Action=DescribeLoadBalancers&Version=2015-12-01"
	var last error
	for range 100 {
		request, err := http.NewRequest("POST", "http://"+control+"/", strings.NewReader(form))
		if err != nil {
			return "", err
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		sign(request, "elasticloadbalancing", []byte(form))
		text, err := do(http.DefaultClient, request)
		if arn := group(balancerARN, string(text)); arn != "" {
			return arn, nil
		}
		last = err
		time.Sleep(50 * time.Millisecond)
	}
	return "", fmt.Errorf("the load balancer did not appear: %v", last)
}
