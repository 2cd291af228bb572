package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/gateway"
)

// startACME has an authority issue certificates for the configured names, and
// keeps them renewed, until ctx ends. The authority proves by the handshake that
// the names lead here (TLS-ALPN-01), so nothing else has to be open to it. A name
// without a certificate yet is shown the one that it had otherwise.
func (p *program) startACME(ctx context.Context) error {
	c := p.config.ACME
	if c == nil {
		return nil
	}
	issuer := certmagic.ACMEIssuer{CA: c.Directory, Email: c.Email, Agreed: true, DisableHTTPChallenge: true, Logger: zap.NewNop()}
	if c.CA != "" {
		text, err := os.ReadFile(c.CA)
		if err != nil {
			return fmt.Errorf("acme: ca: %w", err)
		}
		if issuer.TrustedRoots = x509.NewCertPool(); !issuer.TrustedRoots.AppendCertsFromPEM(text) {
			return fmt.Errorf("acme: ca: %s holds no certificate in PEM", c.CA)
		}
	}
	at := slices.IndexFunc(p.config.Invoke, func(l config.Listener) bool { return l.TLS != nil && l.Endpoint == "" })
	if at < 0 {
		return errors.New("acme: no listener under invoke has tls")
	}
	host, port, err := net.SplitHostPort(p.gateway.Addrs()[at].String())
	if err == nil {
		issuer.ListenHost = host
		issuer.AltTLSALPNPort, err = strconv.Atoi(port) // ours: certmagic sees that somebody answers there
	}
	if err != nil {
		return errors.New("acme: the first listener with tls has no port")
	}
	magic := p.newMagic(issuer)
	p.gateway.SetAutomatic(&gateway.Automatic{Names: c.Names, Get: magic.GetCertificate})
	return magic.ManageAsync(ctx, c.Names)
}

func (p *program) newMagic(issuer certmagic.ACMEIssuer) *certmagic.Config {
	var magic *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{Logger: zap.NewNop(), GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return magic, nil }})
	magic = certmagic.New(cache, certmagic.Config{
		Storage: sealedStorage{&certmagic.FileStorage{Path: filepath.Join(p.config.Data, "acme")}, p}, OnEvent: p.toldByACME, Logger: zap.NewNop(),
	})
	magic.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(magic, issuer)}
	return magic
}

// toldByACME logs what becomes of certificates.
func (p *program) toldByACME(_ context.Context, event string, data map[string]any) error {
	switch event {
	case "cert_obtained":
		p.log.Info("a certificate was issued", "name", data["identifier"], "renewal", data["renewal"])
	case "cert_failed":
		p.log.Error("a certificate can't be had; trying again later", "name", data["identifier"], "error", data["error"])
	}
	return nil
}

// sealedStorage keeps keys and accounts sealed.
type sealedStorage struct {
	*certmagic.FileStorage
	p *program
}

const acmeRecord = "acme/"

// Store implements certmagic.Storage.
func (s sealedStorage) Store(ctx context.Context, key string, value []byte) error {
	sealer, err := s.p.sealer()
	if err != nil {
		return err
	}
	return s.FileStorage.Store(ctx, key, sealer.Seal(acmeRecord+key, value))
}

// Load implements certmagic.Storage.
func (s sealedStorage) Load(ctx context.Context, key string) ([]byte, error) {
	sealed, err := s.FileStorage.Load(ctx, key)
	if err != nil {
		return nil, err
	}
	return s.p.openKey(acmeRecord+key, sealed)
}
