package integration

import (
	"fmt"
	"strings"
)

// AWSURI is the URI of an integration with an AWS service:
// arn:{partition}:apigateway:{region}:{subdomain.service|service}:{path|action}/{…}
// (Amazon API Gateway API reference, "PutIntegration").
type AWSURI struct {
	Partition, Region string
	Subdomain         string // without its last dot; may be empty
	Service           string
	Action            string // empty: the URI has a path
	Path              string // with its first slash; may hold {name}s
	Query             string // name=value pairs as written; may hold {name}s
}

// maxAWSURI bounds a URI, in bytes.
const maxAWSURI = 4096

// ParseAWSURI reads uri, whose stage variables are substituted already. The
// errors are those that AWS has for the same (recorded on AWS), with what is
// wrong behind.
func ParseAWSURI(uri string) (*AWSURI, error) {
	bad := func(what string) (*AWSURI, error) {
		return nil, fmt.Errorf("Invalid ARN specified in the request: %s", what)
	}
	if len(uri) > maxAWSURI {
		return bad(fmt.Sprintf("it is longer than %d bytes", maxAWSURI))
	}
	parts := strings.SplitN(uri, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "apigateway" {
		return bad("it isn't arn:{partition}:apigateway:{region}:{service}:{path|action}/…")
	}
	u := &AWSURI{Partition: parts[1], Region: parts[3], Service: parts[4]}
	i := strings.LastIndexByte(u.Service, '.')
	if i >= 0 {
		u.Subdomain, u.Service = u.Service[:i], u.Service[i+1:]
	}
	switch {
	case !isLabel(u.Partition), !isLabel(u.Region):
		return bad("its partition or region is none")
	case !isLabel(u.Service) || i >= 0 && !isLabels(u.Subdomain):
		return bad("its service is none")
	}
	if rest, ok := strings.CutPrefix(parts[5], "action/"); ok {
		return u, u.parseAction(rest)
	}
	rest, ok := strings.CutPrefix(parts[5], "path/")
	if !ok {
		return nil, fmt.Errorf("AWS ARN for integration must contain path or action")
	}
	rest, _, _ = strings.Cut(rest, "#")
	u.Path, u.Query, _ = strings.Cut(rest, "?")
	u.Path = "/" + u.Path
	if u.Service != "s3" {
		// "path//…" is how the console writes a path: no service but S3, where a
		// key may begin with a slash, tells it from the other.
		u.Path = "/" + strings.TrimLeft(u.Path, "/")
	}
	return u, nil
}

// parseAction reads "Name&key=value…".
func (u *AWSURI) parseAction(rest string) error {
	name := rest
	if i := strings.IndexAny(rest, "&?"); i >= 0 {
		name, u.Query = rest[:i], rest[i+1:]
	}
	for i := range len(name) {
		if !alphanumeric(name[i]) {
			return fmt.Errorf("Invalid ARN specified in the request: %q is no action's name", name)
		}
	}
	if name == "" {
		return fmt.Errorf("Invalid ARN specified in the request: its action has no name")
	}
	u.Action, u.Path = name, "/"
	return nil
}

func alphanumeric(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
}

// isLabel says whether s may be a label of a host name.
func isLabel(s string) bool {
	for i := range len(s) {
		if !alphanumeric(s[i]) && s[i] != '-' && s[i] != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 63
}

func isLabels(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
	}
	return true
}

// Name is what the service is called in a URI: "sqs", "runtime.sagemaker".
func (u *AWSURI) Name() string {
	if u.Subdomain == "" {
		return u.Service
	}
	return u.Subdomain + "." + u.Service
}
