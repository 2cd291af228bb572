package userpool

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	emailPattern = regexp.MustCompile(`^[^\s@<>",;]{1,64}@[^\s@<>",;]{1,255}$`)
	phonePattern = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`) // E.164
	uuidPattern  = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

func isEmail(s string) bool { return emailPattern.MatchString(s) }

func isPhone(s string) bool { return phonePattern.MatchString(s) }

const maxUsername = 128 // characters

func checkUsername(name string) error {
	if n := utf8.RuneCountInString(name); n < 1 || n > maxUsername || !utf8.ValidString(name) {
		return errorf(invalidParameter, "Username must have 1 to %d characters", maxUsername)
	}
	return nil
}

// fold writes a name as it is looked up by.
func (p *Pool) fold(name string) string {
	if p.CaseSensitive {
		return name
	}
	return strings.ToLower(name)
}

// alias is one name of a user beside the username.
type alias struct{ kind, value string }

// lookups are the ways in which a name may mean a user, beside the username.
func (p *Pool) lookups(name string) []alias {
	var list []alias
	if uuidPattern.MatchString(name) {
		list = append(list, alias{"sub", name})
	}
	for _, kind := range append(slices.Clone(p.UsernameAttributes), p.Aliases...) {
		if kind == "email" && !isEmail(name) || kind == "phone_number" && !isPhone(name) {
			continue
		}
		list = append(list, alias{kind, p.fold(name)})
	}
	return list
}

// aliasesOf are the names that a user has now. An alias counts once it is
// verified; what stands for the username always does (developer guide,
// "Customizing sign-in attributes").
func (p *Pool) aliasesOf(u *User) []alias {
	list := []alias{{"sub", u.Sub}}
	for _, kind := range p.UsernameAttributes {
		if v := u.Attr(kind); v != "" {
			list = append(list, alias{kind, p.fold(v)})
		}
	}
	for _, kind := range p.Aliases {
		v := u.Attr(kind)
		if v == "" || kind != "preferred_username" && u.Attr(kind+"_verified") != "true" {
			continue
		}
		list = append(list, alias{kind, p.fold(v)})
	}
	return list
}

// nameOfNew says what a user who signs up under a name is called, and which
// attribute the name stands for.
func (p *Pool) nameOfNew(name string) (attribute string, err error) {
	if err := checkUsername(name); err != nil {
		return "", err
	}
	email, phone := slices.Contains(p.UsernameAttributes, "email"), slices.Contains(p.UsernameAttributes, "phone_number")
	switch {
	case email && isEmail(name):
		return "email", nil
	case phone && isPhone(name):
		return "phone_number", nil
	case email && phone:
		return "", errorf(invalidParameter, "Username should be either an email or a phone number.")
	case email:
		return "", errorf(invalidParameter, "Username should be an email.")
	case phone:
		return "", errorf(invalidParameter, "Username should be a phone number.")
	case slices.Contains(p.Aliases, "email") && isEmail(name):
		return "", errorf(invalidParameter, "Username cannot be of email format, since user pool is configured for email alias.")
	case slices.Contains(p.Aliases, "phone_number") && isPhone(name):
		return "", errorf(invalidParameter, "Username cannot be of phone number format, since user pool is configured for phone number alias.")
	}
	return "", nil
}

// The keys of records, within a scope.

func poolKey(id PoolID) string { return PoolPrefix + segment(string(id)) }

func clientKey(pool PoolID, id ClientID) string { return clientsOf(pool) + segment(string(id)) }

func clientsOf(pool PoolID) string { return ClientPrefix + segment(string(pool)) + "/" }

func domainKey(name string) string { return DomainPrefix + segment(name) }

func dataOf(pool PoolID) string { return DataPrefix + segment(string(pool)) + "/" }

func countKey(pool PoolID) string { return dataOf(pool) + "count" }

func usersOf(pool PoolID) string { return dataOf(pool) + "user/" }

func (p *Pool) userKey(username string) string { return usersOf(p.ID) + segment(p.fold(username)) }

func (p *Pool) aliasKey(a alias) string {
	return dataOf(p.ID) + "alias/" + segment(a.kind) + "/" + segment(a.value)
}

func groupsOf(pool PoolID) string { return dataOf(pool) + "group/" }

func groupKey(pool PoolID, name string) string { return groupsOf(pool) + segment(name) }

func serversOf(pool PoolID) string { return dataOf(pool) + "server/" }

func serverKey(pool PoolID, identifier string) string { return serversOf(pool) + segment(identifier) }

// signInsOf are a user's sign-ins, by the user's sub.
func signInsOf(pool PoolID, sub string) string { return dataOf(pool) + "signin/" + segment(sub) + "/" }

// segment writes a name as one segment of a key.
func segment(name string) string { return url.PathEscape(name) }

// The beginnings of the keys of each kind of record.
const (
	PoolPrefix   = "userpool/pool/"
	ClientPrefix = "userpool/client/"
	DomainPrefix = "userpool/domain/"
	DataPrefix   = "userpool-data/" // what belongs to a pool and is read when it is needed
)
