package mapping

import "bytes"

// AppendPlainPath appends an escaped path without the escapes that needn't be:
// %61 is a (RFC 3986, section 6.2.2.2). Policies are asked about that one
// spelling, so that an escape gets round no statement; %2F is no slash.
func AppendPlainPath(dst, path []byte) []byte {
	for {
		at := bytes.IndexByte(path, '%')
		if at < 0 {
			return append(dst, path...)
		}
		dst, path = append(dst, path[:at]...), path[at:]
		if c, ok := needless(path); ok {
			dst, path = append(dst, c), path[3:]
			continue
		}
		dst, path = append(dst, '%'), path[1:]
	}
}

// needless is the character that text begins with an escape of, when it means
// the same without.
func needless(text []byte) (byte, bool) {
	if !isEscape(text) {
		return 0, false
	}
	c := unhex(text[1])<<4 | unhex(text[2])
	return c, unreserved(c)
}
