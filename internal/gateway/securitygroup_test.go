package gateway

import (
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestSecurityGroupsOfAListener: who the rules don't admit is disconnected before
// TLS. The peer of the connection is judged, or whom the PROXY header of a
// trusted proxy names; never what a request says (sheet "private networking", 2:
// the group must allow the endpoint's port to callers).
func TestSecurityGroupsOfAListener(t *testing.T) {
	from := func(port uint16, network string) apigw.SecurityGroups {
		rule := apigw.SecurityRule{FirstPort: port, LastPort: port, Networks: []netip.Prefix{netip.MustParsePrefix(network)}}
		if port == 0 {
			rule.LastPort = 65535
		}
		return apigw.SecurityGroups{{Ingress: []apigw.SecurityRule{rule}}}
	}
	get := "GET /prod/ HTTP/1.1\r\nHost: " + apiHost + "\r\nX-Forwarded-For: 10.0.0.7\r\nConnection: close\r\n\r\n"
	proxied := "PROXY TCP4 10.0.0.7 203.0.113.1 4711 443\r\n" + get
	for name, tc := range map[string]struct {
		groups apigw.SecurityGroups
		proxy  bool
		send   string
		want   bool
	}{
		"no group":               {nil, false, get, true},
		"no rule":                {apigw.SecurityGroups{{}}, false, get, false},
		"the peer's network":     {from(0, "127.0.0.0/8"), false, get, true},
		"another network":        {from(0, "10.0.0.0/16"), false, get, false},
		"named by the proxy":     {from(443, "10.0.0.0/16"), true, proxied, true},
		"the proxy itself":       {from(443, "127.0.0.0/8"), true, proxied, false},
		"to another port":        {from(444, "10.0.0.0/16"), true, proxied, false},
		"the word of the client": {from(443, "10.0.0.0/16"), false, proxied, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := startEdge(t, &fakeKind{serve: mirror}, func(c *Config) {
				l := &c.Listeners[0]
				l.Groups, l.ProxyProtocol, l.TrustedProxies = tc.groups, tc.proxy, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
			})
			nc, err := net.Dial("tcp", e.addr())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			nc.SetDeadline(time.Now().Add(10 * time.Second))
			io.WriteString(nc, tc.send)
			answer, _ := io.ReadAll(nc)
			if got := strings.HasPrefix(string(answer), "HTTP/1.1 200"); got != tc.want || !tc.want && len(answer) > 0 {
				t.Errorf("served %v: %q", got, answer)
			}
		})
	}
}
