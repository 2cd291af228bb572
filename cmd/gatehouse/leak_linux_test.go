package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNothingLeaks: after bad backends and bad clients, again and again, the
// process is as it was: files, memory, goroutines.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	b := newBadBackend(t)
	file := apiFile(t, badDefinition(b, deadAddress(t)))
	s, fresh := serveWith(t, file), serveWith(t, file)
	api := s.api(file)
	round := func() {
		s.meetsBadBackends(api)
		s.meetsBadClients(api)
		s.leave(api)
	}
	round()
	round()
	files, memory := s.files(), s.memory()
	for range 5 {
		round()
	}
	s.greets(api, "dev", "hi")
	eventually(t, "files are closed", func() bool { return s.files() <= files+2 })
	after := s.memory()
	if after > memory+64<<20 {
		t.Errorf("%d MB of memory grew to %d MB", memory>>20, after>>20)
	}
	fresh.greets(fresh.api(file), "dev", "hi")
	time.Sleep(3 * time.Second) // goroutines that were of use wait a second for more work
	before, now := fresh.goroutines(), s.goroutines()
	t.Logf("%d files, %d MB before, %d MB after; goroutines: %d of a fresh process, %d after", files, memory>>20, after>>20, before, now)
	if now > before+15 {
		t.Errorf("%d goroutines where a fresh process has %d:\n%s", now, before, s.log.String())
	}
}

// files is how many files the process has open.
func (s *server) files() int {
	s.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(entries)
}

// memory is what the process holds of its own, in bytes.
func (s *server) memory() int {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return kb << 10
}

// goroutines ends the process by a signal that makes it list them.
func (s *server) goroutines() int {
	s.t.Helper()
	s.signal(syscall.SIGQUIT)
	<-s.exited
	return strings.Count(s.log.String(), "\ngoroutine ")
}
