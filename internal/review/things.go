package review

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// things are the parts of def by name. Their settings come from their stored
// form, so that none is left out.
func things(def *apigw.Definition) (map[string]*thing, error) {
	c := collector{def: def, list: map[string]*thing{}}
	if def.RouteAPI != nil {
		c.routes()
		return c.list, c.err
	}
	api := def.API
	api.Tags, api.Warnings = nil, nil // not frozen in what they do
	c.add("API settings", thing{rank: 0}, &api)
	for _, r := range def.Resources {
		if len(r.Methods) == 0 {
			c.add("resource "+r.Path, thing{rank: 1, path: r.Path}, struct{}{})
		}
		for verb, m := range r.Methods {
			c.add(string(verb)+" "+r.Path, thing{rank: 1, path: r.Path, verb: string(verb), summary: summary(m)}, c.named(r, m))
		}
	}
	for _, a := range def.Authorizers {
		c.add("authorizer "+a.Name, thing{rank: 2, name: a.Name, summary: a.Type}, a)
	}
	for _, v := range def.Validators {
		c.add("request validator "+v.Name, thing{rank: 3, name: v.Name}, v)
	}
	for name, m := range def.Models {
		c.add("model "+string(name), thing{rank: 4, name: string(name), summary: m.ContentType}, m)
	}
	for name, g := range def.GatewayResponses {
		c.add("gateway response "+name, thing{rank: 5, name: name, summary: g.StatusCode}, g)
	}
	return c.list, c.err
}

func summary(m *apigw.Method) string {
	i := m.Integration
	if i == nil {
		return ""
	}
	return strings.Join(slices.DeleteFunc([]string{string(i.Type), i.HTTPMethod, i.URI}, func(s string) bool { return s == "" }), " ")
}

type collector struct {
	def  *apigw.Definition
	list map[string]*thing
	err  error
}

// named is m with the names of what it refers to in place of identifiers.
func (c *collector) named(r *apigw.Resource, m *apigw.Method) *apigw.Method {
	out := *m
	if a := c.def.Authorizers[m.AuthorizerID]; a != nil {
		out.AuthorizerID = apigw.AuthorizerID(a.Name)
	}
	if v := c.def.Validators[m.RequestValidatorID]; v != nil {
		out.RequestValidatorID = apigw.ValidatorID(v.Name)
	}
	if m.Integration != nil && m.Integration.CacheNamespace == string(r.ID) {
		i := *m.Integration
		i.CacheNamespace = "" // the default
		out.Integration = &i
	}
	return &out
}

func (c *collector) add(name string, t thing, value any) {
	raw, err := json.Marshal(value)
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		err = flatten(d, nil, &t.settings)
	}
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("read %s: %w", name, err)
	}
	c.list[name] = &t
}

// unsaid are members that identify a thing or say when it was made.
var unsaid = []string{"id", "apiId", "verb", "key", "created", "rootResourceId"}

// unsetMaps are the maps that are stored as null when nothing was sent. A
// template that is null is one: it passes bodies through.
var unsetMaps = []string{"requestParameters", "requestTemplates", "responseParameters", "responseTemplates", "responseModels"}

// awsNames are the members whose stored name isn't AWS's.
var awsNames = map[string]string{
	"timeoutMillis": "timeoutInMillis", "tlsInsecure": "tlsConfig.insecureSkipVerification", "responseMode": "responseTransferMode",
	"templateOrder": "order of templates", "target": "integrationTarget", "authorizerId": "authorizer", "requestValidatorId": "request validator",
	"ttlSeconds": "authorizerResultTtlInSeconds", "payloadFormat": "payloadFormatVersion", "subtype": "integrationSubtype", "cors": "corsConfiguration",
	"tlsServerName": "tlsConfig.serverNameToVerify",
}

// flatten lists the members of the value that d is at, in their order, each
// with the names that lead to it.
func flatten(d *json.Decoder, path []string, to *[]setting) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return err
			}
			if err := flatten(d, member(path, key.(string)), to); err != nil {
				return err
			}
		}
		_, err = d.Token()
		return err
	case json.Delim('['):
		var list []setting
		for d.More() {
			if err := flatten(d, nil, &list); err != nil {
				return err
			}
		}
		var values []string
		for _, s := range list {
			values = append(values, s.value)
		}
		keep(path, strings.Join(values, "\n"), to)
		_, err = d.Token()
		return err
	}
	keep(path, scalar(token), to)
	return nil
}

// member is path with a member's name: AWS's where the stored one differs.
func member(path []string, name string) []string {
	if aws, ok := awsNames[name]; ok {
		name = aws
	}
	return append(slices.Clone(path), name)
}

// keep adds one setting, unless it is one that nobody set.
func keep(path []string, value string, to *[]setting) {
	if len(path) == 1 && slices.Contains(unsaid, path[0]) || len(path) > 0 && value == "" {
		return
	}
	if value == "null" && len(path) > 0 && slices.Contains(unsetMaps, path[len(path)-1]) {
		return
	}
	*to = append(*to, setting{strings.Join(path, " "), value})
}

func scalar(token json.Token) string {
	if token == nil {
		return "null"
	}
	return fmt.Sprint(token)
}
