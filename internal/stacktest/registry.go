package stacktest

import "fmt"

// registryHandlers are AWS Cloud Map's types. What its calls begin they wait for,
// as CloudFormation does.
func registryHandlers() map[string]handler {
	return map[string]handler{
		"HttpNamespace":       namespaceHandler("HttpNamespace", "Name"),
		"PrivateDnsNamespace": namespaceHandler("PrivateDnsNamespace", "Name", "Vpc"),
		"Service":             serviceHandler(),
		"Instance":            instanceHandler(),
	}
}

func (c *call) registry(operation string, members map[string]any) (map[string]any, error) {
	return c.invoke(c.Registry, operation, members)
}

// finished makes a call, waits until what it began is done, and gives the target
// of a kind.
func (c *call) finished(operation string, members map[string]any, target string) (string, error) {
	out, err := c.registry(operation, members)
	if err != nil {
		return "", err
	}
	for {
		out, err := c.registry("GetOperation", map[string]any{"OperationId": out["OperationId"]})
		if err != nil {
			return "", err
		}
		switch done := object(out["Operation"]); text(done["Status"]) {
		case "SUCCESS":
			return text(object(done["Targets"])[target]), nil
		case "FAIL":
			return "", fmt.Errorf("%s: %v", operation, done["ErrorMessage"])
		}
	}
}

// tagged adds the tags of the resource with an ARN to what was read.
func (c *call) tagged(read map[string]any) (map[string]any, error) {
	out, err := c.registry("ListTagsForResource", map[string]any{"ResourceARN": read["Arn"]})
	read["Tags"] = out["Tags"]
	return read, err
}

func (c *call) retagRegistry() error {
	set, gone := retagged(c.old["Tags"], c.properties["Tags"])
	if len(set) > 0 {
		if _, err := c.registry("TagResource", map[string]any{"ResourceARN": c.attributes["Arn"], "Tags": set}); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	_, err := c.registry("UntagResource", map[string]any{"ResourceARN": c.attributes["Arn"], "TagKeys": gone})
	return err
}

func namespaceHandler(kind string, replaced ...string) handler {
	get := func(c *call) (map[string]any, error) {
		out, err := c.registry("GetNamespace", map[string]any{"Id": c.id})
		return object(out["Namespace"]), err
	}
	return handler{
		replaced: replaced,
		create: func(c *call) error {
			id, err := c.finished("Create"+kind, c.properties, "NAMESPACE")
			if err != nil {
				return err
			}
			c.id = id
			made, err := get(c)
			c.attributes["Id"], c.attributes["Arn"] = id, text(made["Arn"])
			if dns := object(object(made["Properties"])["DnsProperties"]); dns != nil {
				c.attributes["HostedZoneId"] = text(dns["HostedZoneId"])
			}
			return err
		},
		read: func(c *call) (map[string]any, error) {
			read, err := get(c)
			if err != nil {
				return nil, err
			}
			if vpc, ok := c.properties["Vpc"]; ok {
				read["Vpc"] = vpc // no call tells of it
			}
			return c.tagged(read)
		},
		update: func(c *call) error {
			if changes := changed(without(c.old, "Tags"), without(c.properties, "Tags")); len(changes) > 0 {
				now := map[string]any{}
				for name, v := range changes {
					now[name] = v.now
				}
				if _, err := c.finished("Update"+kind, map[string]any{"Id": c.id, "Namespace": now}, "NAMESPACE"); err != nil {
					return err
				}
			}
			return c.retagRegistry()
		},
		remove: func(c *call) error {
			_, err := c.finished("DeleteNamespace", map[string]any{"Id": c.id}, "NAMESPACE")
			return err
		},
	}
}

func serviceHandler() handler {
	return handler{
		replaced: []string{"Name", "NamespaceId", "HealthCheckCustomConfig", "Type"},
		create: func(c *call) error {
			out, err := c.registry("CreateService", c.properties)
			made := object(out["Service"])
			c.id = text(made["Id"])
			c.attributes["Id"], c.attributes["Arn"], c.attributes["Name"] = c.id, text(made["Arn"]), text(made["Name"])
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.registry("GetService", map[string]any{"Id": c.id})
			if err != nil {
				return nil, err
			}
			return c.tagged(object(out["Service"]))
		},
		update: func(c *call) error {
			if len(changed(without(c.old, "Tags"), without(c.properties, "Tags"))) > 0 {
				now := map[string]any{} // what isn't in it is deleted
				for _, name := range []string{"Description", "HealthCheckConfig"} {
					if v, ok := c.properties[name]; ok {
						now[name] = v
					}
				}
				if dns := object(c.properties["DnsConfig"]); dns != nil {
					now["DnsConfig"] = map[string]any{"DnsRecords": dns["DnsRecords"]}
				}
				if _, err := c.finished("UpdateService", map[string]any{"Id": c.id, "Service": now}, "SERVICE"); err != nil {
					return err
				}
			}
			return c.retagRegistry()
		},
		remove: func(c *call) error {
			_, err := c.registry("DeleteService", map[string]any{"Id": c.id})
			return err
		},
	}
}

func instanceHandler() handler {
	place := func(c *call) map[string]any {
		return map[string]any{"ServiceId": c.properties["ServiceId"], "InstanceId": c.id}
	}
	put := func(c *call) (err error) {
		c.id = text(c.properties["InstanceId"])
		_, err = c.finished("RegisterInstance", merged(place(c), map[string]any{"Attributes": c.properties["InstanceAttributes"]}), "INSTANCE")
		return err
	}
	return handler{
		replaced: []string{"InstanceId", "ServiceId"},
		create:   put,
		update:   put,
		read: func(c *call) (map[string]any, error) {
			out, err := c.registry("GetInstance", place(c))
			return merged(place(c), map[string]any{"InstanceAttributes": object(out["Instance"])["Attributes"]}), err
		},
		remove: func(c *call) error {
			_, err := c.finished("DeregisterInstance", place(c), "INSTANCE")
			return err
		},
	}
}
