package main

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

// served is one definition that is live.
type served struct {
	file  string
	kind  openapi.Chosen
	def   *apigw.Definition
	stage apigw.StageName
	urls  []string // by host, then by path

	changed bool // by the deployment that this is of
}

func (v *served) name() string { return v.def.Name() }

// invokeURLs are the addresses of a stage on the first listener, for clients
// that resolve *.localhost and for those that can't set a host.
func invokeURLs(scheme string, addr net.Addr, api apigw.APIID, stage apigw.StageName) []string {
	base := "/" + string(stage)
	if stage == "$default" {
		base = "" // whose paths have no stage in front
	}
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return []string{fmt.Sprintf("%s (Host: %s.execute-api.localhost, path %s)", addr, api, cmp.Or(base, "/"))}
	}
	host := tcp.IP.String()
	if tcp.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return []string{
		fmt.Sprintf("%s://%s.execute-api.localhost:%d%s", scheme, api, tcp.Port, base),
		fmt.Sprintf("%s://%s/_aws/execute-api/%s%s", scheme, net.JoinHostPort(host, fmt.Sprint(tcp.Port)), api, base),
	}
}

// route is a line of the route table.
type route struct{ verb, path, target string }

func (r route) String() string { return r.verb + " " + r.path }

// routes lists what def serves, by path, then verb.
func routes(def *apigw.Definition) []route {
	var list []route
	for _, r := range def.Resources {
		for verb, m := range r.Methods {
			list = append(list, route{string(verb), r.Path, target(m.Integration)})
		}
	}
	for _, r := range def.Routes {
		verb, path, keyed := strings.Cut(r.Key, " ")
		if !keyed {
			verb, path = "ANY", r.Key
		}
		list = append(list, route{verb, path, routeTarget(def.RouteIntegrations[r.Target])})
	}
	slices.SortFunc(list, func(a, b route) int {
		if c := strings.Compare(a.path, b.path); c != 0 {
			return c
		}
		return strings.Compare(a.verb, b.verb)
	})
	return list
}

// target says in a few words what an integration calls.
func target(i *apigw.Integration) string {
	switch {
	case i == nil:
		return ""
	case i.Type == apigw.IntegrationMock:
		return "mock"
	case i.Type == apigw.IntegrationAWSProxy || i.Type == apigw.IntegrationAWS:
		if function := functionIn(i.URI); function != "" {
			if name, err := lambda.ParseName(function); err == nil {
				return "function " + name.Name
			}
			return "function " + function
		}
	}
	return i.URI
}

// routeTarget is target for a route of an API of routes.
func routeTarget(i *apigw.RouteIntegration) string {
	switch {
	case i == nil:
		return ""
	case i.Subtype != "":
		return i.Subtype
	}
	return target(asMethod(i))
}

// kindText is what kind of API is served, and why it was taken for one.
func kindText(c openapi.Chosen) string {
	text := "REST API"
	if c.Kind == openapi.HTTP {
		text = "HTTP API"
	}
	if c.Why != "" {
		text += ": " + c.Why
	}
	return text
}

// announce tells what is served: a table for a person, a record otherwise.
func (s *screen) announce(v *served) {
	list := routes(v.def)
	if !s.person {
		names := make([]string, len(list))
		for i, r := range list {
			names[i] = r.String()
		}
		s.log.Info("serving", "definition", v.file, "kind", v.kind.Kind, "because", v.kind.Why, "api", v.def.ID(), "name", v.name(), "stage", v.stage, "urls", v.urls, "routes", names)
		return
	}
	fmt.Fprintf(s.w, "\n%s (%s), stage %s\n  %s\n", v.name(), v.def.ID(), v.stage, kindText(v.kind))
	for _, u := range v.urls {
		fmt.Fprintf(s.w, "  %s\n", u)
	}
	table := tabwriter.NewWriter(s.w, 0, 0, 2, ' ', 0)
	for _, r := range list {
		fmt.Fprintf(table, "    %s\t%s\t%s\n", r.verb, r.path, r.target)
	}
	table.Flush()
	fmt.Fprintln(s.w)
}
