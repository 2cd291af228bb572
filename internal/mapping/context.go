package mapping

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/vtl"
)

// Context is what $context shows, beside the overrides. Maps are named by
// their path: "" for $context itself, "identity", "identity.clientCert".
type Context interface {
	// Value is member name of a map; a null for one that is unset.
	Value(in, name string) vtl.Value
	// IsMap says whether member name of a map is a map.
	IsMap(in, name string) bool
	// Names are a map's members.
	Names(path string) []string
}

// contextObject is $context.
type contextObject struct{}

func (contextObject) Get(run *vtl.Run, name string) (vtl.Value, error) {
	switch name {
	case "requestOverride":
		return vtl.HostValue(requestOverride), nil
	case "responseOverride":
		return vtl.HostValue(responseOverride), nil
	}
	c := of(run).Context
	if c.IsMap("", name) {
		return vtl.HostValue(mapAt(name)), nil
	}
	return c.Value("", name), nil
}

func (contextObject) Set(_ *vtl.Run, name string, _ vtl.Value) error {
	return errReadOnly("$context." + name)
}

func (c contextObject) Call(run *vtl.Run, method string, args []vtl.Value) (vtl.Value, bool, error) {
	return readMap(run, c, method, args)
}

// Append: the maps of $context print empty (recorded on AWS).
func (contextObject) Append(_ *vtl.Run, dst []byte) ([]byte, bool) { return dst, true }

func (c contextObject) Map(run *vtl.Run) vtl.Value {
	return membersOf(run, c, of(run).Context.Names(""))
}

// contextMap is one of $context's maps.
type contextMap struct{ path string }

var (
	identityMap   = &contextMap{"identity"}
	authorizerMap = &contextMap{"authorizer"}
)

func mapAt(path string) *contextMap {
	switch path {
	case identityMap.path:
		return identityMap
	case authorizerMap.path:
		return authorizerMap
	}
	return &contextMap{path}
}

func (m *contextMap) Get(run *vtl.Run, name string) (vtl.Value, error) {
	c := of(run).Context
	if v := c.Value(m.path, name); !v.IsNull() {
		return v, nil
	}
	if c.IsMap(m.path, name) {
		return vtl.HostValue(mapAt(m.path + "." + name)), nil
	}
	return vtl.NullValue(), nil
}

func (m *contextMap) Set(_ *vtl.Run, name string, _ vtl.Value) error {
	return errReadOnly("$context." + m.path + "." + name)
}

func (m *contextMap) Call(run *vtl.Run, method string, args []vtl.Value) (vtl.Value, bool, error) {
	return readMap(run, m, method, args)
}

func (*contextMap) Append(_ *vtl.Run, dst []byte) ([]byte, bool) { return dst, true }

func (m *contextMap) Map(run *vtl.Run) vtl.Value {
	return membersOf(run, m, of(run).Context.Names(m.path))
}

// DocumentContext is a $context that is written down as a JSON object.
type DocumentContext struct{ Document *jsonpath.Value }

func (d DocumentContext) at(path string) *jsonpath.Value {
	v := d.Document
	for path != "" && v != nil {
		var name string
		name, path, _ = strings.Cut(path, ".")
		v = v.Member(name)
	}
	return v
}

// Value implements Context.
func (d DocumentContext) Value(in, name string) vtl.Value {
	v := d.at(in)
	if v != nil {
		v = v.Member(name)
	}
	if v == nil || v.Kind == jsonpath.Object {
		return vtl.NullValue()
	}
	return vtl.JSONValue(v)
}

// IsMap implements Context.
func (d DocumentContext) IsMap(in, name string) bool {
	v := d.at(in)
	if v != nil {
		v = v.Member(name)
	}
	return v != nil && v.Kind == jsonpath.Object
}

// Names implements Context.
func (d DocumentContext) Names(path string) []string {
	if v := d.at(path); v != nil {
		return append([]string(nil), v.Names...)
	}
	return nil
}

// RequestContext is the $context of a request: the variables of its exchange.
type RequestContext struct {
	In   *Input
	text []byte // memory for a value
}

// The members of $context and of its identity that every request has, set or
// not (recorded on AWS), and those that some have.
var (
	contextNames = []string{
		"resourceId", "resourcePath", "httpMethod", "extendedRequestId", "requestTime", "path", "accountId", "protocol",
		"requestOverride", "stage", "domainPrefix", "requestTimeEpoch", "requestId", "identity", "domainName", "deploymentId",
		"responseOverride", "apiId",
	}
	identityNames = []string{
		"cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp", "principalOrgId", "accessKey",
		"cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "userAgent", "user",
	}
	rarelyContext  = []string{"isCanaryRequest", "awsEndpointRequestId", "wafResponseCode", "webaclArn"}
	rarelyIdentity = []string{"apiKey", "apiKeyId", "vpcId", "vpceId"}

	// Of identity.clientCert, with mutual TLS alone.
	clientCertNames = []string{"clientCertPem", "subjectDN", "issuerDN", "serialNumber", "validity"}
	validityNames   = []string{"notBefore", "notAfter"}
)

// identityVariables are the variables of identity, by name without "identity.".
var identityVariables = func() map[string]exchange.Variable {
	m := map[string]exchange.Variable{}
	for _, names := range [][]string{identityNames, rarelyIdentity} {
		for _, name := range names {
			if v, err := exchange.ParseVariable("identity." + name); err == nil {
				m[name] = v
			}
		}
	}
	return m
}()

// Value implements Context.
func (c *RequestContext) Value(in, name string) vtl.Value {
	var v exchange.Variable
	var err error
	switch in {
	case "":
		v, err = exchange.ParseVariable(name)
	case "identity":
		var known bool
		if v, known = identityVariables[name]; !known {
			return vtl.NullValue()
		}
	default:
		v, err = exchange.ParseVariable(in + "." + name)
	}
	if err != nil {
		return vtl.NullValue()
	}
	text, ok := c.In.X.Vars.AppendVariable(c.text[:0], c.In.X, v)
	c.text = text[:0]
	if !ok {
		return vtl.NullValue()
	}
	if v.Name == exchange.VarRequestTimeEpoch {
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return vtl.IntegerValue(n) // the one number among them
		}
	}
	return vtl.StringValue(string(text))
}

// IsMap implements Context.
func (c *RequestContext) IsMap(in, name string) bool {
	switch {
	case in == "" && name == "identity":
		return true
	case in == "identity" && name == "clientCert", in == "identity.clientCert" && name == "validity":
		return c.In.X.Client.Cert != nil
	case in == "" && name == "authorizer":
		return c.authorizerNames("authorizer") != nil
	case in == "authorizer" && name == "claims":
		return c.authorizerNames("authorizer.claims") != nil
	}
	return false
}

// authorizerNames are the members of $context.authorizer or of its claims; nil
// when no authorizer spoke, or none of that kind.
func (c *RequestContext) authorizerNames(path string) []string {
	a, ok := c.In.X.Vars.(exchange.Authorized)
	switch {
	case ok && path == "authorizer":
		return a.AuthorizerNames()
	case ok && path == "authorizer.claims":
		return a.ClaimNames()
	}
	return nil
}

// Names implements Context.
func (c *RequestContext) Names(path string) []string {
	switch path {
	case "":
		names := append([]string(nil), contextNames...)
		if c.IsMap("", "authorizer") {
			names = append(names, "authorizer")
		}
		return c.rarely(names, path, rarelyContext)
	case "identity":
		names := append([]string(nil), identityNames...)
		if c.IsMap(path, "clientCert") {
			names = append(names, "clientCert")
		}
		return c.rarely(names, path, rarelyIdentity)
	case "identity.clientCert":
		return slices.Clone(clientCertNames)
	case "identity.clientCert.validity":
		return slices.Clone(validityNames)
	}
	return c.authorizerNames(path)
}

// rarely adds those of more that are set.
func (c *RequestContext) rarely(names []string, in string, more []string) []string {
	for _, name := range more {
		if !c.Value(in, name).IsNull() {
			names = append(names, name)
		}
	}
	return names
}
