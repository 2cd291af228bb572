package discovery

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Labels of containers.
const (
	labelService   = "gatehouse.service"   // its name, or NAMESPACE/NAME
	labelNamespace = "gatehouse.namespace" // default: the source's
	labelPort      = "gatehouse.port"      // default: the only one that the image exposes
	labelNetwork   = "gatehouse.network"   // whose address counts; default: the source's
	labelWeight    = "gatehouse.weight"
	labelAttribute = "gatehouse.attribute." // before the name of an attribute
)

// Containers is the Docker-compatible API of a container engine: containers with
// the label gatehouse.service are instances while they run.
type Containers struct {
	Address   string // unix:PATH, http://HOST:PORT or https://
	TLS       TLS
	Namespace string // of services whose containers name none
	Network   string // whose address counts where a container is in several
	Log       *slog.Logger
}

// Times of listing containers.
const (
	lookTime   = time.Second            // between looks at which containers run: Podman tells of no container that it begins to stop
	relistTime = 30 * time.Second       // until all are read again, also without an event
	gatherTime = 100 * time.Millisecond // events that come together are one
	engineTime = 20 * time.Second       // to answer
	maxListed  = 5000                   // containers
	maxEvent   = 1 << 20                // bytes
)

// Run reads the containers whenever the engine tells of a change, or others run.
func (c *Containers) Run(ctx context.Context, to *Shelf) {
	told := map[string]bool{} // containers that can't be used
	repeatedly(ctx, c.Log, func(ctx context.Context, a *attempts) error {
		engine, err := newClient(c.Address, c.TLS, nil)
		if err != nil {
			return err
		}
		defer engine.close()
		return c.follow(ctx, engine, to, a, told)
	})
}

// What is asked for: containers with the label alone, but every container's
// events, since Podman wants to know a label's value to filter those.
var (
	labelled   = url.Values{"filters": {`{"label":["` + labelService + `"]}`}}
	containing = url.Values{"filters": {`{"type":["container"]}`}}
)

func (c *Containers) follow(ctx context.Context, engine *client, to *Shelf, a *attempts, told map[string]bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, err := engine.open(ctx, "/events", containing, engineTime)
	if err != nil {
		return err
	}
	defer events.Body.Close()
	changed, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() { ended <- tellOfEvents(events.Body, changed) }()
	for {
		ids, err := running(ctx, engine)
		if err == nil {
			err = c.readAll(ctx, engine, ids, to, told)
		}
		if err == nil {
			a.succeeded()
			err = untilOther(ctx, engine, ids, changed, ended)
		}
		if err != nil {
			return err
		}
	}
}

// untilOther waits until other containers run than those read, an event tells of
// a change, or it is time to read them again.
func untilOther(ctx context.Context, engine *client, read []string, changed <-chan struct{}, ended <-chan error) error {
	again := time.After(relistTime)
	for pause := lookTime; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return err
		case <-again:
			return nil
		case <-changed:
			sleep(ctx, gatherTime)
			return ctx.Err()
		case <-time.After(pause):
		}
		began := time.Now()
		ids, err := running(ctx, engine)
		if err != nil || !slices.Equal(ids, read) {
			return err
		}
		pause = max(lookTime, 20*time.Since(began)) // many containers take an engine long
	}
}

// tellOfEvents says that something changed whenever an event comes. Each is a line.
func tellOfEvents(stream io.Reader, changed chan<- struct{}) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, maxEvent)
	for lines.Scan() {
		select {
		case changed <- struct{}{}:
		default: // it is already to be listed
		}
	}
	return fmt.Errorf("its events end: %w", cmp.Or(lines.Err(), io.EOF))
}

// running are the IDs of the containers with the label that run and aren't being
// stopped, sorted.
func running(ctx context.Context, engine *client) (ids []string, err error) {
	var list []struct {
		ID string `json:"Id"`
	}
	if _, err := engine.get(ctx, "/containers/json", labelled, engineTime, &list); err != nil {
		return nil, err
	}
	if len(list) > maxListed {
		return nil, fmt.Errorf("it has %d containers with the label %s, more than %d", len(list), labelService, maxListed)
	}
	for _, one := range list {
		ids = append(ids, one.ID)
	}
	slices.Sort(ids)
	return ids, nil
}

// container is one as it is inspected.
type container struct {
	ID    string `json:"Id"`
	Name  string
	State struct {
		Running, Paused bool
		Health          *struct{ Status string }
	}
	Config struct {
		Labels       map[string]string
		ExposedPorts map[string]any
	}
	NetworkSettings struct {
		Ports    map[string][]published
		Networks map[string]struct{ IPAddress, GlobalIPv6Address string }
	}
}

// published is a port of the engine's machine that leads to a container's.
type published struct{ HostIP, HostPort string }

// readAll makes instances of containers.
func (c *Containers) readAll(ctx context.Context, engine *client, ids []string, to *Shelf, told map[string]bool) error {
	found, there := map[Service][]*apigw.RegistryInstance{}, map[string]bool{}
	for _, id := range ids {
		var got container
		_, err := engine.get(ctx, "/containers/"+url.PathEscape(id)+"/json", nil, engineTime, &got)
		if gone, ok := err.(*statusError); ok && gone.status == 404 {
			continue
		}
		if err != nil {
			return err
		}
		there[id] = true
		service, in, err := c.read(&got)
		if err != nil && !told[id] {
			told[id] = true
			c.Log.Warn("a container can't be an instance", "container", strings.TrimPrefix(got.Name, "/"), "error", err)
		}
		if in != nil {
			found[service] = append(found[service], in)
		}
	}
	maps.DeleteFunc(told, func(id string, _ bool) bool { return !there[id] })
	for _, service := range to.Services() {
		if found[service] == nil {
			to.Put(service, nil)
		}
	}
	for service, list := range found {
		to.Put(service, sorted(list))
	}
	return nil
}

// read makes an instance of a container that runs.
func (c *Containers) read(got *container) (Service, *apigw.RegistryInstance, error) {
	labels := got.Config.Labels
	service := Service{Namespace: labels[labelNamespace], Name: labels[labelService]}
	if namespace, name, ok := strings.Cut(service.Name, "/"); ok {
		service = Service{namespace, name}
	}
	if service.Namespace == "" {
		service.Namespace = c.Namespace
	}
	switch {
	case service.Namespace == "" || service.Name == "":
		return service, nil, fmt.Errorf("the label %s is NAMESPACE/NAME, or the source names a namespace", labelService)
	case !got.State.Running || got.State.Paused:
		return service, nil, nil
	}
	port, err := portOf(got)
	if err != nil {
		return service, nil, err
	}
	addresses, err := c.addresses(got, &port)
	if err != nil {
		return service, nil, err
	}
	attributes := map[string]string{"container": strings.TrimPrefix(got.Name, "/")}
	for label, value := range labels {
		if key, ok := strings.CutPrefix(label, labelAttribute); ok && key != "" && !strings.HasPrefix(key, "AWS_") {
			attributes[key] = value
		}
	}
	in := instance(got.ID[:min(12, len(got.ID))], addresses[0], port, attributes)
	for _, a := range addresses[1:] {
		addAddress(in, a)
	}
	if text := labels[labelWeight]; text != "" {
		if in.Weight, err = strconv.Atoi(text); err != nil || in.Weight < 1 || in.Weight > 1000 {
			return service, nil, fmt.Errorf("the label %s is a number from 1 to 1000, not %.20q", labelWeight, text)
		}
	}
	in.Status = healthOf(got)
	return service, in, nil
}

// healthOf is what a container's own check says; empty: it has none.
func healthOf(got *container) string {
	switch {
	case got.State.Health == nil || got.State.Health.Status == "" || got.State.Health.Status == "none":
		return ""
	case got.State.Health.Status == "healthy":
		return apigw.InstanceHealthy
	}
	return apigw.InstanceUnhealthy // also while it starts
}

// portOf is the port in the container: what the label says, or the only one that
// the image exposes.
func portOf(got *container) (uint16, error) {
	text := got.Config.Labels[labelPort]
	if text == "" {
		var exposed []string
		for name := range got.Config.ExposedPorts {
			if number, kind, _ := strings.Cut(name, "/"); kind == "tcp" || kind == "" {
				exposed = append(exposed, number)
			}
		}
		if len(exposed) != 1 {
			return 0, fmt.Errorf("the image exposes %d TCP ports: the label %s says which", len(exposed), labelPort)
		}
		text = exposed[0]
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("the label %s is a port, not %.20q", labelPort, text)
	}
	return uint16(port), nil
}

// addresses are a container's in its network: the one that is named, else the
// first by name. One that has none (in the host's network, or without root) is
// reached on the engine's machine, at the port that it publishes.
func (c *Containers) addresses(got *container, port *uint16) ([]netip.Addr, error) {
	named := got.Config.Labels[labelNetwork]
	if named == "" {
		named = c.Network
	}
	for _, name := range slices.Sorted(maps.Keys(got.NetworkSettings.Networks)) {
		if named != "" && name != named {
			continue
		}
		var list []netip.Addr
		at := got.NetworkSettings.Networks[name]
		for _, text := range []string{at.IPAddress, at.GlobalIPv6Address} {
			if a, err := netip.ParseAddr(text); err == nil {
				list = append(list, a)
			}
		}
		if len(list) > 0 {
			return list, nil
		}
	}
	if named != "" {
		return nil, fmt.Errorf("it has no address in the network %q", named)
	}
	host, err := c.machine()
	for _, p := range got.NetworkSettings.Ports[fmt.Sprintf("%d/tcp", *port)] {
		number, wrong := strconv.ParseUint(p.HostPort, 10, 16)
		if wrong != nil || number == 0 {
			continue
		}
		*port = uint16(number)
		if at, wrong := netip.ParseAddr(p.HostIP); wrong == nil && !at.IsUnspecified() {
			return []netip.Addr{at}, nil
		}
		break
	}
	return []netip.Addr{host}, err
}

// machine is where the engine runs.
func (c *Containers) machine() (netip.Addr, error) {
	if strings.HasPrefix(c.Address, "unix:") {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
	}
	u, err := url.Parse(c.Address)
	if err != nil {
		return netip.Addr{}, err
	}
	at, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return at, fmt.Errorf("it is reached on the engine's machine only, whose address %q isn't a number", u.Hostname())
	}
	return at, nil
}
