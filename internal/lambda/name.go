package lambda

import (
	"strings"
)

// maxName is the longest identifier that Invoke takes.
const maxName = 256

// Name is a parsed function identifier.
type Name struct {
	Partition string // empty when not given
	Region    string // empty when not given
	Account   string // empty when not given
	Name      string
	Qualifier string // version or alias; empty when not given
}

// ParseName reads a function identifier as Lambda's Invoke takes it: `name`,
// `name:qualifier`, `function:name[:qualifier]`,
// `account:function:name[:qualifier]`, or a full ARN. The error is an *Error
// of kind BadName.
func ParseName(s string) (Name, error) {
	n, problem := parseName(s)
	if problem != "" {
		return Name{}, &Error{Kind: BadName, Function: clip(s, maxName), Message: problem}
	}
	return n, nil
}

func parseName(s string) (n Name, problem string) {
	if len(s) > maxName {
		return n, "a function's name or ARN has at most 256 characters"
	}
	parts := strings.Split(s, ":")
	if parts[0] == "arn" {
		if len(parts) < 7 || parts[2] != "lambda" || parts[5] != "function" {
			return n, "not the ARN of a function (arn:{partition}:lambda:{region}:{account}:function:{name})"
		}
		n.Partition, n.Region, n.Account = parts[1], parts[3], parts[4]
		if !isPartition(n.Partition) || !isRegion(n.Region) || !isAccount(n.Account) {
			return n, "the ARN's partition, region or account is malformed"
		}
		parts = parts[6:]
	} else {
		if len(parts) > 1 && isAccount(parts[0]) {
			n.Account, parts = parts[0], parts[1:]
		}
		if len(parts) > 1 && parts[0] == "function" {
			parts = parts[1:]
		}
	}
	if len(parts) > 2 {
		return n, "too many parts for a function's name and qualifier"
	}
	n.Name = parts[0]
	if !isWord(n.Name, "-_.") {
		return n, "a function's name is made of letters, digits, '-', '_' and '.'"
	}
	if len(parts) == 2 {
		n.Qualifier = parts[1]
		if !isWord(strings.TrimPrefix(n.Qualifier, "$"), "-_.") {
			return n, "a qualifier is $LATEST, a version or an alias"
		}
	}
	return n, ""
}

// ARN is the function's full ARN, with its qualifier when it has one; what
// the name leaves open comes from cfg.
func (n Name) ARN(cfg *Config) string {
	partition, region, account := n.Partition, n.Region, n.Account
	if partition == "" {
		partition = cfg.Partition
	}
	if region == "" {
		region = cfg.Region
	}
	if account == "" {
		account = cfg.Account
	}
	arn := "arn:" + partition + ":lambda:" + region + ":" + account + ":function:" + n.Name
	if n.Qualifier != "" {
		arn += ":" + n.Qualifier
	}
	return arn
}

// The parts of a function's URI behind arn:{partition}:apigateway:{region}.
const (
	uriService       = ":lambda:path/2015-03-31/functions/"
	uriEnd           = "/invocations"
	uriStreamService = ":lambda:path/2021-11-15/functions/"
	uriStreamEnd     = "/response-streaming-invocations"
)

// ParseURI takes the function out of an integration's or authorizer's URI,
// `arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations`,
// and returns it as it stands there: any identifier that ParseName takes, or
// one with stage variables in it. The error is an *Error of kind BadName.
func ParseURI(uri string) (function string, err error) { return parseURI(uri, uriService, uriEnd) }

// ParseStreamURI is ParseURI for an integration whose answers are streamed,
// `arn:{partition}:apigateway:{region}:lambda:path/2021-11-15/functions/{function}/response-streaming-invocations`.
func ParseStreamURI(uri string) (function string, err error) {
	return parseURI(uri, uriStreamService, uriStreamEnd)
}

func parseURI(uri, service, end string) (function string, err error) {
	bad := func(message string) (string, error) {
		return "", &Error{Kind: BadName, Function: clip(uri, maxName), Message: message}
	}
	head, rest, ok := strings.Cut(uri, service)
	if !ok || !strings.HasPrefix(head, "arn:") {
		return bad("not a function's URI (arn:{partition}:apigateway:{region}" + service + "{function}" + end + ")")
	}
	if parts := strings.Split(head, ":"); len(parts) != 4 || parts[2] != "apigateway" {
		return bad("not a function's URI: it doesn't begin with arn:{partition}:apigateway:{region}")
	}
	function, ok = strings.CutSuffix(rest, end)
	if !ok || function == "" || strings.Contains(function, "/") {
		return bad("not a function's URI: it doesn't end with {function}" + end)
	}
	return function, nil
}

func isPartition(s string) bool {
	return s == "aws" || strings.HasPrefix(s, "aws-") && isWord(s, "-")
}

// isRegion accepts what names a region (us-gov-west-1, eusc-de-east-1); the
// text goes into a host name.
func isRegion(s string) bool {
	if len(s) > 32 || !isWord(s, "-") {
		return false
	}
	parts := strings.Split(s, "-")
	if len(parts) < 3 {
		return false
	}
	for i, p := range parts {
		digits := strings.Trim(p, "0123456789") == ""
		if p == "" || digits != (i == len(parts)-1) || strings.ToLower(p) != p {
			return false
		}
	}
	return true
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// isWord reports whether s is a non-empty run of ASCII letters, digits and
// the characters of extra.
func isWord(s, extra string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && strings.IndexByte(extra, c) < 0 {
			return false
		}
	}
	return s != ""
}

// clip keeps the first n bytes of s, for messages.
func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}
