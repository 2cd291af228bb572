package integration

import "bytes"

// AppendS3Target appends a request target with its path escaped the one way
// that Amazon S3 signs it: RFC 3986's unreserved characters and slashes as they
// are, all others as %XX (Amazon S3 API reference, "Signature calculations for
// the Authorization header"). The query stays.
func AppendS3Target(dst, target []byte) []byte {
	path, _, _ := bytes.Cut(target, []byte{'?'})
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' && i+2 < len(path) {
			if high, low := hexDigit(path[i+1]), hexDigit(path[i+2]); high < 16 && low < 16 {
				c = high<<4 | low
				i += 2
			}
		}
		if alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '/' {
			dst = append(dst, c)
			continue
		}
		const hex = "0123456789ABCDEF"
		dst = append(dst, '%', hex[c>>4], hex[c&15])
	}
	return append(dst, target[len(path):]...)
}

// hexDigit is the value of c; 16 when it is no digit.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}
