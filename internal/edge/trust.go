package edge

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

const (
	// lookTime is how often the file of a Trust is looked at.
	lookTime = 2 * time.Second
	// maxTrust bounds that file, in bytes.
	maxTrust = 1 << 20
)

// Trust is a file of certificates that vouch for origins. Watch reads it again
// when it changes; a content that can't be used is reported, and what was read
// before stays.
type Trust struct {
	file    string
	log     *slog.Logger
	current atomic.Pointer[x509.CertPool]

	// of who looks
	used, seen []byte
	problem    string // told last
}

// OpenTrust reads file.
func OpenTrust(file string, log *slog.Logger) (*Trust, error) {
	t := &Trust{file: file, log: log}
	content, err := t.read()
	if err == nil {
		err = t.use(content)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Trust) read() ([]byte, error) {
	f, err := os.Open(t.file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxTrust+1))
	if err == nil && len(content) > maxTrust {
		err = fmt.Errorf("%s is larger than %d bytes", t.file, maxTrust)
	}
	return content, err
}

func (t *Trust) use(content []byte) error {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return fmt.Errorf("%s holds no certificate", t.file)
	}
	t.current.Store(pool)
	t.used, t.seen = content, content
	return nil
}

// Watch looks at the file until ctx ends.
func (t *Trust) Watch(ctx context.Context) {
	for tick := time.NewTicker(lookTime); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
			t.look()
		}
	}
}

// look takes up new content once it is the same in two looks, because a file
// that is being written may look whole.
func (t *Trust) look() {
	content, err := t.read()
	switch {
	case err != nil:
	case bytes.Equal(content, t.used):
		t.seen = content
	case !bytes.Equal(content, t.seen):
		t.seen = content
		return
	default:
		if err = t.use(content); err == nil {
			t.log.Info("the certificates that vouch for origins were renewed", "originCA", t.file)
		}
	}
	if err == nil {
		t.problem = ""
		return
	}
	if t.problem != err.Error() {
		t.problem = err.Error()
		t.log.Error("the certificates that vouch for origins changed and can't be used; the former ones stay", "error", err)
	}
}

// config is of connections to an origin's name. crypto/tls verifies by what it
// was given when the endpoint was made; so that the file may change, the same is
// done here, by what it holds now.
func (t *Trust) config(name string) *tls.Config {
	return &tls.Config{ServerName: name, InsecureSkipVerify: true, VerifyConnection: func(state tls.ConnectionState) error {
		by := x509.VerifyOptions{Roots: t.current.Load(), DNSName: name, Intermediates: x509.NewCertPool()}
		for _, c := range state.PeerCertificates[1:] {
			by.Intermediates.AddCert(c)
		}
		_, err := state.PeerCertificates[0].Verify(by)
		return err
	}}
}
