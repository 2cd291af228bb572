package vpclink

// pattern is a text with * (any characters, none too) and ? (one), which stand in
// text as bytes that no request holds in a place that is compared. It compares
// bytes; fold makes it case-insensitive for ASCII letters, and then text is in
// lower case.
type pattern struct {
	text string
	fold bool
}

const (
	anyText = 0
	anyByte = 1
)

// newPattern compiles text. escapes says that a backslash makes the character
// behind it stand for itself.
func newPattern(text string, fold, escapes bool) pattern {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && escapes && i+1 < len(text):
			i++
			out = append(out, text[i])
		case c == '*':
			out = append(out, anyText)
		case c == '?':
			out = append(out, anyByte)
		default:
			out = append(out, c)
		}
	}
	if fold {
		out = appendLower(out[:0], out)
	}
	return pattern{string(out), fold}
}

func appendLower[T string | []byte](dst []byte, text T) []byte {
	for i := range len(text) {
		dst = append(dst, lower(text[i]))
	}
	return dst
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// match says whether the whole of b is meant. A * takes as little as lets the
// rest match; only the last one is ever tried again, so that the work is bounded
// by the product of the two lengths.
func (p pattern) match(b []byte) bool {
	at, i := 0, 0
	star, from := -1, 0
	for i < len(b) {
		switch {
		case at < len(p.text) && p.text[at] == anyText:
			star, from = at, i
			at++
		case at < len(p.text) && (p.text[at] == anyByte || p.text[at] == p.byte(b[i])):
			at++
			i++
		case star >= 0:
			from++
			at, i = star+1, from
		default:
			return false
		}
	}
	for at < len(p.text) && p.text[at] == anyText {
		at++
	}
	return at == len(p.text)
}

func (p pattern) byte(c byte) byte {
	if p.fold {
		return lower(c)
	}
	return c
}
