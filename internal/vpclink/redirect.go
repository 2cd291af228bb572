package vpclink

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// redirect sends clients elsewhere (reference, RedirectActionConfig).
type redirect struct {
	status                            int
	protocol, host, port, path, query keywords
}

func newRedirect(spec *apigw.Redirect) (*redirect, error) {
	r := &redirect{status: spec.Status}
	parts := []struct {
		to              *keywords
		text, otherwise string
	}{
		{&r.protocol, spec.Protocol, "#{protocol}"}, {&r.host, spec.Host, "#{host}"}, {&r.port, spec.Port, "#{port}"},
		{&r.path, spec.Path, "/#{path}"}, {&r.query, spec.Query, ""}, // an empty query takes the request's away
	}
	for _, p := range parts {
		var err error
		if *p.to, err = parseKeywords(cmp.Or(p.text, p.otherwise)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// maxLocation bounds a redirect URL (7.6 of the sheet: 507).
const maxLocation = 8 << 10

func (r *redirect) do(v *visit) (integration.Visit, error) {
	v.look()
	l := v.route.listener
	from := &original{protocol: "http", port: l.port, host: v.seen.host, path: bytes.TrimPrefix(v.path(), []byte("/")), query: v.seen.query}
	if l.secure {
		from.protocol = "https"
	}
	to := bytes.ToLower(r.protocol.append(v.scratch[:0], from))
	to = r.host.append(append(to, "://"...), from)
	to = r.port.append(append(to, ':'), from)
	to = r.path.append(to, from)
	mark := len(to)
	if to = r.query.append(append(to, '?'), from); len(to) == mark+1 {
		to = to[:mark]
	}
	v.scratch = to[:0]
	if len(to) > maxLocation || !http1.ValidValue(to) {
		return invented(507).do(v)
	}
	served, err := invented(r.status).do(v)
	v.resp.Header.AddBytes([]byte("Location"), to)
	return served, err
}

// original is what the keywords of a redirect stand for.
type original struct {
	protocol, port    string
	host, path, query []byte
}

// keywords is a text with #{host} and the like.
type keywords []keyword

// keyword is a literal text, or a part of the original.
type keyword struct{ text, name string }

func parseKeywords(text string) (keywords, error) {
	var list keywords
	for {
		before, rest, found := strings.Cut(text, "#{")
		if before != "" {
			list = append(list, keyword{text: before})
		}
		if !found {
			return list, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		switch {
		case !closed:
			return nil, fmt.Errorf("the redirect has an open #{ in %q", text)
		case name != "protocol" && name != "host" && name != "port" && name != "path" && name != "query":
			return nil, fmt.Errorf("the redirect has #{%s}: #{protocol}, #{host}, #{port}, #{path} and #{query} are known", name)
		}
		list = append(list, keyword{name: name})
		text = after
	}
}

func (k keywords) append(dst []byte, o *original) []byte {
	for _, one := range k {
		switch one.name {
		case "":
			dst = append(dst, one.text...)
		case "protocol":
			dst = append(dst, o.protocol...)
		case "host":
			dst = append(dst, o.host...)
		case "port":
			dst = append(dst, o.port...)
		case "path":
			dst = append(dst, o.path...)
		case "query":
			dst = append(dst, o.query...)
		}
	}
	return dst
}
