package sigv4

import (
	"encoding/hex"
	"slices"
	"strings"
)

// canonical is the text whose hash is signed. names are the signed headers in
// lower case, sorted; payload is the last line.
func canonical(r *Request, names []string, payload string) []byte {
	b := make([]byte, 0, 512+len(r.Path)+len(r.Query))
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = appendPath(b, r.Path)
	b = append(b, '\n')
	b = appendQuery(b, r.Query)
	b = append(b, '\n')
	for _, name := range names {
		b = append(b, name...)
		b = append(b, ':')
		if name == "host" {
			b = appendTrimmed(b, r.Host)
		} else {
			for i, v := range r.Header(name) {
				if i > 0 {
					b = append(b, ',')
				}
				b = appendTrimmed(b, v)
			}
		}
		b = append(b, '\n')
	}
	b = append(b, '\n')
	for i, name := range names {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	b = append(b, '\n')
	return append(b, payload...)
}

func hexHash(sum [32]byte) string { return hex.EncodeToString(sum[:]) }

// appendPath appends the path without dot segments and doubled slashes, and
// with each segment escaped once more than it travels.
func appendPath[T string | []byte](b []byte, path T) []byte {
	if len(path) == 0 {
		return append(b, '/')
	}
	if needsNormalising(path) {
		return appendPathEscaped(b, normalise(string(path)))
	}
	return appendPathEscaped(b, path)
}

func appendPathEscaped[T string | []byte](b []byte, path T) []byte {
	for i := range len(path) {
		if c := path[i]; c == '/' {
			b = append(b, c)
		} else {
			b = appendEscaped(b, c)
		}
	}
	return b
}

// needsNormalising says that a path has an empty segment, or one that begins
// with a dot; ones that normalise leaves alone among them. One that doesn't
// begin with a slash is no path, and stays another text than any that does.
func needsNormalising[T string | []byte](path T) bool {
	for i := range len(path) - 1 {
		if path[0] == '/' && path[i] == '/' && (path[i+1] == '/' || path[i+1] == '.') {
			return true
		}
	}
	return false
}

// normalise takes dot segments and empty ones out. A slash stays at the end
// when there was one, as AWS's own signers have it (aws-c-auth, botocore,
// @smithy/signature-v4); RFC 3986 would also leave one for a dot segment there.
func normalise(path string) string {
	var kept []string
	for s := range strings.SplitSeq(path, "/") {
		switch s {
		case "", ".":
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, s)
		}
	}
	out := "/" + strings.Join(kept, "/")
	if len(kept) > 0 && path[len(path)-1] == '/' {
		out += "/"
	}
	return out
}

const upperHex = "0123456789ABCDEF"

// appendEscaped appends c as it is when RFC 3986 calls it unreserved.
func appendEscaped(b []byte, c byte) []byte {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
		return append(b, c)
	}
	return append(b, '%', upperHex[c>>4], upperHex[c&15])
}

// appendQuery appends the parameters sorted by their escaped name, then value,
// without the signature itself. A name without a value gets an empty one.
func appendQuery(b []byte, query string) []byte {
	if query == "" {
		return b
	}
	var pairs [][2]string
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if name == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, [2]string{reescape(name), reescape(value)})
	}
	slices.SortFunc(pairs, func(x, y [2]string) int {
		if c := strings.Compare(x[0], y[0]); c != 0 {
			return c
		}
		return strings.Compare(x[1], y[1])
	})
	for i, p := range pairs {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, p[0]...)
		b = append(b, '=')
		b = append(b, p[1]...)
	}
	return b
}

// reescape escapes a name or value the one canonical way, whichever way it
// came. A plus is a blank; a percent sign that begins no escape is itself.
func reescape(s string) string { return string(appendReescaped(make([]byte, 0, len(s)+8), s)) }

func appendReescaped[T string | []byte](b []byte, s T) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(s):
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				c = byte(hi<<4 | lo)
				i += 2
			}
		}
		b = appendEscaped(b, c)
	}
	return b
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// appendTrimmed appends a header's value without blanks at its ends and with
// runs of blanks within as one.
func appendTrimmed[T string | []byte](b []byte, s T) []byte {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for n := len(s); n > 0 && (s[n-1] == ' ' || s[n-1] == '\t'); n = len(s) {
		s = s[:n-1]
	}
	for i := range len(s) {
		if s[i] == ' ' && i > 0 && s[i-1] == ' ' {
			continue
		}
		b = append(b, s[i])
	}
	return b
}

// queryValue is the first value of a parameter, unescaped.
func queryValue(query, name string) (string, bool) {
	for pair := range strings.SplitSeq(query, "&") {
		if n, value, _ := strings.Cut(pair, "="); n == name {
			return unescape(value), true
		}
	}
	return "", false
}

func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(s):
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				c = byte(hi<<4 | lo)
				i += 2
			}
		}
		b = append(b, c)
	}
	return string(b)
}
