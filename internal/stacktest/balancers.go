package stacktest

import (
	"maps"
	"slices"
	"strings"
)

// balancerKind is a type of load balancers' resources: all are made, described
// and deleted by calls of one form, and changed by calls of their own.
type balancerKind struct {
	noun       string   // in the names of calls
	arn        string   // the member that names one
	attributes string   // the property, and the end of the calls, of settings with keys; empty: it has none
	replaced   []string // createOnly in the type's schema
	made       func(c *call) error
	read       func(c *call, read map[string]any) error
	update     func(c *call, changes map[string]pair) error
}

func balancerHandlers() map[string]handler {
	return map[string]handler{
		"LoadBalancer": balancerHandler(balancerKind{noun: "LoadBalancer", arn: "LoadBalancerArn", attributes: "LoadBalancerAttributes", replaced: []string{"Name", "Scheme", "Type"},
			read: readBalancer, update: moveBalancer}),
		"Listener": balancerHandler(balancerKind{noun: "Listener", arn: "ListenerArn", attributes: "ListenerAttributes", replaced: []string{"LoadBalancerArn"},
			update: modifies("ModifyListener", "ListenerArn", "Port", "Protocol", "SslPolicy", "Certificates", "DefaultActions", "AlpnPolicy")}),
		"ListenerRule": balancerHandler(balancerKind{noun: "Rule", arn: "RuleArn", replaced: []string{"ListenerArn"}, update: updateRule}),
		"TargetGroup": balancerHandler(balancerKind{noun: "TargetGroup", arn: "TargetGroupArn", attributes: "TargetGroupAttributes",
			replaced: []string{"Name", "Port", "Protocol", "ProtocolVersion", "VpcId", "TargetType", "IpAddressType"},
			made:     func(c *call) error { return c.register("RegisterTargets", c.properties["Targets"]) },
			read:     readGroup, update: updateGroup}),
	}
}

func balancerHandler(k balancerKind) handler {
	place := func(c *call) map[string]any { return map[string]any{k.arn: c.id} }
	return handler{
		replaced: k.replaced,
		create: func(c *call) error {
			in := without(c.properties, k.attributes, "Targets")
			if k.noun == "LoadBalancer" || k.noun == "TargetGroup" {
				in = merged(map[string]any{"Name": c.shortName()}, in)
			}
			out, err := c.balancer("Create"+k.noun, in)
			if err != nil {
				return err
			}
			c.note(k, first(out[k.noun+"s"]))
			if err := k.settings(c); err != nil || k.made == nil {
				return err
			}
			return k.made(c)
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.balancer("Describe"+k.noun+"s", map[string]any{k.arn + "s": []any{c.id}})
			if err != nil {
				return nil, err
			}
			read := merged(c.parent(), first(out[k.noun+"s"]))
			if read["Tags"], err = c.balancerTags(); err != nil {
				return nil, err
			}
			if err := k.readSettings(c, read); err != nil || k.read == nil {
				return read, err
			}
			return read, k.read(c, read)
		},
		update: func(c *call) error {
			changes := changed(c.old, c.properties)
			if err := k.update(c, changes); err != nil {
				return err
			}
			if _, ok := changes[k.attributes]; ok {
				if err := k.settings(c); err != nil {
					return err
				}
			}
			return c.retagBalancer()
		},
		remove: func(c *call) error {
			_, err := c.balancer("Delete"+k.noun, place(c))
			return err
		},
	}
}

// note keeps what Ref and Fn::GetAtt give of a resource that was made.
func (c *call) note(k balancerKind, made map[string]any) {
	c.id = text(made[k.arn])
	for _, name := range []string{k.arn, "DNSName", "LoadBalancerName", "TargetGroupName"} {
		if v, ok := made[name]; ok {
			c.attributes[name] = text(v)
		}
	}
	c.attributes["CanonicalHostedZoneID"] = text(made["CanonicalHostedZoneId"])
	_, full, _ := strings.Cut(c.id, ":loadbalancer/")
	c.attributes["LoadBalancerFullName"] = full
	c.attributes["TargetGroupFullName"] = c.id[strings.LastIndex(c.id, ":")+1:]
}

// shortName is a generated name of at most 32 characters.
func (c *call) shortName() string {
	name := c.named()
	return name[max(0, len(name)-32):]
}

// parent are the properties that say what a resource is in, which reads don't
// tell of.
func (c *call) parent() map[string]any {
	in := map[string]any{}
	if arn, ok := c.properties["ListenerArn"]; ok {
		in["ListenerArn"] = arn
	}
	return in
}

func (c *call) balancer(operation string, members map[string]any) (map[string]any, error) {
	return c.invoke(c.Balancers, operation, members)
}

// modifies is an update by one call, which carries those of the members that
// changed.
func modifies(operation, arn string, members ...string) func(c *call, changes map[string]pair) error {
	return func(c *call, changes map[string]pair) error {
		in := map[string]any{}
		for _, name := range members {
			if v, ok := changes[name]; ok {
				in[name] = v.now
			}
		}
		if len(in) == 0 {
			return nil
		}
		in[arn] = c.id
		_, err := c.balancer(operation, in)
		return err
	}
}

// settings sets the attributes that the template has.
func (k *balancerKind) settings(c *call) error {
	if c.properties[k.attributes] == nil {
		return nil
	}
	_, err := c.balancer("Modify"+k.noun+"Attributes", map[string]any{k.arn: c.id, "Attributes": c.properties[k.attributes]})
	return err
}

// readSettings reads those of the attributes that the template has.
func (k *balancerKind) readSettings(c *call, read map[string]any) error {
	want := tags(c.properties[k.attributes])
	if len(want) == 0 {
		return nil
	}
	out, err := c.balancer("Describe"+k.noun+"Attributes", map[string]any{k.arn: c.id})
	if err != nil {
		return err
	}
	all, _ := out["Attributes"].([]any)
	read[k.attributes] = slices.DeleteFunc(all, func(a any) bool { return want[text(object(a)["Key"])] == nil })
	return nil
}

func readBalancer(_ *call, read map[string]any) error {
	read["Name"] = read["LoadBalancerName"]
	var subnets []any
	zones, _ := read["AvailabilityZones"].([]any)
	for _, z := range zones {
		subnets = append(subnets, object(z)["SubnetId"])
	}
	read["Subnets"] = subnets
	return nil
}

// moveBalancer changes where a load balancer is.
func moveBalancer(c *call, changes map[string]pair) error {
	for operation, members := range map[string][]string{"SetSubnets": {"Subnets", "SubnetMappings"}, "SetSecurityGroups": {"SecurityGroups"}, "SetIpAddressType": {"IpAddressType"}} {
		if err := modifies(operation, "LoadBalancerArn", members...)(c, changes); err != nil {
			return err
		}
	}
	return nil
}

func updateRule(c *call, changes map[string]pair) error {
	if v, ok := changes["Priority"]; ok {
		if _, err := c.balancer("SetRulePriorities", map[string]any{"RulePriorities": []any{map[string]any{"RuleArn": c.id, "Priority": v.now}}}); err != nil {
			return err
		}
	}
	return modifies("ModifyRule", "RuleArn", "Actions", "Conditions", "Transforms")(c, changes)
}

func readGroup(c *call, read map[string]any) error {
	read["Name"] = read["TargetGroupName"]
	out, err := c.balancer("DescribeTargetHealth", map[string]any{"TargetGroupArn": c.id})
	if err != nil {
		return err
	}
	targets := []any{}
	list, _ := out["TargetHealthDescriptions"].([]any)
	for _, t := range list {
		if object(object(t)["TargetHealth"])["State"] != "draining" {
			targets = append(targets, object(t)["Target"])
		}
	}
	read["Targets"] = targets
	return nil
}

func updateGroup(c *call, changes map[string]pair) error {
	if err := modifies("ModifyTargetGroup", "TargetGroupArn", "HealthCheckEnabled", "HealthCheckIntervalSeconds", "HealthCheckPath", "HealthCheckPort", "HealthCheckProtocol",
		"HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount", "Matcher")(c, changes); err != nil {
		return err
	}
	targets, ok := changes["Targets"]
	if !ok {
		return nil
	}
	if err := c.register("RegisterTargets", beyond(targets.now, targets.old)); err != nil {
		return err
	}
	return c.register("DeregisterTargets", beyond(targets.old, targets.now))
}

// beyond are the entries of a list that another one doesn't have.
func beyond(list, other any) any {
	all, _ := list.([]any)
	not, _ := other.([]any)
	return slices.DeleteFunc(slices.Clone(all), func(t any) bool {
		return slices.ContainsFunc(not, func(o any) bool { return document(o) == document(t) })
	})
}

// register adds targets, or takes them away.
func (c *call) register(operation string, targets any) error {
	if list, _ := targets.([]any); len(list) == 0 {
		return nil
	}
	_, err := c.balancer(operation, map[string]any{"TargetGroupArn": c.id, "Targets": targets})
	return err
}

func (c *call) balancerTags() (any, error) {
	out, err := c.balancer("DescribeTags", map[string]any{"ResourceArns": []any{c.id}})
	return first(out["TagDescriptions"])["Tags"], err
}

// retagBalancer gives a resource the tags of the template.
func (c *call) retagBalancer() error {
	set, gone := retagged(c.old["Tags"], c.properties["Tags"])
	if len(set) > 0 {
		if _, err := c.balancer("AddTags", map[string]any{"ResourceArns": []any{c.id}, "Tags": set}); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	_, err := c.balancer("RemoveTags", map[string]any{"ResourceArns": []any{c.id}, "TagKeys": gone})
	return err
}

// retagged are the tags that an update sets, and the keys of those that it
// removes.
func retagged(old, now any) (set, gone []any) {
	changes := changed(tags(old), tags(now))
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		if v := changes[name]; v.now == nil {
			gone = append(gone, name)
		} else {
			set = append(set, map[string]any{"Key": name, "Value": v.now})
		}
	}
	return set, gone
}

// first is the first object of a list; nil: there is none.
func first(list any) map[string]any {
	if all, _ := list.([]any); len(all) > 0 {
		return object(all[0])
	}
	return nil
}
