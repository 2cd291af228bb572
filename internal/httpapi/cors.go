package httpapi

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// cors is how a stage answers browsers of other origins (developer guide,
// "Configure CORS for HTTP APIs"; answers seen on AWS).
type cors struct {
	any         bool // every origin
	origins     [][]byte
	schemes     [][]byte // "https://", of "https://*"
	methods     string   // as a list
	allowed     []string // nil: every method
	headers     string   // as a list; empty: none
	anyHeader   bool
	exposed     string // as a list; empty: none
	maxAge      string // seconds; empty: not told
	credentials bool
}

// everyMethod is the list that "*" stands for in an answer (seen on AWS).
var everyMethod = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// cors compiles the API's CORS configuration; nil: it has none, and browsers are
// the routes' affair.
func (c *compiler) cors() *cors {
	from := c.def.RouteAPI.CORS
	if from == nil {
		return nil
	}
	out := &cors{exposed: strings.Join(from.ExposeHeaders, ","), credentials: from.AllowCredentials != nil && *from.AllowCredentials}
	for _, origin := range from.AllowOrigins {
		switch scheme, rest, ok := strings.Cut(origin, "://"); {
		case origin == "*":
			out.any = true
		case ok && rest == "*":
			out.schemes = append(out.schemes, []byte(scheme+"://"))
		case strings.Contains(origin, "*"):
			c.refuse("corsConfiguration", "allowOrigins "+origin+": * stands alone, or for all of an origin behind http:// or https://")
		default:
			out.origins = append(out.origins, []byte(origin))
		}
	}
	if out.any && out.credentials {
		c.refuse("corsConfiguration", "allowCredentials is not for allowOrigins *")
	}
	out.allow(from)
	for _, value := range []string{out.methods, out.headers, out.exposed} {
		if !http1.ValidValue(value) {
			c.refuse("corsConfiguration", "a method or header holds a character that no header may")
		}
	}
	return out
}

func (o *cors) allow(from *apigw.CORS) {
	if slices.Contains(from.AllowMethods, "*") {
		o.methods = strings.Join(everyMethod, ",")
	} else {
		o.allowed = []string{}
		for _, method := range from.AllowMethods { // which may be in any case, and requests' aren't
			o.allowed = append(o.allowed, strings.ToUpper(method))
		}
		o.methods = strings.Join(o.allowed, ",")
	}
	o.anyHeader = slices.Contains(from.AllowHeaders, "*")
	if !o.anyHeader {
		o.headers = strings.Join(from.AllowHeaders, ",")
	}
	if from.MaxAge != nil {
		o.maxAge = strconv.Itoa(*from.MaxAge)
	}
}

func (o *cors) allows(origin []byte) bool {
	if o.any {
		return true
	}
	for _, allowed := range o.origins {
		if bytes.Equal(origin, allowed) {
			return true
		}
	}
	for _, scheme := range o.schemes {
		if len(origin) > len(scheme) && bytes.HasPrefix(origin, scheme) {
			return true
		}
	}
	return false
}

const (
	fieldOrigin         = "Origin"
	fieldRequestMethod  = "Access-Control-Request-Method"
	fieldRequestHeaders = "Access-Control-Request-Headers"
)

// preflight answers a browser that asks whether it may send a request. True: it
// did, and no route, authorizer or integration sees the request. An origin or a
// method that isn't allowed is told nothing; what headers are, the browser
// compares.
func (r *Request) preflight() bool {
	o, x := r.Stage.cors, r.X
	if o == nil || x.Method != "OPTIONS" {
		return false
	}
	origin, method := x.Header.Get(fieldOrigin), x.Header.Get(fieldRequestMethod)
	if len(origin) == 0 || len(method) == 0 {
		return false
	}
	r.preflighted = true
	x.Response.Body = x.Response.Body[:0]
	h := open(x, 204)
	if !o.allows(origin) || o.allowed != nil && !slices.Contains(o.allowed, string(method)) {
		x.Decide("cors", "refused", "corsConfiguration doesn't allow the origin or the method")
		return true
	}
	x.Decide("cors", "allowed", "a preflight is answered without a route")
	o.addOrigin(h, origin)
	h.Add("access-control-allow-methods", o.methods)
	switch asked := x.Header.Get(fieldRequestHeaders); {
	case o.anyHeader && len(asked) > 0:
		// Whether AWS answers "*" isn't known; a browser takes no "*" for
		// Authorization, and none with credentials.
		h.AddBytes([]byte("access-control-allow-headers"), asked)
	case o.anyHeader:
		h.Add("access-control-allow-headers", "*")
	case o.headers != "":
		h.Add("access-control-allow-headers", o.headers)
	}
	if o.maxAge != "" {
		h.Add("access-control-max-age", o.maxAge)
	}
	return true
}

// addOrigin adds what the answers to an allowed origin have in common.
func (o *cors) addOrigin(h *http1.Header, origin []byte) {
	if o.any {
		h.Add("access-control-allow-origin", "*")
	} else {
		h.AddBytes([]byte("access-control-allow-origin"), origin)
		h.Add("vary", "Origin")
	}
	if o.credentials {
		h.Add("access-control-allow-credentials", "true")
	}
}

// addTo adds what an answer, be it a fault's, has for an allowed origin.
func (o *cors) addTo(r *Request) {
	origin := r.X.Header.Get(fieldOrigin)
	if len(origin) == 0 || !o.allows(origin) {
		return
	}
	h := &r.X.Response.Header
	o.addOrigin(h, origin)
	if o.exposed != "" {
		h.Add("access-control-expose-headers", o.exposed)
	}
}

// dropCORS takes the fields that an integration answered with: those of the
// configuration replace them, for every origin.
func dropCORS(h *http1.Header) {
	const prefix = "access-control-"
	for i := 0; i < h.Len(); {
		name, _ := h.At(i)
		if len(name) > len(prefix) && strings.EqualFold(string(name[:len(prefix)]), prefix) {
			h.Del(string(name))
			continue
		}
		i++
	}
}
