package mapping

// ValidFieldValue says whether v may stand in a header field: no control
// character but the tab.
func ValidFieldValue[T string | []byte](v T) bool {
	for i := range len(v) {
		if c := v[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// ValidFieldName says whether n is a header field's name, a token of RFC 9110.
func ValidFieldName[T string | []byte](n T) bool {
	for i := range len(n) {
		if !tokenChar(n[i]) {
			return false
		}
	}
	return len(n) > 0
}

func tokenChar(c byte) bool {
	if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}
