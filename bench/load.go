package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// measurement is one run of the load tool against one proxy.
type measurement struct {
	perSecond     float64
	cpuPerRequest float64 // µs, user and system, of the proxy and its children
	p50, p99      float64 // µs
	rss           float64 // MB
}

// target is what the load tool calls.
type target struct {
	url  string
	host string // Host header, when the URL's isn't it
}

func measure(p *process, t target, scenario string, o options) (measurement, error) {
	load := wrk
	if scenario == "h2" {
		load = h2load
	}
	if _, _, err := load(t, o, time.Second); err != nil { // warm-up
		return measurement{}, err
	}
	before := p.cpu()
	m, requests, err := load(t, o, o.duration)
	if err != nil {
		return m, err
	}
	m.cpuPerRequest = float64((p.cpu() - before).Microseconds()) / float64(requests)
	m.rss = p.rss()
	return m, nil
}

var (
	wrkRequests  = regexp.MustCompile(`(\d+) requests in`)
	wrkRate      = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	wrkQuantiles = regexp.MustCompile(`(50|99)%\s+([\d.]+)(us|ms|s)`)
	wrkErrors    = regexp.MustCompile(`(?m)^\s+(Non-2xx.*|Socket errors.*)$`)
)

func wrk(t target, o options, d time.Duration) (m measurement, requests int, err error) {
	args := []string{"-t1", fmt.Sprintf("-c%d", o.conns), fmt.Sprintf("-d%ds", int(d.Seconds())), "--latency"}
	if t.host != "" {
		args = append(args, "-H", "Host: "+t.host)
	}
	out, err := exec.Command("wrk", append(args, t.url)...).CombinedOutput()
	text := string(out)
	if err != nil {
		return m, 0, fmt.Errorf("wrk: %w: %s", err, text)
	}
	if problem := wrkErrors.FindString(text); problem != "" {
		return m, 0, fmt.Errorf("wrk saw errors: %s", strings.TrimSpace(problem))
	}
	requests, _ = strconv.Atoi(group(wrkRequests, text))
	m.perSecond, _ = strconv.ParseFloat(group(wrkRate, text), 64)
	for _, q := range wrkQuantiles.FindAllStringSubmatch(text, -1) {
		d, err := time.ParseDuration(q[2] + q[3])
		if err != nil {
			return m, 0, err
		}
		if µs := float64(d.Nanoseconds()) / 1e3; q[1] == "50" {
			m.p50 = µs
		} else {
			m.p99 = µs
		}
	}
	if requests == 0 {
		return m, 0, fmt.Errorf("wrk made no request: %s", text)
	}
	return m, requests, nil
}

var h2Failures = regexp.MustCompile(`requests: .*? (\d+) failed, (\d+) errored`)

// h2load runs h2load with 10 streams a connection; latencies come from its
// log, a line per request: start (µs), status, duration (µs).
func h2load(t target, o options, d time.Duration) (m measurement, requests int, err error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return m, 0, err
	}
	defer os.RemoveAll(dir)
	log := filepath.Join(dir, "log")
	args := []string{"-t1", fmt.Sprintf("-c%d", o.conns), "-m10", "-D", strconv.Itoa(int(d.Seconds())), "--log-file", log}
	if t.host != "" {
		args = append(args, "-H", ":authority: "+t.host)
	}
	out, err := exec.Command("h2load", append(args, t.url)...).CombinedOutput()
	if err != nil {
		return m, 0, fmt.Errorf("h2load: %w: %s", err, out)
	}
	if f := h2Failures.FindStringSubmatch(string(out)); f == nil || f[1] != "0" || f[2] != "0" {
		return m, 0, fmt.Errorf("h2load saw failures: %s", out)
	}
	durations, bad, err := readH2Log(log)
	if err != nil || bad > 0 || len(durations) == 0 {
		return m, 0, fmt.Errorf("h2load: %d answers, %d of them not 200: %w", len(durations), bad, err)
	}
	slices.Sort(durations)
	m.p50, m.p99 = durations[len(durations)/2], durations[len(durations)*99/100]
	m.perSecond = float64(len(durations)) / d.Seconds()
	return m, len(durations), nil
}

func readH2Log(file string) (durations []float64, bad int, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Fields(s.Text())
		if len(fields) != 3 {
			continue
		}
		µs, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return nil, 0, err
		}
		durations = append(durations, µs)
		if fields[1] != "200" {
			bad++
		}
	}
	return durations, bad, nil
}

func group(re *regexp.Regexp, text string) string {
	if m := re.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}
