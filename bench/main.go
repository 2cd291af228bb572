// Command bench compares Gatehouse with other proxies on loopback: one
// backend, every proxy before it in turn, in interleaved rounds, so that all
// of them see the same machine. It prints requests per second, CPU time per
// request from the process's own accounting, latencies, resident memory, and
// ratios to nginx.
//
// On a machine that shares its cores with strangers the same code costs up to
// a third more for seconds at a time. So rounds are many and short, a ratio is
// the median of the ratios within each round, and beside the median the least
// CPU time is printed: strangers only add to it.
//
//	go run -C bench .                      # everything that is installed
//	go run -C bench . -rounds 5 -only plain -peers gatehouse,nginx
//
// wrk makes the load for HTTP/1.1, h2load for HTTP/2. Peers and tools that
// aren't installed are left out by name.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

type options struct {
	rounds   int
	duration time.Duration
	conns    int
	only     []string
	peers    []string
	binary   string
	slow     bool   // the backend is serveSlow's
	limits   string // of Gatehouse's configuration; <backend> is the backend's address
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "backend" {
		fail(serveBackend(os.Args[2]))
		return
	}
	if len(os.Args) > 2 && os.Args[1] == "slow" {
		fail(serveSlow(os.Args[2]))
		return
	}
	if len(os.Args) > 6 && os.Args[1] == "fasthttp" {
		fail(serveFasthttp(os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6]))
		return
	}
	if len(os.Args) > 4 && os.Args[1] == "hold" {
		fail(hold(os.Args[2], os.Args[3], os.Args[4]))
		return
	}
	if len(os.Args) > 3 && os.Args[1] == "echoes" {
		fail(serveEchoes(os.Args[2], os.Args[3]))
		return
	}
	if len(os.Args) > 2 && os.Args[1] == "writes" {
		fail(serveWrites(os.Args[2]))
		return
	}
	if len(os.Args) > 4 && os.Args[1] == "handshakes" {
		fail(serveHandshakes(os.Args[2], os.Args[3], os.Args[4]))
		return
	}
	var o options
	var only, peers string
	flag.IntVar(&o.rounds, "rounds", 11, "rounds; each measures every peer once, medians are printed")
	flag.DurationVar(&o.duration, "duration", time.Second, "of one measurement")
	flag.IntVar(&o.conns, "connections", 64, "client connections")
	flag.StringVar(&only, "only", "plain,logged,httpapi,cached,tls,h2", "scenarios: plain, logged, httpapi, cached, tls, h2; or alone: overload, swaps, edits, links, functions, websockets (or websockets-idle, -echo, -fanout)")
	offline := flag.String("serverless", "", "with functions: folder where serverless and serverless-offline are installed")
	flag.StringVar(&peers, "peers", "gatehouse,nginx,haproxy,caddy,fasthttp", "proxies")
	apis := flag.Int("scale", 0, "instead: import this many APIs, restart, and print start time and memory")
	keys := flag.Int("keys", 0, "instead: make this many API keys in usage plans, restart, and print start time, memory and what a key costs")
	flag.StringVar(&o.binary, "gatehouse", "", "binary; built from this checkout when empty")
	flag.Parse()
	o.only, o.peers = strings.Split(only, ","), strings.Split(peers, ",")
	if *apis > 0 {
		fail(scale(o, *apis))
		return
	}
	if *keys > 0 {
		fail(apiKeys(o, *keys))
		return
	}
	switch only {
	case "overload":
		fail(overload(o))
		return
	case "swaps":
		fail(swaps(o))
		return
	case linkScenario:
		fail(links(o))
		return
	case "edits":
		fail(edits(o))
		return
	case socketScenario, socketScenario + "-idle", socketScenario + "-echo", socketScenario + "-fanout":
		fail(websockets(o))
		return
	case "functions":
		fail(functions(o, *offline))
		return
	}
	fail(run(o))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	w, err := newWorkshop(o)
	if err != nil {
		return err
	}
	defer w.close()
	for _, scenario := range []string{"plain", logged, httpAPI, cached, "tls", "h2"} {
		if !slices.Contains(o.only, scenario) {
			continue
		}
		tool := map[string]string{"plain": "wrk", logged: "wrk", httpAPI: "wrk", cached: "wrk", "tls": "wrk", "h2": "h2load"}[scenario]
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Printf("\n%s: left out, %s is not installed\n", scenario, tool)
			continue
		}
		if err := compare(w, o, scenario); err != nil {
			return err
		}
	}
	return nil
}

// compare measures every peer once a round and prints medians.
func compare(w *workshop, o options, scenario string) error {
	results := map[string][]measurement{}
	for round := range o.rounds {
		for _, p := range w.peers {
			target, ok := p.targets[scenario]
			if !ok {
				continue
			}
			m, err := measure(p.process, target, scenario, o)
			if err != nil {
				return fmt.Errorf("%s, %s, round %d: %w", scenario, p.name, round+1, err)
			}
			results[p.name] = append(results[p.name], m)
		}
	}
	report(w, scenario, results, o)
	return nil
}

func report(w *workshop, scenario string, results map[string][]measurement, o options) {
	fmt.Printf("\n%s: %d connections, %d rounds of %v, medians\n", scenario, o.conns, o.rounds, o.duration)
	fmt.Printf("%-12s %10s %12s %10s %10s %10s %10s %10s %12s\n", "proxy", "req/s", "CPU µs/req", "least", "p50 µs", "p99 µs", "RSS MB", "CPU/nginx", "least/least")
	base := results["nginx"]
	for _, p := range w.peers {
		ms := results[p.name]
		if len(ms) == 0 {
			continue
		}
		pick := func(f func(measurement) float64) float64 { return median(each(ms, f)) }
		ratio, leastRatio := "-", "-"
		if len(base) == len(ms) {
			ratio = fmt.Sprintf("%.2f", median(ratios(ms, base)))
			leastRatio = fmt.Sprintf("%.2f", slices.Min(each(ms, cpu))/slices.Min(each(base, cpu)))
		}
		fmt.Printf("%-12s %10.0f %12.1f %10.1f %10.0f %10.0f %10.1f %10s %12s\n", p.name,
			pick(func(m measurement) float64 { return m.perSecond }), pick(cpu), slices.Min(each(ms, cpu)),
			pick(func(m measurement) float64 { return m.p50 }), pick(func(m measurement) float64 { return m.p99 }),
			pick(func(m measurement) float64 { return m.rss }), ratio, leastRatio)
	}
	for _, name := range w.missing {
		fmt.Printf("%-12s left out: not installed\n", name)
	}
}

func cpu(m measurement) float64 { return m.cpuPerRequest }

func each(ms []measurement, f func(measurement) float64) []float64 {
	values := make([]float64, len(ms))
	for i, m := range ms {
		values[i] = f(m)
	}
	return values
}

// ratios are the CPU times of ms by those of base, round by round.
func ratios(ms, base []measurement) []float64 {
	values := make([]float64, len(ms))
	for i := range ms {
		values[i] = ms[i].cpuPerRequest / base[i].cpuPerRequest
	}
	return values
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}
