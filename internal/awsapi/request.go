package awsapi

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// Bounds of a request's body, in bytes.
const (
	maxBody       = 10 << 20
	maxDefinition = 6 << 20 // of an import (developer guide, "quotas")

	// Larger bodies wait for one of a few places, so that many clients at
	// once don't fill the memory.
	smallBody   = 64 << 10
	largeBodies = 32

	// maxUpload is a request of CreateFunction or UpdateFunctionCode with
	// 50 MB of code in base64 (AWS Lambda developer guide, "Lambda quotas");
	// what is read of it takes some times as much memory.
	maxUpload = 70167211
	uploads   = 1
)

// request is one call on its way through the steps.
type request struct {
	*Server
	w        http.ResponseWriter
	http     *http.Request
	loopback bool
	clients  bool // only the clients of user pools are served
	open     bool // nobody may sign yet
	// federated: the call carries no signature, but what may be a token of an
	// identity provider.
	federated bool
	body      []byte
	place     chan struct{} // where the call holds a place for its large body
	signed    sigv4.Scope   // what the credential says, believed or not
	call      *Call
	known     bool // the caller is known: the call is audited
	protocol  protocol
	op        *wire.Operation // nil: not of a service we serve
	in        wire.Request
	out       wire.Response
	result    []byte // as JSON, of a call whose answer is XML
}

// readBody comes behind the cheap checks: nobody without credentials makes us
// read.
func (x *request) readBody(ctx context.Context) error {
	limit, places := int64(maxBody), x.large
	if x.isUnsigned() {
		limit = maxUnsigned
	}
	if n := x.http.ContentLength; n > maxBody && n <= maxUpload && isUpload(x.http) {
		limit, places = n, x.upload
	}
	if n := x.http.ContentLength; n < 0 || n > smallBody {
		select {
		case places <- struct{}{}:
			x.place = places
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.http.Body, limit))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		if isUpload(x.http) {
			limit = maxUpload
		}
		return &refusal{status: http.StatusRequestEntityTooLarge, code: "RequestEntityTooLargeException", message: "The request body is larger than " + strconv.FormatInt(limit, 10) + " bytes"}
	}
	if err != nil {
		return apigw.Errorf(apigw.BadRequest, "The request body ends too early")
	}
	x.body = body
	return nil
}

// done gives back what the call held.
func (x *request) done() {
	if x.place != nil {
		<-x.place
	}
}

// halRefused answers who insists on HAL. AWS's own clients all ask for
// application/json and get flat members; a HAL answer (_links, _embedded,
// null for what is unset) is a different document, so giving a flat one to a
// client that will take nothing but HAL would only fail later and obscurely.
func halRefused(h http.Header) error {
	const hal = "application/hal+json"
	accept := strings.Join(h.Values("Accept"), ",")
	if !strings.Contains(accept, hal) || strings.Contains(accept, "application/json") || strings.Contains(accept, "*/*") {
		return nil
	}
	return &refusal{status: http.StatusNotAcceptable, code: "NotAcceptableException", message: "Gatehouse doesn't answer " + hal + ": ask for application/json"}
}

// decodeQuery splits the query string. What belongs to the signature or to
// the client alone is no parameter of an operation.
func (x *request) decodeQuery(context.Context) error {
	if x.protocol == awsQuery {
		return x.decodeForm()
	}
	query, err := wire.ParseQuery(x.http.URL.RawQuery)
	if err != nil {
		return apigw.Errorf(apigw.BadRequest, "The query string can't be decoded")
	}
	discriminator := ""
	if x.op != nil {
		discriminator = x.op.Query
	}
	for _, p := range query {
		if p.Name+"="+p.Value == discriminator || ofClient(p.Name) {
			continue
		}
		x.in.Query = append(x.in.Query, p)
	}
	x.in.Header, x.in.Body = x.http.Header, x.body
	return nil
}

// ofClient are the parameters that SDKs add to a query: those of a presigned
// request, and the operation's name that the SDK for JavaScript sends.
func ofClient(name string) bool {
	switch name {
	case "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
		"X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "X-Amz-User-Agent", "x-id":
		return true
	}
	return false
}

// write sends a result. A status that has no body has no type either.
func (x *request) write(status int) {
	h := x.w.Header()
	for name, values := range x.out.Header {
		h[name] = values
	}
	if len(x.out.Body) > 0 && h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	if x.out.Stream != nil {
		x.w.WriteHeader(status)
		if _, err := x.out.Stream.WriteTo(flushing{x.w, http.NewResponseController(x.w)}); err != nil {
			panic(http.ErrAbortHandler) // what was sent is no whole answer
		}
		return
	}
	if status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(x.out.Body)))
	}
	x.w.WriteHeader(status)
	if status != http.StatusNoContent {
		_, _ = x.w.Write(x.out.Body) // a client that left is told nothing
	}
}

// flushing sends each write at once.
type flushing struct {
	io.Writer
	control *http.ResponseController
}

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	if err == nil {
		err = f.control.Flush()
	}
	return n, err
}

// clientAddress is who connected, without the port.
func clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
