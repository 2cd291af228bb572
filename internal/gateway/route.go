package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// finder leads the requests of one connection (or HTTP/2 stream) to their
// stages. It remembers the last host, so that repeating it costs nothing.
type finder struct {
	addresser
	peer   *peer  // whose requests they are; nil: nobody's who has a connection
	host   []byte // x.Host the two names below were made from
	domain string
	prefix string
	path   []byte // memory for the request path of the peer form, or the event path of a custom domain
}

// find fills x.Address. A nil result means that x.Response holds the answer:
// no such host, API or stage.
func (f *finder) find(g *Gateway, x *exchange.Exchange) *stage {
	at := f.addresser.find(x, g.domains.Load())
	if at.form == noForm && x.Client.Endpoint == nil {
		x.Decide("address", "none", "neither Host nor path names an API")
		notFound(g, x, unknownHost(x.Host))
		return nil
	}
	if at.form == domainForm {
		return f.findMapped(g, x, at)
	}
	if at.vpce != nil {
		if e := x.Client.Endpoint; e == nil || e.ID != string(at.vpce) {
			x.Decide("address", "none", "the host names an endpoint that the request didn't come through")
			g.cfg.REST.NoStage(x)
			return nil
		}
		x.Address.Alias = true
	}
	a := g.hosts.api(at.id)
	if a == nil {
		x.Decide("address", "none", "no API of this ID has a stage here")
		f.unknownAPI(g, x, at)
		return nil
	}
	f.name(x, a, at.form)
	x.Address.APIID = a.id
	s, ok := f.stageAt(x, a, at)
	if !ok {
		notFound(g, x, "The path form is /restapis/{api-id}/{stage}/_user_request_/{path}.")
		return nil
	}
	if s == nil {
		x.Decide("address", a.id, "the API has no stage of this name")
		g.kindOf(a).NoStage(x)
		return nil
	}
	x.Address.Stage = s.name
	if x.Explaining() {
		decideAddress(x, at.form)
	}
	return s
}

// stageAt fills the paths of x, and returns the stage that the first segment
// names, else $default, whose paths are whole (developer guide, "Stages for HTTP
// APIs"); nil: there is neither. A client that has to name a stage, for the forms
// by path, may write $default there: it is taken off, since no path of that stage
// shows it. Not ok: the path isn't of its form.
func (f *finder) stageAt(x *exchange.Exchange, a *api, at address) (s *stage, ok bool) {
	var name []byte
	if at.form == peerForms {
		x.Address.RequestPath, name, x.Address.StagePath, ok = splitPeer(at.path, f.path)
		if !ok {
			return nil, false
		}
		f.path = x.Address.RequestPath[:0]
	} else {
		x.Address.RequestPath, name, x.Address.StagePath = splitStage(at.path)
	}
	if s = a.named(name); s != nil {
		return s, true
	}
	if s = a.stage(defaultStage); s == nil {
		return nil, true
	}
	if (at.form == pathForms || at.form == peerForms) && namesDefault(name) {
		x.Address.RequestPath = x.Address.StagePath
	}
	if len(x.Address.RequestPath) == 0 {
		x.Address.RequestPath = rootPath
	}
	x.Address.StagePath = x.Address.RequestPath
	return s, true
}

var rootPath = []byte{'/'}

// namesDefault tells $default, also as clients escape it.
func namesDefault(segment []byte) bool {
	return bytes.Equal(segment, defaultStage) || bytes.Equal(segment, defaultEscaped)
}

var defaultEscaped = []byte("%24default")

// name sets the domain name and its first label. A request addressed by path
// gets the API's name on AWS, which is what functions read an API ID from.
func (f *finder) name(x *exchange.Exchange, a *api, by form) {
	if by == pathForms || by == peerForms {
		x.Address.DomainName, x.Address.DomainPrefix = a.domain, a.id
		return
	}
	f.nameHost(x)
}

// nameHost is name by the Host.
func (f *finder) nameHost(x *exchange.Exchange) {
	if f.domain == "" || !bytes.Equal(f.host, x.Host) {
		f.host = append(f.host[:0], x.Host...)
		f.domain = string(hostName(x.Host))
		prefix, _, _ := bytes.Cut(hostName(x.Host), []byte{'.'})
		f.prefix = f.domain[:len(prefix)]
	}
	x.Address.DomainName, x.Address.DomainPrefix = f.domain, f.prefix
}

// unknownAPI answers for an API that has no stage here. A private endpoint
// says 403, as AWS's does; elsewhere AWS has no answer, because the name
// doesn't exist.
func (f *finder) unknownAPI(g *Gateway, x *exchange.Exchange, at address) {
	if x.Client.Endpoint != nil {
		g.cfg.REST.NoStage(x)
		return
	}
	if connects(x) && g.cfg.WebSocket.NoStage != nil {
		g.cfg.WebSocket.NoStage(x)
		return
	}
	notFound(g, x, fmt.Sprintf("No API with the ID %q is deployed here.", clip(at.id)))
}

// connects says that x is of a client of a WebSocket API. AWS answers it 403
// where there is no such API, as where it has no such stage (seen on AWS).
func connects(x *exchange.Exchange) bool {
	return bytes.EqualFold(x.Header.GetKnown(http1.NameUpgrade), upgradeSocket)
}

var upgradeSocket = []byte("websocket")

func unknownHost(host []byte) string {
	return fmt.Sprintf("The host %q names no API. Use http://{api-id}.execute-api.localhost:{port}/{stage}/..., "+
		"or the path /_aws/execute-api/{api-id}/{stage}/... or /restapis/{api-id}/{stage}/_user_request_/...", clip(host))
}

// clip bounds what an answer repeats of a request.
func clip(b []byte) []byte { return b[:min(len(b), 100)] }

// notFound answers 404 in the shape of AWS's errors.
func notFound(g *Gateway, x *exchange.Exchange, message string) {
	plain(x, 404, "NotFoundException", message)
}

// plain answers with an error that belongs to no API.
func plain(x *exchange.Exchange, status int, kind, message string) {
	r := &x.Response
	r.Header.Reset()
	r.Status, r.Stream = status, nil
	r.Header.Add("Content-Type", "application/json")
	r.Header.Add("x-amzn-RequestId", string(x.RequestID[:]))
	r.Header.Add("x-amzn-ErrorType", kind)
	r.Header.Add("x-amz-apigw-id", string(x.ExtendedID[:]))
	body, _ := json.Marshal(struct {
		Message string `json:"message"`
	}{message})
	r.Body = body // not into the old one, which may be a kept answer's
}
