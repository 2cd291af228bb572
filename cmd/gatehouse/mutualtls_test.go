package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// secured is the example of mutual TLS, served.
type secured struct {
	*server
	t    testing.TB
	base string // of its stage, by path
}

// serveSecured makes the example's certificates and serves its definition.
func serveSecured(t testing.TB) *secured {
	t.Helper()
	need(t, "openssl")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(repository(t), "examples", "mutual-tls"))); err != nil {
		t.Fatal(err)
	}
	make := exec.Command("sh", "certificates.sh")
	make.Dir = dir
	if out, err := make.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	config := filepath.Join(dir, "gatehouse.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if text = bytes.Replace(text, []byte("127.0.0.1:8443"), []byte("127.0.0.1:0"), 1); os.WriteFile(config, text, 0o600) != nil {
		t.Fatal("the example's configuration can't be changed")
	}
	s := &secured{server: newServer(t), t: t}
	s.dir, s.args = dir, []string{"serve", "--control", "127.0.0.1:0", "openapi.yaml"}
	s.start()
	t.Cleanup(s.kill)
	s.base = strings.Replace(s.invoke, "127.0.0.1", "localhost", 1) + "/_aws/execute-api/" + s.api("openapi.yaml") + "/dev"
	return s
}

// in runs a command in the example's folder.
func (s *secured) in(stdin io.Reader, name string, args ...string) (string, error) {
	s.t.Helper()
	need(s.t, name)
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdin = s.dir, stdin
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// curl asks /whoami as the README says, showing who's certificate; empty: none.
func (s *secured) curl(who string, args ...string) (string, error) {
	s.t.Helper()
	args = append([]string{"-sS", "--cacert", ".gatehouse/tls/development.crt", s.base + "/whoami"}, args...)
	if who != "" {
		args = append(args, "--cert", "certificates/"+who+".pem", "--key", "certificates/"+who+".key")
	}
	return s.in(nil, "curl", args...)
}

// openssl is one field of alice's certificate as OpenSSL prints it.
func (s *secured) openssl(args ...string) string {
	s.t.Helper()
	out, err := s.in(nil, "openssl", append([]string{"x509", "-in", "certificates/alice.pem", "-noout"}, args...)...)
	if err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	_, value, _ := strings.Cut(strings.TrimSpace(out), "=")
	return value
}

// metric is the value of a series of the control address.
func (s *secured) metric(series string) string {
	s.t.Helper()
	a := call(s.t, "GET", s.control+"/_gatehouse/metrics", "", "")
	for line := range strings.Lines(a.body) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// TestMutualTLSExample runs what the example's README says, with curl.
func TestMutualTLSExample(t *testing.T) {
	t.Parallel()
	s := serveSecured(t)
	want := map[string]string{
		"subject": "C=DE,O=Example Corp,OU=Orders,CN=alice", "issuer": "O=Example Corp,CN=Issuer", "until": s.openssl("-enddate"),
	}
	pairs := strings.ToLower(s.openssl("-serial"))
	for i := 0; i < len(pairs); i += 2 {
		want["serialNumber"] += ":" + pairs[i:i+2]
	}
	want["serialNumber"] = want["serialNumber"][1:]
	for _, version := range [][]string{nil, {"--http1.1"}, {"--tls-max", "1.2"}} {
		out, err := s.curl("alice", append(version, "-D", "header")...)
		var got map[string]string
		if err != nil || json.Unmarshal([]byte(out), &got) != nil {
			t.Fatalf("%v: %s", err, out)
		}
		header, _ := os.ReadFile(filepath.Join(s.dir, "header"))
		if d := cmp.Diff(want, got); d != "" || !strings.Contains(strings.ToLower(string(header)), "x-client: c=de,o=example corp,ou=orders,cn=alice") {
			t.Errorf("%v: %s%s", version, d, header)
		}
	}
	for _, who := range []string{"", "mallory"} {
		if out, err := s.curl(who); err == nil || strings.Contains(out, "subject") {
			t.Errorf("%q is answered %s", who, out)
		}
	}
	eventually(t, "both are counted", func() bool {
		return s.metric(`gatehouse_client_certificates_refused_total{reason="missing"}`) == "1" &&
			s.metric(`gatehouse_client_certificates_refused_total{reason="unknown_issuer"}`) == "1"
	})
	if told := s.records("a client was refused at the handshake: mutual TLS"); len(told) == 0 || told[0]["reason"] != "missing" {
		t.Errorf("told %v", told)
	}
	s.doctor(t)

	// let mallory in
	trust, err := os.OpenFile(filepath.Join(s.dir, "certificates", "trust.pem"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	pem, _ := os.ReadFile(filepath.Join(s.dir, "certificates", "mallory.pem"))
	trust.Write(pem)
	trust.Close()
	began := time.Now()
	eventually(t, "mallory is let in", func() bool {
		out, err := s.curl("mallory")
		return err == nil && strings.Contains(out, "CN=mallory")
	})
	t.Logf("let in %v after the edit", time.Since(began).Round(time.Millisecond))
	if s.records("the trust store was renewed") == nil {
		t.Error("nothing is told of the new version")
	}
}

// doctor: the version in force is the same everywhere.
func (s *secured) doctor(t *testing.T) {
	t.Helper()
	inUse := s.records("the trust store is in use")
	if len(inUse) != 1 {
		t.Fatalf("told %v", inUse)
	}
	version, file := inUse[0]["version"], inUse[0]["trustStore"]
	cmd := command("doctor", "--control", address(t, s.control), "--config", "gatehouse.yaml")
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	if line := fmt.Sprintf("ok    trust store    %s: version %s, 2 certificates vouch for clients", file, version); err != nil || !strings.Contains(string(out), line) {
		t.Errorf("doctor: %v: %s", err, out)
	}
	if got := s.metric(fmt.Sprintf(`gatehouse_trust_store_certificates{file=%q,listener="127.0.0.1:0",version=%q}`, file, version)); got != "2" {
		t.Errorf("metric %q", got)
	}
	cmd = command("doctor", "--control", address(t, s.control), "--config", "gatehouse.yaml")
	cmd.Dir = s.dir
	damaged := filepath.Join(s.dir, "damaged.yaml")
	os.WriteFile(damaged, []byte("invoke: [{address: '127.0.0.1:0', tls: {development: true, trustStore: certificates/alice.key}}]\n"), 0o600)
	cmd.Args[len(cmd.Args)-1] = damaged
	if out, err = cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), `alice.key: certificate 1 (line 1): the PEM block is of type "EC PRIVATE KEY"`) {
		t.Errorf("doctor of a key: %v: %s", err, out)
	}
}

// TestMutualTLSClients: OpenSSL, which also tries to negotiate anew, and Node.
func TestMutualTLSClients(t *testing.T) {
	t.Parallel()
	s := serveSecured(t)
	request := "GET " + s.base[strings.Index(s.base, "/_aws"):] + "/whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
	connect := []string{"s_client", "-connect", address(t, s.base), "-CAfile", ".gatehouse/tls/development.crt", "-verify_return_error", "-quiet", "-no_ign_eof"}
	alice := []string{"-cert", "certificates/alice.pem", "-key", "certificates/alice.key"}
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		args := append(append(connect, "-ign_eof", version), alice...)
		if out, err := s.in(strings.NewReader(request), "openssl", args...); !strings.Contains(out, "CN=alice") {
			t.Errorf("OpenSSL %s: %v: %s", version, err, out)
		}
		if out, _ := s.in(strings.NewReader(request), "openssl", append(connect, "-ign_eof", version)...); strings.Contains(out, "subject") || !strings.Contains(out, "alert") {
			t.Errorf("OpenSSL %s without a certificate: %s", version, out)
		}
	}
	// With -quiet, OpenSSL doesn't read commands: R asks for a new negotiation.
	args := append([]string{"s_client", "-connect", address(t, s.base), "-tls1_2"}, alice...)
	if out, _ := s.in(strings.NewReader("R\n"+request), "openssl", args...); !strings.Contains(out, "RENEGOTIATING") || strings.Contains(out, `"subject"`) {
		t.Errorf("OpenSSL, negotiating anew: %s", out)
	}
	const script = `
const [url, cert] = process.argv.slice(1), fs = require('fs')
const read = (name) => fs.readFileSync('certificates/' + name)
const options = {ca: fs.readFileSync('.gatehouse/tls/development.crt'), ...(cert && {cert: read(cert + '.pem'), key: read(cert + '.key')})}
require('https').get(url, options, (r) => r.on('data', (d) => console.log(String(d)))).on('error', (e) => { console.log(e.code); process.exit(1) })`
	for who, want := range map[string]string{"alice": "CN=alice", "mallory": "ERR_SSL", "": "ERR_SSL"} {
		if out, _ := s.in(nil, "node", "-e", script, "--", s.base+"/whoami", who); !strings.Contains(out, want) || want != "CN=alice" && strings.Contains(out, "subject") {
			t.Errorf("Node as %q: %s", who, out)
		}
	}
}

// TestMutualTLSWeakCertificates: OpenSSL signs what isn't trusted any more; Go
// shows it.
func TestMutualTLSWeakCertificates(t *testing.T) {
	t.Parallel()
	s := serveSecured(t)
	make := exec.Command("sh", "-euc", `cd certificates
		openssl req -new -key alice.key -subj /CN=sha1 -out sha1.csr
		openssl x509 -req -sha1 -in sha1.csr -CA issuer.pem -CAkey issuer.key -days 1 -out sha1.pem
		cp alice.key sha1.key
		openssl genrsa -out rsa1024.key 1024
		openssl req -new -key rsa1024.key -subj /CN=rsa1024 -out rsa1024.csr
		openssl x509 -req -in rsa1024.csr -CA issuer.pem -CAkey issuer.key -days 1 -out rsa1024.pem
		openssl genpkey -algorithm ed25519 -out ed25519.key
		openssl req -new -key ed25519.key -subj /CN=ed25519 -out ed25519.csr
		openssl x509 -req -in ed25519.csr -CA issuer.pem -CAkey issuer.key -days 1 -out ed25519.pem`)
	make.Dir = s.dir
	if out, err := make.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, who := range []string{"alice", "sha1", "rsa1024", "ed25519"} {
		pair, err := tls.LoadX509KeyPair(filepath.Join(s.dir, "certificates", who+".pem"), filepath.Join(s.dir, "certificates", who+".key"))
		if err != nil {
			t.Fatal(err)
		}
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, // made for development
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }}}
		response, err := (&http.Client{Transport: transport}).Get(s.base + "/whoami")
		if (err == nil) != (who == "alice") {
			t.Errorf("%s: %v", who, err)
		}
		if err == nil {
			response.Body.Close()
		}
		transport.CloseIdleConnections()
	}
	eventually(t, "they are counted", func() bool { return s.metric(`gatehouse_client_certificates_refused_total{reason="weak"}`) == "3" })
}
