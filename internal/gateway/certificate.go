package gateway

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// recheck is how often certificate files are looked at, at most.
const recheck = 2 * time.Second

// tlsConfig is the configuration of a listener: TLS 1.2 and later with Go's
// cipher suites, session tickets, HTTP/2 by ALPN.
func (g *Gateway) tlsConfig(c *TLSConfig) (*tls.Config, error) {
	return ServerTLS(c, g.cfg.DataDir, g.log)
}

// ServerTLS is the configuration for a certificate, which is read again when
// its files change; one for development is kept in the folder data. It asks for
// no certificates of clients.
func ServerTLS(c *TLSConfig, data string, log *slog.Logger) (*tls.Config, error) {
	certFile, keyFile := c.CertFile, c.KeyFile
	if c.SelfSigned {
		certFile = filepath.Join(data, "tls", "development.crt")
		keyFile = filepath.Join(data, "tls", "development.key")
		if err := developmentCertificate(certFile, keyFile, time.Now()); err != nil {
			return nil, fmt.Errorf("make a development certificate: %w", err)
		}
	}
	source := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	if err := source.load(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: source.get,
	}, nil
}

// certificate is a certificate on disk. It is read again when a file changes;
// files that can't be used are reported, and what was read before stays.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	current           atomic.Pointer[tls.Certificate]
	checked           atomic.Int64 // when the files were looked at, in ns since 1970

	mu    sync.Mutex // guards what follows
	stamp [2]fileStamp
}

// fileStamp tells whether a file changed.
type fileStamp struct {
	size     int64
	modified time.Time
}

func stampOf(path string) (fileStamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fileStamp{}, err
	}
	return fileStamp{info.Size(), info.ModTime()}, nil
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	now := time.Now().UnixNano()
	if seen := c.checked.Load(); now-seen > int64(recheck) && c.checked.CompareAndSwap(seen, now) {
		if err := c.load(); err != nil {
			c.log.Error("the certificate changed and can't be used; the former one stays", "certificate", c.certFile, "error", err)
		}
	}
	return c.current.Load(), nil
}

// load reads the files if they aren't what was tried last.
func (c *certificate) load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	certStamp, err := stampOf(c.certFile)
	if err != nil {
		return c.fail([2]fileStamp{}, err)
	}
	keyStamp, err := stampOf(c.keyFile)
	if err != nil {
		return c.fail([2]fileStamp{}, err)
	}
	stamp := [2]fileStamp{certStamp, keyStamp}
	if stamp == c.stamp && c.current.Load() != nil {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return c.fail(stamp, err)
	}
	renewed := c.current.Swap(&pair) != nil
	c.stamp = stamp
	if renewed {
		c.log.Info("the certificate was renewed", "certificate", c.certFile, "until", pair.Leaf.NotAfter)
	}
	return nil
}

// fail reports err once per state of the files.
func (c *certificate) fail(stamp [2]fileStamp, err error) error {
	if c.current.Load() != nil && stamp == c.stamp {
		return nil
	}
	c.stamp = stamp
	return err
}
