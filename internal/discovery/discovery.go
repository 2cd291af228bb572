// Package discovery fills services of the registry from elsewhere: DNS, Consul,
// Kubernetes and container engines. What it finds is in memory only. While a
// source is away, or says what can't be understood, what it said last holds.
package discovery

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Service names a service of the registry.
type Service struct {
	Namespace, Name string
}

func (s Service) String() string { return s.Namespace + "/" + s.Name }

// Source finds instances.
type Source interface {
	// Run puts what it finds until ctx ends.
	Run(ctx context.Context, to *Shelf)
}

// Limits of what sources say.
const (
	maxAnswer    = 32 << 20 // bytes of one
	maxInstances = 10000    // of a service
	maxFault     = 1000     // bytes of an error, which may repeat what a source says
)

// Times between attempts after one has failed.
const (
	firstRetry = 500 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// attempts tells of what fails when that changes, and spaces what is tried again.
type attempts struct {
	log   *slog.Logger
	wait  time.Duration // before the next one; 0: the last one went well
	fault string        // told last; empty: none
}

// succeeded says that the source answers.
func (a *attempts) succeeded() {
	if a.fault != "" {
		a.log.Info("the source answers again")
	}
	a.wait, a.fault = 0, ""
}

// failed tells of an error and waits; false: ctx has ended.
func (a *attempts) failed(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	text := err.Error()
	text = strings.ToValidUTF8(text[:min(len(text), maxFault)], "")
	if text != a.fault {
		a.log.Warn("the source can't be asked; what it said last holds", "error", text)
		a.fault = text
	}
	a.wait = min(max(2*a.wait, firstRetry), lastRetry)
	return sleep(ctx, a.wait/2+rand.N(a.wait)) // so that many don't come back together
}

// sleep waits; false: ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// repeatedly does what f does until ctx ends, later when it fails.
func repeatedly(ctx context.Context, log *slog.Logger, f func(context.Context, *attempts) error) {
	a := &attempts{log: log}
	for ctx.Err() == nil {
		if err := f(ctx, a); err != nil && !a.failed(ctx, err) {
			return
		}
	}
}

// instance is one that answers at an address and port.
func instance(id string, at netip.Addr, port uint16, attributes map[string]string) *apigw.RegistryInstance {
	in := &apigw.RegistryInstance{ID: cleanID(cmp.Or(id, at.String())), Attributes: map[string]string{}}
	for key, value := range attributes {
		if value != "" {
			in.Attributes[key] = value
		}
	}
	in.Attributes[apigw.AttributePort] = strconv.Itoa(int(port))
	addAddress(in, at)
	return in
}

func addAddress(in *apigw.RegistryInstance, at netip.Addr) {
	key := apigw.AttributeIPv4
	if at = at.Unmap(); at.Is6() {
		key = apigw.AttributeIPv6
	}
	in.Attributes[key] = at.WithZone("").String()
}

// maxID is the length of the longest ID: a label of DNS.
const maxID = 63

// cleanID is an ID as Cloud Map takes it (Cloud Map reference, RegisterInstance).
// One that is too long keeps its end, which tells more of them apart.
func cleanID(id string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("_/:.@-", r) {
			return r
		}
		return '-'
	}, id)
	return clean[max(0, len(clean)-maxID):]
}

// sorted orders instances, so that the same ones are told in the same way.
func sorted(list []*apigw.RegistryInstance) []*apigw.RegistryInstance {
	slices.SortFunc(list, func(a, b *apigw.RegistryInstance) int { return strings.Compare(a.ID, b.ID) })
	return list
}
