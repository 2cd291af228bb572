package discovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Kubernetes watches the endpoint slices of services. client-go would bring some
// 430 packages for one list and one watch.
type Kubernetes struct {
	Server    string // https://HOST:PORT; empty: of the cluster that this process runs in
	TLS       TLS
	Token     string
	TokenFile string // read for each call: tokens are replaced
	Services  map[Service]KubernetesService
	Log       *slog.Logger
}

// KubernetesService is what is asked for.
type KubernetesService struct {
	Namespace, Name string
	Port            string // its name or number; empty: the only one
}

// account is where a pod finds what its service account has.
const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

const (
	watchTime  = 5 * time.Minute // of one watch; then another one goes on where it ended
	watchSpace = time.Second     // between two
	listTime   = 30 * time.Second
	pageSize   = "500"

	maxPages  = 1000  // of a list
	maxSlices = 10000 // of a service
)

// Run follows each service.
func (k *Kubernetes) Run(ctx context.Context, to *Shelf) {
	var following sync.WaitGroup
	for service, wanted := range k.Services {
		following.Go(func() {
			repeatedly(ctx, k.Log.With("service", wanted.Namespace+"/"+wanted.Name), func(ctx context.Context, a *attempts) error {
				server, err := k.client()
				if err != nil {
					return err
				}
				defer server.close()
				w := &endpointSlices{of: wanted, put: func(list []*apigw.RegistryInstance) { to.Put(service, list) }}
				return w.follow(ctx, server, a)
			})
		})
	}
	following.Wait()
}

// client calls the configured server, or the own cluster's.
func (k *Kubernetes) client() (*client, error) {
	server, t, file := k.Server, k.TLS, k.TokenFile
	if server == "" {
		host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
		if host == "" || port == "" {
			return nil, errors.New("this process runs in no pod: say server")
		}
		server, t.CA, file = "https://"+net.JoinHostPort(host, port), account+"ca.crt", account+"token"
	}
	return newClient(server, t, func() (http.Header, error) {
		token := k.Token
		if file != "" {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("read token: %w", err)
			}
			token = strings.TrimSpace(string(text))
		}
		header := http.Header{"Accept": {"application/json"}}
		if token != "" {
			header.Set("Authorization", "Bearer "+token)
		}
		return header, nil
	})
}

// slice is an EndpointSlice of discovery.k8s.io/v1, as far as it matters.
type slice struct {
	Metadata struct {
		Name, ResourceVersion string
	}
	AddressType string
	Ports       []slicePort
	Endpoints   []endpoint
}

type slicePort struct {
	Name, Protocol *string
	Port           *int
}

type endpoint struct {
	Addresses  []string
	Conditions struct{ Ready, Serving, Terminating *bool }
	TargetRef  *struct{ Kind, Name string }
	NodeName   *string
	Zone       *string
}

// endpointSlices are a service's slices, as the server told them.
type endpointSlices struct {
	of      KubernetesService
	put     func([]*apigw.RegistryInstance)
	known   map[string]*slice
	version string // of the resource, that the next watch begins at
}

func (w *endpointSlices) path() string {
	return "/apis/discovery.k8s.io/v1/namespaces/" + url.PathEscape(w.of.Namespace) + "/endpointslices"
}

func (w *endpointSlices) query() url.Values {
	return url.Values{"labelSelector": {"kubernetes.io/service-name=" + w.of.Name}}
}

// follow lists, then watches from there.
func (w *endpointSlices) follow(ctx context.Context, server *client, a *attempts) error {
	if err := w.list(ctx, server); err != nil {
		return err
	}
	if err := w.show(); err != nil {
		return err
	}
	for {
		switch err := w.watch(ctx, server, a); {
		case errors.Is(err, errForgotten):
			sleep(ctx, watchSpace) // a server may forget everything at once
			return nil
		case !errors.Is(err, io.EOF):
			return err
		case !sleep(ctx, watchSpace):
			return ctx.Err()
		}
	}
}

// errForgotten: what a watch would begin at is forgotten (410 Gone): list again.
var errForgotten = errors.New("the resource version is too old")

func (w *endpointSlices) list(ctx context.Context, server *client) error {
	w.known = map[string]*slice{}
	query := w.query()
	query.Set("limit", pageSize)
	for range maxPages {
		var page struct {
			Metadata struct{ ResourceVersion, Continue string }
			Items    []slice
		}
		if _, err := server.get(ctx, w.path(), query, listTime, &page); err != nil {
			return err
		}
		for i := range page.Items {
			if err := w.keep(&page.Items[i]); err != nil {
				return err
			}
		}
		w.version = page.Metadata.ResourceVersion
		if page.Metadata.Continue == "" {
			return nil
		}
		query.Set("continue", page.Metadata.Continue)
	}
	return fmt.Errorf("its list of a service's slices has more than %d pages", maxPages)
}

func (w *endpointSlices) keep(s *slice) error {
	if w.known[s.Metadata.Name] = s; len(w.known) > maxSlices {
		return fmt.Errorf("it has more than %d slices of one service", maxSlices)
	}
	return nil
}

// watchEvent is a line of a watch.
type watchEvent struct {
	Type   string // ADDED, MODIFIED, DELETED, BOOKMARK, ERROR
	Object json.RawMessage
}

// watch takes what changes. io.EOF: the watch's time is over. Who may list but not
// watch is told so once, and lists ever more rarely.
func (w *endpointSlices) watch(ctx context.Context, server *client, a *attempts) error {
	query := w.query()
	query.Set("watch", "1")
	query.Set("allowWatchBookmarks", "true")
	query.Set("resourceVersion", w.version)
	query.Set("timeoutSeconds", strconv.Itoa(int(watchTime/time.Second)))
	ctx, cancel := context.WithTimeout(ctx, watchTime+connectTime) // a connection that is silently gone ends, too
	defer cancel()
	answer, err := server.open(ctx, w.path(), query, listTime)
	if gone, ok := err.(*statusError); ok && gone.status == http.StatusGone {
		return errForgotten
	}
	if err != nil {
		return ended(ctx, err)
	}
	defer answer.Body.Close()
	a.succeeded()
	bounded := &io.LimitedReader{R: answer.Body}
	for d := json.NewDecoder(bounded); ; {
		bounded.N = maxAnswer
		var e watchEvent
		if err := d.Decode(&e); err != nil {
			return ended(ctx, err)
		}
		if err := w.take(&e); err != nil {
			return err
		}
	}
}

// ended is io.EOF when a watch ended in time.
func ended(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return io.EOF
	}
	return err
}

func (w *endpointSlices) take(e *watchEvent) error {
	if e.Type == "ERROR" {
		var status struct {
			Code    int
			Message string
		}
		_ = json.Unmarshal(e.Object, &status)
		if status.Code == http.StatusGone {
			return errForgotten
		}
		return &statusError{status.Code, status.Message}
	}
	var s slice
	if err := json.Unmarshal(e.Object, &s); err != nil {
		return fmt.Errorf("read an event: %w", err)
	}
	w.version = s.Metadata.ResourceVersion
	switch e.Type {
	case "BOOKMARK":
		return nil
	case "DELETED":
		delete(w.known, s.Metadata.Name)
	default:
		if err := w.keep(&s); err != nil {
			return err
		}
	}
	return w.show()
}

// show puts the instances of all slices. A pod with an IPv4 and an IPv6 address,
// which are in two slices, is one.
func (w *endpointSlices) show() error {
	found := map[string]*apigw.RegistryInstance{}
	for _, name := range slices.Sorted(maps.Keys(w.known)) {
		s := w.known[name]
		if s.AddressType == "FQDN" || len(s.Endpoints) == 0 {
			continue
		}
		port, err := w.port(s)
		if err != nil {
			return err
		}
		for i := range s.Endpoints {
			addEndpoint(found, &s.Endpoints[i], port)
		}
	}
	w.put(sorted(slices.Collect(maps.Values(found))))
	return nil
}

func addEndpoint(found map[string]*apigw.RegistryInstance, e *endpoint, port uint16) {
	// As kube-proxy has it (Kubernetes, "EndpointSlices", conditions): what ends
	// but still serves is for when nothing else is ready.
	ready := e.Conditions.Ready == nil || *e.Conditions.Ready
	ending := e.Conditions.Terminating != nil && *e.Conditions.Terminating
	serving := e.Conditions.Serving != nil && *e.Conditions.Serving
	if !ready && ending && !serving || len(e.Addresses) == 0 {
		return
	}
	at, err := netip.ParseAddr(e.Addresses[0]) // consumers take the first (API reference, Endpoint)
	if err != nil {
		return
	}
	id, attributes := at.String(), map[string]string{}
	if e.TargetRef != nil && e.TargetRef.Kind == "Pod" {
		id, attributes["pod"] = e.TargetRef.Name, e.TargetRef.Name
	}
	if e.NodeName != nil {
		attributes["node"] = *e.NodeName
	}
	if e.Zone != nil {
		attributes["zone"] = *e.Zone
	}
	in := found[id]
	if in == nil || in.Attributes[apigw.AttributePort] != strconv.Itoa(int(port)) {
		in = instance(id, at, port, attributes)
		found[id] = in
	} else {
		addAddress(in, at)
	}
	in.Status = apigw.InstanceUnhealthy
	if ready {
		in.Status = apigw.InstanceHealthy
	}
}

// port is the wanted one of a slice.
func (w *endpointSlices) port(s *slice) (uint16, error) {
	var names []string
	for _, p := range s.Ports {
		if p.Port == nil || *p.Port < 1 || *p.Port > 65535 || p.Protocol != nil && *p.Protocol != "TCP" {
			continue
		}
		name := ""
		if p.Name != nil {
			name = *p.Name
		}
		if w.of.Port != "" && (name == w.of.Port || strconv.Itoa(*p.Port) == w.of.Port) || w.of.Port == "" && len(s.Ports) == 1 {
			return uint16(*p.Port), nil
		}
		names = append(names, fmt.Sprintf("%q (%d)", name, *p.Port))
	}
	return 0, fmt.Errorf("which port is meant: the service has %s", strings.Join(names, ", "))
}
