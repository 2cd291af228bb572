package gateway

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

func TestForwarded(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	client := func(ip string, port uint16, tls bool) exchange.Client {
		return exchange.Client{IP: netip.MustParseAddr(ip), Port: port, TLS: tls}
	}
	cases := []struct {
		name   string
		header []string
		want   exchange.Client
	}{
		{"nothing", nil, client("10.0.0.1", 8080, false)},
		{"one address", []string{"X-Forwarded-For", "198.51.100.7"}, client("198.51.100.7", 8080, false)},
		{"right-most that isn't trusted", []string{"X-Forwarded-For", "1.1.1.1, 198.51.100.7, 10.1.1.1 ,10.2.2.2"}, client("198.51.100.7", 8080, false)},
		{"all trusted", []string{"X-Forwarded-For", "10.3.3.3, 10.1.1.1"}, client("10.3.3.3", 8080, false)},
		{"several fields", []string{"X-Forwarded-For", "198.51.100.7", "x-forwarded-for", "10.1.1.1"}, client("198.51.100.7", 8080, false)},
		{"with ports", []string{"X-Forwarded-For", "198.51.100.7:4711, [fd00::1]:80"}, client("198.51.100.7", 8080, false)},
		{"IPv6", []string{"X-Forwarded-For", `2001:db8::7`}, client("2001:db8::7", 8080, false)},
		{"IPv4 in IPv6", []string{"X-Forwarded-For", "::ffff:198.51.100.7"}, client("198.51.100.7", 8080, false)},
		{"what isn't an address ends the walk", []string{"X-Forwarded-For", "198.51.100.7, evil, 10.1.1.1"}, client("10.1.1.1", 8080, false)},
		{"rubbish", []string{"X-Forwarded-For", "[], :80, ]["}, client("10.0.0.1", 8080, false)},
		{"empty", []string{"X-Forwarded-For", ""}, client("10.0.0.1", 8080, false)},
		{"proto and port", []string{"X-Forwarded-Proto", "HTTPS", "X-Forwarded-Port", "443"}, client("10.0.0.1", 443, true)},
		{"the last proto counts", []string{"X-Forwarded-Proto", "https", "X-Forwarded-Proto", "https, http"}, client("10.0.0.1", 8080, false)},
		{"other proto and port", []string{"X-Forwarded-Proto", "gopher", "X-Forwarded-Port", "99999"}, client("10.0.0.1", 8080, false)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			x := &exchange.Exchange{Header: new(http1.Header), Client: client("10.0.0.1", 8080, false)}
			for i := 0; i < len(c.header); i += 2 {
				x.Header.Add(c.header[i], c.header[i+1])
			}
			forwarded(x, trusted)
			if diff := cmp.Diff(c.want, x.Client, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func FuzzForwarded(f *testing.F) {
	f.Add("198.51.100.7:1, [fd00::1]:80, 10.0.0.1")
	f.Fuzz(func(t *testing.T, value string) {
		ip := netip.MustParseAddr("10.0.0.1")
		forwardedFor([]byte(value), &ip, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
		if !ip.IsValid() || ip.Zone() != "" {
			t.Errorf("%q: %v", value, ip)
		}
	})
}
