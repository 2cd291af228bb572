package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/store"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// offline is the program without its servers, for commands on its store.
func offline(name string, args []string, stderr *os.File) (p *program, file string, err error) {
	var o config.Overrides
	flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
	flags.StringVar(&o.Data, "data", "", "data folder (default "+config.DefaultData+")")
	flags.StringVar(&o.File, "config", "", "configuration file")
	files, err := parse(flags, args, stderr, 1, 1)
	if err != nil {
		return nil, "", err
	}
	c, err := config.Load(o, nil)
	if err != nil {
		return nil, "", err
	}
	log, err := telemetry.NewLogger(stderr, "warn")
	return &program{config: c, log: log, stderr: stderr}, files[0], err
}

// backup writes everything that is stored, as of one moment. The embedded
// store is open to one process: stop the server first, or copy from a running
// cluster.
func backup(args []string, stdout, stderr *os.File) error {
	p, file, err := offline("backup", args, stderr)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if p.config.Store.Etcd == nil {
		if _, err := os.Stat(p.storeDir()); err != nil {
			return fmt.Errorf("nothing is stored in %s: %w", p.config.Data, err)
		}
	}
	s, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	part := file + ".part"
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(part)
	if err := errors.Join(store.Backup(ctx, s, out), out.Sync(), out.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, file); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "wrote %s; secrets in it are sealed: keep the master key apart from it, a restore needs both\n", file)
	return nil
}

// restore reads a backup into an empty data folder or cluster.
func restore(args []string, stdout, stderr *os.File) error {
	p, file, err := offline("restore", args, stderr)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	if e := p.config.Store.Etcd; e != nil {
		err = store.RestoreExternal(ctx, in, externalConfig(p, e))
	} else if err = os.MkdirAll(p.config.Data, 0o700); err == nil {
		err = store.Restore(ctx, in, p.storeDir())
	}
	if err != nil {
		return fmt.Errorf("restore %s: %w", file, err)
	}
	fmt.Fprintf(stdout, "restored %s into %s\n", file, p.config.Data)
	return nil
}

func (p *program) storeDir() string { return filepath.Join(p.config.Data, "store") }
