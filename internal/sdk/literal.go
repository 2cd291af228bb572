package sdk

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// jsonLiteral is a string literal of JavaScript, TypeScript and Python, which
// all read JSON's: < > & and the line separators are escaped, so that none
// ends a script element or a line.
func jsonLiteral(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a form
	}
	return strings.ReplaceAll(string(b), "\x7f", `\u007f`)
}

func goLiteral(s string) string { return strconv.QuoteToASCII(s) }

// javaLiteral escapes line ends and quotes by names and octal: Java reads
// \uXXXX before it reads tokens, so that \u0022 would end the string.
func javaLiteral(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\%03o`, r)
		case r < 0x7f:
			b.WriteRune(r)
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

// rubyLiteral escapes '#', which would begin an expression in a string.
func rubyLiteral(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r == '#':
			b.WriteString(`\` + string(r))
		case r < ' ' || r > '~':
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// maxRemark bounds a text in a remark, in runes.
const maxRemark = 200

// remark is a text for a comment of one line, a docstring or a code span: no
// line ends, nothing invisible, no backslash (Java reads escapes in comments),
// no quotes or asterisks that end something.
func remark(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > maxRemark {
			b.WriteString("...")
			break
		}
		switch {
		case r == '\\':
			r = '/'
		case r == '"' || r == '`':
			r = '\''
		case r == '*':
			r = '+'
		case r == '<':
			r = '('
		case r == '>':
			r = ')'
		case !unicode.IsGraphic(r) || r == unicode.ReplacementChar:
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
