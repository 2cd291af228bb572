package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// readText reads a file, or standard input for "-", of at most most bytes.
func readText(file string, most int) (string, error) {
	in := os.Stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("%s has more than %d bytes", file, most)
	}
	return string(text), err
}

// rendering is what the options describe.
func (o *templateOptions) rendering() (*mapping.Rendering, error) {
	in, err := o.parameters()
	if err != nil {
		return nil, err
	}
	body := new(mapping.Body)
	if o.input != "" {
		text, err := readText(o.input, integration.MaxBody)
		if err != nil {
			return nil, err
		}
		body.Set([]byte(text))
	}
	variables := map[string]string{}
	for _, pair := range o.variables {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, &usageError{fmt.Sprintf("--stage-variables %q is no NAME=VALUE", pair)}
		}
		variables[name] = value
	}
	context, err := o.contextDocument()
	if err != nil {
		return nil, err
	}
	r := mapping.NewRendering()
	r.Begin(in, mapping.NewStageVariables(variables), mapping.DocumentContext{Document: context})
	r.Body = body
	return r, nil
}

// parameters are the client's parameters.
func (o *templateOptions) parameters() (*mapping.Input, error) {
	in := &mapping.Input{X: &exchange.Exchange{Header: new(http1.Header)}, Query: new(mapping.Query)}
	var query []byte
	for _, pair := range o.params {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, &usageError{fmt.Sprintf("--params %q is no NAME=VALUE", pair)}
		}
		if header, ok := strings.CutPrefix(name, "header."); ok {
			in.X.Header.Add(header, value)
		} else if path, ok := strings.CutPrefix(name, "path."); ok {
			in.Params.Add(path, value)
		} else {
			query = mapping.AppendQueryPair(query, strings.TrimPrefix(name, "querystring."), value)
		}
	}
	in.Query.Parse(query)
	return in, nil
}

// exampleContext is $context where --context says nothing else.
const exampleContext = `{"resourceId":"abc123","resourcePath":"/","httpMethod":"POST","extendedRequestId":"AbCdEfGhIjKlMnO=",
"requestTime":"18/Jun/2025:17:28:59 +0000","path":"/test/","accountId":"000000000000","protocol":"HTTP/1.1","requestOverride":{},
"stage":"test","domainPrefix":"a1b2c3d4e5","requestTimeEpoch":1750267739123,"requestId":"0b5f0c3e-1111-4222-8333-444455556666",
"identity":{"cognitoIdentityPoolId":null,"accountId":null,"cognitoIdentityId":null,"caller":null,"sourceIp":"198.51.100.7",
"principalOrgId":null,"accessKey":null,"cognitoAuthenticationType":null,"cognitoAuthenticationProvider":null,"userArn":null,
"userAgent":"example/1.0","user":null},"domainName":"a1b2c3d4e5.execute-api.us-east-1.amazonaws.com","deploymentId":"d3p10y",
"responseOverride":{},"apiId":"a1b2c3d4e5"}`

func (o *templateOptions) contextDocument() (*jsonpath.Value, error) {
	base, err := jsonpath.Parse([]byte(exampleContext), mapping.BodyLimits)
	if err != nil || o.context == "" {
		return base, err
	}
	text, err := readText(o.context, integration.MaxBody)
	if err != nil {
		return nil, err
	}
	over, err := jsonpath.Parse(bytes.TrimSpace([]byte(text)), mapping.BodyLimits)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.context, err)
	}
	if over.Kind != jsonpath.Object {
		return nil, fmt.Errorf("%s holds no JSON object", o.context)
	}
	return merged(base, over), nil
}

// merged is base with over's members, object by object.
func merged(base, over *jsonpath.Value) *jsonpath.Value {
	out := &jsonpath.Value{Kind: jsonpath.Object}
	for i, name := range base.Names {
		v := base.Items[i]
		if o := over.Member(name); o != nil && o.Kind == jsonpath.Object && v.Kind == jsonpath.Object {
			v = *merged(&v, o)
		} else if o != nil {
			v = *o
		}
		out.Names, out.Items = append(out.Names, name), append(out.Items, v)
	}
	for i, name := range over.Names {
		if base.Member(name) == nil {
			out.Names, out.Items = append(out.Names, name), append(out.Items, over.Items[i])
		}
	}
	return out
}
