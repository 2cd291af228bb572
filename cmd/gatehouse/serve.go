package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/explain"
	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/identity"
)

// drainTime is how long requests in flight may take when the process is asked
// to end: the longest integration timeout of AWS, and a little.
const drainTime = 30 * time.Second

// serve is the main command.
func serve(args []string, stdout, stderr *os.File) error {
	var o config.Overrides
	var debugged, stage, level, format, kind string
	var watching, quiet, explaining bool
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	flags.StringVar(&o.Invoke, "invoke", "", "address that serves APIs (default "+config.DefaultInvoke+")")
	flags.StringVar(&o.Control, "control", "", "address that serves AWS's management APIs (default "+config.DefaultControl+")")
	flags.StringVar(&o.Data, "data", "", "data folder (default "+config.DefaultData+")")
	flags.StringVar(&o.File, "config", "", "configuration file (default "+config.FileName+" beside the first definition, or here)")
	flags.StringVar(&stage, "stage", "", "stage to which the given definitions are deployed (default dev; of HTTP APIs $default)")
	kindFlag(flags, &kind)
	flags.StringVar(&level, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&format, "log-format", "", "text or json (default text on a terminal, json elsewhere)")
	flags.StringVar(&debugged, "debug", "", "function that waits for a debugger (Node.js on 127.0.0.1:9229, Python on 127.0.0.1:5678, Java on 127.0.0.1:5005)")
	flags.BoolVar(&quiet, "quiet", false, "no line for each request (there is one on a terminal, or with --log-format)")
	flags.BoolVar(&explaining, "explain", false, "keep what was decided about the latest requests, for gatehouse explain")
	flags.BoolVar(&watching, "watch", true, "take up edits of the given definitions and of functions' code")
	arguments, err := parse(flags, args, stderr, 0, manyFiles)
	if err != nil {
		return err
	}
	given, err := find(arguments)
	if err != nil {
		return err
	}
	c, err := config.Load(o, arguments)
	if err != nil {
		return err
	}
	screen, err := newScreen(stderr, level, format)
	if err != nil {
		return &usageError{err.Error()}
	}
	defer screen.close()
	reader, err := newDefinitionReader(c.Scope(), kind)
	if err != nil {
		return err
	}
	definitions, err := reader.all(given.files)
	if err != nil {
		return err
	}
	p := &program{config: c, log: screen.log, screen: screen, watch: watching, debug: debugged, stage: apigw.StageName(stage), reader: reader, folders: given.folders, stdout: stdout, stderr: stderr}
	for _, why := range given.passed {
		p.log.Warn("a file of a folder is passed over", "error", why)
	}
	for _, text := range sameTitles(definitions) {
		p.log.Warn(text)
	}
	if len(given.folders) > 0 && len(definitions) == 0 {
		p.log.Warn("no definitions yet", "folders", given.folders)
	}
	if !quiet && (format != "" || term.IsTerminal(int(stderr.Fd()))) {
		p.requests = &requestLog{screen: screen}
	}
	if p.explain = p.explainWhat(explaining, len(arguments)); p.explain != gateway.ExplainNone {
		p.recorder = explain.NewRecorder(explained)
	}
	return p.run(definitions)
}

// program is a running gatehouse.
type program struct {
	config         *config.Config
	log            *slog.Logger
	screen         *screen
	watch          bool              // edits are taken up
	debug          string            // function that waits for a debugger; may be empty
	requests       *requestLog       // nil: no lines
	explain        gateway.Explained // the requests that recorder gets
	recorder       *explain.Recorder // nil: none are explained
	stage          apigw.StageName   // empty: the kind's own
	reader         definitionReader
	folders        []string // given, of definitions
	stdout, stderr *os.File

	poolKeys embeddedKeys // of the user pools in this process

	gateway   *gateway.Gateway
	control   *controlEdge
	nodes     *nodeCalls // nil: nodes don't call each other
	names     *names     // nil: no names are answered
	plane     atomic.Pointer[plane]
	parts     *parts
	links     linkTable
	directory *identity.Directory
	reload    *reloader // nil: edits aren't taken up

	mu       sync.Mutex // guards deployed
	deployed []*served  // the given definitions that are served
}

// start opens everything, in the order that fails cheapest first.
func (p *program) start(ctx context.Context) error {
	sockets, err := gateway.InheritSockets()
	if err != nil {
		return err
	}
	defer sockets.Close()
	if p.control, err = listenControl(p.config.Control, sockets, p.operator()); err != nil {
		return err
	}
	if err := os.MkdirAll(p.config.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := p.listenPoolClients(sockets); err != nil {
		return err
	}
	if p.nodes, err = p.listenNodes(sockets); err != nil {
		return err
	}
	if p.names, err = p.listenDNS(sockets); err != nil {
		return err
	}
	if p.parts, err = p.newParts(); err != nil {
		return err
	}
	if p.gateway, err = gateway.New(p.gatewayConfig(sockets)); err != nil {
		return err
	}
	if err := p.gateway.Listen(); err != nil {
		return err
	}
	return p.openPlane(ctx)
}

func (p *program) gatewayConfig(sockets *gateway.Sockets) gateway.Config {
	g := gateway.Config{Scope: p.config.Scope(), DataDir: p.config.Data, REST: p.parts.restKind(), HTTP: p.parts.httpKind(), WebSocket: p.parts.webSocketKind(), Logger: p.log, Inherited: sockets, Certificates: p.certificateFiles(), Done: p.done(), Explain: p.explain}
	p.limit(&g)
	if p.parts.lastGood != nil {
		g.LastGood = p.parts.lastGood
	}
	network := p.config.PrivateNetwork()
	for _, l := range p.config.Invoke {
		made := listener(l)
		if e := network.Endpoints[l.Endpoint]; e != nil {
			made.Endpoint, made.Groups = vpcEndpoint(e), e.Groups
		}
		g.Listeners = append(g.Listeners, made)
	}
	return g
}

func listener(l config.Listener) gateway.ListenerConfig {
	g := gateway.ListenerConfig{Network: "tcp", Address: l.Address, ProxyProtocol: l.ProxyProtocol}
	if l.Endpoint != "" {
		g.Endpoint = &exchange.Endpoint{ID: l.Endpoint, VPC: l.VPC}
	}
	if kind, rest, ok := strings.Cut(l.Address, ":"); ok && (kind == "unix" || kind == "inherited") {
		g.Network, g.Address = kind, rest
	}
	for _, prefix := range l.TrustedProxies {
		g.TrustedProxies = append(g.TrustedProxies, prefix.Prefix)
	}
	if l.TLS != nil {
		g.TLS = &gateway.TLSConfig{CertFile: l.TLS.Cert, KeyFile: l.TLS.Key, SelfSigned: l.TLS.Development, TrustFile: l.TLS.TrustStore}
	}
	return g
}

// run starts everything, serves until a signal or a failure, and drains.
func (p *program) run(definitions []definition) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	restart := make(chan os.Signal, 1)
	notifyRestart(restart) // from the start: unnoticed, the signal ends a process
	if err := p.start(ctx); err != nil {
		p.close()
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- p.control.serve() }()
	err := p.settle(ctx)
	if err == nil {
		err = p.checkDoors()
	}
	if err == nil {
		err = p.startACME(ctx)
	}
	if err == nil {
		err = p.declareBalancing(ctx)
	}
	if err == nil {
		err = p.declareLinks(ctx)
	}
	if err == nil {
		err = p.declareRegistry(ctx)
	}
	if err == nil {
		p.watchEdits(definitions)
		err = p.deploy(ctx, definitions)
	}
	if err != nil {
		p.close()
		if ctx.Err() != nil { // asked to end
			return nil
		}
		return err
	}
	// Not earlier: a predecessor still answers what this process can't yet.
	go func() { failed <- p.gateway.Serve(context.Background()) }() // until close
	p.discover(ctx)
	p.names.serve(p)
	p.ready()
	p.parts.functions.Resume()
	p.startReload(definitions)
	for {
		select {
		case err := <-failed:
			if ctx.Err() == nil && err != nil {
				p.close()
				return err
			}
		case <-ctx.Done():
			stop() // a second signal ends the process at once
			tellSupervisor("STOPPING=1")
			p.log.Info("draining", "at most", drainTime.String())
			p.close()
			return nil
		case <-restart:
			if err := p.handOver(); err != nil {
				p.log.Error("restart failed; going on", "error", err)
				p.startReload(definitions)
				continue
			}
			p.close()
			return nil
		}
	}
}

// ready prints the line that scripts wait for.
func (p *program) ready() {
	p.screen.behind.catchUp()
	line := fmt.Sprintf("ready invoke=%s control=%s", baseURL(p.config.Invoke[0], p.gateway.Addrs()[0]), baseURL(p.config.Control[0], p.control.addr()))
	fmt.Fprintln(p.stdout, line)
	tellPredecessor()
	tellSupervisor("READY=1")
}

func scheme(l config.Listener) string {
	if l.TLS != nil {
		return "https"
	}
	return "http"
}

func baseURL(l config.Listener, addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return scheme(l) + "://" + tcp.String()
	}
	return "unix:" + strings.TrimPrefix(addr.String(), "unix:")
}

// close drains and ends everything, in the order that loses nothing: no new
// requests, then the requests in flight, then what they used.
func (p *program) close() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	p.reload.stop()
	var drained sync.WaitGroup
	if p.control != nil {
		drained.Go(func() { p.control.shutdown(ctx) })
	}
	if p.gateway != nil {
		drained.Go(func() {
			if err := p.gateway.Shutdown(ctx); err != nil {
				p.log.Warn("requests were cut", "error", err)
			}
			if err := p.parts.sockets.Hub.Shutdown(ctx); err != nil {
				p.log.Warn("WebSocket connections were cut", "error", err)
			}
		})
	}
	drained.Go(func() { p.names.close(ctx) })
	drained.Wait()
	p.nodes.close(ctx) // not earlier: what is left was reached by it
	if pl := p.plane.Load(); pl != nil {
		if err := pl.close(); err != nil {
			p.log.Warn("close the store", "error", err)
		}
	}
	if p.parts != nil {
		p.leaveCounts()
		p.parts.close()
	}
}
