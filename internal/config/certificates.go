package config

import (
	"fmt"
	"strings"
)

// Certificate is a certificate in files, which is shown for the names that it
// covers and, with an ARN, for domain names that name it.
type Certificate struct {
	ARN  string `yaml:"arn"`
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// ACME has an authority issue certificates for names that lead to this node.
type ACME struct {
	Directory string   `yaml:"directory"` // URL of the authority's directory
	Email     string   `yaml:"email"`     // whom it tells of what is wrong; may be empty
	CA        string   `yaml:"ca"`        // PEM, of an authority whose server isn't publicly trusted
	Names     []string `yaml:"names"`
	Agree     bool     `yaml:"agree"` // to the authority's terms
}

func (a *ACME) check(etcd bool) (problems []string) {
	switch {
	case a == nil:
		return nil
	case !strings.HasPrefix(a.Directory, "https://"):
		problems = append(problems, fmt.Sprintf("acme: directory: %q is no https:// address", a.Directory))
	case !a.Agree:
		problems = append(problems, "acme: agree: true says that you agree to the authority's terms of service")
	case len(a.Names) == 0:
		problems = append(problems, "acme: names: which names are certificates for")
	case etcd: // the authority may ask any node, and only the one that asked it knows the answer
		problems = append(problems, "acme: a node of a cluster can't have certificates issued: give them by certificates, or import them")
	}
	for _, name := range a.Names {
		if strings.HasPrefix(name, "*.") || strings.ToLower(name) != name || !strings.Contains(name, ".") {
			problems = append(problems, fmt.Sprintf("acme: names: %q: names in lower case of two labels at least, and no wildcards, which need a change of DNS", name))
		}
	}
	return problems
}

func checkCertificates(list []Certificate) (problems []string) {
	known := map[string]bool{}
	for i, c := range list {
		switch {
		case c.Cert == "" || c.Key == "":
			problems = append(problems, fmt.Sprintf("certificates: number %d needs cert and key", i+1))
		case c.ARN != "" && (!strings.HasPrefix(c.ARN, "arn:") || strings.Count(c.ARN, ":") < 5):
			problems = append(problems, fmt.Sprintf("certificates: %q is no ARN", c.ARN))
		case c.ARN != "" && known[c.ARN]:
			problems = append(problems, fmt.Sprintf("certificates: %s is there twice", c.ARN))
		}
		known[c.ARN] = true
	}
	return problems
}
