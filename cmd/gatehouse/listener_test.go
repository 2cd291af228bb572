//go:build unix

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/freeport"
)

// seen answers GET /seen with the client as the gateway sees it.
const seen = `  /seen:
    get:
      responses:
        "200": {description: ok, headers: {X-Client: {schema: {type: string}}, X-Host: {schema: {type: string}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: "200", responseTemplates: {application/json: "seen"}, responseParameters: {
          method.response.header.X-Client: context.identity.sourceIp, method.response.header.X-Host: context.domainName}}}
`

// TestListeners: every kind of listener that the configuration has.
func TestListeners(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "gh") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "g.sock")
	plain, secure, proxied, private := freeport.Address(t), freeport.Address(t), freeport.Address(t), freeport.Address(t)
	config := fmt.Sprintf(`
control: 127.0.0.1:0
data: %s
invoke:
  - %s
  - {address: %s, tls: development}
  - {address: "unix:%s"}
  - {address: %s, proxyProtocol: true, trustedProxies: [127.0.0.1]}
  - {address: %s, endpoint: vpce-0123456789abcdef0}
`, filepath.Join(dir, "data"), plain, secure, socket, proxied, private)
	file := apiFile(t, seen)
	s := newServer(t)
	s.args = []string{"serve", "--config", write(t, "gatehouse.yaml", config), file}
	s.start()
	t.Cleanup(s.kill)
	path, host := "/dev/seen", s.api(file)+".execute-api.localhost"

	get := func(name, scheme, address string, transport http.RoundTripper, client string) {
		t.Helper()
		request, err := http.NewRequest("GET", scheme+"://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		if response.StatusCode != 200 || string(body) != "seen" || response.Header.Get("X-Client") != client {
			t.Errorf("%s: %d %q from %q, want seen from %s", name, response.StatusCode, body, response.Header.Get("X-Client"), client)
		}
	}
	insecure := &tls.Config{InsecureSkipVerify: true} // it shows a certificate of its own making
	get("HTTP/1.1", "http", plain, &http.Transport{}, "127.0.0.1")
	get("HTTP/2 with prior knowledge", "http", plain, &http.Transport{Protocols: protocols(false)}, "127.0.0.1")
	get("TLS", "https", secure, &http.Transport{TLSClientConfig: insecure}, "127.0.0.1")
	get("TLS with HTTP/2", "https", secure, &http.Transport{TLSClientConfig: insecure, Protocols: protocols(true)}, "127.0.0.1")
	get("unix socket", "http", "socket", &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}, "127.0.0.1")
	get("PROXY protocol", "http", proxied, &http.Transport{DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			_, err = io.WriteString(c, "PROXY TCP4 198.51.100.7 203.0.113.1 40000 443\r\n")
		}
		return c, err
	}}, "198.51.100.7")

	// without the header it promises, a connection is no request
	c := dial(t, "http://"+proxied)
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host)
	if line, err := bufio.NewReader(c).ReadString('\n'); strings.Contains(line, "200") {
		t.Errorf("without a PROXY header: %q, %v", line, err)
	}
	api, _, _ := strings.Cut(host, ".")
	if a := call(t, "GET", "http://"+private+path, "endpoint.example", "", "x-apigw-api-id", api); a.status != 403 {
		t.Errorf("a public API by x-apigw-api-id on a private endpoint: %v", a)
	}
	if a := call(t, "GET", "http://"+plain+path, "endpoint.example", "", "x-apigw-api-id", api); a.status == 200 {
		t.Errorf("by x-apigw-api-id on a public endpoint: %v", a)
	}
	if code := s.terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(socket); err == nil {
		t.Error("the socket's file is left behind")
	}
}

// protocols are HTTP/2 alone, over TLS or with prior knowledge.
func protocols(secure bool) *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP2(secure)
	p.SetUnencryptedHTTP2(!secure)
	return p
}
