package main

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// peer is one running proxy and what to call on it.
type peer struct {
	name    string
	process *process
	targets map[string]target // by scenario
}

// workshop is the running backend and proxies with their files.
type workshop struct {
	dir, cert, key, backend string
	limits                  string // of Gatehouse's configuration
	control                 string // its control address
	processes               []*process
	peers                   []peer
	missing                 []string
}

func newWorkshop(o options) (*workshop, error) {
	dir, err := os.MkdirTemp("", "gatehouse-bench")
	if err != nil {
		return nil, err
	}
	w := &workshop{dir: dir, cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), backend: freeAddress()}
	if err := w.open(o); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *workshop) open(o options) error {
	if err := w.certificate(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	backend := "backend"
	if o.slow {
		backend = "slow"
	}
	w.limits = strings.ReplaceAll(o.limits, "<backend>", w.backend)
	if _, err := w.start(w.backend, self, backend, w.backend); err != nil {
		return err
	}
	starters := map[string]func() error{
		"gatehouse": func() error { return w.gatehouse(o.binary) },
		"nginx":     w.nginx, "haproxy": w.haproxy, "caddy": w.caddy,
		"fasthttp": func() error { return w.fasthttp(self) },
	}
	for _, name := range o.peers {
		begin, ok := starters[name]
		if !ok {
			return fmt.Errorf("no peer is called %s", name)
		}
		if _, err := exec.LookPath(name); err != nil && name != "gatehouse" && name != "fasthttp" {
			w.missing = append(w.missing, name)
			continue
		}
		if err := begin(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (w *workshop) close() {
	for _, p := range w.processes {
		p.stop()
	}
	os.RemoveAll(w.dir)
}

// start runs a program and waits until it accepts on address.
func (w *workshop) start(address, name string, args ...string) (*process, error) {
	p, err := start(w.dir, name, args...)
	if err != nil {
		return nil, err
	}
	w.processes = append(w.processes, p)
	for range 400 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return p, nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	return nil, fmt.Errorf("%s does not accept on %s:\n%s", name, address, p.log())
}

func (w *workshop) add(name string, p *process, plain, tls, path, host string) {
	w.peers = append(w.peers, peer{name, p, map[string]target{
		"plain": {"http://" + plain + path, host}, "tls": {"https://" + tls + path, host}, "h2": {"https://" + tls + path, host},
	}})
}

func (w *workshop) file(name, text string) string {
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		panic(err)
	}
	return path
}

// gatehouse serves a definition with one HTTP_PROXY method through a stage.
func (w *workshop) gatehouse(binary string) error {
	if binary == "" {
		var err error
		if binary, err = build(w.dir); err != nil {
			return err
		}
	}
	plain, tls, control := freeAddress(), freeAddress(), freeAddress()
	config := w.file("gatehouse.yaml", fmt.Sprintf("control: %s\ninvoke:\n  - %s\n  - {address: '%s', tls: {cert: '%s', key: '%s'}}\nendpoints: {backend: 'http://%s'}\nlimits: %s\n",
		control, plain, tls, w.cert, w.key, w.backend, cmp.Or(w.limits, "{}")))
	definition := w.file("bench.yaml", fmt.Sprintf(`openapi: 3.0.1
info: {title: bench, version: "1"}
paths:
  /item:
    get:
      responses: {"200": {description: an item}}
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: 'http://%s/item'}
`, w.backend))
	p, err := w.start(plain, binary, "serve", "--config", config, "--data", filepath.Join(w.dir, "data"), "--stage", "bench", definition)
	if err != nil {
		return err
	}
	w.control = control
	id, err := apiID(control)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, p.log())
	}
	w.add("gatehouse", p, plain, tls, "/bench/item", id+".execute-api.localhost")
	for _, stage := range []string{logged, cached} {
		w.peers[len(w.peers)-1].targets[stage] = target{"http://" + plain + "/" + stage + "/item", id + ".execute-api.localhost"}
	}
	if err := addLogged(control, id); err != nil {
		return err
	}
	if err := addCached(control, id); err != nil {
		return err
	}
	routed, err := addHTTPAPI(control, w.backend)
	w.peers[len(w.peers)-1].targets[httpAPI] = target{"http://" + plain + "/item", routed + ".execute-api.localhost"}
	return err
}

// build makes the binary from this checkout.
func build(dir string) (string, error) {
	binary := filepath.Join(dir, "gatehouse")
	cmd := exec.Command("go", "build", "-o", binary, "./cmd/gatehouse")
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return binary, nil
}

// apiID asks the control address for the one API that it serves.
func apiID(control string) (string, error) {
	var last error
	for range 100 {
		request, _ := http.NewRequest("GET", "http://"+control+"/restapis", nil)
		request.Header.Set("Authorization", anyCredentials)
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			var list struct{ Item []struct{ ID string } }
			last = json.NewDecoder(response.Body).Decode(&list)
			response.Body.Close()
			if len(list.Item) == 1 {
				return list.Item[0].ID, nil
			}
		} else {
			last = err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return "", fmt.Errorf("the API did not appear: %v", last)
}

func (w *workshop) nginx() error {
	if err := makeCache(w.dir); err != nil {
		return err
	}
	plain, tls, withLog, withCache, withJSON := freeAddress(), freeAddress(), freeAddress(), freeAddress(), freeAddress()
	config := w.file("nginx.conf", strings.NewReplacer("<plain>", plain, "<tls>", tls, "<logged>", withLog, "<cached>", withCache, "<httpapi>", withJSON, "<backend>", w.backend, "<cert>", w.cert, "<key>", w.key, "<dir>", w.dir).Replace(`
daemon off; worker_processes auto; pid <dir>/nginx.pid; error_log <dir>/nginx.err;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; server_tokens off;
  upstream backend { server <backend>; keepalive 256; keepalive_requests 100000000; }
  server {
    listen <plain>; listen <tls> ssl http2; ssl_certificate <cert>; ssl_certificate_key <key>; ssl_protocols TLSv1.2 TLSv1.3;
    location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header Host $host; }
  }
`+nginxLogged+nginxCached+nginxHTTPAPI+`}`))
	p, err := w.start(plain, "nginx", "-p", w.dir, "-c", config)
	if err == nil {
		w.add("nginx", p, plain, tls, "/item", "")
		w.peers[len(w.peers)-1].targets[logged] = target{"http://" + withLog + "/item", ""}
		w.peers[len(w.peers)-1].targets[cached] = target{"http://" + withCache + "/item", ""}
		w.peers[len(w.peers)-1].targets[httpAPI] = target{"http://" + withJSON + "/item", ""}
	}
	return err
}

func (w *workshop) haproxy() error {
	plain, tls := freeAddress(), freeAddress()
	cert, _ := os.ReadFile(w.cert)
	key, _ := os.ReadFile(w.key)
	both := w.file("both.pem", string(cert)+string(key))
	config := w.file("haproxy.cfg", strings.NewReplacer("<plain>", plain, "<tls>", tls, "<backend>", w.backend, "<pem>", both).Replace(`
global
  nbthread 2
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend f
  bind <plain>
  bind <tls> ssl crt <pem> alpn h2,http/1.1
  default_backend b
backend b
  server s <backend>
`))
	p, err := w.start(plain, "haproxy", "-db", "-f", config)
	if err == nil {
		w.add("haproxy", p, plain, tls, "/item", "")
	}
	return err
}

func (w *workshop) caddy() error {
	plain, tls := freeAddress(), freeAddress()
	_, port, _ := net.SplitHostPort(tls)
	config := w.file("Caddyfile", strings.NewReplacer("<plain>", plain, "<tlsport>", port, "<backend>", w.backend, "<cert>", w.cert, "<key>", w.key).Replace(`{
	admin off
	auto_https off
}
http://<plain> {
	reverse_proxy <backend>
}
https://127.0.0.1:<tlsport> {
	tls <cert> <key>
	reverse_proxy <backend>
}
`))
	p, err := w.start(plain, "caddy", "run", "--adapter", "caddyfile", "--config", config)
	if err == nil {
		w.add("caddy", p, plain, tls, "/item", "")
	}
	return err
}

func (w *workshop) fasthttp(self string) error {
	plain, tls := freeAddress(), freeAddress()
	p, err := w.start(plain, self, "fasthttp", plain, tls, w.backend, w.cert, w.key)
	if err == nil {
		w.add("fasthttp", p, plain, tls, "/item", "")
		delete(w.peers[len(w.peers)-1].targets, "h2") // fasthttp speaks no HTTP/2
	}
	return err
}

// certificate makes the self-signed P-256 certificate that all peers use.
func (w *workshop) certificate() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	w.file("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	w.file("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	return nil
}

// freeAddress is a loopback address that was free a moment ago.
func freeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	return l.Addr().String()
}
