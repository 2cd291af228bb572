package vpclink

import "bytes"

// normalPath is a path as path patterns see it: escapes of characters that need
// none are taken off, those of others are in upper case, and dot segments are
// resolved (RFC 3986, 6.2.2; the guide says no more than "after URI
// normalization"). Slashes stay as they are. path itself is returned when it is
// normal, which is what nearly all are.
func normalPath(path []byte) []byte {
	if bytes.IndexByte(path, '%') < 0 && !bytes.Contains(path, []byte("/.")) {
		return path
	}
	out := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]) {
			if c = unhex(path[i+1])<<4 | unhex(path[i+2]); unreserved(c) {
				out = append(out, c)
			} else {
				out = append(out, '%', upper(path[i+1]), upper(path[i+2]))
			}
			i += 2
			continue
		}
		out = append(out, c)
	}
	return withoutDots(out)
}

// withoutDots resolves the segments . and .. of a path.
func withoutDots(path []byte) []byte {
	out := path[:0]
	for len(path) > 0 {
		end := bytes.IndexByte(path[1:], '/') + 1
		if end == 0 {
			end = len(path)
		}
		segment := path[:end]
		path = path[end:]
		switch string(segment) {
		case "/.":
			if len(path) == 0 {
				out = append(out, '/')
			}
		case "/..":
			out = out[:max(bytes.LastIndexByte(out, '/'), 0)]
			if len(path) == 0 {
				out = append(out, '/')
			}
		default:
			out = append(out, segment...)
		}
	}
	return out
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'f' {
		c -= 'a' - 'A'
	}
	return c
}

func unreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}
