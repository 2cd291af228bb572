package main

import (
	"context"
	"time"

	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/valkey"
)

// openValkey begins to use the Valkey server that is configured; nil: none is.
func (p *program) openValkey() (*valkey.Server, error) {
	v := p.config.Valkey
	if v == nil {
		return nil, nil
	}
	c, err := valkeyConfig(v)
	if err != nil {
		return nil, err
	}
	c.Logger = p.log
	return valkey.Open(c), nil
}

func valkeyConfig(v *config.Valkey) (valkey.Config, error) {
	encryption, err := v.TLS.Config()
	return valkey.Config{
		Address: v.Address, Username: v.Username, Password: v.Password.Value(), TLS: encryption, Timeout: time.Duration(v.Timeout),
	}, err
}

// valkey asks the Valkey server, as a server of ours would.
func (e *examination) valkey(ctx context.Context) {
	const subject = "valkey"
	v := e.config.Valkey
	if v == nil {
		return
	}
	c, err := valkeyConfig(v)
	if err != nil {
		e.fail(subject, err.Error(), "correct valkey: tls in the configuration")
		return
	}
	s := valkey.Open(c)
	defer s.Close()
	for end := e.now.Add(probeTime); !s.Up() && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(10 * time.Millisecond)
	}
	if err := s.Err(); err != nil {
		e.fail(subject, v.Address+": "+err.Error(), "start it, or correct valkey in the configuration; meanwhile each node decides alone")
		return
	}
	e.ok(subject, v.Address+" answers")
}
