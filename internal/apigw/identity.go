package apigw

import "time"

// Identities are who may call: the users, groups and roles of IAM, and the
// OpenID Connect providers whose tokens are traded for a role's credentials.

// User signs with access keys (IAM user guide, "IAM users").
type User struct {
	Name     string        `json:"name"`
	Account  string        `json:"account"` // 12 digits
	ID       string        `json:"id"`      // AIDA…; a new user of the same name has another
	Groups   []string      `json:"groups,omitempty"`
	Keys     []UserKey     `json:"keys,omitempty"`
	Policies []NamedPolicy `json:"policies,omitempty"`
	Created  time.Time     `json:"created,omitzero"`
}

// UserKey is an access key of a user.
type UserKey struct {
	ID      string    `json:"id"` // AKIA…
	Secret  string    `json:"-"`  // empty: it can't be opened, and the key is refused
	Sealed  []byte    `json:"sealed,omitempty"`
	Created time.Time `json:"created,omitzero"`
}

// Group is policies that users share.
type Group struct {
	Name     string        `json:"name"`
	Account  string        `json:"account"`
	Policies []NamedPolicy `json:"policies,omitempty"`
	Created  time.Time     `json:"created,omitzero"`
}

// Role is assumed by whom its trust names (IAM user guide, "IAM roles").
type Role struct {
	Name     string        `json:"name"` // with its path, without a slash in front: service-role/orders
	Account  string        `json:"account"`
	ID       string        `json:"id"` // AROA…
	Trust    any           `json:"trust"`
	Policies []NamedPolicy `json:"policies,omitempty"`
	// MaxSession is how long a session may last, in seconds: 3600 to 43200;
	// 0: 3600.
	MaxSession int       `json:"maxSession,omitempty"`
	Created    time.Time `json:"created,omitzero"`
}

// Provider is an OpenID Connect provider (IAM user guide, "OIDC federation").
type Provider struct {
	URL       string    `json:"url"` // what tokens have in iss: https://issuer.example/path
	Account   string    `json:"account"`
	ClientIDs []string  `json:"clientIds"` // one of which must be the token's aud
	Created   time.Time `json:"created,omitzero"`
}

// NamedPolicy is an IAM document: a mapping, or JSON text.
type NamedPolicy struct {
	Name     string `json:"name"`
	Document any    `json:"document"`
}

// IdentitySet is identities together.
type IdentitySet struct {
	Users     []*User     `json:"users"`
	Groups    []*Group    `json:"groups"`
	Roles     []*Role     `json:"roles"`
	Providers []*Provider `json:"providers"`
}

// IdentityEdit is one change of the stored identities.
type IdentityEdit struct {
	Verb    string `json:"verb"` // create, set, delete
	What    string `json:"what"` // user, group, role, provider, key
	Account string `json:"account"`
	Name    string `json:"name"` // of a key to be made: its user's; to be deleted: its ID

	Groups     []string      `json:"groups,omitempty"` // that a user joins
	NoGroups   []string      `json:"noGroups,omitempty"`
	Policies   []NamedPolicy `json:"policies,omitempty"`
	NoPolicies []string      `json:"noPolicies,omitempty"`
	Trust      string        `json:"trust,omitempty"` // of a role, JSON
	MaxSession int           `json:"maxSession,omitempty"`
	ClientIDs  []string      `json:"clientIds,omitempty"` // of a provider
	// Open lets the last user go, without whom any credentials are accepted on
	// loopback.
	Open bool `json:"open,omitempty"`
}

// IdentityEdited is what an edit made.
type IdentityEdited struct {
	Key    string `json:"key,omitempty"`    // ID of a new access key
	Secret string `json:"secret,omitempty"` // its secret, told this once
	First  bool   `json:"first,omitempty"`  // the first user there is: from now on calls must be signed
}
