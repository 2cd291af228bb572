package control

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// What the model of Cloud Map's API holds calls to before they get here.
var (
	registryServiceName  = regexp.MustCompile(`^(?:([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9])(\.([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9]))*|\.)$`)
	registryInstanceName = regexp.MustCompile(`^[0-9a-zA-Z_/:.@-]{1,64}$`)
	// declaredService is narrower than the model: an ID as AWS makes them.
	declaredService = regexp.MustCompile(`^srv-[a-z0-9]{1,60}$`)
)

const (
	maxRegistryDescription = 1024
	maxCheckPath           = 255
	maxCheckThreshold      = 10
	maxRecordTTL           = 1<<31 - 1
)

// checkDeclared refuses what no call could say, and what is declared twice, before
// anything is written.
func checkDeclared(scope apigw.Scope, declared []DeclaredNamespace) error {
	ids := map[string]bool{}
	for i := range declared {
		n := &declared[i]
		at := "registry.namespaces: " + n.Name
		namespace := n.Namespace
		namespace.ID = declaredNamespaceID(scope, &namespace)
		if ids[namespace.ID] {
			return fmt.Errorf("%s is declared twice", at)
		}
		ids[namespace.ID] = true
		if err := checkDeclaredNamespace(&n.Namespace); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		names := map[string]bool{}
		for j := range n.Services {
			s := &n.Services[j]
			at := at + ": services: " + s.Name
			if err := checkDeclaredService(s); err != nil {
				return fmt.Errorf("%s: %w", at, err)
			}
			name := s.Name
			if n.Type != apigw.NamespaceHTTP {
				name = strings.ToLower(name)
			}
			id := declaredServiceID(scope, &namespace, &s.RegistryService)
			if names[name] || ids[id] {
				return fmt.Errorf("%s: its name or its ID, %s, is declared twice", at, id)
			}
			names[name], ids[id] = true, true
		}
	}
	return nil
}

func checkDeclaredNamespace(n *apigw.Namespace) error {
	switch {
	case n.Name == "" || len(n.Name) > 1024 || !visible(n.Name, "") || strings.HasPrefix(n.Name, "arn:"):
		return invalidInput("a name has 1 to 1024 visible ASCII characters, and doesn't begin with arn:")
	case n.Type == apigw.NamespaceHTTP && n.VPC != "":
		return invalidInput("a namespace of type HTTP is in no VPC")
	case n.TTL < 0 || n.TTL > maxRecordTTL:
		return invalidInput("TTL %d isn't between 0 and %d", n.TTL, maxRecordTTL)
	}
	return checkDescription(n.Description)
}

func checkDescription(text string) error {
	if len([]rune(text)) > maxRegistryDescription {
		return invalidInput("a description has at most %d characters", maxRegistryDescription)
	}
	return nil
}

func checkDeclaredService(s *DeclaredService) error {
	if !registryServiceName.MatchString(s.Name) {
		return invalidInput("a name has labels of letters, digits, - and _, up to 63 characters each, with dots between them")
	}
	if s.ID != "" && !declaredService.MatchString(s.ID) {
		return invalidInput("the ID %.100q isn't srv- and up to 60 of a-z and 0-9", s.ID)
	}
	if err := checkDescription(s.Description); err != nil {
		return err
	}
	if err := checkAttributes(s.Attributes); err != nil {
		return err
	}
	if h := s.Health; h != nil {
		switch {
		case !slices.Contains([]string{"HTTP", "HTTPS", "TCP"}, h.Type):
			return invalidInput("health: type %.100q isn't HTTP, HTTPS or TCP", h.Type)
		case len(h.Path) > maxCheckPath:
			return invalidInput("health: a path has at most %d characters", maxCheckPath)
		case h.Threshold < 1 || h.Threshold > maxCheckThreshold:
			return invalidInput("health: threshold %d isn't between 1 and %d", h.Threshold, maxCheckThreshold)
		}
	}
	if d := s.DNS; d != nil {
		if d.Routing != "" && d.Routing != "MULTIVALUE" && d.Routing != "WEIGHTED" {
			return invalidInput("dns: routing %.100q isn't MULTIVALUE or WEIGHTED", d.Routing)
		}
		for _, r := range d.Records {
			if r.TTL < 0 || r.TTL > maxRecordTTL {
				return invalidInput("dns: TTL %d of %s isn't between 0 and %d", r.TTL, r.Type, maxRecordTTL)
			}
		}
	}
	for _, in := range s.Instances {
		if !registryInstanceName.MatchString(in.ID) {
			return invalidInput("instances: the ID %.100q doesn't have 1 to 64 letters, digits and _ / : . @ -", in.ID)
		}
	}
	return nil
}

func declaredNamespaceID(scope apigw.Scope, n *apigw.Namespace) string {
	return DeclaredID(scope, "ns-", n.Name, n.VPC)
}

func declaredServiceID(scope apigw.Scope, namespace *apigw.Namespace, s *apigw.RegistryService) string {
	if s.ID != "" {
		return s.ID
	}
	return DeclaredID(scope, "srv-", namespace.ID, s.Name)
}
