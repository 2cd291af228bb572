package integration

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gatehouse/gatehouse/internal/mapping"
)

// URI is a compiled integration URI of an HTTP backend: where it leads, and
// how the target of each request is put together.
type URI struct {
	TLS     bool
	Host    string // as the Host header has it, port included when given
	Address string // host:port to connect to
	Name    string // the host alone: the TLS server name

	path  []uriPart
	query []uriPart
}

// uriPart is a literal text, or a {name}, with a source when that is mapped.
type uriPart struct {
	text   string // the literal, or "{name}" as it stands when name has no value
	name   string // empty: a literal
	source *mapping.Source
}

// Substitute replaces each ${stageVariables.name} of text by its value, a
// missing one by nothing. Any other ${...} stays as it is.
func Substitute(text string, stageVariables map[string]string) string {
	const open = "${stageVariables."
	var b strings.Builder
	for {
		i := strings.Index(text, open)
		if i < 0 {
			break
		}
		end := strings.IndexByte(text[i:], '}')
		if end < 0 {
			break
		}
		b.WriteString(text[:i])
		b.WriteString(stageVariables[text[i+len(open):i+end]])
		text = text[i+end+1:]
	}
	if b.Len() == 0 {
		return text
	}
	return b.String() + text
}

// ParseURI compiles uri, whose stage variables are substituted already.
// params are the mappings to integration.request.path: they fill the {name}s.
// An unmapped {name} stays in the URI literally.
func ParseURI(uri string, params []mapping.Parameter) (*URI, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	secure := strings.EqualFold(scheme, "https")
	if !ok || !secure && !strings.EqualFold(scheme, "http") {
		return nil, fmt.Errorf("%q is no http or https URI", uri)
	}
	rest, _, _ = strings.Cut(rest, "#")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	u := &URI{TLS: secure, Host: rest[:end]}
	if err := u.parseHost(); err != nil {
		return nil, err
	}
	path, query, _ := strings.Cut(rest[end:], "?")
	if path == "" {
		path = "/"
	}
	u.path, u.query = parseParts(path, params), parseParts(query, params)
	return u, nil
}

func (u *URI) parseHost() error {
	switch {
	case strings.ContainsRune(u.Host, '@'):
		return fmt.Errorf("the URI holds user information before its host, which is not supported")
	case strings.ContainsAny(u.Host, "{}"):
		return fmt.Errorf("the URI's host %q has a {name}, which is not supported", u.Host)
	}
	parsed, err := url.Parse("http://" + u.Host + "/")
	if err != nil || parsed.Host != u.Host || parsed.Hostname() == "" {
		return fmt.Errorf("%q is no host", u.Host)
	}
	u.Name = parsed.Hostname()
	if !validHost(u.Name) {
		return fmt.Errorf("%q is no host", u.Host)
	}
	port := parsed.Port()
	if port == "" {
		port = map[bool]string{false: "80", true: "443"}[u.TLS]
		u.Host = strings.TrimSuffix(u.Host, ":")
	}
	if n, err := net.LookupPort("tcp", port); err != nil || n == 0 {
		return fmt.Errorf("%q is no port", port)
	}
	u.Address = net.JoinHostPort(u.Name, port)
	return nil
}

func validHost(name string) bool {
	if strings.ContainsRune(name, ':') {
		_, err := netip.ParseAddr(name)
		return err == nil
	}
	for i := range len(name) {
		c := name[i]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_') {
			return false
		}
	}
	return len(name) <= 253
}

func parseParts(text string, params []mapping.Parameter) []uriPart {
	var parts []uriPart
	for text != "" {
		i := strings.IndexByte(text, '{')
		if i < 0 {
			break
		}
		end := strings.IndexByte(text[i:], '}')
		if end < 0 {
			break
		}
		if i > 0 {
			parts = append(parts, uriPart{text: text[:i]})
		}
		parts = append(parts, namedPart(text[i:i+end+1], params))
		text = text[i+end+1:]
	}
	if text != "" {
		parts = append(parts, uriPart{text: text})
	}
	return parts
}

func namedPart(text string, params []mapping.Parameter) uriPart {
	p := uriPart{text: text, name: text[1 : len(text)-1]}
	for i := range params {
		if params[i].Place == mapping.InPath && params[i].Name == text[1:len(text)-1] {
			p.source = &params[i].Source
		}
	}
	return p
}

// AppendTarget appends the path and query of a request: the URI's own query
// comes first. What may not stand in a request target is escaped.
func (u *URI) AppendTarget(dst []byte, in *mapping.Input) []byte {
	dst = u.AppendPath(dst, in)
	if len(u.query) == 0 {
		return dst
	}
	return u.AppendQuery(append(dst, '?'), in)
}

// AppendPath appends the path of a request.
func (u *URI) AppendPath(dst []byte, in *mapping.Input) []byte {
	for i := range u.path {
		dst = u.path[i].appendPath(dst, in)
	}
	return dst
}

// AppendQuery appends the URI's own query, without '?'.
func (u *URI) AppendQuery(dst []byte, in *mapping.Input) []byte {
	for i := range u.query {
		dst = u.query[i].appendQuery(dst, in)
	}
	return dst
}

// HasQuery says whether targets have a query of the URI's own.
func (u *URI) HasQuery() bool { return len(u.query) > 0 }

func (p *uriPart) appendPath(dst []byte, in *mapping.Input) []byte {
	if value, ok := p.overridden(in); ok {
		return mapping.AppendPathEscaped(dst, []byte(value))
	}
	if p.source != nil {
		if v, ok := p.source.AppendPathValue(dst, in); ok {
			return v
		}
	}
	return appendTargetText(dst, p.text)
}

func (p *uriPart) appendQuery(dst []byte, in *mapping.Input) []byte {
	if value, ok := p.overridden(in); ok {
		return mapping.AppendQueryEscaped(dst, []byte(value))
	}
	if p.source != nil {
		if v, ok := p.source.AppendQueryValue(dst, in); ok {
			return v
		}
	}
	return appendTargetText(dst, p.text)
}

// overridden is the value that a template gave {name}.
func (p *uriPart) overridden(in *mapping.Input) (string, bool) {
	if in.Overrides == nil || p.name == "" {
		return "", false
	}
	return in.Overrides.Path.Text(p.name)
}

// appendTargetText appends the URI's own text, with escapes for the
// characters that no request target holds.
func appendTargetText(dst []byte, text string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(text) {
		switch c := text[i]; {
		case c <= ' ', c >= 0x7f, c == '"', c == '<', c == '>', c == '\\', c == '^', c == '`', c == '{', c == '|', c == '}':
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
