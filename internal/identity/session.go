package identity

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/iam"
)

// A session token holds all there is to know of its session, sealed with the
// master key: every node opens it, also after a restart, and none keeps a list.
// Whether its role or user is still there is asked of the directory.
type session struct {
	Version     int    `json:"v"`
	AccessKeyID string `json:"k"`
	Secret      string `json:"s"`
	Issued      int64  `json:"i"` // seconds since 1970
	Expires     int64  `json:"x"`

	Principal   string `json:"p"`  // ARN of the role or the user
	PrincipalID string `json:"id"` // which one of that name
	Name        string `json:"n,omitempty"`

	Policy    string            `json:"sp,omitempty"`
	Tags      map[string]string `json:"t,omitempty"`
	Passed    []string          `json:"tt,omitempty"` // keys of the tags that go on to the next role
	Federated string            `json:"f,omitempty"`

	policy []*iam.Policy // Policy compiled
	known  atomic.Pointer[knownCaller]
}

// knownCaller is who a session is for, as identities were in a state.
type knownCaller struct {
	in     *state
	caller *Caller // nil: nobody any more
}

const (
	sessionVersion = 1
	// sessionRecord is what a token is sealed for, so that no other sealed
	// value passes for one.
	sessionRecord = "session token"

	// maxPacked bounds what a session carries, in bytes, and maxToken the token:
	// it travels in a header of every request.
	maxPacked = 4096
	maxToken  = 8192
)

func (s *session) expires() time.Time { return time.Unix(s.Expires, 0) }

// begin makes a session's credentials and seals its token. Used says which part
// of the room its policy and tags take, in percent.
func (d *Directory) begin(s *session, lasts time.Duration) (c *Credentials, used int, err error) {
	sealer, err := d.sealer()
	if err != nil {
		return nil, 0, fmt.Errorf("begin a session: %w", err)
	}
	now := d.config.Now().Truncate(time.Second)
	s.Version, s.Issued, s.Expires = sessionVersion, now.Unix(), now.Add(lasts).Unix()
	s.AccessKeyID, s.Secret = NewID("ASIA"), NewSecret()
	packed := len(s.Policy)
	for k, v := range s.Tags {
		packed += len(k) + len(v)
	}
	if used = (packed*100 + maxPacked - 1) / maxPacked; used > 100 {
		return nil, 0, refuse(PackedPolicyTooLarge, "Packed policy consumes %d%% of allotted space, please use smaller policy.", used)
	}
	plain, err := json.Marshal(s)
	if err != nil {
		return nil, 0, fmt.Errorf("encode a session: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString(sealer.Seal(sessionRecord, plain))
	if len(token) > maxToken {
		return nil, 0, refuse(PackedPolicyTooLarge, "Packed policy consumes more than 100%% of allotted space, please use smaller policy.")
	}
	return &Credentials{AccessKeyID: s.AccessKeyID, Secret: s.Secret, Token: token, Expires: s.expires()}, used, nil
}

// Credentials are what a client signs with during a session.
type Credentials struct {
	AccessKeyID, Secret, Token string
	Expires                    time.Time
}

var errNoToken = errors.New("not a session token of ours")

// open reads a token. Whoever can't seal can't make one, so what it says is
// believed.
func (d *Directory) open(token string) (*session, error) {
	if len(token) > maxToken || strings.ContainsAny(token, "\r\n") {
		return nil, errNoToken
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, errNoToken
	}
	sealer, err := d.sealer()
	if err != nil {
		return nil, err
	}
	plain, err := sealer.Open(sessionRecord, sealed)
	if err != nil {
		return nil, err
	}
	s := new(session)
	if err := json.Unmarshal(plain, s); err != nil || s.Version != sessionVersion {
		return nil, errNoToken
	}
	if s.Policy != "" {
		p, err := iam.Parse(s.Policy, iam.Identity)
		if err != nil {
			return nil, err
		}
		s.policy = []*iam.Policy{p}
	}
	return s, nil
}

// callerIn is who the session is for, now; nil when the role or user is gone.
func (s *session) callerIn(now *state) *Caller {
	if k := s.known.Load(); k != nil && k.in == now {
		return k.caller
	}
	k := &knownCaller{now, s.look(now)}
	s.known.Store(k)
	return k.caller
}

func (s *session) look(in *state) *Caller {
	if user := in.callers[s.Principal]; user != nil && user.ID == s.PrincipalID {
		c := *user
		c.AccessKeyID, c.Issued = s.AccessKeyID, time.Unix(s.Issued, 0)
		return &c
	}
	role := in.roles[s.Principal]
	if role == nil || role.ID != s.PrincipalID {
		return nil
	}
	c := &Caller{
		AccessKeyID: s.AccessKeyID, Account: role.Account, ID: role.ID + ":" + s.Name, RoleARN: role.ARN, Kind: KindRole,
		ARN:      sessionARN(in.scope.Partition, role, s.Name),
		Policies: role.Policies, Session: s.policy, Issued: time.Unix(s.Issued, 0), federated: s.Federated,
		Organization: in.organizations[role.Account],
	}
	for k, v := range s.Tags {
		if c.tags == nil {
			c.tags = map[string]string{}
		}
		c.tags[strings.ToLower(k)] = v
	}
	for _, k := range s.Passed {
		if c.passed == nil {
			c.passed = map[string]string{}
		}
		c.passed[k] = s.Tags[k]
	}
	return c
}

func sessionARN(partition string, r *Role, name string) string {
	return "arn:" + partition + ":sts::" + r.Account + ":assumed-role/" + r.baseName() + "/" + name
}

// NewID draws an access key's or a principal's ID as AWS's look: a prefix of
// four letters and 16 more, or 17 of a principal.
func NewID(prefix string) string {
	var b [11]byte
	rand.Read(b[:]) // never fails
	n := 16
	if prefix == "AIDA" || prefix == "AROA" {
		n = 17
	}
	return prefix + base32.StdEncoding.EncodeToString(b[:])[:n]
}

// NewSecret draws a secret access key of 40 characters.
func NewSecret() string {
	var b [30]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}
