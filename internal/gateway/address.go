package gateway

import (
	"bytes"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// How a request may name its API. A host wins over a path, so that a stage
// may be called restapis.
//
//	Host: {api}.execute-api[.anything]                                /{stage}/...
//	Host: {api}-{vpce-id}.execute-api[.anything], on that endpoint    /{stage}/...
//	x-apigw-api-id: {api}, on a private endpoint                      /{stage}/...
//	Host: a custom domain name, public or the endpoint's              /{base path}[/{stage}]/...
//	any other host    /_aws/execute-api/{api}/{stage}/...
//	any other host    /restapis/{api}/{stage}/_user_request_/...
//
// Host labels are read in any case; an ID in a path or header must be spelled
// as it is.
var (
	pathForm    = []byte("/_aws/execute-api/")
	peerForm    = []byte("/restapis/")
	userRequest = []byte("/_user_request_")
	executeAPI  = []byte("execute-api")
	vpceMark    = []byte("-vpce-")
)

// maxID bounds an API ID in a request; API IDs have 10 characters.
const maxID = 64

// form is how a request named its API.
type form uint8

const (
	noForm form = iota
	hostForm
	headerForm
	pathForms
	peerForms
	domainForm
)

// address is what a request names before anything is looked up.
type address struct {
	form form
	id   []byte // of the API; may be of an API that doesn't exist
	vpce []byte // of hostForm: the endpoint that the host names beside it; nil: none
	path []byte // from the slash before the stage on; of peerForms, without the API; of domainForm, all of it

	domain *domain // of domainForm
}

// addresser finds addresses; it lends its memory to them.
type addresser struct {
	id   [maxID]byte
	name [maxDomain]byte
}

// find reads the address of x. A private endpoint serves the domain names that
// are associated with it, and no public one.
func (a *addresser) find(x *exchange.Exchange, domains *domainTable) address {
	name := hostName(x.Host)
	if id, vpce := a.hostID(name); id != nil {
		return address{form: hostForm, id: id, vpce: vpce, path: x.Path}
	}
	if d := domains.at(x.Client.Endpoint).find(name, &a.name); d != nil {
		return address{form: domainForm, path: x.Path, domain: d}
	}
	if x.Client.Endpoint != nil {
		if id := x.Header.GetKnown(http1.NameXAPIGWAPIID); id != nil {
			return address{form: headerForm, id: id, path: x.Path}
		}
		return address{}
	}
	if rest, ok := bytes.CutPrefix(x.Path, pathForm); ok {
		id, path := cutSegment(rest)
		return address{form: pathForms, id: id, path: path}
	}
	if rest, ok := bytes.CutPrefix(x.Path, peerForm); ok {
		id, path := cutSegment(rest)
		return address{form: peerForms, id: id, path: path}
	}
	return address{}
}

// hostName is host without its port.
func hostName(host []byte) []byte {
	if len(host) > 0 && host[0] == '[' {
		if end := bytes.IndexByte(host, ']'); end >= 0 {
			return host[:end+1]
		}
		return host
	}
	if colon := bytes.IndexByte(host, ':'); colon >= 0 {
		return host[:colon]
	}
	return host
}

// hostID is the API that a host names, and the endpoint, in lower case as IDs
// are, or nil. The name of an endpoint itself (vpce-...execute-api...) names no
// API.
func (a *addresser) hostID(name []byte) (id, vpce []byte) {
	label, rest, ok := bytes.Cut(name, []byte{'.'})
	if !ok {
		return nil, nil
	}
	second, _, _ := bytes.Cut(rest, []byte{'.'})
	if !bytes.EqualFold(second, executeAPI) || len(label) == 0 || len(label) > maxID {
		return nil, nil
	}
	id = a.id[:len(label)]
	for i, c := range label {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		id[i] = c
	}
	if bytes.HasPrefix(id, vpceMark[1:]) {
		return nil, nil
	}
	if at := bytes.Index(id, vpceMark); at > 0 {
		return id[:at], id[at+1:]
	}
	return id, nil
}

// cutSegment splits "a/b" into "a" and "/b".
func cutSegment(p []byte) (segment, rest []byte) {
	if slash := bytes.IndexByte(p, '/'); slash >= 0 {
		return p[:slash], p[slash:]
	}
	return p, nil
}

// splitStage splits a path into what $context.path shows, the stage, and what
// routes are matched on. Slashes before and after the stage count as one
// (recorded on AWS): "//prod//pets" is "/prod//pets", "prod" and "/pets".
func splitStage(path []byte) (request, stage, rest []byte) {
	request = oneSlash(path)
	if len(request) == 0 {
		return request, nil, nil
	}
	stage, rest = cutSegment(request[1:])
	return request, stage, oneSlash(rest)
}

// oneSlash drops all but the last of the leading slashes.
func oneSlash(p []byte) []byte {
	for len(p) > 1 && p[0] == '/' && p[1] == '/' {
		p = p[1:]
	}
	return p
}

// splitPeer is splitStage for what follows /restapis/{api}: the marker comes
// off, and the path that $context.path shows is put together in buf. False
// without the marker.
func splitPeer(path, buf []byte) (request, stage, rest []byte, ok bool) {
	path = oneSlash(path)
	if len(path) == 0 {
		return nil, nil, nil, false
	}
	stage, rest = cutSegment(path[1:])
	rest, ok = bytes.CutPrefix(rest, userRequest)
	if !ok || len(rest) > 0 && rest[0] != '/' {
		return nil, nil, nil, false
	}
	request = append(append(append(buf[:0], '/'), stage...), rest...)
	return request, stage, oneSlash(rest), true
}
