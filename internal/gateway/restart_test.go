//go:build unix

package gateway

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/store"
)

// childVariable makes the test binary a gateway process: its value is the
// generation, which its stage answers with.
const childVariable = "GATEWAY_TEST_GENERATION"

func TestMain(m *testing.M) {
	if generation := os.Getenv(childVariable); generation != "" {
		if err := child(generation); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child serves until SIGTERM. On SIGUSR2 it starts its successor and, once
// that is ready, drains.
func child(generation string) error {
	sockets, err := InheritSockets()
	if err != nil {
		return err
	}
	g, err := New(Config{REST: (&fakeKind{}).kind(), Inherited: sockets,
		Listeners: []ListenerConfig{{Address: "127.0.0.1:0"}}})
	if err != nil {
		return err
	}
	if err := g.Listen(); err != nil {
		return err
	}
	src := newFakeSource()
	src.define("a1b2c3d4e5", generation)
	src.batches <- store.Batch{Revision: 1, Reset: true, Events: []store.Event{record("a1b2c3d4e5", "prod", generation)}}
	go g.Follow(context.Background(), src)
	if err := g.WaitFor(context.Background(), 1); err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- g.Serve(context.Background()) }()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR2, syscall.SIGTERM)
	fmt.Println("ready", g.Addrs()[0])
	if <-signals == syscall.SIGUSR2 {
		if err := succeed(g, generation+"'"); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := g.Shutdown(ctx); err != nil {
		return err
	}
	return <-served
}

// succeed starts the next generation and returns when it is ready; its
// standard output goes on to ours.
func succeed(g *Gateway, generation string) error {
	h, err := g.Files()
	if err != nil {
		return err
	}
	defer h.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+generation, h.Env())
	cmd.ExtraFiles, cmd.Stderr = h.Files, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return err
	}
	fmt.Printf("%s%d\n", line, cmd.Process.Pid)
	return nil
}

// TestRestartUnderLoad restarts a real process while clients connect anew for
// every request: none is refused, reset or left without an answer.
func TestRestartUnderLoad(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), childVariable+"=g"), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	read := func() string {
		if !lines.Scan() {
			t.Fatal("the process ended early")
		}
		return lines.Text()
	}
	addr := strings.TrimPrefix(read(), "ready ")

	var stop atomic.Bool
	var all sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]int{}
	for range 4 {
		all.Go(func() {
			for !stop.Load() {
				tr := &http.Transport{DisableKeepAlives: true}
				body, err := get(&http.Client{Transport: tr, Timeout: 20 * time.Second}, "http://"+addr+"/prod/")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				answers[body]++
				mu.Unlock()
			}
		})
	}
	answered := func(generation string) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return answers[generation] > 100 || t.Failed()
		}
	}
	eventually(t, "the first generation serves", answered("g"))
	if err := cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	if line := read(); line != "ready "+addr {
		t.Errorf("the successor listens elsewhere: %s", line)
	}
	var successor int
	fmt.Sscan(read(), &successor)
	eventually(t, "the second generation serves", answered("g'"))
	if err := cmd.Wait(); err != nil {
		t.Errorf("the first generation ended with %v", err)
	}
	stop.Store(true)
	all.Wait()
	if err := syscall.Kill(successor, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	t.Logf("answers by generation: %v", answers)
}
