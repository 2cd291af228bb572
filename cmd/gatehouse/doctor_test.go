package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/freeport"
)

// diagnose runs gatehouse doctor with a configuration and returns what it
// prints on standard output, and its exit code.
func diagnose(t *testing.T, config string, args ...string) (out string, code int) {
	t.Helper()
	file := write(t, "gatehouse.yaml", config)
	cmd := command(append([]string{"doctor", "--config", file}, args...)...)
	text, err := cmd.Output()
	exit := new(exec.ExitError)
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// says reports which of the lines are missing; a line is its state, subject
// and a part of its finding.
func says(t *testing.T, out string, lines ...[3]string) {
	t.Helper()
	for _, want := range lines {
		found := false
		for line := range strings.Lines(out) {
			f := strings.Fields(line)
			found = found || len(f) > 2 && f[0] == want[0] && f[1] == want[1] && strings.Contains(line, want[2])
		}
		if !found {
			t.Errorf("no line %v in\n%s", want, out)
		}
	}
}

// certificate writes a self-signed certificate and its key.
func selfSigned(t *testing.T, from, to time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to, DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text})))
}

func TestDoctorBeforeTheFirstStart(t *testing.T) {
	t.Parallel()
	invoke, control, data := freeport.Address(t), freeport.Address(t), filepath.Join(t.TempDir(), "data")
	out, code := diagnose(t, fmt.Sprintf("invoke: %s\ncontrol: %s\ndata: %s\n", invoke, control, data))
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	says(t, out,
		[3]string{"ok", "configuration", "gatehouse.yaml"}, [3]string{"ok", "server", "doesn't run"},
		[3]string{"ok", "invoke", invoke + " is free"}, [3]string{"ok", "control", control + " is free"},
		[3]string{"ok", "data", "will be created"}, [3]string{"ok", "store", "will be created"})
	if _, err := os.Stat(data); err == nil {
		t.Error("doctor created the data folder")
	}
}

func TestDoctorOfARunningServer(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	out, code := diagnose(t, "", "--invoke", address(t, s.invoke), "--control", address(t, s.control), "--data", s.data)
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	says(t, out,
		[3]string{"ok", "server", "runs and is ready"}, [3]string{"ok", "invoke", "is the running server's"},
		[3]string{"ok", "control", "is the running server's"}, [3]string{"ok", "data", "is writable"}, [3]string{"ok", "store", "open in the running server"})
	// Asked at another address, it doesn't find the server, but what it has.
	out, code = diagnose(t, "", "--invoke", freeport.Address(t), "--control", freeport.Address(t), "--data", s.data)
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	says(t, out, [3]string{"fail", "store", "in use by another process"})
	s.terminate()
	out, code = diagnose(t, "", "--invoke", freeport.Address(t), "--control", freeport.Address(t), "--data", s.data)
	if code != 0 {
		t.Errorf("after its end: exit code %d", code)
	}
	says(t, out, [3]string{"ok", "store", "opens and answers"})
	s.restart()
}

func TestDoctorNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	newer := t.TempDir()
	if err := os.MkdirAll(filepath.Join(newer, "store"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(newer, "store", "FORMAT"), []byte(`{"format":9,"oldestReader":8}`), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	expired, expiredKey := selfSigned(t, now.Add(-48*time.Hour), now.Add(-time.Hour))
	soon, soonKey := selfSigned(t, now.Add(-48*time.Hour), now.Add(24*time.Hour))
	late := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", now.Add(-time.Hour).UTC().Format(http.TimeFormat))
	}))
	defer late.Close()
	ports := fmt.Sprintf("control: %s\n", freeport.Address(t))
	cases := []struct {
		name, config string
		line         [3]string
		code         int
	}{
		{"a key that isn't known", "sparkle: true\n", [3]string{"fail", "configuration", `"sparkle"`}, 1},
		{"a port that is taken", ports + "invoke: " + other.Addr().String(), [3]string{"fail", "invoke", "in use by another program"}, 1},
		{"a DNS port that is taken", ports + "dns: {listen: " + fmt.Sprintf("%q", other.Addr().String()) + "}", [3]string{"fail", "dns", "in use by another program"}, 1},
		{"an address that isn't ours", ports + "invoke: 192.0.2.1:80", [3]string{"fail", "invoke", "192.0.2.1"}, 1},
		{"an expired certificate", fmt.Sprintf("%sinvoke: [{address: '%s', tls: {cert: %s, key: %s}}]", ports, freeport.Address(t), expired, expiredKey),
			[3]string{"fail", "certificate", "expired on"}, 1},
		{"a certificate that ends soon", fmt.Sprintf("%sinvoke: [{address: '%s', tls: {cert: %s, key: %s}}]", ports, freeport.Address(t), soon, soonKey),
			[3]string{"warn", "certificate", "expires on"}, 0},
		{"a certificate and another's key", fmt.Sprintf("%sinvoke: [{address: '%s', tls: {cert: %s, key: %s}}]", ports, freeport.Address(t), soon, expiredKey),
			[3]string{"fail", "certificate", "does not match"}, 1},
		{"data of a newer version", ports + "invoke: " + freeport.Address(t) + "\ndata: " + newer, [3]string{"fail", "store", "newer version"}, 1},
		{"a function without code", ports + "invoke: " + freeport.Address(t) + "\nfunctions: {f: {runtime: go, code: ./nowhere}}", [3]string{"fail", "functions", "nowhere does not exist"}, 1},
		{"a clock that is wrong", ports + "invoke: " + freeport.Address(t) + "\nendpoints: {lambda: '" + late.URL + "'}", [3]string{"fail", "clock", "1h0m"}, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out, code := diagnose(t, c.config)
			says(t, out, c.line)
			if code != c.code {
				t.Errorf("exit code %d, want %d:\n%s", code, c.code, out)
			}
			if c.line[0] != "ok" && !strings.Contains(out, "mend: ") {
				t.Errorf("it doesn't say how to mend that:\n%s", out)
			}
		})
	}
}
