package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/admission"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/edge"
	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/store"
)

// serveEdge ends clients' connections here and passes their requests on to a
// region's nodes.
func serveEdge(args []string, stdout, stderr *os.File) error {
	var file, level, format string
	var listen []string
	var given config.Edge
	flags := pflag.NewFlagSet("edge", pflag.ContinueOnError)
	flags.StringVar(&file, "config", "", "configuration file")
	flags.StringArrayVar(&listen, "listen", nil, "address that clients reach (default "+config.DefaultEdge+")")
	flags.StringArrayVar(&given.Origins, "origin", nil, "https:// address of a region's node; several take turns")
	flags.StringVar(&given.Data, "data", "", "data folder (default "+config.DefaultData+")")
	flags.StringVar(&level, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&format, "log-format", "", "text or json (default text on a terminal, json elsewhere)")
	if _, err := parse(flags, args, stderr, 0, 0); err != nil {
		return err
	}
	for _, address := range listen {
		given.Listen = append(given.Listen, config.Listener{Address: address})
	}
	c, err := config.LoadEdge(file, given)
	if err != nil {
		return err
	}
	screen, err := newScreen(stderr, level, format)
	if err != nil {
		return &usageError{err.Error()}
	}
	defer screen.close()
	return runEdge(c, screen, stdout)
}

func runEdge(c *config.Edge, screen *screen, stdout *os.File) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	trust, err := originTrust(ctx, c.OriginCA, screen.log)
	if err != nil {
		return err
	}
	f, err := edge.New(edge.Config{Origins: c.Origins, Trust: trust, Name: c.Name, Logger: screen.log})
	if err != nil {
		return err
	}
	defer f.Close()
	sockets, err := gateway.InheritSockets()
	if err != nil {
		return err
	}
	defer sockets.Close()
	g := gateway.Config{Everything: f.Serve, DataDir: c.Data, Logger: screen.log, Inherited: sockets, MaxConnections: int(c.Connections), Requests: admission.Config{Work: int(c.Requests)}}
	for _, l := range c.Listen {
		g.Listeners = append(g.Listeners, listener(l))
	}
	for _, one := range c.Certificates {
		g.Certificates = append(g.Certificates, gateway.CertificateConfig{CertFile: one.Cert, KeyFile: one.Key})
	}
	served, err := gateway.New(g)
	if err != nil {
		return err
	}
	if err := served.Listen(); err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- served.Serve(context.Background()) }()
	sealer := func() (*store.Sealer, error) { return store.LoadMasterKey(filepath.Join(c.Data, "master.key")) }
	if err := (issuing{c.ACME, "listen", c.Listen, served, c.Data, sealer, screen.log}).start(ctx); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "ready edge=%s\n", baseURL(c.Listen[0], served.Addrs()[0]))
	tellSupervisor("READY=1")
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop() // a second signal ends the process at once
	tellSupervisor("STOPPING=1")
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := served.Shutdown(drain); err != nil {
		screen.log.Warn("requests were cut", "error", err)
	}
	return nil
}

// originTrust is whose certificates origins may show; nil: those that the system
// trusts. Its file is read again until ctx ends.
func originTrust(ctx context.Context, file string, log *slog.Logger) (*edge.Trust, error) {
	if file == "" {
		return nil, nil
	}
	trust, err := edge.OpenTrust(file, log)
	if err != nil {
		return nil, fmt.Errorf("originCA: %w", err)
	}
	go trust.Watch(ctx)
	return trust, nil
}
