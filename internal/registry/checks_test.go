package registry_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
	"github.com/gatehouse/gatehouse/internal/registry"
)

// TestChecksProbeInstances: an instance that answers 503 is unhealthy until it
// answers well again (Cloud Map reference, HealthCheckConfig: 200 to 399).
func TestChecksProbeInstances(t *testing.T) {
	var status atomic.Int64
	status.Store(http.StatusServiceUnavailable)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) }))
	defer server.Close()
	at := netip.MustParseAddrPort(server.Listener.Addr().String())
	checker := balance.NewChecker()
	defer checker.Close()
	b := newBook(registry.Options{Checker: &registry.Checks{Checker: checker, Interval: 5 * time.Millisecond,
		Dialer: func(string) func(context.Context, string, string) (net.Conn, error) {
			return new(net.Dialer).DialContext
		}}})
	carts := service("srv-1", "carts")
	carts.Health = &apigw.ServiceHealth{Type: "HTTP", Path: "/", Threshold: 2}
	b.Update(func(u *registry.Update) {
		u.Namespace(shop)
		u.Service(carts)
		u.Instance(carts.ARN, instance("a", at.Addr().String(), apigw.AttributePort, strconv.Itoa(int(at.Port()))))
	})
	for _, want := range []string{apigw.InstanceUnhealthy, apigw.InstanceHealthy} {
		for v := b.Service(carts.ARN).View(); v.Instances[0].Health != want; v = b.Service(carts.ARN).View() {
			<-v.Changed()
		}
		status.Store(http.StatusOK)
	}
	b.Update(func(u *registry.Update) { u.RemoveInstance(carts.ARN, "a") })
}
