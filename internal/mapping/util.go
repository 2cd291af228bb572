package mapping

import (
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/vtl"
)

// bytesPerStep is how much text functions make or read for a step's price.
const bytesPerStep = 32

// utilObject is $util: six functions of one text each (developer guide,
// "$util variables"). Of null each is null (recorded on AWS for urlEncode); a
// value that is no text is taken as it prints.
type utilObject struct{}

func (utilObject) Get(*vtl.Run, string) (vtl.Value, error) { return vtl.Value{}, nil }

func (utilObject) Set(*vtl.Run, string, vtl.Value) error { return errReadOnly("$util") }

func (utilObject) Append(_ *vtl.Run, dst []byte) ([]byte, bool) { return dst, true }

func (utilObject) Call(run *vtl.Run, method string, args []vtl.Value) (vtl.Value, bool, error) {
	if len(args) != 1 {
		return vtl.Value{}, false, nil
	}
	if method == "parseJson" {
		v, err := parseJSON(run, args[0])
		return v, true, err
	}
	f := textFunction(method)
	if f == nil {
		return vtl.Value{}, false, nil
	}
	if args[0].IsNull() {
		return vtl.NullValue(), true, nil
	}
	r := of(run)
	text, err := run.TextOf(args[0])
	if err != nil {
		return vtl.Value{}, true, fmt.Errorf("$util.%s: %w", method, err)
	}
	// escapeJavaScript makes six bytes of one, at most.
	if len(text) > TemplateLimits.Output/6 {
		return vtl.Value{}, true, fmt.Errorf("$util.%s: the text has more than %d bytes", method, TemplateLimits.Output/6)
	}
	out, err := f(r.scratch[:0], text)
	if err != nil {
		return vtl.Value{}, true, fmt.Errorf("$util.%s: %w", method, err)
	}
	r.scratch = out[:0]
	if string(out) != text {
		text = string(out)
	}
	return vtl.StringValue(text), true, run.Charge((len(text) + len(out)) / bytesPerStep)
}

// bindUtil warns of functions that $util doesn't have; those of AppSync's are
// mistaken for API Gateway's easily.
func bindUtil(warn func(string)) func(string, []vtl.Value) (vtl.Func, error) {
	return func(method string, args []vtl.Value) (vtl.Func, error) {
		if known := method == "parseJson" || textFunction(method) != nil; !known || len(args) != 1 {
			warn(fmt.Sprintf("$util.%s with %d arguments is no function that API Gateway has: it renders empty", method, len(args)))
		}
		return nil, nil
	}
}

func textFunction(name string) func(dst []byte, text string) ([]byte, error) {
	switch name {
	case "escapeJavaScript":
		return appendJavaScript
	case "urlEncode":
		return appendFormEncoded
	case "urlDecode":
		return appendFormDecoded
	case "base64Encode":
		return func(dst []byte, s string) ([]byte, error) {
			return base64.StdEncoding.AppendEncode(dst, []byte(s)), nil
		}
	case "base64Decode":
		return appendBase64Decoded
	}
	return nil
}

// parseJSON is $util.parseJson: the text as an object, list or scalar.
func parseJSON(run *vtl.Run, value vtl.Value) (vtl.Value, error) {
	if value.IsNull() {
		return vtl.NullValue(), nil
	}
	text, err := run.TextOf(value)
	if err != nil {
		return vtl.Value{}, fmt.Errorf("$util.parseJson: %w", err)
	}
	if err := run.Charge(8 * len(text) / bytesPerStep); err != nil {
		return vtl.Value{}, err
	}
	doc, err := jsonpath.Parse([]byte(text), BodyLimits)
	if err != nil {
		return vtl.Value{}, fmt.Errorf("$util.parseJson: %w", err)
	}
	return vtl.JSONValue(doc), nil
}

// appendJavaScript escapes as escapeJavaScript of Apache's commons-lang does,
// whose name the function has: quotes of both kinds, as documented, the
// backslash, the slash, control characters, and everything beyond ASCII.
func appendJavaScript(dst []byte, s string) ([]byte, error) {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = appendJavaScriptByte(dst, c)
			i++
			continue
		}
		char, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if char > 0xFFFF {
			char -= 0x10000
			dst = appendUnicode(dst, 0xD800+char>>10)
			char = 0xDC00 + char&0x3FF
		}
		dst = appendUnicode(dst, char)
	}
	return dst, nil
}

func appendJavaScriptByte(dst []byte, c byte) []byte {
	switch c {
	case '"', '\'', '\\', '/':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\n':
		return append(dst, `\n`...)
	case '\t':
		return append(dst, `\t`...)
	case '\f':
		return append(dst, `\f`...)
	case '\r':
		return append(dst, `\r`...)
	}
	if c < ' ' {
		return appendUnicode(dst, rune(c))
	}
	return append(dst, c)
}

func appendUnicode(dst []byte, unit rune) []byte {
	return append(dst, '\\', 'u', upperHex[unit>>12&15], upperHex[unit>>8&15], upperHex[unit>>4&15], upperHex[unit&15])
}

// appendFormEncoded is java.net.URLEncoder's UTF-8 form.
func appendFormEncoded(dst []byte, s string) ([]byte, error) {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			dst = append(dst, '+')
		case unreserved(c) && c != '~', c == '*':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst, nil
}

var errEscape = errors.New("the text holds a % that begins no escape")

// appendFormDecoded is java.net.URLDecoder's UTF-8 form.
func appendFormDecoded(dst []byte, s string) ([]byte, error) {
	from := len(dst)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			dst = append(dst, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			dst = append(dst, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		case c == '%':
			return dst[:from], errEscape
		default:
			dst = append(dst, c)
		}
	}
	return validText(dst, from), nil
}

// appendBase64Decoded decodes to UTF-8; padding may be missing, as Java's
// decoder allows.
func appendBase64Decoded(dst []byte, s string) ([]byte, error) {
	n := len(s)
	for range 2 {
		if n > 0 && s[n-1] == '=' {
			n--
		}
	}
	if n != len(s) && len(s)%4 != 0 {
		return dst, base64.CorruptInputError(n)
	}
	from := len(dst)
	dst, err := base64.RawStdEncoding.AppendDecode(dst, []byte(s[:n]))
	if err != nil {
		return dst[:from], err
	}
	return validText(dst, from), nil
}

// validText makes what is no UTF-8 in dst from from on U+FFFD.
func validText(dst []byte, from int) []byte {
	if utf8.Valid(dst[from:]) {
		return dst
	}
	return AppendText(dst[:from:from], dst[from:])
}
