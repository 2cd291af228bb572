package apigw

import (
	"cmp"
	"strings"
	"time"
)

// DocumentationPart is what an API's author says of one of its entities.
type DocumentationPart struct {
	ID         string                `json:"id"`
	Location   DocumentationLocation `json:"location"`
	Properties string                `json:"properties"` // a JSON object, as given
}

// DocumentationLocation names what a part is about. What is empty stands for
// any: the path "/" with all below it, any method, any status.
type DocumentationLocation struct {
	Type       string     `json:"type"`
	Path       string     `json:"path,omitempty"`
	Method     string     `json:"method,omitempty"`
	StatusCode StatusCode `json:"statusCode,omitempty"`
	Name       string     `json:"name,omitempty"`
}

// DocumentationVersion is an API's documentation at one time.
type DocumentationVersion struct {
	Version     string
	Description string
	Created     time.Time
	Parts       []*DocumentationPart // by ID
}

// locationMembers are what the location of a type may have beside it, and
// whether it must have a name (developer guide, "Representation of API
// documentation in API Gateway").
var locationMembers = map[string]struct{ path, status, name, needsName bool }{
	"API":             {},
	"AUTHORIZER":      {name: true},
	"MODEL":           {name: true},
	"RESOURCE":        {path: true},
	"METHOD":          {path: true},
	"REQUEST_BODY":    {path: true},
	"QUERY_PARAMETER": {path: true, name: true},
	"PATH_PARAMETER":  {path: true, name: true, needsName: true},
	"REQUEST_HEADER":  {path: true, name: true, needsName: true},
	"RESPONSE":        {path: true, status: true},
	"RESPONSE_BODY":   {path: true, status: true},
	"RESPONSE_HEADER": {path: true, status: true, name: true, needsName: true},
}

// HasPath says whether parts of the location's type belong to paths.
func (l DocumentationLocation) HasPath() bool { return locationMembers[l.Type].path }

// hasMethod: parts of paths belong to methods, too, but for a resource's own.
func (l DocumentationLocation) hasMethod() bool { return l.HasPath() && l.Type != "RESOURCE" }

// Check refuses a location of no known type, with members its type doesn't
// have, or without the name it needs.
func (l DocumentationLocation) Check() error {
	has, ok := locationMembers[l.Type]
	switch {
	case !ok:
		return Errorf(BadRequest, "Invalid documentation part type: %s", l.Type)
	case l.Path != "" && !has.path:
		return l.surplus("path")
	case l.Path != "" && !strings.HasPrefix(l.Path, "/"):
		return Errorf(BadRequest, "Invalid documentation part location: the path %s doesn't begin with /", l.Path)
	case l.Method != "" && !l.hasMethod():
		return l.surplus("method")
	case l.StatusCode != "" && !has.status:
		return l.surplus("statusCode")
	case l.Name != "" && !has.name:
		return l.surplus("name")
	case l.Name == "" && has.needsName:
		return Errorf(BadRequest, "Invalid documentation part location: type %s needs a name", l.Type)
	}
	return nil
}

func (l DocumentationLocation) surplus(member string) error {
	return Errorf(BadRequest, "Invalid documentation part location: type %s has no %s", l.Type, member)
}

// Complete is l with what its empty members stand for: locations are the same
// when they are then.
func (l DocumentationLocation) Complete() DocumentationLocation {
	if l.HasPath() {
		l.Path = cmp.Or(l.Path, "/")
	}
	if l.hasMethod() {
		l.Method = cmp.Or(l.Method, "*")
	}
	if locationMembers[l.Type].status {
		l.StatusCode = cmp.Or(l.StatusCode, "*")
	}
	return l
}

// String is the location as AWS's messages have it.
func (l DocumentationLocation) String() string {
	s := "type '" + l.Type + "'"
	for _, m := range []struct{ name, value string }{
		{"path", l.Path}, {"method", l.Method}, {"statusCode", string(l.StatusCode)}, {"name", l.Name},
	} {
		if m.value != "" {
			s += ", " + m.name + " '" + m.value + "'"
		}
	}
	return s
}

// Applicable are the locations whose documentation applies to an entity at l,
// complete, the most specific first: its own, and those that it inherits from.
// A longer path counts before the method, and that before the status. What is
// said of an API, an authorizer, a model or a resource is said of it alone.
func (l DocumentationLocation) Applicable() []DocumentationLocation {
	l = l.Complete()
	if !l.hasMethod() {
		return []DocumentationLocation{l}
	}
	methods, statuses := []string{l.Method}, []StatusCode{l.StatusCode}
	if l.Method != "*" {
		methods = append(methods, "*")
	}
	if l.StatusCode != "" && l.StatusCode != "*" {
		statuses = append(statuses, "*")
	}
	var list []DocumentationLocation
	for path := l.Path; ; path = path[:strings.LastIndexByte(path, '/')] {
		at := l
		at.Path = cmp.Or(path, "/")
		for _, at.Method = range methods {
			for _, at.StatusCode = range statuses {
				list = append(list, at)
			}
		}
		if at.Path == "/" {
			return list
		}
	}
}
