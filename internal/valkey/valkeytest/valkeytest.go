// Package valkeytest starts real Valkey servers for tests, as processes of
// their own that end with the test.
package valkeytest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Server is a server that can be killed, paused and started again. It keeps
// nothing on disk.
type Server struct {
	Address string // host:port, the same for its life

	t    testing.TB
	dir  string
	args []string
	cmd  *exec.Cmd
}

// Start starts a server on a free loopback port, with more arguments for it,
// and waits until it answers. Without one installed, the test is skipped, in CI
// it fails.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Address: l.Addr().String(), t: t, dir: t.TempDir(), args: args}
	l.Close()
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

func program(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"valkey-server", "redis-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("neither valkey-server nor redis-server is installed")
	}
	t.Skip("neither valkey-server nor redis-server is installed")
	return ""
}

// Start starts it again after Kill, empty.
func (s *Server) Start() {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.Address)
	s.cmd = exec.Command(program(s.t), append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}, s.args...)...)
	s.cmd.Dir = s.dir
	var out bytes.Buffer
	s.cmd.Stdout, s.cmd.Stderr = &out, &out
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", s.Address)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(end) {
			s.Kill()
			s.t.Fatalf("%v\n%s", err, out.String())
		}
	}
}

// Kill ends it as a power cut would.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}
