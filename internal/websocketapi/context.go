package websocketapi

import (
	"slices"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/vtl"
)

// eventContext is $context as templates see it (developer guide, "WebSocket API
// mapping template reference"). Values of an authorizer are texts.
type eventContext struct {
	e    *Event
	text []byte
}

var contextMembers = map[string][]string{
	"": {"apiId", "connectedAt", "connectionId", "domainName", "eventType", "extendedRequestId", "identity", "messageDirection", "messageId",
		"requestId", "requestTime", "requestTimeEpoch", "routeKey", "stage", "status"},
	"identity": {"accessKey", "accountId", "apiKey", "apiKeyId", "caller", "sourceIp", "user", "userAgent", "userArn"},
	"error":    {"message", "messageString", "responseType", "validationErrorString"},
}

// Value implements mapping.Context.
func (c *eventContext) Value(in, name string) vtl.Value {
	if in != "" {
		name = in + "." + name
	}
	v, err := exchange.ParseConnectionVariable(name)
	if err != nil {
		return vtl.NullValue()
	}
	text, ok := c.e.AppendVariable(c.text[:0], c.e.X, v)
	c.text = text[:0]
	if !ok {
		return vtl.NullValue()
	}
	switch v.Name {
	case exchange.VarRequestTimeEpoch, exchange.VarConnectedAt:
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return vtl.IntegerValue(n)
		}
	}
	return vtl.StringValue(string(text))
}

// IsMap implements mapping.Context.
func (c *eventContext) IsMap(in, name string) bool {
	if in != "" {
		return false
	}
	return name == "identity" || name == "error" || name == "authorizer" && c.e.who.answer != nil
}

// Names implements mapping.Context.
func (c *eventContext) Names(path string) []string {
	if path != "authorizer" {
		return slices.Clone(contextMembers[path])
	}
	if c.e.who.answer == nil {
		return nil
	}
	names := []string{"principalId"}
	for _, entry := range c.e.who.answer.Context {
		names = append(names, entry.Name)
	}
	return names
}
