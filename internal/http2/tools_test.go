package http2

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// need finds a client that a test runs; it skips without it, but fails in CI,
// which installs it.
func need(t *testing.T, tool string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	switch {
	case err == nil:
		return path
	case os.Getenv("CI") != "":
		t.Fatalf("%s is not installed", tool)
	}
	t.Skipf("%s is not installed", tool)
	return ""
}

// listenTLS is listen with TLS, and a certificate that nobody trusts.
func listenTLS(t *testing.T, s *Server) net.Listener {
	t.Helper()
	borrowed := httptest.NewTLSServer(nil)
	defer borrowed.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{NextProtos: []string{"h2"}, Certificates: borrowed.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go s.ServeConn(nc, http1.ConnInfo{})
		}
	}()
	t.Cleanup(func() { l.Close() })
	return l
}

func TestCurl(t *testing.T) {
	curl := need(t, "curl")
	large := bytes.Repeat([]byte("0123456789abcde\n"), 11<<16) // 11 MB
	file := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(file, large, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{Handler: func(s *Stream, r *http1.Request) {
		if len(r.Query) > 0 {
			s.Respond(413, nil, []byte("too large"))
			return
		}
		body, err := s.ReadAll(nil, 16<<20)
		if err != nil {
			t.Error(err)
		}
		s.Respond(200, nil, body)
	}}
	cases := []struct {
		name string
		args []string
		want []byte
	}{
		{"GET", nil, nil},
		{"POST", []string{"-d", "hello"}, []byte("hello")},
		{"11 MB", []string{"-T", file}, large},
		{"11 MB that waits for 100 Continue", []string{"-T", file, "-H", "Expect: 100-continue"}, large},
		{"11 MB that are refused", []string{"-T", file, "--url-query", "early"}, []byte("too large")},
		{"11 MB without length", []string{"-X", "POST", "-T", "-", "-H", "Content-Length:"}, large},
	}
	for scheme, l := range map[string]net.Listener{"http": listen(t, s), "https": listenTLS(t, s)} {
		for _, tc := range cases {
			t.Run(scheme+" "+tc.name, func(t *testing.T) {
				args := append([]string{"-sSk", "--max-time", "60", scheme + "://" + l.Addr().String() + "/"}, tc.args...)
				if scheme == "http" {
					args = append(args, "--http2-prior-knowledge")
				} else {
					args = append(args, "--http2")
				}
				cmd := exec.Command(curl, args...)
				cmd.Stdin = bytes.NewReader(large)
				var problem strings.Builder
				cmd.Stderr = &problem
				got, err := cmd.Output()
				if err != nil || sha256.Sum256(got) != sha256.Sum256(tc.want) {
					t.Errorf("%d bytes came, %v: %s", len(got), err, &problem)
				}
			})
		}
	}
}

func TestH2Load(t *testing.T) {
	tool := need(t, "h2load")
	body := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(body, make([]byte, 300_000), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{Handler: echo}
	for scheme, l := range map[string]net.Listener{"http": listen(t, s), "https": listenTLS(t, s)} {
		for _, how := range [][]string{
			{"-n20000", "-c8", "-m100"},
			{"-n2000", "-c4", "-m10", "-w1", "-W1"}, // windows of one byte
			{"-n300", "-c4", "-m8", "-d", body},
		} {
			out, err := exec.Command(tool, append(how, scheme+"://"+l.Addr().String()+"/")...).CombinedOutput()
			if err != nil || !strings.Contains(string(out), " 0 failed, 0 errored, 0 timeout") || !strings.Contains(string(out), " 0 4xx, 0 5xx") {
				t.Errorf("%s %v: %v\n%s", scheme, how, err, out)
			}
		}
	}
}
