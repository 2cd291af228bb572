package httpapi

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// eventForm is what of a function's event is the same for every request of a
// route: its texts were put together at deployment.
type eventForm struct {
	format2 bool

	head      string // the beginning, up to the path
	context   string // the beginning of requestContext, up to authentication or authorizer
	routing   string // of requestContext: what names the route and the stage
	variables string // stageVariables as JSON; empty: there are none
}

// eventMemory is a request's memory for events, kept for the next one.
type eventMemory struct {
	header http1.Header  // the fields of the event
	query  mapping.Query // of a query that was mapped
	first  []int         // for each field or query pair, the first of its name
	text   []byte
	result lambda.Result
}

// trim lets go of what is too large to keep.
func (m *eventMemory) trim() {
	for _, b := range []*[]byte{&m.text, &m.result.Payload} {
		if cap(*b) > keepMemory {
			*b = nil
		}
	}
	m.result = lambda.Result{Payload: m.result.Payload[:0]}
}

func newEventForm(s *Stage, routeKey, format string) eventForm {
	f := eventForm{format2: format == "2.0"}
	key, path := quoted(routeKey), quoted((&Route{Key: routeKey}).path())
	names := `{"accountId":` + quoted(s.scope.Account) + `,"apiId":` + quoted(string(s.API))
	if f.format2 {
		f.head = `{"version":"2.0","routeKey":` + key + `,"rawPath":`
		f.context = names
		f.routing = `,"routeKey":` + key + `,"stage":` + quoted(string(s.Name)) + `,"time":"`
	} else {
		f.head = `{"version":"1.0","resource":` + path + `,"path":`
		f.context = names + `,"authorizer":`
		f.routing = `,"resourceId":` + key + `,"resourcePath":` + path + `,"stage":` + quoted(string(s.Name)) + `}`
	}
	f.variables = serving.VariablesJSON(s.Variables)
	return f
}

func quoted(s string) string { return string(jsonpath.AppendText(nil, s)) }

// append appends the event for r, whose body is read.
func (f *eventForm) append(dst []byte, r *Request) []byte {
	if f.format2 {
		return f.append2(dst, r)
	}
	return f.append1(dst, r)
}

// rawPath is the path that an event of format 2.0 shows: with a named stage, as
// it was sent, and without the base path of a custom domain name (developer guide,
// "AWS Lambda integrations for HTTP APIs").
func (r *Request) rawPath() []byte {
	a := &r.X.Address
	switch {
	case !a.Custom:
		return a.RequestPath
	case len(a.StagePath) == 0:
		return slash
	}
	return a.StagePath
}

var slash = []byte("/")

// eventQuery is the query that the function sees, decoded.
func (r *Request) eventQuery() *mapping.Query {
	if len(r.out.Query) == len(r.X.Query) && (len(r.out.Query) == 0 || &r.out.Query[0] == &r.X.Query[0]) {
		return &r.Query
	}
	r.event.query.Parse(r.out.Query)
	return &r.event.query
}

var (
	fieldHost           = []byte("host")
	fieldLength         = []byte("content-length")
	fieldTraceLower     = []byte("x-amzn-trace-id")
	fieldForwardedFor   = []byte("x-forwarded-for")
	fieldForwardedPort  = []byte("x-forwarded-port")
	fieldForwardedProto = []byte("x-forwarded-proto")
)

// eventHeader fills r.event.header with the fields of from that an event shows:
// all but those of the client's connection, and the gateway's own. Names are in
// lower case; in format 1.0 those that the gateway writes are in their usual
// spelling (seen on AWS). length is the body's; -1: as from has it.
func (r *Request) eventHeader(from *http1.Header, length int, format2 bool) *http1.Header {
	h := &r.event.header
	h.Reset()
	for i := range from.Len() {
		k := from.KnownAt(i)
		switch k {
		case http1.NameConnection, http1.NameTransferEncoding, http1.NameTE, http1.NameTrailer, http1.NameUpgrade,
			http1.NameXAmznTraceID, http1.NameXForwardedFor, http1.NameXForwardedPort, http1.NameXForwardedProto:
			continue
		case http1.NameContentLength:
			if length >= 0 {
				continue
			}
		}
		name, value := from.At(i)
		r.addEventField(name, k, value, format2)
	}
	if from.IndexKnown(http1.NameHost, 0) < 0 && len(r.X.Host) > 0 {
		r.addEventField(fieldHost, http1.NameHost, r.X.Host, format2) // HTTP/2 names it elsewhere
	}
	if len(r.Trace) > 0 {
		r.addEventField(fieldTraceLower, http1.NameXAmznTraceID, r.Trace, format2)
	}
	b := r.scratch[:0]
	if length >= 0 {
		b = strconv.AppendInt(b, int64(length), 10)
		r.addEventField(fieldLength, http1.NameContentLength, b, format2)
	}
	b = mapping.AppendForwardedFor(b[:0], r.X)
	r.addEventField(fieldForwardedFor, http1.NameXForwardedFor, b, format2)
	b = mapping.AppendForwardedPort(b[:0], r.X)
	r.addEventField(fieldForwardedPort, http1.NameXForwardedPort, b, format2)
	b = append(b[:0], mapping.ForwardedProto(r.X)...)
	r.addEventField(fieldForwardedProto, http1.NameXForwardedProto, b, format2)
	r.scratch = b
	return h
}

func (r *Request) addEventField(name []byte, k http1.Known, value []byte, format2 bool) {
	r.room = r.room[:0]
	if !format2 && spelled(k) {
		r.room = append(r.room, k.String()...)
	} else {
		for _, c := range name {
			if 'A' <= c && c <= 'Z' {
				c |= 0x20
			}
			r.room = append(r.room, c)
		}
	}
	r.event.header.AddBytes(r.room, value)
}

// appendPathParameters appends the route's variables, unescaped.
func (r *Request) appendPathParameters(dst []byte) []byte {
	dst = append(dst, '{')
	for i, name := range r.Params.Names {
		dst = append(jsonpath.AppendText(serving.AppendComma(dst), name), ':')
		r.scratch = mapping.AppendPathUnescaped(r.scratch[:0], r.Params.At(i))
		dst = jsonpath.AppendText(dst, r.scratch)
	}
	return append(dst, '}')
}

// received is when the request came, in UTC.
func (r *Request) received() time.Time {
	if r.X.Received.IsZero() {
		return r.start.UTC()
	}
	return r.X.Received.UTC()
}

func (r *Request) appendAgent(dst []byte) []byte {
	return jsonpath.AppendText(dst, r.X.Header.GetKnown(http1.NameUserAgent))
}

// appendBody appends the body as a JSON string, and says whether as base64. The
// body isn't empty.
func (r *Request) appendBody(dst []byte) (out []byte, encoded bool) {
	if r.sendsText() {
		r.scratch = integration.AppendText(r.scratch[:0], r.body)
		return jsonpath.AppendText(dst, r.scratch), false
	}
	return append(base64.StdEncoding.AppendEncode(append(dst, '"'), r.body), '"'), true
}

// textTypes are the media types, beside text/…, whose bodies functions get as
// text: forms, multipart and application/…+json are base64 (recorded on AWS).
var textTypes = [][]byte{mediaJSON, []byte("application/javascript"), []byte("application/xml")}

// sendsText says whether the body is text: of one of textTypes, and not encoded.
func (r *Request) sendsText() bool {
	h := r.out.Header
	if len(h.GetKnown(http1.NameContentEncoding)) > 0 {
		return false
	}
	value := h.GetKnown(http1.NameContentType)
	if len(value) == 0 {
		return false
	}
	media := mapping.MediaType(value)
	if len(media) > len(textPrefix) && bytes.EqualFold(media[:len(textPrefix)], textPrefix) {
		return true
	}
	return slices.ContainsFunc(textTypes, func(t []byte) bool { return bytes.EqualFold(media, t) })
}

var textPrefix = []byte("text/")
