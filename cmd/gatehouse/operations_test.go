//go:build unix

package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// held is a backend whose answers wait until release is called.
func held(t *testing.T) (url string, arrived <-chan struct{}, release func()) {
	t.Helper()
	come, free := make(chan struct{}, 100), make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		come <- struct{}{}
		select {
		case <-free:
			io.WriteString(w, "late")
		case <-r.Context().Done():
		}
	}))
	release = sync.OnceFunc(func() { close(free) })
	t.Cleanup(func() {
		release()
		backend.Close()
	})
	return backend.URL, come, release
}

type outcome struct {
	answer
	err error
}

// begin sends a request and returns at once.
func (s *server) begin(api, path string) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		a, err := try("GET", s.invoke+"/_aws/execute-api/"+api+"/dev"+path, "", "")
		done <- outcome{a, err}
	}()
	return done
}

// TestStandardOutput has the ready line and nothing else.
func TestStandardOutput(t *testing.T) {
	t.Parallel()
	s := serveWith(t, apiFile(t, greeting("hi")))
	call(t, "GET", s.invoke+"/dev/hello", s.api(s.args[len(s.args)-1])+".execute-api.localhost", "")
	if code := s.terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	out := s.stdout.String()
	if !regexp.MustCompile(`^ready invoke=http://127\.0\.0\.1:\d+ control=http://127\.0\.0\.1:\d+\n$`).MatchString(out) {
		t.Errorf("standard output: %q", out)
	}
	for line := range strings.Lines(s.log.String()) {
		if !strings.HasPrefix(line, "{") {
			t.Errorf("no record of a log: %s", line)
		}
	}
}

// TestDrain: a request in flight is answered after SIGTERM, new ones aren't
// accepted, and the process ends well.
func TestDrain(t *testing.T) {
	t.Parallel()
	backend, arrived, release := held(t)
	file := apiFile(t, passing(backend))
	s := serveWith(t, file)
	slow := s.begin(s.api(file), "/slow")
	<-arrived
	s.signal(syscall.SIGTERM)
	eventually(t, "nothing is accepted any more", func() bool {
		c, err := net.Dial("tcp", address(t, s.invoke))
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	select {
	case <-s.exited:
		t.Fatal("the process ended with a request in flight")
	case o := <-slow:
		t.Fatalf("the request ended early: %v, %v", o.answer, o.err)
	default:
	}
	release()
	if o := <-slow; o.err != nil || o.status != 200 || o.body != "late" {
		t.Errorf("the request in flight: %v, %v", o.answer, o.err)
	}
	<-s.exited
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, s.log.String())
	}
}

// TestSecondSignal ends the process though a request is in flight.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	backend, arrived, _ := held(t)
	file := apiFile(t, passing(backend))
	s := serveWith(t, file)
	slow := s.begin(s.api(file), "/slow")
	<-arrived
	s.signal(syscall.SIGTERM)
	eventually(t, "it drains", func() bool { return len(s.records("draining")) > 0 })
	s.signal(syscall.SIGTERM)
	<-s.exited
	if o := <-slow; o.err == nil {
		t.Errorf("a request that was cut: %v", o.answer)
	}
	if status := s.cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("the process ended with %v", s.cmd.ProcessState)
	}
}

func (s *server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}
