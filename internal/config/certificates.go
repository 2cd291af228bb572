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
