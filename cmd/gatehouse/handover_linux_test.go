package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// TestHandOver replaces the process twice under load: no request fails, and
// the successor can be managed and keeps its last good state.
func TestHandOver(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	s := serveWith(t, file)
	api := s.api(file)
	var stop atomic.Bool
	var load sync.WaitGroup
	var answered atomic.Int64
	for client := range 4 {
		load.Go(func() {
			transport := &http.Transport{DisableKeepAlives: client%2 == 0}
			defer transport.CloseIdleConnections()
			for !stop.Load() && !t.Failed() {
				if err := ask(transport, s.invoke+"/_aws/execute-api/"+api+"/dev/hello"); err != nil {
					t.Error(err)
				}
				answered.Add(1)
			}
		})
	}
	for generation := range 2 {
		before := answered.Load()
		eventually(t, "requests are answered", func() bool { return answered.Load() > before+100 })
		old := s.process.Pid
		pid := s.handOver(t)
		if pid == old {
			t.Fatalf("generation %d: the process is still %d", generation, pid)
		}
		s.takesChanges()
	}
	before := answered.Load()
	eventually(t, "requests are answered", func() bool { return answered.Load() > before+100 })
	stop.Store(true)
	load.Wait()
	if n := len(s.records("the last good state can't be kept: without the store, nothing is served after a restart")); n > 0 {
		t.Errorf("a successor can't keep the last good state:\n%s", s.log.String())
	}
	s.greets(api, "dev", "hi")
	t.Logf("%d requests", answered.Load())
}

func ask(transport *http.Transport, url string) error {
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && (response.StatusCode != 200 || string(body) != "hi") {
		err = fmt.Errorf("%d %q", response.StatusCode, body)
	}
	return err
}

// handOver has the process start its successor and waits until that alone
// serves. It becomes the server's process and is ended with the test.
func (s *server) handOver(t *testing.T) int {
	t.Helper()
	ready := strings.Count(s.stdout.String(), "ready ")
	old := s.process.Pid
	s.signal(syscall.SIGUSR2)
	eventually(t, "the successor is ready", func() bool { return strings.Count(s.stdout.String(), "ready ") > ready })
	var successors []int
	eventually(t, "the predecessor ends", func() bool {
		successors = alive(t, s.cmd.Process.Pid)
		return !slices.Contains(successors, old)
	})
	if len(successors) != 1 {
		t.Fatalf("running are %v", successors)
	}
	process, err := os.FindProcess(successors[0])
	if err != nil {
		t.Fatal(err)
	}
	s.process = process
	return process.Pid
}

// TestFailedHandOver: when the successor can't start, the process goes on.
func TestFailedHandOver(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	s := serveWith(t, file)
	api := s.api(file)
	if err := os.WriteFile(file, []byte("openapi: [broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.signal(syscall.SIGUSR2)
	eventually(t, "the failure is told", func() bool { return len(s.records("restart failed; going on")) > 0 })
	s.greets(api, "dev", "hi")
	s.takesChanges()
	if list := alive(t, s.cmd.Process.Pid); len(list) != 1 {
		t.Errorf("running are %v", list)
	}
	if err := os.WriteFile(file, []byte("openapi: 3.0.1\ninfo: {title: test, version: \"1\"}\npaths:\n"+greeting("hello")), 0o600); err != nil {
		t.Fatal(err)
	}
	s.handOver(t)
	s.greets(api, "dev", "hello")
}

// TestHandOverCounts: what either process let in while one took over from the
// other is counted.
func TestHandOverCounts(t *testing.T) {
	t.Parallel()
	s := serveKeyed(t, &types.QuotaSettings{Limit: 1 << 30, Period: types.QuotaPeriodTypeMonth}, nil)
	var stop atomic.Bool
	var load sync.WaitGroup
	var answered atomic.Int64
	for range 2 {
		load.Go(func() {
			for !stop.Load() {
				if s.get("/pets", s.value).status == http.StatusOK {
					answered.Add(1)
				}
			}
		})
	}
	s.handOver(t)
	stop.Store(true)
	load.Wait()
	s.c = s.sdk()
	eventually(t, "all requests are counted", func() bool { return s.usage()[0] == answered.Load() })
}
