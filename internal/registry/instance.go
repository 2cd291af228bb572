package registry

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Instance is where a service answers, at a moment; nobody changes it.
type Instance struct {
	ID         string
	Attributes map[string]string
	IPv4, IPv6 netip.Addr // invalid: none
	Port       int        // 0: none
	Weight     int        // of choice, at least 1
	Health     string     // apigw.InstanceHealthy, InstanceUnhealthy, InstanceUnknown
	Source     string     // that added it in memory; empty: it is stored
}

// Address is where the instance answers: its IPv4 address, else its IPv6
// address, and its port. ok is false when it has none or no port.
func (i *Instance) Address() (at netip.AddrPort, ok bool) {
	ip := i.IPv4
	if !ip.IsValid() {
		ip = i.IPv6
	}
	return netip.AddrPortFrom(ip, uint16(i.Port)), ip.IsValid() && i.Port > 0
}

// member is an instance of a service while it is known.
type member struct {
	s       *Service
	record  *apigw.RegistryInstance
	shown   *Instance
	probe   *probe      // nil: it isn't checked
	turning *time.Timer // until a status that was told shows; nil: it does
}

// newMember makes what record says; old is what the ID was before, or nil: its
// checks go on when they are the same.
func newMember(s *Service, record *apigw.RegistryInstance, source string, old *member) *member {
	m := &member{s: s, record: record, shown: newInstance(record, source)}
	if m.checked() && s.b.o.Checker != nil {
		at, _ := m.shown.Address()
		if old != nil && old.probe != nil && old.probe.at == at && old.probe.check == *s.defined.Health {
			m.probe, old.probe = old.probe, nil
			m.probe.of = m
		} else {
			m.probe = newProbe(m, at)
		}
	}
	m.shown.Health = m.health()
	return m
}

// newInstance reads what attributes say of an instance. What can't be read was
// refused when it was registered; of a source, it isn't there.
func newInstance(record *apigw.RegistryInstance, source string) *Instance {
	i := &Instance{ID: record.ID, Attributes: record.Attributes, Weight: max(record.Weight, 1), Source: source}
	i.IPv4, _ = netip.ParseAddr(record.Attributes[apigw.AttributeIPv4])
	i.IPv6, _ = netip.ParseAddr(record.Attributes[apigw.AttributeIPv6])
	if port, err := strconv.ParseUint(record.Attributes[apigw.AttributePort], 10, 16); err == nil {
		i.Port = int(port)
	}
	return i
}

// checked says whether the service's checks are for the instance: an alias has
// none (Cloud Map reference, RegisterInstance, AWS_ALIAS_DNS_NAME).
func (m *member) checked() bool {
	_, ok := m.shown.Address()
	return m.s.defined.Health != nil && ok && !m.alias()
}

func (m *member) alias() bool { return m.record.Attributes[apigw.AttributeAlias] != "" }

// stop ends what the member had begun.
func (m *member) stop() {
	if m.probe != nil {
		m.probe.stop()
	}
	if m.turning != nil {
		m.turning.Stop()
	}
}

// turn shows what becomes of the health of a member, if it still is one.
func (m *member) turn(u *Update) {
	if m.s.members[m.record.ID] != m {
		return
	}
	if health := m.health(); health != m.shown.Health {
		now := *m.shown
		now.Health = health
		m.shown = &now
		m.s.pending[now.ID] = &now
		u.touched[m.s] = struct{}{}
	}
}

// health is what shows of the instance's health.
func (m *member) health() string {
	switch {
	case m.checked():
		// Route 53, which probes on AWS, takes what it knows too little of for
		// healthy ("How Amazon Route 53 determines the status of health checks").
		if m.probe != nil && m.probe.failing.Load() {
			return apigw.InstanceUnhealthy
		}
		return apigw.InstanceHealthy
	case m.shown.Source != "", m.s.defined.Custom && !m.alias():
		return m.told()
	}
	return apigw.InstanceUnknown
}

// told is the status that somebody told, once it shows.
func (m *member) told() string {
	o, now := &m.s.b.o, m.s.b.o.Now()
	if wait := m.record.StatusAt.Add(o.Delay).Sub(now); wait > 0 && !m.record.StatusAt.IsZero() {
		m.turning = time.AfterFunc(wait, func() { m.s.b.Update(m.turn) })
	}
	if status := m.record.StatusShown(now, o.Delay); status != "" {
		return status
	}
	return apigw.InstanceUnknown
}
