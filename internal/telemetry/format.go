package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/gatehouse/gatehouse/internal/exchange"
)

// Format is a compiled access-log format: texts and $context variables in
// turn. Whether they come to JSON, CLF, XML or CSV is the author's affair: AWS
// substitutes and does nothing else, and so does Format.
type Format struct {
	pieces []piece
}

type piece struct {
	text string // before the variable
	v    exchange.Variable
	none bool // the last text: no variable follows
}

// maxFormat is the most bytes of a format (developer guide, "Set up CloudWatch
// logging for REST APIs").
const maxFormat = 3 << 10

// The refusals of CompileFormat.
var (
	errFormatSize  = fmt.Errorf("the access log format has more than %d bytes", maxFormat)
	errFormatLines = errors.New("Access Log format must be single line, new line character is allowed only at end of the format")
	errFormatID    = errors.New("the access log format must contain $context.requestId or $context.extendedRequestId")
)

// CompileFormat compiles text. It is an error when AWS would refuse text: when
// it is too long, has more than one line, names neither request ID, or reads
// something other than $context.
func CompileFormat(text string) (*Format, error) {
	return compileFormat(text, exchange.ParseLogVariable)
}

// CompileRouteFormat is CompileFormat for APIs of routes, which have some other
// variables, and requests of one ID.
func CompileRouteFormat(text string) (*Format, error) {
	return compileFormat(text, exchange.ParseRouteLogVariable)
}

// CompileConnectionFormat is CompileRouteFormat for WebSocket APIs.
func CompileConnectionFormat(text string) (*Format, error) {
	return compileFormat(text, exchange.ParseConnectionLogVariable)
}

func compileFormat(text string, parse func(string) exchange.Variable) (*Format, error) {
	if len(text) > maxFormat {
		return nil, errFormatSize
	}
	text = strings.TrimRight(text, "\r\n")
	if strings.ContainsAny(text, "\r\n") {
		return nil, errFormatLines
	}
	f, named, from := new(Format), false, 0
	for i := 0; i < len(text); i++ {
		if text[i] != '$' {
			continue
		}
		v, end, err := variableAt(text, i, parse)
		if err != nil {
			return nil, err
		}
		if end == i {
			continue
		}
		f.pieces = append(f.pieces, piece{text: text[from:i], v: v})
		named = named || v.Name == exchange.VarRequestID || v.Name == exchange.VarExtendedRequestID
		from, i = end, end-1
	}
	if !named {
		return nil, errFormatID
	}
	f.pieces = append(f.pieces, piece{text: text[from:], none: true})
	return f, nil
}

// Reads says whether the format has a variable that is one of those meant.
func (f *Format) Reads(meant func(exchange.VariableName) bool) bool {
	for _, p := range f.pieces {
		if !p.none && meant(p.v.Name) {
			return true
		}
	}
	return false
}

// Unknown are the names of the format's variables that AWS doesn't have: as on
// AWS, they read "-".
func (f *Format) Unknown() []string {
	var names []string
	for _, p := range f.pieces {
		if !p.none && !p.v.Documented() {
			names = append(names, p.v.Key)
		}
	}
	return names
}

// variableAt is the variable whose '$' is at i, and where it ends: i when none
// begins there.
func variableAt(text string, i int, parse func(string) exchange.Variable) (exchange.Variable, int, error) {
	rest := text[i+1:]
	for _, other := range []string{"input", "stageVariables", "util", "method"} {
		if name, ok := strings.CutPrefix(rest, other); ok && strings.HasPrefix(name, ".") {
			return exchange.Variable{}, i, fmt.Errorf("$%s can't be read in an access log format: only $context can", other)
		}
	}
	name, ok := strings.CutPrefix(rest, "context.")
	if !ok {
		return exchange.Variable{}, i, nil
	}
	name = name[:nameLength(name)]
	return parse(name), i + len("$context.") + len(name), nil
}

// nameLength is how much of s is a variable's name. Names have no '-', but for
// what an authorizer adds: "$context.requestId-$context.status" has two.
func nameLength(s string) int {
	dash := strings.HasPrefix(s, "authorizer.")
	n := 0
	for n < len(s) && (letter(s[n]) || s[n] == '.' || s[n] == '_' || dash && s[n] == '-') {
		n++
	}
	return len(strings.TrimRight(s[:n], ".-"))
}

func letter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// Append appends the line for x, which ended at ended, with its end of line. A
// variable without a value reads "-".
func (f *Format) Append(dst []byte, x *exchange.Exchange, ended time.Time) []byte {
	for i := range f.pieces {
		p := &f.pieces[i]
		dst = append(dst, p.text...)
		if p.none {
			break
		}
		from := len(dst)
		if dst = appendValue(dst, x, p.v, ended); len(dst) == from {
			dst = append(dst, '-')
		}
	}
	return append(dst, '\n')
}

// appendValue appends the value of v, or nothing.
func appendValue(dst []byte, x *exchange.Exchange, v exchange.Variable, ended time.Time) []byte {
	switch v.Name {
	case exchange.VarUnset:
		return dst
	case exchange.VarRequestID:
		return append(dst, x.RequestID[:]...)
	case exchange.VarExtendedRequestID:
		return append(dst, x.ExtendedID[:]...)
	case exchange.VarStatus:
		return strconv.AppendInt(dst, int64(x.Response.Status), 10)
	case exchange.VarResponseLength:
		return strconv.AppendInt(dst, x.Response.Sent, 10)
	case exchange.VarResponseLatency:
		return strconv.AppendInt(dst, ended.Sub(x.Received).Milliseconds(), 10)
	case exchange.VarCipherSuite:
		return append(dst, x.Client.Cipher...)
	case exchange.VarTLSVersion:
		return append(dst, x.Client.TLSProto...)
	case exchange.VarErrorResponseType:
		if f := x.Outcome.Fault; f != nil {
			dst = append(dst, f.Kind...)
		}
		return dst
	}
	if value, ok := appendIntegration(dst, &x.Outcome.Integration, v.Name); ok {
		return value
	}
	from := len(dst)
	if x.Vars == nil {
		return dst
	}
	dst, ok := x.Vars.AppendVariable(dst, x, v)
	if !ok {
		return dst[:from]
	}
	switch v.Name {
	case exchange.VarIdentityAPIKey:
		hide(dst[from:])
	case exchange.VarClientCertPEM, exchange.VarClientCertSubjectDN, exchange.VarClientCertIssuerDN, exchange.VarErrorMessage, exchange.VarAuthorizer,
		exchange.VarAuthenticateError, exchange.VarAuthorizeError, exchange.VarAuthorizerError:
		return oneLine(dst, from)
	}
	return dst
}

// oneLine writes the line breaks of a value from dst[from] on as \n and \r, and
// other control characters as blanks: a certificate has some, and so may have
// the names in it and what authorizers and messages say of a client, who is not
// to make up lines.
func oneLine(dst []byte, from int) []byte {
	if !bytes.ContainsFunc(dst[from:], unicode.IsControl) {
		return dst
	}
	value := string(dst[from:])
	dst = dst[:from]
	for i := range len(value) {
		switch c := value[i]; {
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c < ' ' || c == 0x7f:
			dst = append(dst, ' ')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// shownOfKey is how many characters of an API key a log shows, as AWS's execution
// logs do.
const shownOfKey = 6

// hide writes asterisks over a secret but for its end.
func hide(secret []byte) {
	for i := range max(0, len(secret)-shownOfKey) {
		secret[i] = '*'
	}
}

// appendIntegration appends what is known of a request's integration call. It
// is false when v is nothing of that.
func appendIntegration(dst []byte, i *exchange.Integration, v exchange.VariableName) ([]byte, bool) {
	switch v {
	case exchange.VarIntegrationServiceStatus:
		if i.Status > 0 {
			dst = strconv.AppendInt(dst, int64(i.Status), 10)
		}
	case exchange.VarIntegrationLatency:
		if !i.Ended.IsZero() {
			dst = strconv.AppendInt(dst, i.Ended.Sub(i.Began).Milliseconds(), 10)
		}
	case exchange.VarIntegrationTransferMode:
		dst = appendTransferMode(dst, i)
	case exchange.VarIntegrationTimeToAllHeaders:
		dst = appendSince(dst, i, i.Headers)
	case exchange.VarIntegrationTimeToFirstContent:
		dst = appendSince(dst, i, i.Content)
	case exchange.VarIntegrationRequestID, exchange.VarAWSEndpointRequestID:
		dst = append(dst, i.RequestID...)
	case exchange.VarIntegrationError:
		dst = appendOneLine(dst, i.Error)
	default:
		return dst, false
	}
	return dst, true
}

// appendTransferMode appends how an integration's answer is handed on. A
// request that called none has none.
func appendTransferMode(dst []byte, i *exchange.Integration) []byte {
	switch {
	case i.Streamed:
		return append(dst, "STREAMED"...)
	case i.Began.IsZero():
		return dst
	}
	return append(dst, "BUFFERED"...)
}

// appendSince appends how many milliseconds the call took until at; nothing
// when that never was, or nobody looked at the clock.
func appendSince(dst []byte, i *exchange.Integration, at time.Time) []byte {
	if at.IsZero() {
		return dst
	}
	return strconv.AppendInt(dst, at.Sub(i.Began).Milliseconds(), 10)
}

// appendOneLine appends text without what would begin another line.
func appendOneLine(dst []byte, text string) []byte {
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c == 0x7f {
			c = ' '
		}
		dst = append(dst, c)
	}
	return dst
}
