package userpool

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Attribute is what a pool says of one attribute of its users.
type Attribute struct {
	Name          string `json:"name"` // of a custom one with "custom:", of one for developers with "dev:" before it
	Type          string `json:"type"` // String, Number, DateTime, Boolean
	DeveloperOnly bool   `json:"developerOnly,omitempty"`
	Mutable       bool   `json:"mutable,omitempty"`
	Required      bool   `json:"required,omitempty"`
	// Bounds of a text's length or a number's value, as they were sent; empty:
	// none.
	Min string `json:"min,omitempty"`
	Max string `json:"max,omitempty"`
}

// Custom says that the attribute is the pool's own.
func (a *Attribute) Custom() bool {
	return strings.HasPrefix(a.Name, "custom:") || strings.HasPrefix(a.Name, "dev:")
}

// maxCustom is how many attributes of its own a pool may have (developer
// guide, "Quotas in Amazon Cognito").
const maxCustom = 50

// StandardAttributes are those of every pool, as AWS describes a new pool.
func StandardAttributes() []Attribute {
	text := func(name string) Attribute {
		return Attribute{Name: name, Type: "String", Mutable: true, Min: "0", Max: "2048"}
	}
	list := []Attribute{{Name: "sub", Type: "String", Required: true, Min: "1", Max: "2048"}}
	for _, name := range []string{"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "email"} {
		list = append(list, text(name))
	}
	birth := text("birthdate")
	birth.Min, birth.Max = "10", "10"
	return append(list, Attribute{Name: "email_verified", Type: "Boolean", Mutable: true}, text("gender"), birth, text("zoneinfo"), text("locale"),
		text("phone_number"), Attribute{Name: "phone_number_verified", Type: "Boolean", Mutable: true}, text("address"),
		Attribute{Name: "updated_at", Type: "Number", Mutable: true, Min: "0"})
}

// CompleteSchema is all attributes of a pool with what was set of them.
func CompleteSchema(set []Attribute) []Attribute {
	list := StandardAttributes()
	for _, a := range set {
		if i := slices.IndexFunc(list, func(b Attribute) bool { return b.Name == a.Name }); i >= 0 {
			list[i] = a
		} else {
			list = append(list, a)
		}
	}
	return list
}

// checkSchema checks what was set of attributes, and gives custom ones their
// prefix.
func checkSchema(set []Attribute) ([]Attribute, error) {
	standard := StandardAttributes()
	var out []Attribute
	custom := 0
	for _, a := range set {
		known := slices.IndexFunc(standard, func(b Attribute) bool { return b.Name == a.Name })
		if known >= 0 {
			s := standard[known]
			if a.Type != "" && a.Type != s.Type || a.DeveloperOnly {
				return nil, errorf(invalidParameter, "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute %s", a.Name)
			}
			a.Type = s.Type
			if a.Min == "" && a.Max == "" {
				a.Min, a.Max = s.Min, s.Max
			}
		} else {
			custom++
			if err := customAttribute(&a); err != nil {
				return nil, err
			}
		}
		if slices.ContainsFunc(out, func(b Attribute) bool { return b.Name == a.Name }) {
			return nil, errorf(invalidParameter, "Attribute %s is given twice", a.Name)
		}
		if err := a.checkBounds(); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	if custom > maxCustom {
		return nil, errorf(limitExceeded, "Exceeds limit for number of custom attributes: %d", maxCustom)
	}
	return out, nil
}

func customAttribute(a *Attribute) error {
	if a.Required {
		return errorf(invalidParameter, "Required custom attributes are not supported currently.")
	}
	if a.Name == "" || strings.ContainsAny(a.Name, ":") {
		return errorf(invalidParameter, "%q is no name of a custom attribute", a.Name)
	}
	if a.Type == "" {
		a.Type = "String"
	}
	prefix := "custom:"
	if a.DeveloperOnly {
		prefix = "dev:custom:"
	}
	a.Name = prefix + a.Name
	return nil
}

func (a *Attribute) checkBounds() error {
	for _, text := range []string{a.Min, a.Max} {
		if _, err := strconv.ParseInt(text, 10, 64); text != "" && err != nil {
			return errorf(invalidParameter, "The constraints of the attribute %s are no numbers", a.Name)
		}
	}
	if (a.Min != "" || a.Max != "") && a.Type != "String" && a.Type != "Number" {
		return errorf(invalidParameter, "The attribute %s of type %s can't have constraints", a.Name, a.Type)
	}
	return nil
}

const (
	maxAttributes = 100  // of a call
	maxValue      = 2048 // characters
)

// checkAttributes checks what is to be set of a user, beside which of it a
// client may write.
func checkAttributes(schema []Attribute, values []Value) error {
	if len(values) > maxAttributes {
		return errorf(invalidParameter, "A call sets at most %d attributes", maxAttributes)
	}
	seen := map[string]bool{}
	for _, v := range values {
		if seen[v.Name] {
			return errorf(invalidParameter, "user.%s: The attribute is given twice", v.Name)
		}
		seen[v.Name] = true
		i := slices.IndexFunc(schema, func(a Attribute) bool { return a.Name == v.Name })
		if i < 0 || v.Name == "sub" {
			return errorf(invalidParameter, "Attributes did not conform to the schema: Type for attribute {%s} could not be determined", v.Name)
		}
		if err := schema[i].checkValue(v.Value); err != nil {
			return err
		}
	}
	return nil
}

func (a *Attribute) checkValue(value string) error {
	if value == "" {
		return nil // takes it away
	}
	n := int64(utf8.RuneCountInString(value))
	bad := func(why string) error {
		return errorf(invalidParameter, "Attributes did not conform to the schema: %s: %s\n", a.Name, why)
	}
	if n > maxValue {
		return bad("Attribute length must not be greater than 2048")
	}
	switch a.Type {
	case "Boolean":
		if value != "true" && value != "false" {
			return bad("The attribute must be true or false")
		}
	case "Number":
		var err error
		if n, err = strconv.ParseInt(value, 10, 64); err != nil {
			return bad("The attribute must be a number")
		}
	case "DateTime":
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return bad("The attribute must be a date and time")
		}
	}
	what := map[string]string{"String": "length "}[a.Type]
	if low, err := strconv.ParseInt(a.Min, 10, 64); err == nil && n < low {
		return bad("Attribute " + what + "must not be less than " + a.Min)
	}
	if high, err := strconv.ParseInt(a.Max, 10, 64); err == nil && n > high {
		return bad("Attribute " + what + "must not be greater than " + a.Max)
	}
	switch {
	case a.Name == "email" && !isEmail(value):
		return errorf(invalidParameter, "Invalid email address format.")
	case a.Name == "phone_number" && !isPhone(value):
		return errorf(invalidParameter, "Invalid phone number format.")
	}
	return nil
}

// required says which attributes a user must have and lacks.
func required(schema []Attribute, u *User) []string {
	var list []string
	for _, a := range schema {
		if a.Required && a.Name != "sub" && u.Attr(a.Name) == "" {
			list = append(list, a.Name)
		}
	}
	return list
}

// mayRead and mayWrite are what a client may see and set of a user. What no
// list names, all may, but for what is for developers (developer guide,
// "Attribute permissions and scopes").
func (c *Client) mayRead(name string) bool { return allowed(c.Read, name) }

func (c *Client) mayWrite(name string) bool {
	if name == "email_verified" || name == "phone_number_verified" {
		return false // otherwise anybody could verify what isn't theirs
	}
	return allowed(c.Write, name)
}

func allowed(list []string, name string) bool {
	if strings.HasPrefix(name, "dev:") {
		return false
	}
	return name == "sub" || list == nil || slices.Contains(list, name)
}
