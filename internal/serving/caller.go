package serving

import (
	"crypto/sha256"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// VerifyCaller finds out who signed x, whose body, as it came, is body, and with
// what. The error is a *sigv4.Error, or says why that isn't known now.
func VerifyCaller(v *sigv4.Verifier, known Identities, x *exchange.Exchange, body []byte) (who *identity.Caller, keys *sigv4.Credentials, err error) {
	in := sigv4.Request{
		Method: x.Method, Path: string(x.Path), Query: string(x.Query), Host: string(x.Host),
		Header: func(name string) []string { return headerValues(x.Header, name) }, PayloadHash: sha256.Sum256(body),
	}
	_, err = v.Verify(&in, func(id, token string) (string, bool, error) {
		if known == nil {
			return "", false, nil
		}
		secret, found, err := known.Find(id, token)
		if err == nil {
			who, keys = found, &sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}
		}
		return secret, err == nil, err
	})
	if err != nil {
		return nil, nil, err
	}
	return who, keys, nil
}

// headerValues are the values of a field whose name is in lower case.
func headerValues(h *http1.Header, name string) []string {
	var list []string
	for i := h.Index(name, 0); i >= 0; i = h.Index(name, i+1) {
		_, v := h.At(i)
		list = append(list, string(v))
	}
	return list
}

// PolicyKeys are the condition keys of a request (developer guide, "AWS
// condition keys that can be used in API Gateway resource policies").
type PolicyKeys struct {
	X      *exchange.Exchange
	At     time.Time
	Region string           // the API's
	Owner  string           // the API's account
	Caller *identity.Caller // nil: nobody has signed the request
}

// Values implements iam.Keys.
func (k *PolicyKeys) Values(dst []string, key string) []string {
	value := k.value(key)
	if value == "" {
		return dst
	}
	return append(dst, value)
}

func (k *PolicyKeys) value(key string) string {
	switch key {
	case "aws:sourceip": // of an endpoint it is aws:VpcSourceIp
		if k.X.Client.Endpoint != nil {
			return ""
		}
		return string(mapping.AppendClientIP(nil, k.X))
	case "aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip", "aws:vpceaccount":
		return endpointKey(key, k.X)
	case "execute-api:viadomainarn":
		if d := k.X.Address.Private; d != nil {
			return d.ARN
		}
		return ""
	case "aws:currenttime":
		return k.At.UTC().Format(time.RFC3339)
	case "aws:epochtime":
		return strconv.FormatInt(k.At.Unix(), 10)
	case "aws:securetransport":
		return strconv.FormatBool(k.X.Client.TLS)
	case "aws:useragent":
		return string(k.X.Header.GetKnown(http1.NameUserAgent))
	case "aws:referer":
		return string(k.X.Header.Get("Referer"))
	case "aws:resourceaccount":
		return k.Owner
	case "aws:requestedregion":
		return k.Region
	}
	if k.Caller == nil {
		return ""
	}
	return k.Caller.Key(key)
}

// endpointKey is what the listener says of the private endpoint that it stands
// for; empty when it stands for none.
func endpointKey(key string, x *exchange.Exchange) string {
	e := x.Client.Endpoint
	if e == nil {
		return ""
	}
	switch key {
	case "aws:sourcevpce":
		return e.ID
	case "aws:sourcevpc":
		return e.VPC
	case "aws:vpceaccount":
		return e.Account
	}
	return string(mapping.AppendClientIP(nil, x))
}

// AppendCaller appends what $context.identity tells of who signed a request;
// false when nobody did, or v is none of that.
func AppendCaller(dst []byte, c *identity.Caller, v exchange.VariableName) ([]byte, bool) {
	if c == nil {
		return dst, false
	}
	switch v {
	case exchange.VarIdentityOrganization:
		if c.Organization != nil {
			return append(dst, c.Organization.ID...), true
		}
	case exchange.VarIdentityAccessKey:
		return append(dst, c.AccessKeyID...), true
	case exchange.VarIdentityAccountID:
		return append(dst, c.Account...), true
	case exchange.VarIdentityCaller, exchange.VarIdentityUser:
		return append(dst, c.ID...), true
	case exchange.VarIdentityUserARN:
		return append(dst, c.ARN...), true
	}
	return dst, false
}
