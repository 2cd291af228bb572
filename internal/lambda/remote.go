package lambda

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// remote makes Lambda's Invoke call: POST
// /2015-03-31/functions/{name}/invocations. AWS Lambda API reference, page
// "Invoke".
type remote struct {
	transport   *http.Transport
	credentials credentials.Source
	signer      sigv4.Signer
}

func newRemote(cfg *Config) *remote {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &remote{
		credentials: cfg.Credentials,
		transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    5 * time.Second,
			MaxIdleConnsPerHost:    256,
			IdleConnTimeout:        50 * time.Second,
			MaxResponseHeaderBytes: 64 * 1024,
			DisableCompression:     true,
		},
	}
}

func (c *remote) close() { c.transport.CloseIdleConnections() }

// parseEndpoint reads the URL of something that answers Lambda's calls.
func parseEndpoint(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("endpoint %q is no URL of the form http://host[:port][/path]", clip(u.Redacted(), 256))
	}
	return u, nil
}

const invocations = "/invocations"

// functionURL is the URL of a function's Invoke call at endpoint. An endpoint
// that is an Invoke call's URL already is taken as it stands, for servers that
// know one function only.
func functionURL(endpoint string, name Name) (string, error) {
	u, err := parseEndpoint(endpoint)
	if err != nil {
		return "", err
	}
	base := strings.TrimSuffix(u.EscapedPath(), "/")
	target := u.Scheme + "://" + u.Host + base
	if strings.HasSuffix(base, invocations) {
		return target, nil
	}
	id := name.Name
	if name.Account != "" && name.Region != "" {
		plain := name
		plain.Qualifier = ""
		id = plain.ARN(&Config{})
	}
	target += "/2015-03-31/functions/" + strings.ReplaceAll(id, ":", "%3A") + invocations
	if name.Qualifier != "" {
		target += "?Qualifier=" + url.QueryEscape(name.Qualifier)
	}
	return target, nil
}

func (c *remote) invoke(ctx context.Context, in *Invocation, t *target, out *Result) error {
	if until, ok := ctx.Deadline(); !in.Deadline.IsZero() && (!ok || in.Deadline.Before(until)) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, in.Deadline)
		defer cancel()
	}
	fail := func(kind Kind, message string, err error) error {
		if ctx.Err() != nil {
			kind, message = Timeout, "no answer in the caller's time"
		}
		return &Error{Kind: kind, Function: in.Function, Status: out.Status, Message: message, Cause: err}
	}
	req, err := c.request(ctx, t.url, in, t)
	if err != nil && ctx.Err() == nil {
		e := unsigned(in, err)
		out.Status = e.Status
		return e
	}
	if err != nil {
		return fail(Unreachable, "", err)
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return fail(Unreachable, "the endpoint can't be reached", err)
	}
	defer resp.Body.Close()
	out.Status = resp.StatusCode
	out.RequestID = resp.Header.Get("X-Amzn-Requestid")
	out.ExecutedVersion = resp.Header.Get("X-Amz-Executed-Version")
	out.Payload, err = readPayload(out.Payload, resp.Body, resp.ContentLength)
	switch {
	case errors.Is(err, errTooLarge):
		return fail(Unavailable, fmt.Sprintf("the endpoint's answer is larger than %d bytes", maxPayload), nil)
	case err != nil:
		return fail(Unreachable, "the endpoint's answer broke off", err)
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		e := refusal(resp, out.Payload)
		e.Function = in.Function
		out.Payload = out.Payload[:0]
		return e
	}
	out.FunctionError = resp.Header.Get("X-Amz-Function-Error")
	if tail, err := base64.StdEncoding.DecodeString(resp.Header.Get("X-Amz-Log-Result")); err == nil && in.LogTail {
		out.LogTail = tail
	}
	return nil
}

// stream makes Lambda's InvokeWithResponseStream call: POST
// /2021-11-15/functions/{name}/response-streaming-invocations. AWS Lambda API
// reference, page "InvokeWithResponseStream".
func (c *remote) stream(ctx context.Context, in *Invocation, t *target) (*Stream, error) {
	status := 0
	fail := func(kind Kind, message string, err error) error {
		if ctx.Err() != nil {
			kind, message = Timeout, "no answer in the caller's time"
		}
		return &Error{Kind: kind, Function: in.Function, Status: status, Message: message, Cause: err}
	}
	url, ok := streamURL(t.url)
	if !ok {
		return nil, fail(Broken, "its endpoint is one Invoke call's URL, which answers no InvokeWithResponseStream", nil)
	}
	req, err := c.request(ctx, url, in, t)
	if err != nil && ctx.Err() == nil {
		return nil, unsigned(in, err)
	}
	if err != nil {
		return nil, fail(Unreachable, "", err)
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, fail(Unreachable, "the endpoint can't be reached", err)
	}
	status = resp.StatusCode
	if status < 200 || status > 299 {
		defer resp.Body.Close()
		body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		if err != nil {
			return nil, fail(Unreachable, "the endpoint's answer broke off", err)
		}
		return nil, refusal(resp, body).of(in.Function)
	}
	events := newEventReader(resp.Body)
	return &Stream{
		Status: status, RequestID: resp.Header.Get("X-Amzn-Requestid"), ExecutedVersion: resp.Header.Get("X-Amz-Executed-Version"),
		Log: func() []byte { return events.log }, ReadCloser: remoteStream{events, resp.Body},
	}, nil
}

// remoteStream is a streamed answer from an endpoint.
type remoteStream struct {
	io.Reader
	io.Closer
}

// streamURL is the InvokeWithResponseStream call's URL beside an Invoke
// call's.
func streamURL(invoke string) (string, bool) {
	path, query, hasQuery := strings.Cut(invoke, "?")
	if hasQuery {
		query = "?" + query
	}
	path, ok := strings.CutSuffix(path, invocations)
	base, function, versioned := cutLast(path, "/2015-03-31/functions/")
	return base + "/2021-11-15/functions/" + function + "/response-streaming-invocations" + query, ok && versioned
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// request makes the Invoke call. It is signed when there are credentials;
// only AWS's own endpoint insists.
func (c *remote) request(ctx context.Context, url string, in *Invocation, t *target) (*http.Request, error) {
	if in.AsCaller && (in.Session == nil || t.aws || credentials.IsAWSHost(url)) {
		return nil, errors.New("a caller who is known here has no credentials on AWS")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(bytes.Clone(in.Payload))) // net/http may go on sending after it has answered
	if err != nil {
		return nil, err
	}
	h := req.Header
	for name, value := range in.Header {
		if in.Session == nil || name != sourceHeader { // a role is invoked as, not a resource's policy asked
			h.Set(name, value)
		}
	}
	h["Content-Type"] = []string{"application/json"}
	h["User-Agent"] = []string{"gatehouse"}
	kind := in.Type
	if kind == "" {
		kind = RequestResponse
	}
	h["X-Amz-Invocation-Type"] = []string{string(kind)}
	if in.TraceID != "" {
		h["X-Amzn-Trace-Id"] = []string{in.TraceID}
	}
	if in.LogTail {
		h["X-Amz-Log-Type"] = []string{"Tail"}
	}
	if in.ClientContext != "" {
		h["X-Amz-Client-Context"] = []string{in.ClientContext}
	}
	if in.Session != nil {
		role, err := in.Session.Credentials(ctx)
		if err != nil {
			return nil, err
		}
		c.signer.SignHTTP(req, sha256.Sum256(in.Payload), *role, t.region, "lambda", time.Now())
		return req, nil
	}
	if c.credentials == nil {
		return req, nil
	}
	found, err := c.credentials(ctx)
	if err != nil {
		if !t.aws {
			return req, nil
		}
		return nil, err
	}
	c.signer.SignHTTP(req, sha256.Sum256(in.Payload), found, t.region, "lambda", time.Now())
	return req, nil
}

// unsigned is the error of a call that could not be signed.
func unsigned(in *Invocation, cause error) *Error {
	if in.Session == nil {
		return missing(in.Function, cause)
	}
	return &Error{Kind: AccessDenied, Function: in.Function, Message: "the credentials for the call can't be had", Cause: cause}
}

// refusal reads the error that the Lambda service answered with.
func refusal(resp *http.Response, body []byte) *Error {
	e := &Error{Kind: kindOfStatus(resp.StatusCode), Status: resp.StatusCode}
	e.Type, _, _ = strings.Cut(resp.Header.Get("X-Amzn-Errortype"), ":")
	var doc struct{ Message string } // `Message` or `message`, as the exception has it
	if len(body) <= 64*1024 && json.Unmarshal(body, &doc) == nil {
		e.Message = doc.Message
	}
	if e.Message == "" {
		e.Message = "Lambda answered " + resp.Status
	}
	e.Type, e.Message = clip(printable(e.Type), 128), clip(printable(e.Message), 1024)
	return e
}

func kindOfStatus(status int) Kind {
	switch {
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		return AccessDenied
	case status == http.StatusNotFound:
		return NotFound
	case status == http.StatusTooManyRequests:
		return Throttled
	case status == http.StatusRequestEntityTooLarge:
		return TooLarge
	case status >= 400 && status < 500:
		return BadRequest
	}
	return Unavailable
}

// printable keeps text from elsewhere to one line of a log.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
