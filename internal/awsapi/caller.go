package awsapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// Identities are who may call, by their access keys.
type Identities interface {
	// Find is the secret of an access key and whose it is; token is the session
	// token that came with it. The error is a *sigv4.Error, or says why
	// that isn't known now.
	Find(accessKeyID, token string) (secret string, who *identity.Caller, err error)
	// Open says that nobody may sign yet: then any credentials do on loopback.
	Open() bool
}

// identify finds out who calls and whose things are meant: the region from
// the signature's scope, the account from the identity.
func (x *request) identify(context.Context) error {
	if x.isUnsigned() {
		x.signed, x.known = sigv4.Scope{}, true
		x.call.Scope = x.Scope
		x.call.Caller = Caller{Account: x.Scope.Account, ARN: anonymousARN}
		return nil
	}
	switch {
	case x.federated:
		x.call.Caller = Caller{ARN: anonymousARN}
	case x.open:
		x.call.Caller = x.anonymous()
	default:
		if err := x.verify(); err != nil {
			return err
		}
	}
	c := x.call
	if c.Caller.Account == "" {
		c.Caller.Account = x.Scope.Account
	}
	c.Caller.AccessKeyID = x.signed.AccessKeyID
	c.Scope = apigw.Scope{Partition: x.Scope.Partition, Account: c.Caller.Account, Region: x.Scope.Region}
	if region := x.signed.Region; region != "" {
		if !isRegion(region) {
			return &sigv4.Error{Kind: sigv4.Invalid, Message: "Credential should be scoped to a valid region. "}
		}
		c.Scope.Region = region
	}
	if c.Caller.ARN == "" {
		c.Caller.ARN = apigw.ARN("arn:" + x.Scope.Partition + ":iam::" + c.Caller.Account + ":root")
	}
	if c.Caller.Identity != nil {
		c.Ask = func(action string, resource apigw.ARN, key, value string) error {
			return ask(c, action, resource, key, value)
		}
	}
	x.known = true
	return nil
}

// anonymousARN stands in records for a caller who signed nothing.
const anonymousARN = "anonymous"

// anonymous is who calls while no identities are configured. An access key of
// 12 digits names an account.
func (x *request) anonymous() Caller {
	if isAccount(x.signed.AccessKeyID) {
		return Caller{Account: x.signed.AccessKeyID}
	}
	return Caller{}
}

func (x *request) verify() error {
	var who *identity.Caller
	in := sigv4.FromHTTP(x.http, sha256.Sum256(x.body))
	_, err := x.verifier.Verify(in, func(id, token string) (secret string, ok bool, err error) {
		secret, who, err = x.Identities.Find(id, token)
		return secret, err == nil, err
	})
	if err != nil {
		x.Logger.Debug("signature refused", "error", kindOf(err), "accessKey", x.signed.AccessKeyID, "source", x.call.Source)
		return err
	}
	x.call.Caller = wire.Caller{
		Account: who.Account, ARN: apigw.ARN(who.ARN), UserID: who.ID, UserName: who.UserName, Verified: true, Identity: who,
	}
	return nil
}

// kindOf keeps the text of a bad signature, which repeats the request, out of
// the log.
func kindOf(err error) string {
	if e, ok := errors.AsType[*sigv4.Error](err); ok {
		return string(e.Kind)
	}
	return err.Error()
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// isRegion keeps what isn't a region's name out of keys and ARNs.
func isRegion(s string) bool {
	return len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
