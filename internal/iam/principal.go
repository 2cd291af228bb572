package iam

import (
	"fmt"
	"strings"
)

// Principal is who asks. The zero Principal is anonymous.
type Principal struct {
	ARN     string // of a user, or of a role's session: arn:aws:sts::…:assumed-role/R/S
	RoleARN string // of a session: its role's
	Account string
	Service string // of an AWS service: "apigateway.amazonaws.com"
	// Federated is the identity provider that vouches for who asks:
	// arn:aws:iam::A:oidc-provider/HOST. Only the trust of a role names one.
	Federated string
}

// principals are those of a statement in a resource's policy.
type principals struct {
	not      bool
	everyone bool
	accounts []string
	arns     []string // users, roles, sessions
	services []string
	// Canonical users are read and never come here.
	federated []string
}

func parsePrincipals(v any, not bool, path string) (*principals, error) {
	p := &principals{not: not}
	if v == "*" {
		p.everyone = true
		return p, nil
	}
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		return nil, fmt.Errorf(`%s: must be "*" or an object with AWS, Service, Federated or CanonicalUser`, path)
	}
	for _, kind := range names(m) {
		list, err := texts(m[kind], path+"."+kind)
		if err != nil {
			return nil, err
		}
		switch kind {
		case "AWS":
			for i, text := range list {
				if err := p.add(text); err != nil {
					return nil, fmt.Errorf("%s.AWS[%d]: %w", path, i, err)
				}
			}
		case "Service":
			p.services = list
		case "Federated":
			p.federated = list
		case "CanonicalUser":
		default:
			return nil, fmt.Errorf("%s.%s: no kind of principal", path, kind)
		}
	}
	return p, nil
}

func (p *principals) add(text string) error {
	parts := strings.SplitN(text, ":", arnParts)
	switch {
	case text == "*":
		p.everyone = true
	case isAccount(text):
		p.accounts = append(p.accounts, text)
	case len(parts) != arnParts || parts[0] != "arn" || !isAccount(parts[4]):
		return fmt.Errorf("%q must be an account or an ARN of iam or sts", text)
	case strings.ContainsAny(text, "*?"):
		return fmt.Errorf("%q: a principal's ARN has no wildcards", text)
	case parts[2] == "iam" && parts[5] == "root":
		p.accounts = append(p.accounts, parts[4])
	default:
		p.arns = append(p.arns, text)
	}
	return nil
}

func isAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

// match is Allow for who is meant, AllowAccount when it is the account that
// is, else ImplicitDeny. A deny to an account is one to all that is in it.
func (p *principals) match(who *Principal, deny bool) Effect {
	if p.not {
		if p.excepts(who) {
			return ImplicitDeny
		}
		return Allow
	}
	switch {
	case p.everyone, has(p.services, who.Service), has(p.federated, who.Federated), has(p.arns, who.ARN), has(p.arns, who.RoleARN):
		return Allow
	case !has(p.accounts, who.Account):
		return ImplicitDeny
	case deny || strings.HasSuffix(who.ARN, ":root"):
		return Allow
	}
	return AllowAccount
}

// excepts says whether NotPrincipal leaves who out: then its account, its role
// and it itself have to be named (IAM user guide, "NotPrincipal").
func (p *principals) excepts(who *Principal) bool {
	if p.everyone || has(p.services, who.Service) || has(p.federated, who.Federated) {
		return true
	}
	if !has(p.accounts, who.Account) {
		return false
	}
	return strings.HasSuffix(who.ARN, ":root") || has(p.arns, who.ARN) && (who.RoleARN == "" || has(p.arns, who.RoleARN))
}

func has(list []string, s string) bool {
	if s == "" {
		return false
	}
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}
