package stacktest

// poolHandlers are Cognito's types, as far as authorizers need them.
func poolHandlers() map[string]handler {
	id := func(out map[string]any, object, name string) string {
		member, _ := out[object].(map[string]any)
		return text(member[name])
	}
	return map[string]handler{
		"UserPool": {
			create: func(c *call) error {
				out, err := c.Pools("CreateUserPool", merged(without(renamed(c.properties, "UserPoolName", "PoolName"), "UserPoolTags"), map[string]any{"PoolName": c.named()}))
				c.id = id(out, "UserPool", "Id")
				c.attributes["Arn"] = id(out, "UserPool", "Arn")
				return err
			},
			remove: func(c *call) error {
				_, err := c.Pools("DeleteUserPool", map[string]any{"UserPoolId": c.id})
				return err
			},
		},
		"UserPoolClient": {
			create: func(c *call) error {
				out, err := c.Pools("CreateUserPoolClient", merged(map[string]any{"ClientName": c.named()}, c.properties))
				c.id = id(out, "UserPoolClient", "ClientId")
				return err
			},
			remove: func(c *call) error {
				_, err := c.Pools("DeleteUserPoolClient", map[string]any{"UserPoolId": c.properties["UserPoolId"], "ClientId": c.id})
				return err
			},
		},
	}
}
