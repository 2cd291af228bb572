package credentials

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/sigv4"
)

const source = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/orders"

func TestTrust(t *testing.T) {
	const service = `"Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"`
	tests := map[string]struct {
		statements string
		allows     bool
		err        string
	}{
		"the service":               {statements: `{"Effect":"Allow",` + service + `}`, allows: true},
		"among others":              {statements: `{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com","apigateway.amazonaws.com"]},"Action":["sts:*"]}`, allows: true},
		"everyone":                  {statements: `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`, allows: true},
		"another service":           {statements: `{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}`},
		"an account":                {statements: `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}`},
		"another action":            {statements: `{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:TagSession"}`},
		"denied":                    {statements: `[{"Effect":"Allow",` + service + `},{"Effect":"Deny",` + service + `}]`},
		"this API":                  {statements: `{"Effect":"Allow",` + service + `,"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/*"}}}`, allows: true},
		"another API":               {statements: `{"Effect":"Allow",` + service + `,"Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:us-east-1:123456789012:other/*"}}}`},
		"this account":              {statements: `{"Effect":"Allow",` + service + `,"Condition":{"StringEquals":{"aws:SourceAccount":["1","123456789012"]}}}`, allows: true},
		"another account":           {statements: `{"Effect":"Allow",` + service + `,"Condition":{"StringEquals":{"aws:SourceAccount":"1*"}}}`},
		"a key that calls have not": {statements: `{"Effect":"Allow",` + service + `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}`},
		"unknown operator":          {statements: `{"Effect":"Allow",` + service + `,"Condition":{"StringIs":{"aws:SourceArn":"x"}}}`, err: "StringIs"},
		"a resource":                {statements: `{"Effect":"Allow",` + service + `,"Resource":"*"}`, err: "Resource"},
		"no principal":              {statements: `{"Effect":"Allow","Action":"sts:AssumeRole"}`, err: "Principal"},
		"no effect":                 {statements: `{` + service + `}`, err: "Effect"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			trust, err := ParseTrust(`{"Version":"2012-10-17","Statement":` + tt.statements + `}`)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := trust.Allows(source, "123456789012"); got != tt.allows {
				t.Errorf("allows %v", got)
			}
		})
	}
}

// fakeSTS answers AssumeRole with the n-th session that ends after life.
func fakeSTS(t *testing.T, now func() time.Time, life time.Duration, requests chan<- *http.Request) string {
	t.Helper()
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		n++
		requests <- r
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
			<AccessKeyId>ASIA%d</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>%s</Expiration>
			</Credentials></AssumeRoleResult></AssumeRoleResponse>`, n, now().Add(life).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func trusting(t *testing.T) *Trust {
	t.Helper()
	trust, err := ParseTrust(`{"Statement":{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}}`)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func TestAssume(t *testing.T) {
	requests := make(chan *http.Request, 8)
	r := NewRoles(Config{
		Partition: "aws", Account: "123456789012", Region: "us-east-1", STS: fakeSTS(t, time.Now, time.Hour, requests),
		Declared: []Role{{Name: "orders", Trust: trusting(t)}, {Name: "arn:aws:iam::210987654321:role/theirs", Trust: trusting(t)}},
	})
	const role = "arn:aws:iam::123456789012:role/orders"
	for _, tt := range []struct {
		role string
		err  error
	}{{role, nil}, {"arn:aws:iam::210987654321:role/theirs", nil}, {"arn:aws:iam::123456789012:role/other", ErrUndeclared}, {"arn:aws:iam::210987654321:role/orders", ErrUndeclared}} {
		if err := r.Check(tt.role, source); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.role, err, tt.err)
		}
	}
	session := r.Session(role, OnAWS)
	for range 3 {
		got, err := session.Credentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(&sigv4.Credentials{AccessKeyID: "ASIA1", SecretAccessKey: "secret", SessionToken: "token"}, got); d != "" {
			t.Error(d)
		}
	}
	sent := <-requests
	if got := sent.Form.Get("Action") + " " + sent.Form.Get("RoleArn") + " " + sent.Form.Get("RoleSessionName"); got != "AssumeRole "+role+" BackplaneAssumeRoleSession" {
		t.Errorf("asked for %s", got)
	}
	if !strings.Contains(sent.Header.Get("Authorization"), "Credential=123456789012/") {
		t.Errorf("signed with %s", sent.Header.Get("Authorization"))
	}
	if len(requests) != 0 || r.Session(role, OnAWS) != session {
		t.Error("the session isn't shared")
	}
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// TestSession: one attempt for all that wait, renewal while the old ones hold,
// a wait when they don't, and a pause after a failure.
func TestSession(t *testing.T) {
	c := &clock{at: time.Date(2025, 6, 18, 0, 0, 0, 0, time.UTC)}
	answers := make(chan error)
	n := 0
	s := newSession(c.now, func(context.Context) (sigv4.Credentials, time.Time, error) {
		err := <-answers
		n++
		return sigv4.Credentials{AccessKeyID: fmt.Sprint(n)}, c.now().Add(time.Hour), err
	})
	var waiting sync.WaitGroup
	for range 4 {
		waiting.Go(func() {
			if got, err := s.Credentials(t.Context()); err != nil || got.AccessKeyID != "1" {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	answers <- nil
	waiting.Wait()

	c.pass(56 * time.Minute) // the old ones hold for another four
	if got := s.Current(); got == nil || got.AccessKeyID != "1" {
		t.Fatalf("%v while they are renewed", got)
	}
	answers <- nil
	if got := eventually(s, "2"); got != "2" {
		t.Fatalf("%s after the renewal", got)
	}

	c.pass(2 * time.Hour)
	if s.Current() != nil {
		t.Error("ended credentials are current")
	}
	gone := errors.New("STS is away")
	go func() { answers <- gone }()
	if _, err := s.Credentials(t.Context()); !errors.Is(err, gone) {
		t.Errorf("error %v", err)
	}
	if _, err := s.Credentials(t.Context()); !errors.Is(err, gone) {
		t.Errorf("error %v, without another attempt", err)
	}
	c.pass(time.Minute)
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Credentials(done); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v for who leaves", err)
	}
	answers <- nil // the attempt goes on
}

// eventually waits until the session's key is want.
func eventually(s *Session, want string) string {
	for range 1000 {
		if got := s.Current(); got != nil && got.AccessKeyID == want {
			return want
		}
		s.mu.Lock()
		pending := s.pending
		s.mu.Unlock()
		if pending != nil {
			<-pending
		}
	}
	return s.Current().AccessKeyID
}

func TestLocal(t *testing.T) {
	r := NewRoles(Config{Partition: "aws", Account: "000000000000", Region: "us-east-1"})
	for role, want := range map[string]string{"arn:aws:iam::123456789012:role/x": "123456789012", "x": "000000000000"} {
		if got := r.Local(role).Current().AccessKeyID; got != want {
			t.Errorf("%s: %s, want %s", role, got, want)
		}
	}
	got, err := r.Session("arn:aws:iam::000000000000:role/x", OnOwn).Credentials(t.Context())
	if err != nil || got.AccessKeyID != "000000000000" {
		t.Errorf("%v, %v without any credentials", got, err)
	}
	if _, err := r.Session("arn:aws:iam::000000000000:role/x", OnAWS).Credentials(t.Context()); err == nil {
		t.Error("a role was assumed without credentials")
	}
}

func FuzzParseTrust(f *testing.F) {
	f.Add(`{"Statement":{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}}`)
	f.Add(`{"Statement":[{"Effect":"Deny","Principal":"*","Action":["sts:*"],"Condition":{"ArnLike":{"aws:SourceArn":["*"]}}}]}`)
	f.Fuzz(func(t *testing.T, document string) {
		if trust, err := ParseTrust(document); err == nil {
			trust.Allows(source, "123456789012")
		}
	})
}
