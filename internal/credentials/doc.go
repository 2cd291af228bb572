// Package credentials gets what calls to AWS services are signed with: the
// process's own credentials, those of roles whose trust the operator declared,
// and stand-ins for servers on this machine. It must not know what is called.
package credentials

import (
	"context"
	"net/url"
	"strings"

	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// Source returns the credentials that hold now; it caches. An error means
// there are none.
type Source func(ctx context.Context) (sigv4.Credentials, error)

// localSecret is no secret: what it signs proves nothing.
const localSecret = "gatehouse"

// Local are stand-ins for servers that look like AWS and check no signature.
// The access key is the account, as such servers take a key of twelve digits
// for the account that is meant.
func Local(account string) sigv4.Credentials {
	return sigv4.Credentials{AccessKeyID: account, SecretAccessKey: localSecret}
}

// IsAWSHost says that an endpoint of the configuration is AWS's, such as an
// interface endpoint's.
func IsAWSHost(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	return strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn") || strings.HasSuffix(host, ".api.aws")
}
