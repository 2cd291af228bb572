package restapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

var (
	fieldDate        = []byte("X-Amz-Date")
	fieldToken       = []byte("X-Amz-Security-Token")
	fieldContentHash = []byte("X-Amz-Content-Sha256")
	fieldAuthorize   = []byte("Authorization")
)

// signing is the memory of a request's signature.
type signing struct {
	memory sigv4.Memory
	out    sigv4.Outgoing
	value  []byte
}

// sign adds the fields that sign r.call.Request, and returns how long that
// waited for credentials that nobody held yet: timeout at most.
func (a *awsCall) sign(r *request, timeout time.Duration) (waited time.Duration, f *exchange.Fault) {
	c, waited, f := a.credentials(r, timeout)
	if f != nil {
		return waited, f
	}
	if r.x.Explaining() {
		r.x.Decide("credentials", "access key "+c.AccessKeyID, a.why)
	}
	if r.signing == nil {
		r.signing = new(signing)
	}
	s, req := r.signing, &r.call.Request
	now := time.Now()
	hash := sha256.Sum256(req.Body)
	s.value = sigv4.AppendDate(s.value[:0], now)
	req.Header.AddBytes(fieldDate, s.value)
	if c.SessionToken != "" {
		s.value = append(s.value[:0], c.SessionToken...)
		req.Header.AddBytes(fieldToken, s.value)
	}
	if a.service.S3 {
		s.value = hex.AppendEncode(s.value[:0], hash[:])
		req.Header.AddBytes(fieldContentHash, s.value)
	}
	s.out = sigv4.Outgoing{Method: req.Method, Target: req.Target, Host: req.Host, Fields: &req.Header, PayloadHash: hash, Plain: a.service.S3}
	s.value = r.stage.env.signer.AppendAuthorization(s.value[:0], &s.out, c, a.service.Region, a.service.Signed, now, &s.memory)
	req.Header.AddBytes(fieldAuthorize, s.value)
	return waited, nil
}

// credentials are what a's call is signed with: 500 when there are none, as
// for a role that can't be assumed (seen on AWS).
func (a *awsCall) credentials(r *request, timeout time.Duration) (c *sigv4.Credentials, waited time.Duration, f *exchange.Fault) {
	if a.caller {
		if r.identity.keys == nil {
			return nil, 0, integration.Misconfigured(integration.ErrNoCaller)
		}
		return r.identity.keys, 0, nil
	}
	if c := a.session.Current(); c != nil {
		return c, 0, nil
	}
	began := time.Now()
	ctx, cancel := context.WithDeadline(r.x.Context(), began.Add(timeout))
	defer cancel()
	c, err := a.session.Credentials(ctx)
	waited = time.Since(began)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, waited, integration.TimedOut(fmt.Errorf("wait for credentials: %w", err))
	case err != nil:
		return nil, waited, integration.Misconfigured(err)
	}
	return c, waited, nil
}

// serviceRequestID is what a service calls a request: $context.awsEndpointRequestId.
func serviceRequestID(h *http1.Header) string {
	for _, name := range []string{"x-amzn-RequestId", "x-amz-request-id"} {
		if v := h.Get(name); len(v) > 0 {
			return string(v[:min(len(v), maxRequestID)])
		}
	}
	return ""
}

// maxRequestID bounds a service's request ID in logs, in bytes.
const maxRequestID = 128
