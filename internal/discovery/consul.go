package discovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Consul follows services of Consul by its blocking queries. The official client
// would bring 17 packages for this one call.
type Consul struct {
	Address    string // http://HOST:PORT, https:// or unix:PATH
	TLS        TLS
	Datacenter string // empty: the agent's own
	Token      string
	Services   map[Service]ConsulService
	Log        *slog.Logger
}

// ConsulService is what is asked for.
type ConsulService struct {
	Name, Tag string
	Passing   bool // those alone whose checks pass; else checks tell of health
}

const (
	consulWait  = 5 * time.Minute        // for a change
	consulSpace = 200 * time.Millisecond // between two answers, however fast it changes
)

// Run follows each service.
func (c *Consul) Run(ctx context.Context, to *Shelf) {
	var following sync.WaitGroup
	for service, wanted := range c.Services {
		following.Go(func() {
			repeatedly(ctx, c.Log.With("service", wanted.Name), func(ctx context.Context, a *attempts) error {
				agent, err := newClient(c.Address, c.TLS, c.header)
				if err != nil {
					return err
				}
				defer agent.close()
				for index := uint64(0); ; {
					list, next, err := c.ask(ctx, agent, wanted, index)
					if err != nil {
						return err
					}
					a.succeeded()
					to.Put(service, list)
					if next < index { // as Consul's guide to blocking queries has it
						next = 0
					}
					index = next
					if !sleep(ctx, consulSpace) {
						return ctx.Err()
					}
				}
			})
		})
	}
	following.Wait()
}

func (c *Consul) header() (http.Header, error) {
	if c.Token == "" {
		return http.Header{}, nil
	}
	return http.Header{"X-Consul-Token": {c.Token}}, nil
}

// consulEntry is one of a service's instances.
type consulEntry struct {
	Node    struct{ Node, Address, Datacenter string }
	Service struct {
		ID, Address string
		Port        int
		Tags        []string
		Meta        map[string]string
		Weights     struct{ Passing, Warning int }
	}
	Checks []struct{ Status string }
}

// ask returns the instances, once they are others than those of an index.
func (c *Consul) ask(ctx context.Context, agent *client, wanted ConsulService, index uint64) ([]*apigw.RegistryInstance, uint64, error) {
	query := url.Values{"wait": {consulWait.String()}, "index": {strconv.FormatUint(index, 10)}}
	for key, value := range map[string]string{"dc": c.Datacenter, "tag": wanted.Tag} {
		if value != "" {
			query.Set(key, value)
		}
	}
	if wanted.Passing {
		query.Set("passing", "1")
	}
	var entries []consulEntry
	// Consul adds up to a sixteenth to the wait.
	header, err := agent.get(ctx, "/v1/health/service/"+url.PathEscape(wanted.Name), query, consulWait+consulWait/16+connectTime, &entries)
	if err != nil {
		return nil, 0, err
	}
	next, err := strconv.ParseUint(header.Get("X-Consul-Index"), 10, 64)
	if err != nil {
		return nil, 0, errors.New("its answer has no X-Consul-Index: it is no Consul agent")
	}
	list, err := consulInstances(entries)
	return list, max(next, 1), err
}

// consulInstances are the entries as instances. IDs are unique on a node only.
func consulInstances(entries []consulEntry) (list []*apigw.RegistryInstance, err error) {
	times := map[string]int{}
	for _, e := range entries {
		times[e.Service.ID]++
	}
	for i := range entries {
		e := &entries[i]
		address := e.Service.Address
		if address == "" {
			address = e.Node.Address
		}
		at, wrong := netip.ParseAddr(address)
		if wrong != nil || e.Service.Port < 1 || e.Service.Port > 65535 {
			return nil, fmt.Errorf("the instance %q has the address %q and port %d: it takes an IP address and a port", e.Service.ID, address, e.Service.Port)
		}
		id := e.Service.ID
		if times[id] > 1 {
			id += "@" + e.Node.Node
		}
		attributes := maps.Clone(e.Service.Meta)
		if attributes == nil {
			attributes = map[string]string{}
		}
		maps.DeleteFunc(attributes, func(key, _ string) bool { return strings.HasPrefix(key, "AWS_") })
		attributes["node"], attributes["datacenter"], attributes["tags"] = e.Node.Node, e.Node.Datacenter, strings.Join(e.Service.Tags, ",")
		for _, tag := range e.Service.Tags {
			attributes["tag:"+tag] = "true"
		}
		in := instance(id, at, uint16(e.Service.Port), attributes)
		in.Status, in.Weight = consulHealth(e)
		list = append(list, in)
	}
	return sorted(list), nil
}

// consulHealth is what all checks of an instance and its node say, and its weight
// for that. One in maintenance has a critical check.
func consulHealth(e *consulEntry) (string, int) {
	health, weight := apigw.InstanceHealthy, e.Service.Weights.Passing
	for _, check := range e.Checks {
		switch check.Status {
		case "critical":
			return apigw.InstanceUnhealthy, weight
		case "warning":
			weight = e.Service.Weights.Warning
		}
	}
	return health, weight
}
