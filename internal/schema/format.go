package schema

import (
	"net/mail"
	"net/netip"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/javaregex"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// formatRule is a format that is checked; others mean nothing.
type formatRule struct {
	valid   func(s string) bool
	message string // with the string in it
}

func addFormat(n *node, at place, v *jsonpath.Value) error {
	if v.Kind != jsonpath.String {
		return at.fail("must be a string")
	}
	var f formatRule
	switch v.Text {
	case "date-time":
		f = formatRule{isDateTime, `string "%s" is invalid against requested date format(s) [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,12}Z]`}
	case "email":
		f = formatRule{isEmail, `string "%s" is not a valid email address`}
	case "hostname":
		f = formatRule{isHostname, `string "%s" is not a valid hostname`}
	case "ipv4":
		f = formatRule{isIPv4, `string "%s" is not a valid IPv4 address`}
	case "ipv6":
		f = formatRule{isIPv6, `string "%s" is not a valid IPv6 address`}
	case "regex":
		return add(n, "format", kindsOf(jsonpath.String))(regexRule{}, nil)
	case "uri":
		f = formatRule{isURI, `string "%s" is not a valid URI`}
	case "uuid":
		f = formatRule{isUUID, `input string "%s" is not a valid UUID`}
	case "mac":
		f = formatRule{isMAC, `input string "%s" is not a valid MAC address`}
	case "json-pointer":
		f = formatRule{isPointer, `input string "%s" is not a valid JSON Pointer`}
	case "base64":
		return add(n, "format", kindsOf(jsonpath.String))(base64Rule{}, nil)
	case "md5", "sha1", "sha256", "sha512":
		length := map[string]int{"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}[v.Text]
		return add(n, "format", kindsOf(jsonpath.String))(hexRule(length), nil)
	default:
		return nil
	}
	return add(n, "format", kindsOf(jsonpath.String))(f, nil)
}

func (f formatRule) check(r *run, v *jsonpath.Value) bool {
	return f.valid(v.Text) || r.fail(f.message, cut(v.Text))
}

// isDateTime is yyyy-MM-ddTHH:mm:ss, a fraction of up to 12 digits, and Z or
// an offset.
func isDateTime(s string) bool {
	if len(s) < len("2006-01-02T15:04:05Z") || s[10]|0x20 != 't' {
		return false
	}
	if _, err := time.Parse("2006-01-02 15:04:05", s[:10]+" "+s[11:19]); err != nil {
		return false
	}
	rest := s[19:]
	if rest[0] == '.' {
		digits := leadingDigits(rest[1:])
		if digits == 0 || digits > 12 {
			return false
		}
		rest = rest[1+digits:]
	}
	return isOffset(rest)
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

func isOffset(s string) bool {
	if s == "Z" || s == "z" {
		return true
	}
	if s == "" || s[0] != '+' && s[0] != '-' {
		return false
	}
	for _, layout := range []string{"15:04", "1504", "15"} {
		if _, err := time.Parse(layout, s[1:]); err == nil && len(s)-1 == len(layout) {
			return true
		}
	}
	return false
}

// isEmail is an address that Java's InternetAddress takes in its strict mode.
func isEmail(s string) bool {
	if !strings.ContainsAny(s, "<\"( ") {
		local, domain, ok := strings.Cut(s, "@")
		return ok && local != "" && isMailDomain(domain) && !strings.ContainsAny(local, ")>,;:\\[]\t\r\n") &&
			!strings.HasPrefix(local, ".") && !strings.HasSuffix(local, ".") && !strings.Contains(local, "..")
	}
	_, err := mail.ParseAddress(s)
	return err == nil
}

func isMailDomain(s string) bool {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return !strings.ContainsAny(s[1:len(s)-1], "[]\\\r\n ")
	}
	for _, label := range strings.Split(s, ".") {
		if label == "" || strings.Trim(label, "-") != label {
			return false
		}
		for _, c := range label {
			if c < 0x80 && c != '-' && !isAlnum(byte(c)) {
				return false
			}
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isHostname is Guava's InternetDomainName.
func isHostname(s string) bool {
	s = strings.TrimSuffix(s, ".")
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) > 127 {
		return false
	}
	for i, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "-_") != label {
			return false
		}
		for _, c := range label {
			if c < 0x80 && c != '-' && c != '_' && !isAlnum(byte(c)) {
				return false
			}
		}
		if i == len(labels)-1 && '0' <= label[0] && label[0] <= '9' {
			return false
		}
	}
	return true
}

func isIPv4(s string) bool {
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is4()
}

func isIPv6(s string) bool {
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is6() && !addr.Is4In6() && addr.Zone() == ""
}

// regexRule is a string that is a pattern itself, which takes the more steps of
// the patterns' to read the longer it is.
type regexRule struct{}

// regexSteps are those of a byte of a pattern: it takes up to 5 µs.
const regexSteps = 64

func (regexRule) check(r *run, v *jsonpath.Value) bool {
	if r.patterns.Steps -= regexSteps * len(v.Text); r.patterns.Steps >= 0 {
		if _, err := javaregex.CompileScript(v.Text); err == nil {
			return true
		}
	}
	return r.fail(`string "%s" is not a valid ECMA 262 regular expression`, cut(v.Text))
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// isUUID is java.util.UUID.fromString: five groups of hexadecimal digits, not
// all of them full.
func isUUID(s string) bool {
	groups := strings.Split(s, "-")
	if len(groups) != 5 || len(s) > 36 {
		return false
	}
	for _, group := range groups {
		if group == "" || strings.TrimFunc(group, func(c rune) bool { return c < 0x80 && isHex(byte(c)) }) != "" {
			return false
		}
	}
	return true
}

// isMAC is six pairs of letters and digits.
func isMAC(s string) bool {
	pairs := strings.Split(s, ":")
	for _, pair := range pairs {
		if len(pair) != 2 || !isAlnum(pair[0]) || !isAlnum(pair[1]) {
			return false
		}
	}
	return len(pairs) == 6
}

func isPointer(s string) bool {
	rest := strings.NewReplacer("~0", "", "~1", "").Replace(s)
	return (s == "" || s[0] == '/') && !strings.Contains(rest, "~")
}

type base64Rule struct{}

func (base64Rule) check(r *run, v *jsonpath.Value) bool {
	s := v.Text
	if n := utf16Length(s); n%4 != 0 {
		return r.fail("input has illegal length (must be a multiple of 4, found %d)", n)
	}
	body := strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
	for i, c := range []rune(body) {
		if c >= 0x80 || c != '+' && c != '/' && !isAlnum(byte(c)) {
			return r.fail(`illegal character "%c" at index %d (not in Base64 alphabet)`, c, i)
		}
	}
	return true
}

// hexRule is the length of a digest in hexadecimal.
type hexRule int

func (h hexRule) check(r *run, v *jsonpath.Value) bool {
	if n := utf16Length(v.Text); n != int(h) {
		return r.fail("input string has incorrect length (%d, expected %d)", n, int(h))
	}
	for i, c := range []rune(v.Text) {
		if c >= 0x80 || !isHex(byte(c)) {
			return r.fail(`illegal character "%c" in input at index %d`, c, i)
		}
	}
	return true
}

// utf16Length is what Java calls a string's length.
func utf16Length(s string) int {
	n := 0
	for _, c := range s {
		n++
		if c > 0xFFFF {
			n++
		}
	}
	return n
}
