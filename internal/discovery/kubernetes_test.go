package discovery_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/embed"

	"github.com/gatehouse/gatehouse/internal/discovery"
	"github.com/gatehouse/gatehouse/internal/freeport"
	"github.com/gatehouse/gatehouse/internal/sourcetest"
)

// cluster is a Kubernetes API server on an etcd of its own: no nodes, so that the
// test says what runs.
type cluster struct {
	t                  *testing.T
	dir, address, etcd string
	ca, tokenFile      string
	token              string
	http               *http.Client
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	sourcetest.Need(t, "kube-apiserver")
	c := &cluster{t: t, dir: t.TempDir(), address: freeport.Address(t)}
	e := embed.NewConfig()
	e.Dir, e.LogLevel, e.UnsafeNoFsync = filepath.Join(c.dir, "etcd"), "fatal", true
	client, peer := url.URL{Scheme: "http", Host: freeport.Address(t)}, url.URL{Scheme: "http", Host: freeport.Address(t)}
	e.ListenClientUrls, e.AdvertiseClientUrls, e.ListenPeerUrls, e.AdvertisePeerUrls = []url.URL{client}, []url.URL{client}, []url.URL{peer}, []url.URL{peer}
	e.InitialCluster = e.InitialClusterFromName(e.Name)
	store, err := embed.StartEtcd(e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	<-store.Server.ReadyNotify()
	c.etcd, c.tokenFile, c.ca = client.String(), filepath.Join(c.dir, "token"), filepath.Join(c.dir, "certs", "apiserver.crt")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	return c
}

func (c *cluster) write(name, text string) string {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// serve runs the API server, which knows one token.
func (c *cluster) serve(token string) (stop func()) {
	c.t.Helper()
	c.token = token
	c.write("token", token+"\n")
	host, port, _ := net.SplitHostPort(c.address)
	key := filepath.Join(c.dir, "key.pem")
	stop = sourcetest.Start(c.t, "kube-apiserver", "--etcd-servers="+c.etcd, "--bind-address="+host, "--secure-port="+port, "--cert-dir="+filepath.Dir(c.ca), "--service-cluster-ip-range=10.96.0.0/24",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+key, "--service-account-signing-key-file="+key,
		"--token-auth-file="+c.write("tokens.csv", token+",admin,1,system:masters\n"), "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount", "--anonymous-auth=false")
	eventually(c.t, "the API server is ready", func() bool {
		text, err := os.ReadFile(c.ca)
		if err != nil {
			return false
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(text)
		c.http = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}, Timeout: 30 * time.Second}
		return c.try("GET", "/readyz", nil) == nil && c.try("GET", "/api/v1/namespaces/default", nil) == nil
	})
	return stop
}

func (c *cluster) try(method, path string, body any) error {
	text, _ := json.Marshal(body)
	request, err := http.NewRequest(method, "https://"+c.address+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if said, _ := io.ReadAll(answer.Body); answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s %s", method, path, answer.Status, said)
	}
	return nil
}

func (c *cluster) must(method, path string, body any) {
	c.t.Helper()
	if err := c.try(method, path, body); err != nil {
		c.t.Fatal(err)
	}
}

const slicesPath = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"

type object = map[string]any

func endpointSlice(name, kind string, endpoints ...object) object {
	return object{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": object{"name": name, "labels": object{"kubernetes.io/service-name": "orders"}},
		"addressType": kind, "endpoints": endpoints, "ports": []object{{"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "metrics", "port": 9090, "protocol": "TCP"}}}
}

func pod(name, address string, conditions object) object {
	return object{"addresses": []string{address}, "conditions": conditions, "nodeName": "node-1", "zone": "eu-west-1a", "targetRef": object{"kind": "Pod", "name": name, "namespace": "default"}}
}

func TestKubernetes(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	stop := c.serve("first")
	ready := object{"ready": true, "serving": true, "terminating": false}
	c.must("POST", slicesPath, endpointSlice("orders-a", "IPv4", pod("one", "10.0.0.1", ready), pod("two", "10.0.0.2", object{"ready": false, "serving": false, "terminating": false})))
	o := observe(t, func(log *slog.Logger) discovery.Source {
		return &discovery.Kubernetes{Server: "https://" + c.address, TLS: discovery.TLS{CA: c.ca}, TokenFile: c.tokenFile, Log: log,
			Services: map[discovery.Service]discovery.KubernetesService{named: {Namespace: "default", Name: "orders", Port: "http"}}}
	})
	attributes := []string{"pod", "zone", "node"}
	const tail = " zone=eu-west-1a node=node-1"
	o.becomes(attributes, "10.0.0.1 8080 HEALTHY pod=one"+tail, "10.0.0.2 8080 UNHEALTHY pod=two"+tail)
	// one ends but still serves, two is gone
	ending := object{"ready": false, "serving": true, "terminating": true}
	c.must("PUT", slicesPath+"/orders-a", endpointSlice("orders-a", "IPv4", pod("one", "10.0.0.1", ending), pod("two", "10.0.0.2", object{"ready": false, "serving": false, "terminating": true})))
	o.becomes(attributes, "10.0.0.1 8080 UNHEALTHY pod=one"+tail)
	c.must("POST", slicesPath, endpointSlice("orders-b", "IPv6", pod("three", "fd00::3", ready)))
	c.must("POST", slicesPath, endpointSlice("orders-c", "IPv4", pod("three", "10.0.0.3", ready)))
	three := "fd00::3 10.0.0.3 8080 HEALTHY pod=three" + tail
	o.becomes(attributes, "10.0.0.1 8080 UNHEALTHY pod=one"+tail, three)
	other := endpointSlice("carts", "IPv4", pod("cart", "10.0.0.9", ready))
	other["metadata"].(object)["labels"] = object{"kubernetes.io/service-name": "carts"}
	c.must("POST", slicesPath, other)
	c.must("DELETE", slicesPath+"/orders-a", nil)
	o.becomes(attributes, three)
	stop()
	o.says("the source can't be asked; what it said last holds")
	o.becomes(attributes, three)
	c.serve("second") // the first token isn't known any more
	o.says("the source answers again")
	c.must("DELETE", slicesPath+"/orders-b", nil)
	o.becomes(attributes, "10.0.0.3 8080 HEALTHY pod=three"+tail)
}

// TestKubernetesForgets: a server that has forgotten what a watch begins at is
// asked for a list again (Kubernetes API concepts, "410 Gone responses"). The
// answers have that page's shapes; a real server forgets after minutes only.
func TestKubernetesForgets(t *testing.T) {
	t.Parallel()
	var lists atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("watch") == "" {
			n := lists.Add(1)
			fmt.Fprintf(w, `{"kind":"EndpointSliceList","metadata":{"resourceVersion":"%d0"},"items":[{"metadata":{"name":"a"},"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.%d"]}],"ports":[{"port":80}]}]}`, n, n)
			return
		}
		switch q.Get("resourceVersion") {
		case "10": // told in the stream
			fmt.Fprintln(w, `{"type":"BOOKMARK","object":{"kind":"EndpointSlice","metadata":{"resourceVersion":"15"}}}`)
		case "15":
			fmt.Fprintln(w, `{"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"too old resource version: 15 (99)","reason":"Expired","code":410}}`)
		case "20": // told as the answer
			w.WriteHeader(http.StatusGone)
		default:
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}))
	t.Cleanup(server.Close)
	o := observe(t, func(log *slog.Logger) discovery.Source {
		return &discovery.Kubernetes{Server: server.URL, Log: log, Services: map[discovery.Service]discovery.KubernetesService{named: {Namespace: "default", Name: "orders"}}}
	})
	o.becomes(nil, "10.0.0.3 80 HEALTHY")
	if strings.Contains(o.log.String(), "can't be asked") {
		t.Error("what is as it should be is told as a fault")
	}
}
