package awsapi

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/iam"
)

// User is one configured identity.
type User struct {
	Name       string
	Account    string // 12 digits; empty: the configured one
	AccessKeys []AccessKey
	Policies   []*iam.Policy // the user's own and its groups'
}

// AccessKey is what a user signs with.
type AccessKey struct{ ID, Secret string }

// Directory is the configured users. It never changes.
type Directory struct {
	users map[string]*user // by access key
}

type user struct {
	secret   string
	caller   Caller
	policies []*iam.Policy
}

// NewDirectory makes a Directory, or says which user can't be.
func NewDirectory(scope apigw.Scope, users []User) (*Directory, error) {
	d := &Directory{users: map[string]*user{}}
	for _, u := range users {
		if u.Name == "" {
			return nil, fmt.Errorf("a user has no name")
		}
		if u.Account == "" {
			u.Account = scope.Account
		}
		if !isAccount(u.Account) {
			return nil, fmt.Errorf("user %s: account %q is not 12 digits", u.Name, u.Account)
		}
		caller := Caller{
			Account: u.Account, UserName: u.Name, UserID: userID(u.Account, u.Name),
			ARN: apigw.ARN("arn:" + scope.Partition + ":iam::" + u.Account + ":user/" + u.Name),
		}
		for _, k := range u.AccessKeys {
			if k.ID == "" || k.Secret == "" {
				return nil, fmt.Errorf("user %s: an access key needs an id and a secret", u.Name)
			}
			if d.users[k.ID] != nil {
				return nil, fmt.Errorf("user %s: access key %s belongs to another user too", u.Name, k.ID)
			}
			caller.AccessKeyID = k.ID
			d.users[k.ID] = &user{secret: k.Secret, caller: caller, policies: u.Policies}
		}
	}
	return d, nil
}

// userID is a principal ID as AWS forms them, the same for the same user.
func userID(account, name string) string {
	sum := sha256.Sum256([]byte(account + "/" + name))
	return "AIDA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

// Secret implements Identities.
func (d *Directory) Secret(accessKeyID string) (string, Caller, bool) {
	u, ok := d.users[accessKeyID]
	if !ok {
		return "", Caller{}, false
	}
	return u.secret, u.caller, true
}

// Policies are those of the user with an access key, and of the user's groups.
func (d *Directory) Policies(accessKeyID string) []*iam.Policy {
	if u := d.users[accessKeyID]; u != nil {
		return u.policies
	}
	return nil
}

// Authorize decides by the policies of the caller, in AWS's words.
func (d *Directory) Authorize(_ context.Context, c *Call) error {
	var policies []*iam.Policy
	if u := d.users[c.Caller.AccessKeyID]; u != nil && c.Caller.Verified {
		policies = u.policies
	}
	text := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", c.Caller.ARN, c.Action, c.Resource)
	request := &iam.Request{
		Action: c.Action, Resource: string(c.Resource), Keys: conditionKeys{c},
		Principal: iam.Principal{ARN: string(c.Caller.ARN), Account: c.Caller.Account},
	}
	switch iam.Evaluate(policies, request).Effect {
	case iam.Allow:
		return nil
	case iam.ExplicitDeny:
		return denied(text + " with an explicit deny in an identity-based policy")
	}
	return denied(text + " because no identity-based policy allows the " + c.Action + " action")
}

// conditionKeys are the global condition keys of a management call (IAM user
// guide, "AWS global condition context keys").
type conditionKeys struct{ *Call }

// Values implements iam.Keys.
func (k conditionKeys) Values(dst []string, key string) []string {
	value := ""
	switch key {
	case "aws:currenttime":
		value = k.Time.UTC().Format(time.RFC3339)
	case "aws:epochtime":
		value = strconv.FormatInt(k.Time.Unix(), 10)
	case "aws:principalaccount":
		value = k.Caller.Account
	case "aws:principalarn":
		value = string(k.Caller.ARN)
	case "aws:principaltype":
		value = "User"
	case "aws:requestedregion":
		value = k.Scope.Region
	case "aws:sourceip":
		value = k.Source
	case "aws:useragent":
		value = k.UserAgent
	case "aws:userid":
		value = k.Caller.UserID
	case "aws:username":
		value = k.Caller.UserName
	}
	if value == "" {
		return dst
	}
	return append(dst, value)
}
