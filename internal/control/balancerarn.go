package control

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// balancerPart is what an ARN of Elastic Load Balancing names (service
// authorization reference, "Elastic Load Balancing V2": resource types).
type balancerPart struct {
	kind string // loadbalancer, listener, listener-rule, targetgroup
	name string // the load balancer's, or the target group's
}

// balancerNouns are the kinds of what such an ARN names, in AWS's words.
var balancerNouns = map[string]string{"loadbalancer": "load balancer", "listener": "listener", "listener-rule": "listener rule", "targetgroup": "target group"}

// balancerSegments are how many names each kind of ARN has.
var balancerSegments = map[string]int{"loadbalancer": 3, "listener": 4, "listener-rule": 5, "targetgroup": 2}

func balancerPrefix(scope apigw.Scope) string {
	return "arn:" + scope.Partition + ":elasticloadbalancing:" + scope.Region + ":" + scope.Account + ":"
}

// parseBalancerARN takes an ARN apart. Mine is false for what another account or
// region has.
func parseBalancerARN(scope apigw.Scope, arn apigw.ARN) (part balancerPart, mine, ok bool) {
	fields := strings.SplitN(string(arn), ":", 6)
	if len(fields) != 6 || fields[0] != "arn" || fields[2] != "elasticloadbalancing" {
		return part, false, false
	}
	names := strings.Split(fields[5], "/")
	if n, known := balancerSegments[names[0]]; !known || len(names) != n+1 {
		return part, false, false
	}
	for _, name := range names {
		if name == "" {
			return part, false, false
		}
	}
	part.kind, part.name = names[0], names[1]
	if part.kind != "targetgroup" {
		if names[1] != "app" && names[1] != "net" {
			return part, false, false
		}
		part.name = names[2]
	}
	return part, strings.HasPrefix(string(arn), balancerPrefix(scope)), true
}

// balancerARN is parseBalancerARN of an ARN that must name a thing of a kind.
func balancerARN(scope apigw.Scope, kind string, arn apigw.ARN) (name string, err error) {
	part, mine, ok := parseBalancerARN(scope, arn)
	switch {
	case !ok || part.kind != kind:
		return "", invalid("'%.300s' is not a valid %s ARN", arn, balancerNouns[kind])
	case !mine:
		return "", notFound(kind, arn)
	}
	return part.name, nil
}

// notFound is AWS's answer for what isn't there.
func notFound(kind string, arn apigw.ARN) *apigw.Error {
	switch kind {
	case "loadbalancer":
		return apigw.Coded(apigw.NotFound, "LoadBalancerNotFound", "Load balancer '%.300s' not found", arn)
	case "listener":
		return apigw.Coded(apigw.NotFound, "ListenerNotFound", "Listener '%.300s' not found", arn)
	case "listener-rule":
		return apigw.Coded(apigw.NotFound, "RuleNotFound", "Rule '%.300s' not found", arn)
	}
	return apigw.Coded(apigw.NotFound, "TargetGroupNotFound", "Target group '%.300s' not found", arn)
}

// invalid is a ValidationError.
func invalid(format string, args ...any) *apigw.Error {
	return apigw.Coded(apigw.BadRequest, "ValidationError", format, args...)
}

func invalidBalancing(format string, args ...any) *apigw.Error {
	return apigw.Coded(apigw.BadRequest, "InvalidConfigurationRequest", format, args...)
}

func inUse(format string, args ...any) *apigw.Error {
	return apigw.Coded(apigw.Conflict, "ResourceInUse", format, args...)
}

func notPermitted(format string, args ...any) *apigw.Error {
	return apigw.Coded(apigw.BadRequest, "OperationNotPermitted", format, args...)
}

// typeSegment is how ARNs call a type of load balancers.
func typeSegment(balancerType string) string {
	if balancerType == apigw.BalancerNetwork {
		return "net"
	}
	return "app"
}

// newBalancerID draws the 16 hexadecimal digits that end such an ARN.
func (c *Control) newBalancerID() (string, error) {
	var raw [8]byte
	if _, err := io.ReadFull(c.rand, raw[:]); err != nil {
		return "", fmt.Errorf("draw an identifier: %w", err)
	}
	return hex.EncodeToString(raw[:]), nil
}

func groupARN(scope apigw.Scope, name, id string) apigw.ARN {
	return apigw.ARN(balancerPrefix(scope) + "targetgroup/" + name + "/" + id)
}

func loadBalancerARN(scope apigw.Scope, b *apigw.LoadBalancer, id string) apigw.ARN {
	return apigw.ARN(balancerPrefix(scope) + "loadbalancer/" + typeSegment(b.Type) + "/" + b.Name + "/" + id)
}

// listenerARN is of a listener of the load balancer that has an ARN.
func listenerARN(of apigw.ARN, id string) apigw.ARN {
	return apigw.ARN(strings.Replace(string(of), ":loadbalancer/", ":listener/", 1) + "/" + id)
}

// ruleARN is of a rule of the listener that has an ARN.
func ruleARN(of apigw.ARN, id string) apigw.ARN {
	return apigw.ARN(strings.Replace(string(of), ":listener/", ":listener-rule/", 1) + "/" + id)
}

// balancerDNSName is the name of an internal load balancer (user guides, "DNS
// name").
func balancerDNSName(scope apigw.Scope, b *apigw.LoadBalancer, id string) string {
	suffix := "amazonaws.com"
	if strings.HasPrefix(scope.Region, "cn-") {
		suffix += ".cn"
	}
	if b.Type == apigw.BalancerNetwork {
		return b.Name + "-" + id + ".elb." + scope.Region + "." + suffix
	}
	return "internal-" + b.Name + "-" + decimal(id) + "." + scope.Region + ".elb." + suffix
}

// decimal is hexadecimal digits as a number of ten digits at most.
func decimal(id string) string {
	n := uint64(0)
	for _, c := range id {
		n = (n*16 + uint64(strings.IndexRune("0123456789abcdef", c))) % 10000000000
	}
	return fmt.Sprint(n)
}
