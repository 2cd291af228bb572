package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/gateway"
)

// openedCertificates are the certificates of ACM with their private keys, as the
// gateway shows them. A key is opened once.
type openedCertificates struct {
	p      *program
	mu     sync.Mutex // guards what follows
	opened map[*control.HeldCertificate]*tls.Certificate
}

// changed hands the gateway what list holds. A certificate whose key can't be
// opened isn't shown: its names get another one.
func (o *openedCertificates) changed(list []*control.HeldCertificate) {
	o.mu.Lock()
	defer o.mu.Unlock()
	opened, shown := map[*control.HeldCertificate]*tls.Certificate{}, map[apigw.ARN]*tls.Certificate{}
	for _, held := range list {
		made := o.opened[held]
		if made == nil {
			var err error
			if made, err = held.TLS(o.p.openKey); err != nil {
				o.p.log.Error("a certificate can't be shown", "certificate", held.ARN, "error", err)
				continue
			}
		}
		opened[held], shown[held.ARN] = made, made
	}
	o.opened = opened
	o.p.gateway.SetCertificates(shown)
	o.p.parts.book.SetCertificates(shown)
}

func (p *program) newCertificates(c *control.Control) *control.Certificates {
	o := &openedCertificates{p: p}
	return control.NewCertificates(c, control.CertificatesOptions{Changed: o.changed, Keep: p.keepCertificates})
}

// keptCertificates is the file that remembers certificates for a start without
// the store. Their private keys are sealed in it as in the store.
func (p *program) keptCertificates() string { return filepath.Join(p.config.Data, "certificates.json") }

func (p *program) keepCertificates(records []byte) {
	if err := writeWhole(p.keptCertificates(), records); err != nil {
		p.log.Warn("certificates can't be kept: without the store, they aren't shown after a restart", "error", err)
	}
}

// settleCertificates is settleDomains for certificates.
func (p *program) settleCertificates(ctx context.Context) {
	pl := p.plane.Load()
	if pl.certificates != nil && p.tells(ctx, pl.certificates.Loaded(), "the store doesn't tell of its certificates; showing those that it had") {
		return
	}
	raw, err := os.ReadFile(p.keptCertificates())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var list []*control.HeldCertificate
	if err == nil {
		list, err = control.RememberCertificates(raw)
	}
	if err != nil {
		p.log.Error("certificates can't be remembered; those aren't shown", "error", err)
	}
	if pl.certificates == nil {
		(&openedCertificates{p: p}).changed(list)
		return
	}
	pl.certificates.Remember(list)
}

// renewCertificates makes requested certificates anew in time, until ctx ends.
func (p *program) renewCertificates(ctx context.Context, c *control.Control) {
	const often = 12 * time.Hour
	for wait := time.Minute; ; wait = often {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if err := c.RenewServerCertificates(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("certificates can't be renewed; trying again later", "error", err)
		}
	}
}

// declared says whether the configuration has files for a certificate's ARN.
func (p *program) declared(arn apigw.ARN) bool {
	for _, c := range p.config.Certificates {
		if c.ARN == string(arn) {
			return true
		}
	}
	return false
}

func (p *program) certificateFiles() (list []gateway.CertificateConfig) {
	for _, c := range p.config.Certificates {
		list = append(list, gateway.CertificateConfig{ARN: apigw.ARN(c.ARN), CertFile: c.Cert, KeyFile: c.Key})
	}
	return list
}

// fileCertificate is the certificate of the configuration's files with an ARN.
// There are none where nothing is served.
func (p *program) fileCertificate(arn apigw.ARN) *tls.Certificate {
	if p.gateway == nil {
		return nil
	}
	return p.gateway.FileCertificate(arn)
}
