package main

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/freeport"
)

// edgeOf starts a gatehouse edge and returns its base URL.
func edgeOf(t *testing.T, args ...string) string {
	t.Helper()
	url, _ := stoppableEdge(t, args...)
	return url
}

// stoppableEdge is edgeOf, until stop is called or the test ends.
func stoppableEdge(t *testing.T, args ...string) (url string, stop func()) {
	t.Helper()
	cmd := command(append([]string{"edge", "--data", t.TempDir()}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		cmd.Process.Kill()
		cmd.Wait()
	}
	t.Cleanup(stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "ready edge=")
	if err != nil || !ok {
		t.Fatalf("%q, %v", line, err)
	}
	return url, stop
}

// TestEdgeExample runs examples/edge: an edge with a certificate of its own
// reaches the region over TLS, and the API sees the client, whom the region
// believes the edge about; what the client says itself is believed by nobody.
// (Every address of 127.0.0.0/8 is this machine's on Linux.)
func TestEdgeExample(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "examples", "edge")
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	secure := freeport.Address(t)
	port := secure[strings.LastIndexByte(secure, ':')+1:]
	file := apiFile(t, seen)
	s := serveListening(t, strings.ReplaceAll(read("gatehouse.yaml"), "127.0.0.1:8443", secure), file)
	config := strings.NewReplacer("127.0.0.1:9443", "127.0.0.1:0", "localhost:8443", "localhost:"+port, ".gatehouse/tls", filepath.Join(s.data, "tls")).Replace(read("edge.yaml"))
	base := edgeOf(t, "--config", write(t, "edge.yaml", config))
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, DialContext: dialer.DialContext}}
	r, err := http.NewRequest("GET", base+"/dev/seen", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = s.api(file) + ".execute-api.us-east-1.amazonaws.com"
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 || string(body) != "seen" || resp.Header.Get("X-Client") != "127.0.0.2" || resp.Header.Get("X-Host") != r.Host || resp.ProtoMajor != 2 {
		t.Errorf("%s %s %q %v", resp.Proto, resp.Status, body, resp.Header)
	}
	if resp.Header.Get("X-Cache") != "Miss from gatehouse" || len(resp.Header.Get("X-Amz-Cf-Id")) != 56 || resp.Header.Get("Via") != "1.1 edge-1 (gatehouse)" {
		t.Errorf("%v", resp.Header)
	}
}
