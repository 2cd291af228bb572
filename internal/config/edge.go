package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Edge is the configuration of a node that ends clients' connections elsewhere
// and passes their requests on to a region's nodes.
type Edge struct {
	Listen       Listeners     `yaml:"listen"`
	Origins      []string      `yaml:"origins"`  // https://… of the region's nodes
	OriginCA     string        `yaml:"originCA"` // PEM, of whom the origins' certificates are
	Name         string        `yaml:"name"`     // in Via; default: the machine's
	Data         string        `yaml:"data"`
	Certificates []Certificate `yaml:"certificates"` // beside the listeners' own, without ARNs
	ACME         *ACME         `yaml:"acme"`         // of this node alone: an authority that asks for a name has to meet it
	Connections  Count         `yaml:"connections"`
	Requests     Count         `yaml:"requests"`
}

// DefaultEdge is where an edge listens.
const DefaultEdge = "127.0.0.1:8082"

// LoadEdge reads file, unless it is empty, and lets what is given win.
func LoadEdge(file string, given Edge) (*Edge, error) {
	e := new(Edge)
	if file != "" {
		if _, err := readFile(file, e); err != nil {
			return nil, fmt.Errorf("configuration %s: %w", file, err)
		}
		e.absolute(filepath.Dir(file))
	}
	if len(given.Listen) > 0 {
		e.Listen = given.Listen
	}
	if len(given.Origins) > 0 {
		e.Origins = given.Origins
	}
	e.Data = first(given.Data, e.Data, DefaultData)
	if len(e.Listen) == 0 {
		e.Listen = Listeners{{Address: DefaultEdge}}
	}
	if e.Name == "" {
		if name, err := os.Hostname(); err == nil {
			e.Name = name
		}
		e.Name = first(e.Name, "edge")
	}
	return e, e.check()
}

func (e *Edge) absolute(dir string) {
	paths := append([]*string{&e.Data, &e.OriginCA}, certificatePaths(e.Certificates, e.Listen)...)
	if e.ACME != nil {
		paths = append(paths, &e.ACME.CA)
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
}

func certificatePaths(list []Certificate, listeners Listeners) (paths []*string) {
	for i := range list {
		paths = append(paths, &list[i].Cert, &list[i].Key)
	}
	for _, l := range listeners {
		if l.TLS != nil {
			paths = append(paths, &l.TLS.Cert, &l.TLS.Key)
		}
	}
	return paths
}

func (e *Edge) check() error {
	problems := append(checkCertificates(e.Certificates), e.ACME.check(false)...)
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if len(e.Origins) == 0 {
		add("origins: which nodes requests go to, as in [https://region.example.com]")
	}
	if strings.ContainsAny(e.Name, " ,()\"\t\r\n") {
		add("name %q: one word, which Via shows", e.Name)
	}
	for _, c := range e.Certificates {
		if c.ARN != "" {
			add("certificates: %s: domain names, which name ARNs, are known to the region alone", c.ARN)
		}
	}
	for _, l := range e.Listen {
		if err := checkAddress(l.Address); err != nil {
			add("listen: %q: %v", l.Address, err)
		}
		if l.ProxyProtocol && len(l.TrustedProxies) == 0 {
			add("listen: %q: proxyProtocol needs trustedProxies, the only ones it is taken from", l.Address)
		}
		if l.Endpoint != "" || l.VPC != "" {
			add("listen: %q: endpoint: private APIs aren't edge-optimized: let their clients reach the region's endpoint", l.Address)
		}
		if l.TLS != nil && l.TLS.TrustStore != "" {
			add("listen: %q: trustStore: the region wouldn't see the certificates of clients: let them reach it", l.Address)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	slices.Sort(problems)
	return errors.New("configuration: " + strings.Join(problems, "\n  "))
}
