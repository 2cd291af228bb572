package integration

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// Services are AWS's services as integrations call them: where each one is
// and what calls to it are signed with.
type Services struct {
	// Endpoints are the URLs of services by their name in integration URIs,
	// such as "sqs" or "runtime.sagemaker"; "default" is for all that aren't
	// named. Without either a service is at AWS's own address.
	Endpoints map[string]string
	Roles     *credentials.Roles
}

// Service is one service as an integration's URI means it.
type Service struct {
	// URI leads to the service. In the query style of an action it begins with
	// Action=….
	URI *URI
	// Plain is URI without Action, for an action whose X-Amz-Target names it;
	// nil for a path.
	Plain *URI
	// JSON is how an action goes as JSON; nil: only as a query. JSONOnly says
	// that it goes so without a body, too.
	JSON     *JSONAction
	JSONOnly bool
	Region   string // that calls are signed for
	Signed   string // the service's name in signatures
	S3       bool   // calls are signed as S3 wants it
	AWS      bool   // the address is AWS's own
}

// JSONAction is an action in the protocol "AWS JSON".
type JSONAction struct{ Target, ContentType string }

// Endpoint is the URL that the configuration has for a service; empty: it is
// at AWS's own address.
func (s *Services) Endpoint(u *AWSURI) string {
	for _, name := range []string{u.Name(), u.Service, "default"} {
		if e := s.Endpoints[name]; e != "" {
			return strings.TrimRight(e, "/")
		}
	}
	return ""
}

// Find is the service that u means. params are the mappings to
// integration.request.path: they fill the {name}s of u.
func (s *Services) Find(u *AWSURI, params []mapping.Parameter) (*Service, error) {
	found := &Service{Region: u.Region, Signed: signingName(u), S3: u.Service == "s3"}
	base := s.Endpoint(u)
	found.AWS = base == "" || credentials.IsAWSHost(base)
	switch {
	case base == "":
		base = "https://" + ownHost(u)
		if globalServices[u.Name()] {
			found.Region = "us-east-1"
		}
	case found.S3 && u.Subdomain != "":
		// A bucket's own host name is nowhere but on AWS.
		base += "/" + u.Subdomain
	}
	var err error
	if u.Action == "" {
		found.URI, err = ParseURI(withQuery(base+u.Path, u.Query), params)
		return found, err
	}
	if found.Plain, err = ParseURI(withQuery(base+u.Path, u.Query), params); err != nil {
		return nil, err
	}
	if j, ok := jsonServices[u.Name()]; ok {
		found.JSON = &JSONAction{Target: j.target + "." + u.Action, ContentType: "application/x-amz-json-" + j.version}
		found.JSONOnly = j.always
	}
	found.URI, err = ParseURI(withQuery(base+u.Path, "Action="+u.Action, u.Query), params)
	return found, err
}

// withQuery is uri with the parts of a query that aren't empty.
func withQuery(uri string, parts ...string) string {
	separator := "?"
	for _, p := range parts {
		if p != "" {
			uri += separator + p
			separator = "&"
		}
	}
	return uri
}

// FunctionSession is what invocations, by the method that source names, of a
// function elsewhere are signed with: role's credentials, or nil for the
// process's own, which stand for a role that nobody declared. An error means
// that the method may not use the role.
func (s *Services) FunctionSession(role, source string) (*credentials.Session, error) {
	err := s.Roles.Check(role, source)
	switch {
	case errors.Is(err, credentials.ErrUndeclared):
		return nil, nil
	case err != nil:
		return nil, err
	}
	where, at := credentials.OnAWS, s.Endpoint(&AWSURI{Service: "lambda"})
	if at != "" && !credentials.IsAWSHost(at) && s.Endpoints["sts"] == "" {
		where = credentials.OnOwn
	}
	return s.Roles.Session(role, where), nil
}

// ErrCallerOnAWS is why an integration can't act as its caller there.
var ErrCallerOnAWS = errors.New("callers are known to identities here and have no credentials on AWS: only functions that run here and " +
	"servers under endpoints that aren't AWS's can be called as the caller")

// ErrNoCaller is why a call that was to be made as its caller isn't.
var ErrNoCaller = errors.New("nobody has signed the request, so there are no caller's credentials to use")

// callerRole is how credentials ask for the caller's own.
const callerRole = ":user/*"

// IsCaller says that credentials ask for the caller's own:
// arn:aws:iam::*:user/*.
func IsCaller(credentials string) bool { return strings.HasSuffix(credentials, callerRole) }

// Session is what the calls to found of the method that source, an ARN, names
// are signed with. An error means that the method may not use the role, which
// shows when it is called, as on AWS.
//
// A role that identities.roles declares is assumed where STS is: at
// endpoints.sts, or AWS's for a service of AWS's; a server of the operator's
// without an STS takes the process's own credentials. One that isn't declared
// signs with stand-ins, and reaches nothing of AWS's. Why says which, in words.
func (s *Services) Session(found *Service, role, source string) (session *credentials.Session, why string, err error) {
	switch {
	case IsCaller(role):
		return nil, "", ErrNoCaller // no role: each call has credentials of its own
	case role == "":
		return nil, "", errors.New("Role ARN must be specified for AWS integrations")
	case s.Roles == nil:
		return nil, "", fmt.Errorf("the role %s can't be used here", role)
	}
	err = s.Roles.Check(role, source)
	switch {
	case err == nil && (found.AWS || s.Endpoints["sts"] != ""):
		return s.Roles.Session(role, credentials.OnAWS), "the role " + role + ", which was assumed", nil
	case err == nil:
		return s.Roles.Session(role, credentials.OnOwn), "the process's own, or stand-ins, for the role " + role + ": there is no endpoints.sts", nil
	case errors.Is(err, credentials.ErrUndeclared) && !found.AWS:
		return s.Roles.Local(role), "stand-ins for the role " + role + ", which nobody declared", nil
	}
	return nil, "", err
}
