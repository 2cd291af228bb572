package integration

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// ServiceCaller is what calls to a service are signed with.
type ServiceCaller struct {
	Service *Service
	session *credentials.Session
	own     bool   // the client's own credentials sign, not session's
	why     string // session's, for explanations
}

// ServiceCaller is what calls to found are signed with: a role's credentials, or
// the caller's own, for the method or route that source, an ARN, names. An error
// means that they can't be.
func (s *Services) ServiceCaller(found *Service, role, source string) (ServiceCaller, error) {
	c := ServiceCaller{Service: found}
	if IsCaller(role) {
		if found.AWS {
			return c, fmt.Errorf("credentials %s: %w", role, ErrCallerOnAWS)
		}
		c.own, c.why = true, "the caller's own"
		return c, nil
	}
	var err error
	if c.session, c.why, err = s.Session(found, role, source); err == nil && c.session != nil {
		c.session.Start()
	}
	return c, err
}

var (
	fieldDate        = []byte("X-Amz-Date")
	fieldToken       = []byte("X-Amz-Security-Token")
	fieldContentHash = []byte("X-Amz-Content-Sha256")
	fieldAuthorize   = []byte("Authorization")
)

// Signing is the memory of a request's signature. The zero value is ready.
type Signing struct {
	memory sigv4.Memory
	out    sigv4.Outgoing
	value  []byte
}

// Sign adds to req, which is complete, the fields that sign it, and returns how
// long that waited for credentials that nobody held yet: timeout at most.
func (a *ServiceCaller) Sign(client *Client, req *http1.ClientRequest, signer *sigv4.Signer, s *Signing, timeout time.Duration) (waited time.Duration, f *exchange.Fault) {
	c, waited, f := a.credentials(client, timeout)
	if f != nil {
		return waited, f
	}
	if client.X.Explaining() {
		client.X.Decide("credentials", "access key "+c.AccessKeyID, a.why)
	}
	now := time.Now()
	hash := sha256.Sum256(req.Body)
	s.value = sigv4.AppendDate(s.value[:0], now)
	req.Header.AddBytes(fieldDate, s.value)
	if c.SessionToken != "" {
		s.value = append(s.value[:0], c.SessionToken...)
		req.Header.AddBytes(fieldToken, s.value)
	}
	if a.Service.S3 {
		s.value = hex.AppendEncode(s.value[:0], hash[:])
		req.Header.AddBytes(fieldContentHash, s.value)
	}
	s.out = sigv4.Outgoing{Method: req.Method, Target: req.Target, Host: req.Host, Fields: &req.Header, PayloadHash: hash, Plain: a.Service.S3}
	s.value = signer.AppendAuthorization(s.value[:0], &s.out, c, a.Service.Region, a.Service.Signed, now, &s.memory)
	req.Header.AddBytes(fieldAuthorize, s.value)
	return waited, nil
}

// credentials are what the call is signed with: 500 when there are none, as for
// a role that can't be assumed (seen on AWS).
func (a *ServiceCaller) credentials(client *Client, timeout time.Duration) (c *sigv4.Credentials, waited time.Duration, f *exchange.Fault) {
	if a.own {
		if client.Signed == nil {
			return nil, 0, Misconfigured(ErrNoCaller)
		}
		return client.Signed, 0, nil
	}
	if c := a.session.Current(); c != nil {
		return c, 0, nil
	}
	began := time.Now()
	ctx, cancel := context.WithDeadline(client.X.Context(), began.Add(timeout))
	defer cancel()
	c, err := a.session.Credentials(ctx)
	waited = time.Since(began)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, waited, TimedOut(fmt.Errorf("wait for credentials: %w", err))
	case err != nil:
		return nil, waited, Misconfigured(err)
	}
	return c, waited, nil
}

// ServiceRequestID is what a service calls a request: $context.awsEndpointRequestId.
func ServiceRequestID(h *http1.Header) string {
	for _, name := range []string{"x-amzn-RequestId", "x-amz-request-id"} {
		if v := h.Get(name); len(v) > 0 {
			return string(v[:min(len(v), maxRequestID)])
		}
	}
	return ""
}

// maxRequestID bounds a service's request ID in logs, in bytes.
const maxRequestID = 128
