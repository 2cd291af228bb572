package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/iam"
)

// Reason is why STS refuses, as its errors are called.
type Reason string

// The reasons.
const (
	AccessDenied          Reason = "AccessDenied"
	Invalid               Reason = "ValidationError"
	MalformedPolicy       Reason = "MalformedPolicyDocument"
	PackedPolicyTooLarge  Reason = "PackedPolicyTooLarge"
	InvalidIdentityToken  Reason = "InvalidIdentityToken"
	ExpiredIdentityToken  Reason = "ExpiredTokenException"
	IDPCommunicationError Reason = "IDPCommunicationError"
)

// Refusal is an answer of STS that gives no credentials.
type Refusal struct {
	Reason  Reason
	Message string // AWS's text where it is known
}

func (e *Refusal) Error() string { return string(e.Reason) + ": " + e.Message }

func refuse(r Reason, format string, args ...any) error {
	return &Refusal{r, fmt.Sprintf(format, args...)}
}

// Tag is a session tag.
type Tag struct{ Key, Value string }

// Assumption is what AssumeRole is asked for.
type Assumption struct {
	RoleARN     string
	SessionName string
	ExternalID  string
	Policy      string // further bounds, JSON; empty: none
	Lasts       time.Duration
	Tags        []Tag
	Passed      []string // keys of the tags that go on to the next role
	Keys        iam.Keys // condition keys of the call and its caller; may be nil
}

// Session is a session of a role that began.
type Session struct {
	Credentials
	ARN, ID    string // of the session
	PackedSize int    // percent of the room for policy and tags
}

const (
	defaultSession = time.Hour
	chainedSession = time.Hour // a role's session that began in a role's session
	maxSessionTags = 50        // STS quotas
)

// Assume begins a session of a role for who, when the role's trust allows it and,
// where that names no more than an account or another one, the caller's own
// policies do (IAM user guide, "How permissions for a role are evaluated").
func (d *Directory) Assume(who *Caller, in Assumption) (*Session, error) {
	s := d.state.Load()
	role := s.roles[in.RoleARN]
	denied := refuse(AccessDenied, "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", who.ARN, in.RoleARN)
	if who.Kind == KindAccount {
		return nil, refuse(AccessDenied, "Roles may not be assumed by root accounts.")
	}
	if role == nil {
		return nil, denied
	}
	tags, err := sessionTags(who, in.Tags, in.Passed)
	if err != nil {
		return nil, err
	}
	ask := iam.Request{Resource: role.ARN, Principal: who.Principal(), Keys: assumeKeys(&in, tags)}
	for _, action := range actions(&in, "sts:AssumeRole") {
		if ask.Action = action; !trusted(who, role, &ask) {
			if action != "sts:AssumeRole" {
				return nil, refuse(AccessDenied, "User: %s is not authorized to perform: %s on resource: %s", who.ARN, action, in.RoleARN)
			}
			return nil, denied
		}
	}
	return d.beginRole(role, s.scope.Partition, &in, tags, who.RoleARN != "", "")
}

// actions are those that the trust must allow: tags are another one.
func actions(in *Assumption, assume string) []string {
	if len(in.Tags) > 0 || len(in.Passed) > 0 {
		return []string{assume, "sts:TagSession"}
	}
	return []string{assume}
}

// trusted says whether the trust of role lets who do the action of ask.
func trusted(who *Caller, role *Role, ask *iam.Request) bool {
	trust := []*iam.Policy{role.Trust}
	if iam.Evaluate(trust, ask).Effect < iam.AllowAccount {
		return false // whatever the caller's policies say
	}
	return who.Decide(ask, trust, role.Account).Effect == iam.Allow
}

// tagged are a session's tags and which of them go on.
type tagged struct {
	all    map[string]string
	passed []string
}

// sessionTags are those of the call and those that come from the caller's own
// session (IAM user guide, "Passing session tags in STS").
func sessionTags(who *Caller, own []Tag, passed []string) (tagged, error) {
	t := tagged{all: map[string]string{}}
	seen := map[string]bool{}
	for _, tag := range own {
		if seen[strings.ToLower(tag.Key)] {
			return t, refuse(Invalid, "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[strings.ToLower(tag.Key)] = true
		t.all[tag.Key] = tag.Value
	}
	for _, key := range passed {
		if _, ok := t.all[key]; !ok {
			return t, refuse(Invalid, "The specified transitive tag key must be included in the requested tags.")
		}
		t.passed = append(t.passed, key)
	}
	if who != nil {
		for key, value := range who.passed {
			if seen[strings.ToLower(key)] {
				return t, refuse(Invalid, "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
			}
			t.all[key] = value
			t.passed = append(t.passed, key)
		}
	}
	if len(t.all) > maxSessionTags {
		return t, refuse(Invalid, "A session has at most %d tags.", maxSessionTags)
	}
	slices.Sort(t.passed)
	return t, nil
}

// beginRole begins a session that is allowed.
func (d *Directory) beginRole(role *Role, partition string, in *Assumption, tags tagged, chained bool, federated string) (*Session, error) {
	lasts := in.Lasts
	if lasts == 0 {
		lasts = defaultSession
	}
	switch {
	case chained && lasts > chainedSession:
		return nil, refuse(Invalid, "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	case lasts > role.MaxSession:
		return nil, refuse(Invalid, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	if in.Policy != "" {
		if _, err := iam.Parse(in.Policy, iam.Identity); err != nil {
			return nil, refuse(MalformedPolicy, "Syntax errors in policy: %v", err)
		}
	}
	s := &session{
		Principal: role.ARN, PrincipalID: role.ID, Name: in.SessionName, Policy: in.Policy, Passed: tags.passed, Federated: federated,
	}
	if len(tags.all) > 0 {
		s.Tags = tags.all
	}
	c, used, err := d.begin(s, lasts)
	if err != nil {
		return nil, err
	}
	return &Session{*c, sessionARN(partition, role, in.SessionName), role.ID + ":" + in.SessionName, used}, nil
}

// defaultToken is how long credentials of GetSessionToken last.
const defaultToken = 12 * time.Hour

// SessionToken gives a user temporary credentials of its own (STS API
// reference, GetSessionToken): no permission is needed, but long-term keys are.
func (d *Directory) SessionToken(_ context.Context, who *Caller, lasts time.Duration) (*Credentials, error) {
	switch {
	case who.Temporary():
		return nil, refuse(AccessDenied, "Cannot call GetSessionToken with session credentials")
	case who.Kind != KindUser:
		return nil, refuse(AccessDenied, "Gatehouse gives session tokens to users alone: configure one, and sign with its access key")
	}
	if lasts == 0 {
		lasts = defaultToken
	}
	c, _, err := d.begin(&session{Principal: who.ARN, PrincipalID: who.ID}, lasts)
	return c, err
}

// overlay are condition keys above others.
type overlay struct {
	own   map[string][]string // in lower case
	under iam.Keys
}

// Values implements iam.Keys.
func (o overlay) Values(dst []string, key string) []string {
	if values, ok := o.own[key]; ok {
		return append(dst, values...)
	}
	if o.under == nil {
		return dst
	}
	return o.under.Values(dst, key)
}

// assumeKeys are the condition keys of a call for a role's session (service
// authorization reference, "Condition keys for AWS Security Token Service").
func assumeKeys(in *Assumption, tags tagged) iam.Keys {
	o := overlay{map[string][]string{"sts:rolesessionname": {in.SessionName}}, in.Keys}
	if in.ExternalID != "" {
		o.own["sts:externalid"] = []string{in.ExternalID}
	}
	for _, tag := range in.Tags {
		o.own["aws:requesttag/"+strings.ToLower(tag.Key)] = []string{tag.Value}
		o.own["aws:tagkeys"] = append(o.own["aws:tagkeys"], tag.Key)
	}
	if len(tags.passed) > 0 {
		o.own["sts:transitivetagkeys"] = tags.passed
	}
	return o
}
