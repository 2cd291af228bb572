package vpclink

import (
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// invented is an answer of the load balancer's own, with a status.
type invented int

// titles are the statuses whose text isn't http1's (field reports: what the
// load balancers' own server says).
var titles = map[int]string{
	405: "Not Allowed", 414: "Request-URI Too Large", 463: "", 502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out",
}

func (s invented) do(v *visit) (integration.Visit, error) {
	v.answer(int(s), []byte(page(int(s))))
	v.resp.Header.Add("Content-Type", "text/html")
	return nil, nil
}

// page is the body of an invented answer (field reports).
func page(status int) string {
	title, ok := titles[status]
	if !ok {
		title = http1.Reason(status)
	}
	title = strings.TrimSpace(strconv.Itoa(status) + " " + title)
	return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n"
}

// answer begins an answer of the load balancer's own.
func (v *visit) answer(status int, body []byte) {
	length := len(body)
	if v.req.Method == "HEAD" {
		body = nil
	}
	v.resp.Answer(status, body)
	h := &v.resp.Header
	h.Add("Server", "awselb/2.0")
	h.Add("Content-Length", strconv.Itoa(length))
	if v.group != nil {
		v.group.invented(status)
	}
}

// fixed is a fixed response.
type fixed struct {
	status      int
	contentType string
	body        []byte
}

func newFixed(spec *apigw.FixedResponse) *fixed {
	return &fixed{spec.Status, spec.ContentType, []byte(spec.Body)}
}

func (f *fixed) do(v *visit) (integration.Visit, error) {
	v.answer(f.status, f.body)
	if f.contentType != "" {
		v.resp.Header.Add("Content-Type", f.contentType)
	}
	return nil, nil
}

// responseField is a field that a listener sets in every answer.
type responseField struct{ name, value string }

// responseFields are the fields that the attributes of a listener ask for
// (listeners, "Header modification"). unsigned: no answer has a Server field.
func responseFields(l *apigw.Listener) (list []responseField, unsigned bool) {
	for _, name := range []string{
		"Strict-Transport-Security", "Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Allow-Credentials",
		"Access-Control-Expose-Headers", "Access-Control-Max-Age", "Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options",
	} {
		key := "routing.http.response." + strings.ReplaceAll(strings.ToLower(name), "-", "_") + ".header_value"
		if v := l.Attribute(key); v != "" {
			list = append(list, responseField{name, v})
		}
	}
	return list, l.Attribute("routing.http.response.server.enabled") == "false"
}

// finish makes the fields of an answer what the listener's attributes say.
func (l *listener) finish(h *http1.Header) {
	if l.unsigned {
		h.Del("Server")
	}
	for _, f := range l.adds {
		h.Set(f.name, f.value)
	}
}
