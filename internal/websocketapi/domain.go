package websocketapi

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
)

// domainName is $context.domainName of a client that connects by x. Functions
// reach connections at https://{domainName}/{stage} (developer guide, "Use
// @connections commands in your backend service"), so it leads back here where it
// can: a custom domain name, and an address of this machine, with the port of the
// listener. Of any other Host nothing is believed, since clients write what they
// like: functions would hand their messages to whom it names. There the API has
// the name that it has on AWS.
func (s *Stage) domainName(x *exchange.Exchange) string {
	port := ""
	if p := x.Client.Port; p != 0 && p != 443 && p != 80 {
		port = ":" + strconv.Itoa(int(p))
	}
	host := hostOf(string(x.Host))
	switch {
	case x.Address.Custom:
		return x.Address.DomainName + port
	case !local(host):
		return s.nameOnAWS()
	case strings.HasPrefix(host, string(s.API)+".execute-api."):
		return host + port
	}
	return host + port + "/_aws/execute-api/" + string(s.API)
}

func (s *Stage) nameOnAWS() string {
	return string(s.API) + ".execute-api." + s.scope.Region + "." + apigw.DNSSuffix(s.scope.Partition)
}

// host is the host of a domainName, with its port.
func host(domainName string) string {
	host, _, _ := strings.Cut(domainName, "/")
	return host
}

// hostOf is a Host without its port, in lower case.
func hostOf(host string) string {
	if end := strings.LastIndexByte(host, ':'); end > strings.LastIndexByte(host, ']') {
		host = host[:end]
	}
	return strings.ToLower(host)
}

// local says whether host can only be this machine (RFC 6761, 6.3).
func local(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback() && ip.Zone() == "" // a zone is any text
}
