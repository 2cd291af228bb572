//go:build linux

package wsconn

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain is also the server whose memory is measured: nothing but it is in
// that process.
func TestMain(m *testing.M) {
	if kind := os.Getenv("WSCONN_IDLE"); kind != "" {
		if err := idleServer(kind == "tls"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// idleServer serves until its input ends; for every line of input it says how
// much memory and CPU time it has taken.
func idleServer(secure bool) error {
	e, err := newEndpoint(Limits{}, secure, func() Handler { return echo{} })
	if err != nil {
		return err
	}
	go e.accept()
	fmt.Println(e.addr())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if in.Text() == "memory" {
			runtime.GC() // shrinks stacks
			runtime.GC() // empties pools
			debug.FreeOSMemory()
		}
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return err
		}
		_, rss, _ := strings.Cut(string(status), "VmRSS:")
		var usage syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
		cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		fmt.Println(e.Len(), strings.Fields(rss)[0], cpu.Microseconds())
	}
	return nil
}

// TestIdleConnections holds the memory of an idle connection to its budget:
// the slope from 5,000 to 15,000 connections (fewer over TLS), each of which
// has sent a message; and the CPU time of all of them at rest.
func TestIdleConnections(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("measures the program as it is built")
	}
	for kind, most := range map[string]float64{"plain": 6 << 10, "tls": 16 << 10} {
		step := min(map[string]int{"plain": 5000, "tls": 1500}[kind], mostFiles(t)/3) // handshakes take their time; the slope is the same
		t.Run(kind, func(t *testing.T) {
			s := startIdleServer(t, kind)
			var kept []net.Conn
			defer func() {
				for _, c := range kept {
					c.Close()
				}
			}()
			var rss [3]float64
			for i := range rss {
				began := time.Now()
				kept = append(kept, s.connect(t, step)...)
				took := time.Since(began)
				open, kb, _ := s.ask(t, "memory")
				rss[i] = kb * 1024
				t.Logf("%d connections: %.1f MB resident; %.0f new ones a second with a message each, client included", open, kb/1024, float64(step)/took.Seconds())
			}
			slope := (rss[2] - rss[0]) / float64(2*step)
			t.Logf("%.0f bytes a connection", slope)
			if slope > most {
				t.Errorf("an idle connection takes %.0f bytes, more than %.0f", slope, most)
			}
			if share := s.atRest(t); share > 0.01 {
				t.Errorf("idle connections take %.2f %% of a core", 100*share)
			}
		})
	}
}

// mostFiles is how many connections a process may have.
func mostFiles(t *testing.T) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	return int(min(limit.Cur, 1<<20)) - 200
}

type idleProcess struct {
	addr   string
	secure bool
	in     io.Writer
	out    *bufio.Scanner
}

func startIdleServer(t *testing.T, kind string) *idleProcess {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "WSCONN_IDLE="+kind)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	s := &idleProcess{secure: kind == "tls", in: in, out: bufio.NewScanner(out)}
	if !s.out.Scan() {
		t.Fatal("the server said nothing")
	}
	s.addr = s.out.Text()
	return s
}

func (s *idleProcess) ask(t *testing.T, what string) (open int, kb, micros float64) {
	t.Helper()
	fmt.Fprintln(s.in, what)
	if !s.out.Scan() {
		t.Fatal("the server is gone")
	}
	f := strings.Fields(s.out.Text())
	open, _ = strconv.Atoi(f[0])
	kb, _ = strconv.ParseFloat(f[1], 64)
	micros, _ = strconv.ParseFloat(f[2], 64)
	return open, kb, micros
}

// atRest is the share of a core that the process takes once it has tidied up
// after the connecting (the runtime gives memory back for a while).
func (s *idleProcess) atRest(t *testing.T) (share float64) {
	t.Helper()
	const interval = 3 * time.Second
	for range 10 {
		_, _, before := s.ask(t, "cpu")
		time.Sleep(interval)
		_, _, after := s.ask(t, "cpu")
		share = (after - before) / float64(interval.Microseconds())
		t.Logf("%.2f %% of a core at rest", 100*share)
		if share <= 0.01 {
			break
		}
	}
	return share
}

// connect opens n connections, each of which has had a message echoed.
func (s *idleProcess) connect(t *testing.T, n int) []net.Conn {
	t.Helper()
	conns := make([]net.Conn, n)
	var wg sync.WaitGroup
	const side = 16
	for i := range side {
		wg.Go(func() {
			for j := i; j < n; j += side {
				c, err := s.dial()
				if err != nil {
					t.Error(err)
					return
				}
				conns[j] = c
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return conns
}

func (s *idleProcess) dial() (net.Conn, error) {
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		return nil, err
	}
	if s.secure {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	if _, err := c.Write([]byte(handshakeRequest + "\x81\x82\x00\x00\x00\x00hi")); err != nil {
		return nil, err
	}
	var got []byte
	for buf := make([]byte, 512); !bytes.HasSuffix(got, []byte("\x81\x02hi")); {
		n, err := c.Read(buf)
		if err != nil {
			return nil, fmt.Errorf("%w after %q", err, got)
		}
		got = append(got, buf[:n]...)
	}
	return c, nil
}
