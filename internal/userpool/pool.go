package userpool

import (
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// PoolID names a user pool: its region, "_" and nine letters or digits.
type PoolID string

// Short is what follows the region: what SRP calls the pool.
func (id PoolID) Short() string { _, short, _ := strings.Cut(string(id), "_"); return short }

// ClientID names an app client: 26 lower-case letters and digits.
type ClientID string

// Pool is a user pool. Settings that AWS has and that aren't here are refused
// when they are sent.
type Pool struct {
	ID       PoolID    `json:"id"`
	Name     string    `json:"name"`
	Created  time.Time `json:"created"`
	Modified time.Time `json:"modified"`
	Settings
	Keys []SigningKey `json:"keys"` // of identity tokens, then of access tokens
	// Domain is the prefix of the pool's token endpoint; empty: none.
	Domain string `json:"domain,omitempty"`
	// Blind makes the answers about users who aren't there; sealed.
	Blind []byte `json:"blind"`
}

// Settings are what a client sets of a pool.
type Settings struct {
	Password           PasswordPolicy    `json:"password"`
	DeletionProtection bool              `json:"deletionProtection,omitempty"`
	AutoVerified       []string          `json:"autoVerified,omitempty"`       // email, phone_number
	Aliases            []string          `json:"aliases,omitempty"`            // email, phone_number, preferred_username
	UsernameAttributes []string          `json:"usernameAttributes,omitempty"` // email, phone_number
	CaseSensitive      bool              `json:"caseSensitive,omitempty"`
	AdminOnly          bool              `json:"adminOnly,omitempty"` // nobody signs up by themselves
	Schema             []Attribute       `json:"schema,omitempty"`    // custom attributes, and standard ones as they were changed
	Recovery           []string          `json:"recovery,omitempty"`  // verified_email, verified_phone_number, admin_only; first choice first
	Messages           Messages          `json:"messages"`
	Tags               map[string]string `json:"tags,omitempty"`
	Tier               string            `json:"tier"` // LITE or ESSENTIALS
}

// Messages are the texts of what users are sent: {####} is the code or the
// password, {username} the user's name. Empty: AWS's default.
type Messages struct {
	EmailSubject  string `json:"emailSubject,omitempty"`
	Email         string `json:"email,omitempty"`
	SMS           string `json:"sms,omitempty"`
	InviteSubject string `json:"inviteSubject,omitempty"`
	InviteEmail   string `json:"inviteEmail,omitempty"`
	InviteSMS     string `json:"inviteSms,omitempty"`
}

// Issuer is what the pool's tokens have in iss.
func Issuer(region string, id PoolID) string {
	suffix := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		suffix += ".cn"
	}
	return "https://cognito-idp." + region + "." + suffix + "/" + string(id)
}

// ARN is the pool's, in a scope.
func (id PoolID) ARN(s apigw.Scope) string {
	return "arn:" + s.Partition + ":cognito-idp:" + s.Region + ":" + s.Account + ":userpool/" + string(id)
}

// Client is an app client.
type Client struct {
	ID       ClientID  `json:"id"`
	Pool     PoolID    `json:"pool"`
	Created  time.Time `json:"created"`
	Modified time.Time `json:"modified"`
	// Sealed is the client's secret; nil: it has none.
	Sealed []byte `json:"sealed,omitempty"`
	ClientSettings
}

// ClientSettings are what is set of an app client.
type ClientSettings struct {
	Name            string   `json:"name"`
	Flows           []string `json:"flows,omitempty"` // ALLOW_USER_SRP_AUTH …
	AccessValidity  Validity `json:"accessValidity"`
	IDValidity      Validity `json:"idValidity"`
	RefreshValidity Validity `json:"refreshValidity"`
	Session         int      `json:"session"`         // minutes that a challenge waits for its answer, 3 to 15
	Read            []string `json:"read,omitempty"`  // attributes; nil: all standard ones and the custom ones
	Write           []string `json:"write,omitempty"` // likewise
	OAuth           bool     `json:"oauth,omitempty"`
	OAuthFlows      []string `json:"oauthFlows,omitempty"` // client_credentials
	OAuthScopes     []string `json:"oauthScopes,omitempty"`
	Providers       []string `json:"providers,omitempty"` // COGNITO
	Existence       string   `json:"existence,omitempty"` // LEGACY or ENABLED; empty: LEGACY
	NoRevocation    bool     `json:"noRevocation,omitempty"`
}

// Blind says that the client doesn't tell who is a user.
func (c *Client) Blind() bool { return c.Existence == "ENABLED" }

// Validity is how long a token is good for, as it was set.
type Validity struct {
	N    int    `json:"n,omitempty"`    // 0: the default
	Unit string `json:"unit,omitempty"` // seconds, minutes, hours, days; empty: the default
}

// Duration is v with defaults for what it leaves out.
func (v Validity) Duration(n int, unit string) time.Duration {
	if v.N != 0 {
		n = v.N
	}
	if v.N != 0 && v.Unit != "" {
		unit = v.Unit
	}
	return time.Duration(n) * map[string]time.Duration{"seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour}[unit]
}

// AccessLife, IDLife and RefreshLife are how long the client's tokens are good
// for (API reference, CreateUserPoolClient: an hour, an hour and 30 days).
func (c *ClientSettings) AccessLife() time.Duration { return c.AccessValidity.Duration(1, "hours") }

// IDLife is of identity tokens.
func (c *ClientSettings) IDLife() time.Duration { return c.IDValidity.Duration(1, "hours") }

// RefreshLife is of refresh tokens.
func (c *ClientSettings) RefreshLife() time.Duration { return c.RefreshValidity.Duration(30, "days") }

// Group is a group of users.
type Group struct {
	ID          string    `json:"id"` // tells it from a later group of the same name
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	Role        string    `json:"role,omitempty"` // ARN
	Precedence  *int      `json:"precedence,omitempty"`
	Created     time.Time `json:"created"`
	Modified    time.Time `json:"modified"`
}

// Server is a resource server: the scopes of an API.
type Server struct {
	Identifier string  `json:"identifier"`
	Name       string  `json:"name"`
	Scopes     []Scope `json:"scopes,omitempty"`
}

// Scope is one of a resource server's.
type Scope struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// The states of a user.
const (
	Unconfirmed         = "UNCONFIRMED"
	Confirmed           = "CONFIRMED"
	ForceChangePassword = "FORCE_CHANGE_PASSWORD"
)

// User is one user of a pool.
type User struct {
	Username   string       `json:"username"`
	Sub        string       `json:"sub"`
	Attributes []Value      `json:"attributes,omitempty"` // without sub
	Status     string       `json:"status"`
	Disabled   bool         `json:"disabled,omitempty"`
	Created    time.Time    `json:"created"`
	Modified   time.Time    `json:"modified"`
	Groups     []Membership `json:"groups,omitempty"`
	// Password is the SRP verifier with its salt, sealed; nil: the user has none.
	Password []byte `json:"password,omitempty"`
	// Temporary is when a password that an administrator gave runs out.
	Temporary time.Time `json:"temporary,omitzero"`
	Code      *Code     `json:"code,omitempty"`
}

// Value is one attribute of a user.
type Value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Membership names a group that a user is in.
type Membership struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Code is what a user was sent and has to say again.
type Code struct {
	For      string    `json:"for"` // signUp or password
	Sealed   []byte    `json:"sealed"`
	Expires  time.Time `json:"expires"`
	Failures int       `json:"failures,omitempty"`
	// Attribute is the one that the code went to.
	Attribute string `json:"attribute"`
}

// Attr is the value of an attribute; empty when the user doesn't have it.
func (u *User) Attr(name string) string {
	if name == "sub" {
		return u.Sub
	}
	for _, v := range u.Attributes {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// set gives the user an attribute, or takes it away when value is empty.
func (u *User) set(name, value string) {
	for i, v := range u.Attributes {
		if v.Name != name {
			continue
		}
		if value == "" {
			u.Attributes = append(u.Attributes[:i:i], u.Attributes[i+1:]...)
		} else {
			u.Attributes[i].Value = value
		}
		return
	}
	if value != "" {
		u.Attributes = append(u.Attributes, Value{name, value})
	}
}

// Enabled says that the user may sign in.
func (u *User) Enabled() bool { return !u.Disabled }
