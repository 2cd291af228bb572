package authorizer

import (
	"github.com/gatehouse/gatehouse/internal/iam"
)

// Caller is an authenticated IAM principal.
type Caller struct {
	AccessKeyID string
	Account     string // 12 digits
	ID          string // AIDA…; of a session AROA…:NAME
	ARN         string
	RoleARN     string // of a session
	UserName    string
	Policies    []*iam.Policy
}

// Principal is c as policies name it.
func (c *Caller) Principal() iam.Principal {
	if c == nil {
		return iam.Principal{}
	}
	return iam.Principal{ARN: c.ARN, RoleARN: c.RoleARN, Account: c.Account}
}

// Identities finds who signs with an access key.
type Identities interface {
	// Find is the secret of an access key and whose it is; token is the session
	// token that came with it. The error is a *sigv4.Error.
	Find(accessKeyID, token string) (secret string, who *Caller, err error)
}
