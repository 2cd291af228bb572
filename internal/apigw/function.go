package apigw

import "time"

// LatestVersion names the version of a function that can be changed.
const LatestVersion = "$LATEST"

// Function is a Lambda function that was created through Lambda's API.
type Function struct {
	Name     string             `json:"name"`
	Versions []*FunctionVersion `json:"versions"` // $LATEST, then those published, ascending
	// Published is the number of the version published last; numbers are not
	// used again.
	Published   int                   `json:"published,omitempty"`
	Aliases     []*FunctionAlias      `json:"aliases,omitempty"`     // by name
	Permissions []*FunctionPermission `json:"permissions,omitempty"` // in the order they were added
	Tags        map[string]string     `json:"tags,omitempty"`
}

// FunctionVersion is a function's code and configuration. A published one
// never changes.
type FunctionVersion struct {
	Version      string `json:"version"` // "$LATEST" or a number
	Description  string `json:"description,omitempty"`
	Runtime      string `json:"runtime"`
	Handler      string `json:"handler,omitempty"`
	Role         string `json:"role"`         // shown; nothing runs with its rights
	Architecture string `json:"architecture"` // x86_64 or arm64
	Timeout      int    `json:"timeout"`      // seconds
	Memory       int    `json:"memory"`       // MB

	// Environment is stored sealed.
	Environment map[string]string `json:"-"`
	// Unreadable says why Environment can't be unsealed; empty: it could. Sealed
	// is what it was sealed as.
	Unreadable string `json:"-"`
	Sealed     []byte `json:"-"`

	CodeHash string    `json:"codeHash"` // SHA-256 of the zip, in hex
	CodeSize int64     `json:"codeSize"` // bytes of the zip
	Modified time.Time `json:"modified"`
	Revision string    `json:"revision"` // changes with every change
}

// FunctionAlias is a name for one version, or for two that share its
// invocations.
type FunctionAlias struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	Description string `json:"description,omitempty"`
	Revision    string `json:"revision"`

	// Second is the version that gets Weight of the invocations, 0 to 1; empty:
	// there is none.
	Second string  `json:"second,omitempty"`
	Weight float64 `json:"weight,omitempty"`
}

// FunctionPermission is one statement of a function's policy.
type FunctionPermission struct {
	ID            string `json:"id"`
	Qualifier     string `json:"qualifier,omitempty"` // version or alias; empty: the function
	Action        string `json:"action"`
	Principal     string `json:"principal"` // a service, an account, an ARN or *
	SourceARN     string `json:"sourceArn,omitempty"`
	SourceAccount string `json:"sourceAccount,omitempty"`
}

// FindVersion is the version that a qualifier names, by itself or as an alias;
// empty is $LATEST. Nil when there is none.
func (f *Function) FindVersion(qualifier string) *FunctionVersion {
	if a := f.Alias(qualifier); a != nil {
		qualifier = a.Version
	}
	for _, v := range f.Versions {
		if v.Version == qualifier || qualifier == "" && v.Version == LatestVersion {
			return v
		}
	}
	return nil
}

// Alias is the alias of a name; nil when there is none.
func (f *Function) Alias(name string) *FunctionAlias {
	for _, a := range f.Aliases {
		if a.Name == name {
			return a
		}
	}
	return nil
}
