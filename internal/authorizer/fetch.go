package authorizer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// NewClient is the client that issuers' documents are fetched with. may is
// asked about every address before it is dialled, also after a redirect.
func NewClient(may func(backend string, to netip.AddrPort) error) *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		d := net.Dialer{Timeout: 2 * time.Second, ControlContext: func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(resolved)
			if err != nil {
				return err
			}
			return may(address, to)
		}}
		return d.DialContext(ctx, network, address)
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dial, MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: 2 * time.Second, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
	}
	return &http.Client{Transport: transport, CheckRedirect: checkRedirect}
}

// maxRedirects bounds where an issuer may send us.
const maxRedirects = 3

// checkRedirect refuses to take elsewhere without TLS what was asked over it.
func checkRedirect(to *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if to.URL.Scheme != "https" && (to.URL.Scheme != "http" || via[0].URL.Scheme == "https") {
		return errors.New("redirected away from https")
	}
	return nil
}

// fetch gets a document of at most limit bytes. What type the answer says it
// has doesn't count: issuers keep their documents in all kinds of places.
func (s *Issuers) fetch(ctx context.Context, url string, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := s.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = fmt.Errorf("%s: longer than %d bytes", url, limit)
	}
	return body, err
}
