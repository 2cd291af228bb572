package userpool

import "strings"

// The attributes by which users are found (API reference, ListUsers).
var searchable = []string{"username", "email", "phone_number", "name", "given_name", "family_name", "preferred_username", "cognito:user_status", "status", "sub"}

// maxFilter bounds a filter, in bytes.
const maxFilter = 1024

// parseFilter reads NAME = "VALUE" or NAME ^= "VALUE", which means begins
// with; an empty filter takes everybody.
func parseFilter(text string) (func(*User) bool, error) {
	if strings.TrimSpace(text) == "" {
		return func(*User) bool { return true }, nil
	}
	bad := errorf(invalidParameter, "Invalid search filter")
	if len(text) > maxFilter {
		return nil, bad
	}
	name, rest, ok := strings.Cut(text, "=")
	if !ok {
		return nil, bad
	}
	name, prefix := strings.CutSuffix(strings.TrimSpace(name), "^")
	name = strings.Trim(strings.TrimSpace(name), `"`)
	want, ok := quoted(strings.TrimSpace(rest))
	if !ok {
		return nil, bad
	}
	for _, known := range searchable {
		if name == known {
			return func(u *User) bool {
				have := u.searched(name)
				if prefix {
					return strings.HasPrefix(have, want)
				}
				return have == want
			}, nil
		}
	}
	return nil, errorf(invalidParameter, "Invalid search attribute: %.64s", name)
}

// quoted reads a text in quotation marks, in which a backslash is before
// another.
func quoted(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false
	}
	var b strings.Builder
	for s = s[1 : len(s)-1]; s != ""; s = s[1:] {
		switch {
		case s[0] == '"':
			return "", false
		case s[0] == '\\':
			if s = s[1:]; s == "" {
				return "", false
			}
		}
		b.WriteByte(s[0])
	}
	return b.String(), true
}

func (u *User) searched(name string) string {
	switch name {
	case "username":
		return u.Username
	case "cognito:user_status":
		return u.Status
	case "status":
		if u.Disabled {
			return "Disabled"
		}
		return "Enabled"
	}
	return u.Attr(name)
}
