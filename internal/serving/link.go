package serving

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/vpclink"
)

// OverLink is the connection type of private integrations.
const OverLink = "VPC_LINK"

// maxAttributes bounds the attributes that an integration asks of a service's
// instances: an instance has at most 30 (Cloud Map reference, RegisterInstance).
const maxAttributes = 30

// MethodPlace is where a method's integration over a VPC link leads. uri is its
// URI, with the stage's variables in it.
func MethodPlace(scope apigw.Scope, i *apigw.Integration, uri *integration.URI, vars map[string]string) (vpclink.Place, error) {
	link, err := linkOf(i.ConnectionID, vars)
	if err != nil {
		return vpclink.Place{}, err
	}
	return vpclink.Place{
		Scope: scope, Link: link, Target: apigw.ARN(integration.Substitute(i.Target, vars)), URI: uri,
		Insecure: i.TLSInsecure != nil && *i.TLSInsecure,
	}, nil
}

// RoutePlace is where an integration of an API of routes leads. A WebSocket
// API's has a URI; an HTTP API's, a nil one.
func RoutePlace(scope apigw.Scope, i *apigw.RouteIntegration, uri *integration.URI, vars map[string]string) (p vpclink.Place, err error) {
	if p.Link, err = linkOf(i.ConnectionID, vars); err != nil {
		return p, err
	}
	p.Scope, p.URI = scope, uri
	if uri != nil {
		return p, nil
	}
	if i.TLSServerName != nil {
		p.ServerName = *i.TLSServerName
	}
	arn, query, _ := strings.Cut(integration.Substitute(i.URI, vars), "?")
	p.Target = apigw.ARN(arn)
	service := strings.Contains(arn, ":servicediscovery:")
	switch {
	case !service && !strings.Contains(arn, ":listener/"):
		return p, fmt.Errorf("integrationUri %.256q is neither a listener's ARN nor a service's", arn)
	case !service && query != "":
		return p, errors.New("integrationUri has attributes behind a listener's ARN: they are for services")
	}
	p.Query, err = attributes(query)
	return p, err
}

// linkOf is the link that a connection ID names, itself or by a stage variable.
func linkOf(connection string, vars map[string]string) (apigw.VPCLinkID, error) {
	id := integration.Substitute(connection, vars)
	if id == "" {
		return "", fmt.Errorf("connectionId %q names no VPC link: the stage has no such variable", connection)
	}
	return apigw.VPCLinkID(id), nil
}

// attributes are those behind a service's ARN, all of which an instance must
// have.
func attributes(query string) (map[string]string, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("integrationUri has attributes that can't be read: %w", err)
	}
	if len(values) > maxAttributes {
		return nil, fmt.Errorf("integrationUri has more than %d attributes", maxAttributes)
	}
	var all map[string]string
	for name, list := range values {
		if len(list) > 1 {
			return nil, fmt.Errorf("integrationUri has the attribute %q more than once", name)
		}
		if all == nil {
			all = map[string]string{}
		}
		all[name] = list[0]
	}
	return all, nil
}

// ErrNoLinks is why nothing can be led over a VPC link where there are none.
var ErrNoLinks = errors.New("connectionType VPC_LINK: there are no VPC links here")
