package websocketapi

import (
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
)

// What https:// is put before, and the stage behind, leads back to this process
// where that is known, and never to whom a client names.
func TestDomainName(t *testing.T) {
	s := &Stage{API: testAPI, scope: apigw.Scope{Partition: "aws", Region: "eu-west-1"}}
	const onAWS = testAPI + ".execute-api.eu-west-1.amazonaws.com"
	for _, c := range []struct {
		host string
		port uint16
		want string
	}{
		{onAWS, 443, onAWS},
		{onAWS + ":8443", 8443, onAWS},
		{testAPI + ".execute-api.localhost:8443", 8443, testAPI + ".execute-api.localhost:8443"},
		{"H5J6K7L8M9.EXECUTE-API.LOCALHOST", 443, testAPI + ".execute-api.localhost"},
		{testAPI + ".execute-api.localhost:22", 8443, testAPI + ".execute-api.localhost:8443"},
		{"localhost:8443", 8443, "localhost:8443/_aws/execute-api/" + testAPI},
		{"127.0.0.1:8443", 8443, "127.0.0.1:8443/_aws/execute-api/" + testAPI},
		{"[::1]:8443", 8443, "[::1]:8443/_aws/execute-api/" + testAPI},
		{"[::1]", 443, "[::1]/_aws/execute-api/" + testAPI},
		{testAPI + ".execute-api.attacker.example", 443, onAWS},
		{"attacker.example", 8443, onAWS},
		{"localhost.attacker.example", 8443, onAWS},
		{"127.0.0.1.attacker.example:8443", 8443, onAWS},
		{"10.0.0.9:8443", 8443, onAWS},
		{"localhost@attacker.example", 8443, onAWS},
		{"attacker.example/.localhost", 8443, onAWS},
		{"[::1%25]@attacker.example", 8443, onAWS},
		{"[::1%@attacker.example]:8443", 8443, onAWS},
		{"", 8443, onAWS},
	} {
		x := exchange.Exchange{Host: []byte(c.host), Client: exchange.Client{Port: c.port}}
		if got := s.domainName(&x); got != c.want {
			t.Errorf("%s at %d: %s, not %s", c.host, c.port, got, c.want)
		}
	}
	custom := exchange.Exchange{Host: []byte("chat.example.com:8443"), Client: exchange.Client{Port: 8443}, Address: exchange.Address{Custom: true, DomainName: "chat.example.com"}}
	if got := s.domainName(&custom); got != "chat.example.com:8443" {
		t.Errorf("a custom domain name: %s", got)
	}
}
