package integration

import (
	"encoding/base64"
	"strings"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// BinaryTypes is an API's binaryMediaTypes.
type BinaryTypes []string

// Match says whether a media type, without parameters, is one of them.
// Wildcards work on the right side only (recorded on AWS): application/*,
// */*. An entry such as */test matches nothing, not even itself.
func (b BinaryTypes) Match(mediaType []byte) bool {
	for _, entry := range b {
		if strings.HasPrefix(entry, "*/") {
			if entry == "*/*" {
				return true
			}
			continue
		}
		if strings.EqualFold(entry, string(mediaType)) {
			return true
		}
		prefix, ok := strings.CutSuffix(entry, "*")
		if ok && strings.HasSuffix(prefix, "/") && len(mediaType) >= len(prefix) &&
			strings.EqualFold(prefix, string(mediaType[:len(prefix)])) {
			return true
		}
	}
	return false
}

// Conversion is a contentHandling.
type Conversion uint8

// The conversions.
const (
	NoConversion Conversion = iota
	ToText
	ToBinary
)

// ParseConversion reads a contentHandling; empty means none.
func ParseConversion(s string) (c Conversion, ok bool) {
	switch s {
	case "":
		return NoConversion, true
	case "CONVERT_TO_TEXT":
		return ToText, true
	case "CONVERT_TO_BINARY":
		return ToBinary, true
	}
	return NoConversion, false
}

// action is what is done to a payload.
type action uint8

const (
	leave  action = iota // bytes as they are
	encode               // bytes become base64 text
	decode               // base64 text becomes bytes
	clean                // text; what is no UTF-8 becomes U+FFFD
)

// ConvertRequest appends a request's payload as the integration gets it. It
// is bytes, which no template takes, or text (recorded on AWS, every case).
func ConvertRequest(dst, payload []byte, binary bool, c Conversion) (out []byte, bytes bool, f *exchange.Fault) {
	switch {
	case binary && c == ToText:
		return apply(dst, payload, encode)
	case binary:
		return apply(dst, payload, leave)
	case c == ToBinary:
		return apply(dst, payload, decode)
	}
	return apply(dst, payload, clean)
}

// ConvertResponse appends a backend's payload as the client gets it: binary
// says that the backend's Content-Type is a binary one, wanted that the first
// type of the client's Accept is (recorded on AWS, every case).
func ConvertResponse(dst, payload []byte, binary, wanted bool, c Conversion) (out []byte, bytes bool, f *exchange.Fault) {
	switch {
	case binary && c == ToBinary:
		return apply(dst, payload, leave)
	case binary && c == ToText:
		return apply(dst, payload, encode)
	case binary && wanted:
		return apply(dst, payload, leave)
	case binary:
		return apply(dst, payload, encode)
	case c == ToBinary, c == NoConversion && wanted:
		return apply(dst, payload, decode)
	}
	return apply(dst, payload, clean)
}

func apply(dst, payload []byte, a action) (out []byte, bytes bool, f *exchange.Fault) {
	switch a {
	case encode:
		return base64.StdEncoding.AppendEncode(dst, payload), false, nil
	case decode:
		out, err := AppendBase64Decoded(dst, payload)
		if err != nil {
			return dst, true, Misconfigured(err)
		}
		return out, true, nil
	case clean:
		return AppendText(dst, payload), false, nil
	}
	return append(dst, payload...), true, nil
}

// AppendBase64Decoded appends what the base64 text encodes; padding may be
// missing, as Java's decoder allows.
func AppendBase64Decoded(dst, text []byte) ([]byte, error) {
	n := len(text)
	for range 2 {
		if n > 0 && text[n-1] == '=' {
			n--
		}
	}
	if n != len(text) && len(text)%4 != 0 {
		return dst, base64.CorruptInputError(n)
	}
	return base64.RawStdEncoding.AppendDecode(dst, text[:n])
}

// AppendText is mapping.AppendText.
func AppendText(dst, b []byte) []byte { return mapping.AppendText(dst, b) }
