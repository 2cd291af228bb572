package discovery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// TLS says whom to trust and who we are, by files that are read for each client
// made. Without CA, the system's authorities are trusted.
type TLS struct {
	CA, Cert, Key string
}

func (t TLS) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("read authorities: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New(t.CA + " has no certificate")
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("read client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

const connectTime = 10 * time.Second // to a source, and for its answer to begin unless it says otherwise

// client calls one server over HTTP.
type client struct {
	base   string                      // URL without a slash behind it
	header func() (http.Header, error) // of each call; nil: none
	http   *http.Client
}

// newClient makes a client of http://, https:// and unix: addresses.
func newClient(address string, t TLS, header func() (http.Header, error)) (*client, error) {
	secure, err := t.config()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: connectTime}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: secure, TLSHandshakeTimeout: connectTime, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute}
	c := &client{base: strings.TrimSuffix(address, "/"), header: header, http: &http.Client{Transport: transport, CheckRedirect: stay}}
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		c.base = "http://localhost"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return dialer.DialContext(ctx, "unix", path) }
	}
	return c, nil
}

// stay takes a redirect as the answer: where it leads gets no token.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (c *client) close() { c.http.CloseIdleConnections() }

// open sends a GET and returns an answer of status 200; within is how long that
// may take to begin, and another status then to say why.
func (c *client) open(ctx context.Context, path string, query url.Values, within time.Duration) (*http.Response, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	request, err := http.NewRequestWithContext(ctx, "GET", c.base+path, nil)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	if c.header != nil {
		if request.Header, err = c.header(); err != nil {
			cancel(nil)
			return nil, err
		}
	}
	late := time.AfterFunc(within, func() { cancel(errors.New("there is no answer in time")) })
	answer, err := c.http.Do(request)
	if !late.Stop() && err != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		cancel(nil)
		return nil, err
	}
	answer.Body = &body{answer.Body, func() { cancel(nil) }}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		late.Reset(within)
		defer late.Stop()
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 300))
		return nil, &statusError{answer.StatusCode, strings.TrimSpace(string(text))}
	}
	return answer, nil
}

// body ends its request when it is closed.
type body struct {
	io.ReadCloser
	end func()
}

func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.end()
	return err
}

// statusError is an answer that isn't 200.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return fmt.Sprintf("it answers %d: %s", e.status, e.text) }

// readTime is what an answer may take beside the time to begin.
const readTime = 30 * time.Second

// get reads a whole JSON answer into v.
func (c *client) get(ctx context.Context, path string, query url.Values, within time.Duration, v any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, within+readTime)
	defer cancel()
	answer, err := c.open(ctx, path, query, within)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	read := io.LimitReader(answer.Body, maxAnswer+1)
	if err := json.NewDecoder(read).Decode(v); err != nil {
		return nil, fmt.Errorf("read its answer (at most %d bytes): %w", maxAnswer, err)
	}
	return answer.Header, nil
}
