package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// network is a network namespace of the test's own.
type network struct {
	t    *testing.T
	name string
}

// newNetworks makes namespaces, which take root and ip of iproute2, that see
// nothing but what they are joined to.
func newNetworks(t *testing.T, names ...string) (list []*network) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces of its own take root")
	}
	need(t, "ip")
	for _, name := range names {
		n := &network{t, fmt.Sprintf("gh%d-%s", os.Getpid(), name)}
		if out, err := exec.Command("ip", "netns", "add", n.name).CombinedOutput(); err != nil {
			t.Skipf("this process may make no network namespaces: %v\n%s", err, out)
		}
		t.Cleanup(func() { exec.Command("ip", "netns", "del", n.name).Run() })
		n.ip("link", "set", "lo", "up")
		list = append(list, n)
	}
	return list
}

// ip runs ip in the namespace.
func (n *network) ip(args ...string) {
	n.t.Helper()
	if out, err := exec.Command("ip", append([]string{"-n", n.name}, args...)...).CombinedOutput(); err != nil {
		n.t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// join connects two namespaces, which get the first two addresses of a network
// of 256, "10.71.1".
func (n *network) join(other *network, prefix string) {
	n.t.Helper()
	device := "to" + strings.ReplaceAll(prefix, ".", "")
	n.ip("link", "add", device, "type", "veth", "peer", "name", device, "netns", other.name)
	for i, end := range []*network{n, other} {
		end.ip("addr", "add", fmt.Sprintf("%s.%d/24", prefix, i+1), "dev", device)
		end.ip("link", "set", device, "up")
	}
}

// within runs do on a thread in the namespace, which ends with it: what it
// starts, and the sockets it opens, are there.
func (n *network) within(do func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked
		f, err := os.Open(filepath.Join("/run/netns", n.name))
		if err != nil {
			done <- err
			return
		}
		defer f.Close()
		if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- do()
	}()
	return <-done
}

// client calls from the namespace.
func (n *network) client() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (nc net.Conn, err error) {
			err = n.within(func() (err error) {
				nc, err = (&net.Dialer{Timeout: 5 * time.Second}).Dial(network, address)
				return err
			})
			return nc, err
		}}}
}

// privateAPI deploys a private API, which the networks in from may call, and
// returns its host.
func privateAPI(t *testing.T, control string, c *http.Client, from string) string {
	t.Helper()
	post := func(path, body string) map[string]any {
		r, err := http.NewRequest("POST", control+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0")
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var answer map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode/100 != 2 {
			t.Fatalf("%s: %s %v %v", path, resp.Status, answer, err)
		}
		return answer
	}
	id := post("/restapis?mode=import&endpointConfigurationTypes=PRIVATE", `{"openapi":"3.0.1","info":{"title":"private","version":"1"},
		"x-amazon-apigateway-policy":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*",
			"Condition":{"IpAddress":{"aws:VpcSourceIp":"`+from+`"}}}},
		"paths":{"/who":{"get":{"responses":{"200":{"description":"ok"}},"x-amazon-apigateway-integration":{"type":"mock","requestTemplates":{"application/json":"{\"statusCode\": 200}"},
			"responses":{"default":{"statusCode":"200","responseTemplates":{"application/json":"$context.identity.sourceIp $context.identity.vpceId"}}}}}}}}`)["id"].(string)
	post("/restapis/"+id+"/deployments", `{"stageName":"prod"}`)
	return id + ".execute-api.us-east-1.amazonaws.com"
}

// TestNetworks: a client on an allowed network is served; one on another is
// refused at the socket, because the listener isn't on its network or a security
// group doesn't admit it, or by the API's policy.
func TestNetworks(t *testing.T) {
	list := newNetworks(t, "gateway", "office", "guests")
	gateway, office, guests := list[0], list[1], list[2]
	gateway.join(office, "10.71.1")
	gateway.join(guests, "10.71.2")
	s := &server{t: t, data: filepath.Join(t.TempDir(), "data")}
	s.args = []string{"serve", "--data", s.data, "--control", "127.0.0.1:4566", "--config", write(t, "gatehouse.yaml", `
invoke:
  - {address: "10.71.1.1:8081", endpoint: vpce-0bound}
  - {address: "0.0.0.0:8082", endpoint: vpce-0grouped}
  - {address: "0.0.0.0:8083", endpoint: vpce-0open}
network:
  vpcs:
    vpc-1:
      networks: [10.71.0.0/16]
      subnets: {subnet-1: {network: 10.71.1.0/24}}
      securityGroups: {sg-1: {ingress: [{ports: 8082, from: [10.71.1.0/24]}]}}
      endpoints:
        vpce-0bound: {subnets: [subnet-1]}
        vpce-0grouped: {securityGroups: [sg-1], privateDns: false}
        vpce-0open: {privateDns: false}
`)}
	if err := gateway.within(s.launch); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	host := privateAPI(t, s.control, gateway.client(), "10.71.1.0/24")
	for _, c := range []struct {
		from          *network
		address, want string // empty: no connection
	}{
		{office, "10.71.1.1:8081", "200 10.71.1.2 vpce-0bound"},
		{office, "10.71.1.1:8082", "200 10.71.1.2 vpce-0grouped"},
		{office, "10.71.1.1:8083", "200 10.71.1.2 vpce-0open"},
		{guests, "10.71.1.1:8081", ""}, // another network
		{guests, "10.71.2.1:8081", ""}, // nobody listens there
		{guests, "10.71.2.1:8082", ""}, // the security group
		{guests, "10.71.2.1:8083", "403"},
	} {
		r, err := http.NewRequest("GET", "http://"+c.address+"/prod/who", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		got := ""
		resp, err := c.from.client().Do(r)
		if err == nil {
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			got = fmt.Sprint(resp.StatusCode, " ", string(body))
		}
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s calls %s: %q (%v), want %q", c.from.name, c.address, got, err, c.want)
		}
	}
}

// TestInternalNetwork: a backend on a network that Gatehouse alone is on is
// reached through a VPC link, and not by the client, nor through a link whose
// security group doesn't allow its port (sheet "private networking", 5).
func TestInternalNetwork(t *testing.T) {
	list := newNetworks(t, "gateway", "office", "inside")
	gateway, office, inside := list[0], list[1], list[2]
	gateway.join(office, "10.71.1")
	gateway.join(inside, "10.71.3")
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "the inside, to ", strings.Split(r.RemoteAddr, ":")[0])
	}))
	must(t, inside.within(func() (err error) {
		backend.Listener.Close()
		backend.Listener, err = net.Listen("tcp", "10.71.3.2:8080")
		return err
	}))
	backend.Start()
	t.Cleanup(backend.Close)
	s := &server{t: t, data: filepath.Join(t.TempDir(), "data"), web: gateway.client()}
	s.args = []string{"serve", "--data", s.data, "--invoke", "10.71.1.1:8080", "--control", "127.0.0.1:4566", "--config", write(t, "gatehouse.yaml", `
network:
  vpcs:
    vpc-1:
      networks: [10.71.0.0/16]
      subnets: {subnet-1: {network: 10.71.3.0/24}}
      securityGroups:
        sg-0: {egress: [{ports: 8080, to: [10.71.3.0/24]}]}
        sg-1: {egress: [{ports: 8443, to: [10.71.3.0/24]}]}
targetGroups:
  shop: {protocol: HTTP, port: 8080, vpc: vpc-1, targets: [10.71.3.2]}
loadBalancers:
  front: {listeners: [{port: 80, protocol: HTTP, default: {forward: shop}}]}
vpcLinks:
  open01: {subnets: [subnet-1], securityGroups: [sg-0]}
  shut01: {subnets: [subnet-1], securityGroups: [sg-1]}
`)}
	must(t, gateway.within(s.launch))
	t.Cleanup(s.kill)
	s.healthy(t.Context(), "shop")
	host := s.overLinks(s.listenerOf(t.Context(), "front"), "open01", "shut01")
	get := func(url string) (string, error) {
		r, err := http.NewRequest("GET", url, nil)
		must(t, err)
		r.Host = host
		resp, err := office.client().Do(r)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return fmt.Sprint(resp.StatusCode, " ", string(body)), err
	}
	for path, want := range map[string]string{
		"open01": "200 the inside, to 10.71.3.1",
		"shut01": `503 {"message":"Service Unavailable"}`,
	} {
		if got, err := get("http://10.71.1.1:8080/" + path); err != nil || got != want {
			t.Errorf("through %s: %q %v, want %q", path, got, err, want)
		}
	}
	if got, err := get("http://10.71.3.2:8080/open01"); err == nil {
		t.Errorf("the office reaches the backend itself: %q", got)
	}
}
