package config

import (
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/discovery"
)

// Source fills services of the registry from elsewhere: it is of one kind.
type Source struct {
	DNS        *DNSSource        `yaml:"dns"`
	Consul     *ConsulSource     `yaml:"consul"`
	Kubernetes *KubernetesSource `yaml:"kubernetes"`
	Containers *ContainersSource `yaml:"containers"`
}

// DNSSource asks for names. Services are written NAMESPACE/NAME here and below.
type DNSSource struct {
	Resolvers []string           `yaml:"resolvers"` // addresses, with or without a port; default: the machine's
	MinTTL    Duration           `yaml:"minTtl"`    // default 1 s
	MaxTTL    Duration           `yaml:"maxTtl"`    // default 5 min
	Services  map[string]DNSName `yaml:"services"`
}

// DNSName is asked for SRV records or, with a port, for addresses.
type DNSName struct {
	Name string `yaml:"name"`
	Port uint16 `yaml:"port"`
}

// ConsulSource is an agent of Consul.
type ConsulSource struct {
	Address    string                   `yaml:"address"` // http://, https:// or unix:PATH; default http://127.0.0.1:8500
	CA         string                   `yaml:"ca"`
	Cert       string                   `yaml:"cert"`
	Key        string                   `yaml:"key"`
	Token      Secret                   `yaml:"token"`
	Datacenter string                   `yaml:"datacenter"`
	Services   map[string]ConsulService `yaml:"services"`
}

// ConsulService is a service of Consul.
type ConsulService struct {
	Name    string `yaml:"name"`
	Tag     string `yaml:"tag"`
	Passing bool   `yaml:"passing"` // those alone whose checks pass
}

// KubernetesSource is a cluster; without server, the one that the process runs in.
type KubernetesSource struct {
	Server    string                       `yaml:"server"`
	CA        string                       `yaml:"ca"`
	Cert      string                       `yaml:"cert"`
	Key       string                       `yaml:"key"`
	Token     Secret                       `yaml:"token"`
	TokenFile string                       `yaml:"tokenFile"` // read for each call
	Services  map[string]KubernetesService `yaml:"services"`
}

// KubernetesService is a service of a cluster.
type KubernetesService struct {
	Namespace string `yaml:"namespace"` // default: default
	Name      string `yaml:"name"`
	Port      string `yaml:"port"` // its name or number; default: the only one
}

// ContainersSource is the Docker-compatible API of a container engine.
type ContainersSource struct {
	Address   string `yaml:"address"` // unix:PATH, http:// or https://
	CA        string `yaml:"ca"`
	Cert      string `yaml:"cert"`
	Key       string `yaml:"key"`
	Namespace string `yaml:"namespace"` // of containers that name none
	Network   string `yaml:"network"`   // whose address counts where a container is in several
}

// sourceReader makes sources and gathers what is wrong with what is written.
type sourceReader struct {
	at       string
	problems []string
}

func (r *sourceReader) wrong(format string, args ...any) {
	r.problems = append(r.problems, r.at+": "+fmt.Sprintf(format, args...))
}

// Discover returns the sources by their names; each tells log what befalls it.
func (r *Registry) Discover(log *slog.Logger) map[string]discovery.Source {
	made, _ := r.readSources(log)
	return made
}

func (r *Registry) readSources(log *slog.Logger) (map[string]discovery.Source, []string) {
	made, reader := map[string]discovery.Source{}, &sourceReader{}
	for _, name := range slices.Sorted(maps.Keys(r.Sources)) {
		reader.at = "registry: sources: " + name
		s, log, kinds := r.Sources[name], log.With("source", name), 0
		if s.DNS != nil {
			kinds, made[name] = kinds+1, reader.dns(s.DNS, log)
		}
		if s.Consul != nil {
			kinds, made[name] = kinds+1, reader.consul(s.Consul, log)
		}
		if s.Kubernetes != nil {
			kinds, made[name] = kinds+1, reader.kubernetes(s.Kubernetes, log)
		}
		if s.Containers != nil {
			kinds, made[name] = kinds+1, reader.containers(s.Containers, log)
		}
		if kinds != 1 {
			reader.wrong("a source is one of dns, consul, kubernetes and containers")
		}
	}
	return made, reader.problems
}

func (r *sourceReader) dns(s *DNSSource, log *slog.Logger) discovery.Source {
	made := &discovery.DNS{MinTTL: orDuration(s.MinTTL, time.Second), MaxTTL: orDuration(s.MaxTTL, 5*time.Minute), Services: map[discovery.Service]discovery.Name{}, Log: log}
	if made.MinTTL > made.MaxTTL {
		r.wrong("minTtl is more than maxTtl (%s)", made.MaxTTL)
	}
	for _, address := range s.Resolvers {
		whole, ok := withPort(address)
		if !ok {
			r.wrong("resolvers: %q is no IP address, with or without a port", address)
		}
		made.Resolvers = append(made.Resolvers, whole)
	}
	for service, of := range r.services(slices.Collect(maps.Keys(s.Services))) {
		n := s.Services[service]
		if n.Name == "" {
			r.wrong("services: %s: name: which one is asked for", service)
		}
		made.Services[of] = discovery.Name{Name: n.Name, Port: n.Port}
	}
	return made
}

func (r *sourceReader) consul(s *ConsulSource, log *slog.Logger) discovery.Source {
	made := &discovery.Consul{Address: first(s.Address, "http://127.0.0.1:8500"), TLS: r.tls(s.CA, s.Cert, s.Key), Datacenter: s.Datacenter, Token: s.Token.Value(),
		Services: map[discovery.Service]discovery.ConsulService{}, Log: log}
	r.address("address", made.Address)
	for service, of := range r.services(slices.Collect(maps.Keys(s.Services))) {
		c := s.Services[service]
		if c.Name == "" {
			r.wrong("services: %s: name: what Consul calls it", service)
		}
		made.Services[of] = discovery.ConsulService(c)
	}
	return made
}

func (r *sourceReader) kubernetes(s *KubernetesSource, log *slog.Logger) discovery.Source {
	made := &discovery.Kubernetes{Server: s.Server, TLS: r.tls(s.CA, s.Cert, s.Key), Token: s.Token.Value(), TokenFile: s.TokenFile,
		Services: map[discovery.Service]discovery.KubernetesService{}, Log: log}
	if s.Server != "" {
		r.address("server", s.Server)
	} else if s.CA != "" || s.Cert != "" || s.TokenFile != "" || s.Token.Value() != "" {
		r.wrong("ca, cert, token and tokenFile are for a server that is named")
	}
	if s.TokenFile != "" && s.Token.Value() != "" {
		r.wrong("either token or tokenFile")
	}
	for service, of := range r.services(slices.Collect(maps.Keys(s.Services))) {
		k := s.Services[service]
		if k.Name == "" {
			r.wrong("services: %s: name: what the cluster calls it", service)
		}
		made.Services[of] = discovery.KubernetesService{Namespace: first(k.Namespace, "default"), Name: k.Name, Port: k.Port}
	}
	return made
}

func (r *sourceReader) containers(s *ContainersSource, log *slog.Logger) discovery.Source {
	if s.Address == "" {
		r.wrong("address: the engine's socket, as in unix:/run/podman/podman.sock or unix:/var/run/docker.sock")
	} else {
		r.address("address", s.Address)
	}
	return &discovery.Containers{Address: s.Address, TLS: r.tls(s.CA, s.Cert, s.Key), Namespace: s.Namespace, Network: s.Network, Log: log}
}

// services takes names of services apart.
func (r *sourceReader) services(names []string) map[string]discovery.Service {
	made := map[string]discovery.Service{}
	if len(names) == 0 {
		r.wrong("services: which ones it fills, as in shop.internal/orders: {...}")
	}
	slices.Sort(names)
	for _, text := range names {
		namespace, name, ok := strings.Cut(text, "/")
		if !ok || namespace == "" || name == "" {
			r.wrong("services: %q: a service is written NAMESPACE/NAME", text)
		}
		made[text] = discovery.Service{Namespace: namespace, Name: name}
	}
	return made
}

func (r *sourceReader) address(key, address string) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok && path != "" {
		return
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" {
		r.wrong("%s: %q is no http:// or https:// address, nor unix:PATH", key, address)
	}
}

func (r *sourceReader) tls(ca, cert, key string) discovery.TLS {
	if (cert == "") != (key == "") {
		r.wrong("cert and key belong together")
	}
	return discovery.TLS{CA: ca, Cert: cert, Key: key}
}

func orDuration(d Duration, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return time.Duration(d)
}

// secrets are the sources' tokens.
func (r *Registry) secrets() (list []*Secret) {
	for _, s := range r.Sources {
		if s.Consul != nil {
			list = append(list, &s.Consul.Token)
		}
		if s.Kubernetes != nil {
			list = append(list, &s.Kubernetes.Token)
		}
	}
	return list
}

// paths are the files that sources name.
func (r *Registry) paths() (list []*string) {
	for _, s := range r.Sources {
		if c := s.Consul; c != nil {
			list = append(list, &c.CA, &c.Cert, &c.Key)
		}
		if k := s.Kubernetes; k != nil {
			list = append(list, &k.CA, &k.Cert, &k.Key, &k.TokenFile)
		}
		if c := s.Containers; c != nil {
			list = append(list, &c.CA, &c.Cert, &c.Key)
		}
	}
	return list
}
