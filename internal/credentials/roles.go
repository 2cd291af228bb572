package credentials

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// Role is a role whose trust the operator declared.
type Role struct {
	Name     string // with its path but for the first slash, or an ARN
	Trust    *Trust
	Policies []*iam.Policy // of what runs here
}

// Config is all that NewRoles needs.
type Config struct {
	Partition, Account, Region string

	Declared []Role
	// Find is a role that is declared elsewhere, by its ARN; nil: there is none.
	Find func(arn string) *Role
	Own  Source // the process's own; nil: it has none
	// STS is the URL of the Security Token Service; empty: AWS's own of the
	// region.
	STS string
	// Client makes the calls to it; nil: one of our own.
	Client *http.Client
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil discards
}

// Roles are the roles that integrations use. It is safe for concurrent use.
type Roles struct {
	config Config
	roles  map[string]*Role // by ARN

	mu       sync.Mutex // guards the fields below
	sessions map[sessionKey]*Session
	stoodIn  map[string]bool // roles that Local was asked for
}

type sessionKey struct {
	role  string
	where Where
}

// Where says what a role is needed for.
type Where uint8

const (
	// OnAWS: the service is AWS's, or trusts the same STS: the role is assumed.
	OnAWS Where = iota
	// OnOwn: a server of the operator's that has no STS. The process's own
	// credentials sign, stand-ins when it has none.
	OnOwn
)

// NewRoles returns the roles of c.
func NewRoles(c Config) *Roles {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	r := &Roles{config: c, roles: map[string]*Role{}, sessions: map[sessionKey]*Session{}, stoodIn: map[string]bool{}}
	for _, role := range c.Declared {
		arn := role.Name
		if !strings.HasPrefix(arn, "arn:") {
			arn = "arn:" + c.Partition + ":iam::" + c.Account + ":role/" + strings.TrimPrefix(role.Name, "/")
		}
		r.roles[arn] = &role
	}
	return r
}

// ErrUndeclared is why a role isn't used that the configuration doesn't have.
var ErrUndeclared = errors.New("identities.roles of the configuration doesn't declare the role")

// RoleError is why a role isn't used.
type RoleError struct {
	Role string
	Why  error
}

func (e *RoleError) Error() string { return e.Text() + ": " + e.Why.Error() }

// Unwrap returns the reason.
func (e *RoleError) Unwrap() error { return e.Why }

// Text is what AWS says of it, in execution logs for one (seen on AWS).
func (e *RoleError) Text() string {
	return "API Gateway does not have permission to assume the provided role " + e.Role
}

func (r *Roles) find(arn string) *Role {
	if declared := r.roles[arn]; declared != nil || r.config.Find == nil {
		return declared
	}
	return r.config.Find(arn)
}

// Check says why the method that source, an ARN, names may not use role. An
// empty source stands for any method: then only undeclared roles fail.
func (r *Roles) Check(role, source string) error {
	declared := r.find(role)
	if declared == nil {
		return &RoleError{role, ErrUndeclared}
	}
	if source != "" && !declared.Trust.Allows(source, r.config.Account) {
		return &RoleError{role, fmt.Errorf("its declared trust doesn't allow %s for %s", service, source)}
	}
	return nil
}

// Permits says whether the policies that are declared with role allow action on
// resource.
func (r *Roles) Permits(role, action, resource string) bool {
	declared := r.find(role)
	if declared == nil {
		return false
	}
	d := iam.Evaluate(declared.Policies, &iam.Request{Action: action, Resource: resource, Principal: iam.Principal{RoleARN: role}})
	return d.Effect == iam.Allow
}

// Session is the credentials of role, which Check has let pass, shared by all
// that use it.
func (r *Roles) Session(role string, where Where) *Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := sessionKey{role, where}
	s := r.sessions[key]
	if s == nil {
		fetch := r.own
		if where == OnAWS {
			fetch = func(ctx context.Context) (sigv4.Credentials, time.Time, error) { return r.assume(ctx, role) }
		}
		s = newSession(r.config.Now, fetch)
		r.sessions[key] = s
	}
	return s
}

// Local is the Session of stand-ins for the account that role, an ARN, is in.
func (r *Roles) Local(role string) *Session {
	account := r.config.Account
	if parts := strings.Split(role, ":"); len(parts) > 4 && len(parts[4]) == 12 {
		account = parts[4]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.stoodIn[role] && len(r.stoodIn) < maxToldRoles {
		r.stoodIn[role] = true
		r.config.Log.Info("the role isn't declared: calls to the configured endpoint are signed with stand-ins, which servers that check signatures refuse", "role", role)
	}
	return fixed(Local(account))
}

// maxToldRoles bounds the roles that a log tells of.
const maxToldRoles = 1000

// ownHold is how long the process's own credentials are taken for current:
// their source renews them.
const ownHold = time.Minute

func (r *Roles) own(ctx context.Context) (sigv4.Credentials, time.Time, error) {
	end := r.config.Now().Add(ownHold)
	if r.config.Own != nil {
		if c, err := r.config.Own(ctx); err == nil {
			return c, end, nil
		}
	}
	return Local(r.config.Account), end, nil
}

// sessionName is how API Gateway's sessions are called on AWS.
const sessionName = "BackplaneAssumeRoleSession"

// assume calls AssumeRole. An STS that the operator named may be one that
// checks no signature.
func (r *Roles) assume(ctx context.Context, role string) (sigv4.Credentials, time.Time, error) {
	own := r.config.Own
	if r.config.STS != "" {
		own = func(ctx context.Context) (sigv4.Credentials, error) { c, _, err := r.own(ctx); return c, err }
	}
	if own == nil {
		return sigv4.Credentials{}, time.Time{}, errors.New("the process has no AWS credentials of its own to assume roles with")
	}
	name, seconds := sessionName, int32(3600)
	out, err := r.client(own).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: &name, DurationSeconds: &seconds})
	if err != nil {
		r.config.Log.Warn("a role can't be assumed", "role", role, "error", err)
		return sigv4.Credentials{}, time.Time{}, &RoleError{role, err}
	}
	c := out.Credentials
	if c == nil || c.AccessKeyId == nil || c.SecretAccessKey == nil || c.SessionToken == nil || c.Expiration == nil {
		return sigv4.Credentials{}, time.Time{}, fmt.Errorf("assume role %s: the answer of STS has no credentials", role)
	}
	return sigv4.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}, *c.Expiration, nil
}

func (r *Roles) client(own Source) *sts.Client {
	o := sts.Options{
		Region: r.config.Region,
		Credentials: aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			c, err := own(ctx)
			return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, err
		}),
	}
	if r.config.STS != "" {
		o.BaseEndpoint = &r.config.STS
	}
	if r.config.Client != nil {
		o.HTTPClient = r.config.Client
	}
	return sts.New(o)
}
