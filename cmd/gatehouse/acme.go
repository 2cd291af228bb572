package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/store"
)

// issuing is who has certificates issued: a region's node, or an edge.
type issuing struct {
	acme      *config.ACME // nil: no certificates
	list      string       // what the configuration calls listeners
	listeners config.Listeners
	gateway   *gateway.Gateway
	data      string // folder
	sealer    func() (*store.Sealer, error)
	log       *slog.Logger
}

func (p *program) startACME(ctx context.Context) error {
	c := p.config
	return issuing{c.ACME, "invoke", c.Invoke, p.gateway, c.Data, p.sealer, p.log}.start(ctx)
}

// start has an authority issue certificates for the configured names, and keeps
// them renewed, until ctx ends. The authority proves by the handshake that the
// names lead here (TLS-ALPN-01), so nothing else has to be open to it. A name
// without a certificate yet is shown the one that it had otherwise.
func (i issuing) start(ctx context.Context) error {
	c := i.acme
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
	at := slices.IndexFunc(i.listeners, func(l config.Listener) bool { return l.TLS != nil && l.Endpoint == "" })
	if at < 0 {
		return fmt.Errorf("acme: no listener under %s has tls", i.list)
	}
	host, port, err := net.SplitHostPort(i.gateway.Addrs()[at].String())
	if err == nil {
		issuer.ListenHost = host
		issuer.AltTLSALPNPort, err = strconv.Atoi(port) // ours: certmagic sees that somebody answers there
	}
	if err != nil {
		return errors.New("acme: the first listener with tls has no port")
	}
	if err := os.MkdirAll(i.data, 0o700); err != nil {
		return fmt.Errorf("acme: %w", err)
	}
	magic := i.newMagic(issuer)
	i.gateway.SetAutomatic(&gateway.Automatic{Names: c.Names, Get: magic.GetCertificate})
	return magic.ManageAsync(ctx, c.Names)
}

func (i issuing) newMagic(issuer certmagic.ACMEIssuer) *certmagic.Config {
	var magic *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{Logger: zap.NewNop(), GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return magic, nil }})
	magic = certmagic.New(cache, certmagic.Config{
		Storage: sealedStorage{&certmagic.FileStorage{Path: filepath.Join(i.data, "acme")}, i.sealer}, OnEvent: i.told, Logger: zap.NewNop(),
	})
	magic.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(magic, issuer)}
	return magic
}

// told logs what becomes of certificates.
func (i issuing) told(_ context.Context, event string, data map[string]any) error {
	switch event {
	case "cert_obtained":
		i.log.Info("a certificate was issued", "name", data["identifier"], "renewal", data["renewal"])
	case "cert_failed":
		i.log.Error("a certificate can't be had; trying again later", "name", data["identifier"], "error", data["error"])
	}
	return nil
}

// sealedStorage keeps keys and accounts sealed.
type sealedStorage struct {
	*certmagic.FileStorage
	sealer func() (*store.Sealer, error)
}

const acmeRecord = "acme/"

// Store implements certmagic.Storage.
func (s sealedStorage) Store(ctx context.Context, key string, value []byte) error {
	sealer, err := s.sealer()
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
	sealer, err := s.sealer()
	if err != nil {
		return nil, err
	}
	return sealer.Open(acmeRecord+key, sealed)
}
