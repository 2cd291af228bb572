package schema

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isURI is what java.net.URI reads: relative ones too, and letters of all
// scripts.
func isURI(s string) bool {
	s, fragment, hasFragment := strings.Cut(s, "#")
	if !uriChars(fragment, "[]") {
		return false
	}
	if i := strings.IndexAny(s, ":/?"); i >= 0 && s[i] == ':' {
		if !isScheme(s[:i]) || s[i+1:] == "" {
			return false
		}
		if s = s[i+1:]; s[0] != '/' {
			return uriChars(s, "[]") // opaque: urn:x
		}
	}
	s, query, hasQuery := strings.Cut(s, "?")
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		authority, path, hasPath := strings.Cut(rest, "/")
		if authority == "" && !hasPath && !hasQuery && !hasFragment || !isAuthority(authority) {
			return false
		}
		s = path
	}
	return uriChars(s, "") && uriChars(query, "[]")
}

func isScheme(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && (i == 0 || strings.IndexByte("+-.", s[i]) < 0) || i == 0 && s[i] <= '9' {
			return false
		}
	}
	return s != ""
}

// isAuthority is a server with its user and port, or any name.
func isAuthority(s string) bool {
	if !strings.ContainsAny(s, "[]") {
		return uriChars(s, "")
	}
	user, host, found := strings.Cut(s, "@")
	if !found {
		user, host = "", s
	}
	address, port, ok := strings.Cut(strings.TrimPrefix(host, "["), "]")
	if !ok || host[0] != '[' || port != "" && (port[0] != ':' || leadingDigits(port[1:]) != len(port)-1) {
		return false
	}
	addr, err := netip.ParseAddr(address)
	return err == nil && addr.Is6() && uriChars(user, "")
}

// uriChars says whether s holds nothing but what a URI may, escapes, and more.
func uriChars(s, more string) bool {
	for i := 0; i < len(s); {
		c, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return false
			}
		case c >= 0x80:
			if unicode.IsControl(c) || unicode.Is(unicode.Z, c) {
				return false
			}
		case !isAlnum(byte(c)) && !strings.ContainsRune("-_.!~*'();/?:@&=+$,"+more, c):
			return false
		}
		i += size
	}
	return true
}
