package wire

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// QueryParameter is one name and value of a query string, decoded.
type QueryParameter struct{ Name, Value string }

// Member is a member of a shape and its value.
type Member struct{ Name, Value string }

// Request is the parts of an HTTP request from which a shape is read. The
// first thing that can't be read is kept and refuses the call.
type Request struct {
	Labels map[string]string // URI template name → value, decoded
	Query  []QueryParameter  // as sent, without what belongs to a signature
	Header http.Header
	Body   []byte

	Read []Member // members of the shape that were labels

	form       *value // the body of a call of the query protocol
	err        error
	violations Violations
	queryRead  []string // names of query parameters that the shape knows
	allQuery   bool     // the shape takes every query parameter
	surplus    []string // JSON members that no shape knows, by path
}

func (r *Request) fail(kind apigw.Kind, format string, args ...any) {
	if r.err == nil {
		r.err = apigw.Errorf(kind, format, args...)
	}
}

// Label is the value of a URI label, which is a member of the shape; routing has
// seen that it isn't empty.
func (r *Request) Label(name, member string) string {
	r.Read = append(r.Read, Member{member, r.Labels[name]})
	return r.Labels[name]
}

// HeaderString is the value of a header, nil when it wasn't sent.
func (r *Request) HeaderString(name string) *string {
	if v := r.Header.Values(name); len(v) > 0 {
		return &v[0]
	}
	return nil
}

func (r *Request) queryValues(name string) []string {
	r.queryRead = append(r.queryRead, name)
	var values []string
	for _, p := range r.Query {
		if p.Name == name {
			values = append(values, p.Value)
		}
	}
	return values
}

// QueryString is a query parameter, nil when it wasn't sent. One that is sent
// twice is refused: which of the two is meant can't be told.
func (r *Request) QueryString(name string) *string {
	values := r.queryValues(name)
	switch len(values) {
	case 0:
		return nil
	case 1:
		return &values[0]
	}
	r.fail(apigw.BadRequest, "Query parameter '%s' must be given once", name)
	return nil
}

// QueryBool is a query parameter that is true or false.
func (r *Request) QueryBool(name string) *bool {
	v := r.QueryString(name)
	if v == nil {
		return nil
	}
	b := *v == "true"
	if !b && *v != "false" {
		r.fail(apigw.Serialization, "'%s' can not be converted to an Boolean", *v)
	}
	return &b
}

// QueryInt is a query parameter that is a 32-bit number.
func (r *Request) QueryInt(name string) *int {
	v := r.QueryString(name)
	if v == nil {
		return nil
	}
	n, err := strconv.ParseInt(*v, 10, 32)
	if err != nil {
		r.fail(apigw.Serialization, "'%s' can not be converted to an Integer", *v)
	}
	i := int(n)
	return &i
}

// QueryList is a query parameter that may be repeated or hold values parted
// by commas; nil when it wasn't sent.
func (r *Request) QueryList(name string) []string {
	var list []string
	for _, v := range r.queryValues(name) {
		list = append(list, strings.Split(v, ",")...)
	}
	return list
}

// QueryMap is every query parameter that no other member of the shape reads:
// maps are flattened into the query string. The generated code reads it last.
func (r *Request) QueryMap() map[string]string {
	r.allQuery = true
	var m map[string]string
	for _, p := range r.Query {
		if slices.Contains(r.queryRead, p.Name) {
			continue
		}
		if _, twice := m[p.Name]; twice {
			r.fail(apigw.BadRequest, "Query parameter '%s' must be given once", p.Name)
		}
		if m == nil {
			m = map[string]string{}
		}
		m[p.Name] = p.Value
	}
	return m
}

// unknown refuses what the call carries and no shape knows, by its name:
// nothing that is sent is dropped in silence.
func (r *Request) unknown() error {
	if len(r.surplus) > 0 {
		return apigw.Errorf(apigw.BadRequest, "Unknown member '%s' in the request body", r.surplus[0])
	}
	if r.allQuery {
		return nil
	}
	for _, p := range r.Query {
		if !slices.Contains(r.queryRead, p.Name) {
			return apigw.Errorf(apigw.BadRequest, "Unknown query parameter '%s'", p.Name)
		}
	}
	return nil
}

// ParseQuery splits a raw query string in order. Pairs are parted by '&'
// alone; a '+' is a blank.
func ParseQuery(raw string) ([]QueryParameter, error) {
	var list []QueryParameter
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		n, err := url.QueryUnescape(name)
		if err != nil {
			return nil, err
		}
		v, err := url.QueryUnescape(value)
		if err != nil {
			return nil, err
		}
		list = append(list, QueryParameter{n, v})
	}
	return list, nil
}
