package discovery_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/gatehouse/gatehouse/internal/discovery"
)

// TestTokensStay: a source that redirects doesn't have its token sent elsewhere.
func TestTokensStay(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(elsewhere.Close)
	leading := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(leading.Close)
	o := observe(t, func(log *slog.Logger) discovery.Source {
		return &discovery.Consul{Address: leading.URL, Token: "secret", Log: log, Services: map[discovery.Service]discovery.ConsulService{named: {Name: "orders"}}}
	})
	o.says("it answers 307")
	if n := asked.Load(); n != 0 {
		t.Errorf("another server was asked %d times", n)
	}
}
