package identity

import (
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/iam"
)

// The kinds of callers, as aws:PrincipalType has them.
const (
	KindUser    = "User"
	KindRole    = "AssumedRole"
	KindAccount = "Account"
)

// Caller is an authenticated principal. It never changes.
type Caller struct {
	AccessKeyID string
	Account     string // 12 digits
	ID          string // AIDA…; of a role's session AROA…:NAME
	ARN         string // arn:aws:iam::A:user/N, arn:aws:sts::A:assumed-role/R/S
	RoleARN     string // of a session of a role
	UserName    string // of a user
	Kind        string
	Policies    []*iam.Policy
	// Session are policies that were given when the session began, which must
	// allow what it does, too; nil: there are none.
	Session []*iam.Policy
	// Issued is when temporary credentials were given; zero: these are none.
	Issued time.Time

	Organization *Organization // of the account; nil: it is in none

	tags      map[string]string // of the session, by key in lower case
	passed    map[string]string // those of tags that go on to the next role, by key as it was sent
	federated string            // the provider that vouched
}

// Organization is the place of an account in an organization.
type Organization struct {
	ID   string // o-…
	Path string // o-…/r-…/ou-…/
}

// Temporary says that the caller signs with credentials of a session.
func (c *Caller) Temporary() bool { return !c.Issued.IsZero() }

// Principal is c as policies name it; nil is anonymous.
func (c *Caller) Principal() iam.Principal {
	if c == nil {
		return iam.Principal{}
	}
	return iam.Principal{ARN: c.ARN, RoleARN: c.RoleARN, Account: c.Account}
}

// Key is the value of a condition key that tells of who calls, empty when
// there is none (IAM user guide, "AWS global condition context keys":
// properties of the principal and of the role session). A role's session has
// the role's ARN in aws:PrincipalArn.
func (c *Caller) Key(key string) string {
	switch key {
	case "aws:principalaccount":
		return c.Account
	case "aws:principalarn":
		if c.RoleARN != "" {
			return c.RoleARN
		}
		return c.ARN
	case "aws:principaltype":
		return c.Kind
	case "aws:userid":
		return c.ID
	case "aws:username":
		return c.UserName
	case "aws:principalorgid":
		if c.Organization != nil {
			return c.Organization.ID
		}
	case "aws:principalorgpaths": // of one account there is one
		if c.Organization != nil {
			return c.Organization.Path
		}
	case "aws:federatedprovider":
		return c.federated
	case "aws:tokenissuetime":
		if c.Temporary() {
			return c.Issued.UTC().Format(time.RFC3339)
		}
	case "aws:multifactorauthpresent":
		if c.Temporary() {
			return "false" // there are no devices
		}
	}
	if tag, ok := strings.CutPrefix(key, "aws:principaltag/"); ok {
		return c.tags[tag]
	}
	return ""
}

// Verdict is what policies say together, and which kind of policy said it.
type Verdict struct {
	iam.Decision
	By string // "identity-based policy", "session policy", "resource-based policy"
}

const (
	byIdentity = "identity-based policy"
	bySession  = "session policy"
	byResource = "resource-based policy"
)

// Why is the end of AWS's text for a denial (IAM user guide, "Troubleshoot
// access denied error messages").
func (v Verdict) Why(action string) string {
	if v.Effect == iam.ExplicitDeny {
		article := "a "
		if v.By == byIdentity {
			article = "an "
		}
		return " with an explicit deny in " + article + v.By
	}
	return " because no " + v.By + " allows the " + action + " action"
}

// Decide is what the policies of the caller and those of a resource, which is
// in account, say of a request: within an account one of either side allows,
// from another both must (IAM user guide, "Policy evaluation logic"). A session's
// policy bounds what the identity's allow, and what the resource's do unless
// they name the session itself. r has the caller as its principal.
func (c *Caller) Decide(r *iam.Request, resource []*iam.Policy, account string) Verdict {
	own := iam.Evaluate(c.Policies, r)
	if own.Effect == iam.ExplicitDeny {
		return Verdict{own, byIdentity}
	}
	bounded := iam.Decision{Effect: iam.Allow}
	if c.Session != nil {
		if bounded = iam.Evaluate(c.Session, r); bounded.Effect == iam.ExplicitDeny {
			return Verdict{bounded, bySession}
		}
	}
	theirs := iam.Decision{}
	if len(resource) > 0 {
		if theirs = iam.Evaluate(resource, r); theirs.Effect == iam.ExplicitDeny {
			return Verdict{theirs, byResource}
		}
	}
	inSession := bounded.Effect == iam.Allow
	ownAllow := own.Effect == iam.Allow && inSession
	if account != c.Account {
		switch {
		case ownAllow && theirs.Effect >= iam.AllowAccount:
			return Verdict{own, byIdentity}
		case ownAllow:
			return Verdict{By: byResource}
		}
	} else {
		switch {
		case ownAllow:
			return Verdict{own, byIdentity}
		case theirs.Effect == iam.Allow && (inSession || c.namedIn(resource, r)):
			return Verdict{theirs, byResource}
		}
	}
	if !inSession && (own.Effect == iam.Allow || theirs.Effect == iam.Allow) {
		return Verdict{By: bySession}
	}
	return Verdict{By: byIdentity}
}

// namedIn says that a resource's policy allows the request to the session by
// its own ARN, not to its role and not to everybody.
func (c *Caller) namedIn(resource []*iam.Policy, r *iam.Request) bool {
	asked := *r
	asked.Principal = iam.Principal{ARN: c.ARN}
	named := iam.Evaluate(resource, &asked).Effect == iam.Allow
	asked.Principal = iam.Principal{}
	return named && iam.Evaluate(resource, &asked).Effect != iam.Allow
}
