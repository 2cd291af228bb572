package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// DeclaredGroup is a target group as the configuration file has it: its targets
// have no addresses yet, and the group that it overflows to is named.
type DeclaredGroup struct {
	apigw.TargetGroup
	Checks HealthChange
}

// DeclareBalancing makes the load balancers and target groups of the
// configuration file be there as it has them, under ARNs that are the same at
// every start and on every node. Where an ARN is wanted, a group may be named.
// What the file had and has no more goes, unless something leads to it: then it
// stays, as if a call had made it. The warnings say that, and what was made by a
// call under a name that the file has too, which stays as it is.
func (c *Control) DeclareBalancing(ctx context.Context, scope apigw.Scope, groups []DeclaredGroup, balancers []apigw.LoadBalancer) (warnings []string, err error) {
	d := &declaration{c: c, ctx: ctx, scope: scope, groups: groups, balancers: balancers}
	if len(groups)+len(balancers) == 0 && !d.before() {
		return nil, nil
	}
	for _, step := range []func() error{d.makeGroups, d.putBalancers, d.finishGroups, d.dropGroups} {
		if err := step(); err != nil {
			return d.warnings, err
		}
	}
	return d.warnings, nil
}

type declaration struct {
	c         *Control
	ctx       context.Context
	scope     apigw.Scope
	groups    []DeclaredGroup
	balancers []apigw.LoadBalancer
	warnings  []string
}

// before says whether the file has had anything.
func (d *declaration) before() bool {
	balancers, errA := d.c.LoadBalancers(d.ctx, d.scope)
	groups, errB := d.c.TargetGroups(d.ctx, d.scope)
	return errA != nil || errB != nil || slices.ContainsFunc(balancers, func(b *apigw.LoadBalancer) bool { return b.Declared }) ||
		slices.ContainsFunc(groups, func(g *apigw.TargetGroup) bool { return g.Declared })
}

// declaredID is the identifier of what the file has under a name.
func declaredID(scope apigw.Scope, names ...string) string {
	sum := sha256.Sum256([]byte(ScopePrefix(scope) + strings.Join(names, "/")))
	return hex.EncodeToString(sum[:8])
}

// DeclaredGroupARN is the ARN of a group that the configuration file has.
func DeclaredGroupARN(scope apigw.Scope, name string) apigw.ARN {
	return groupARN(scope, name, declaredID(scope, "targetgroup", name))
}

// named is a group's ARN, where its name may stand for it.
func (d *declaration) named(group apigw.ARN) apigw.ARN {
	if group == "" || strings.HasPrefix(string(group), "arn:") {
		return group
	}
	return DeclaredGroupARN(d.scope, string(group))
}

func (d *declaration) edit(apply func(*balancerEdit) error) error {
	return d.c.editBalancers(d.ctx, d.scope, func(e *balancerEdit) error {
		e.declaring = true
		return apply(e)
	})
}

// at says of an error where in the file its cause is.
func at(err error, format string, args ...any) error {
	e, ok := errors.AsType[*apigw.Error](err)
	if !ok {
		return err
	}
	placed := *e
	placed.Message = fmt.Sprintf(format, args...) + ": " + e.Message
	return &placed
}

// makeGroups makes the groups that aren't there, without what refers to others.
func (d *declaration) makeGroups() error {
	for i := range d.groups {
		err := d.edit(func(e *balancerEdit) error {
			old, err := e.groupNamed(d.groups[i].Name)
			if err != nil || old != nil {
				return err
			}
			in := d.groups[i]
			in.Targets, in.Attributes = nil, nil
			g, err := d.group(e, &in)
			if err != nil {
				return err
			}
			return e.addGroup(g)
		})
		if err != nil {
			return at(err, "targetGroups: %s", d.groups[i].Name)
		}
	}
	return nil
}

// group is a group of the file, checked.
func (d *declaration) group(e *balancerEdit, in *DeclaredGroup) (*apigw.TargetGroup, error) {
	g := in.TargetGroup
	g.Declared, g.ARN, g.Targets, g.Attributes = true, DeclaredGroupARN(d.scope, g.Name), nil, nil
	if g.VPC == "" && g.TargetType != apigw.TargetLambda {
		g.VPC = d.onlyVPC()
	}
	if err := e.checkGroup(&g, in.Checks); err != nil {
		return nil, err
	}
	for _, t := range in.Targets {
		if g.TargetType == apigw.TargetBalancer && !strings.HasPrefix(t.ID, "arn:") {
			t.ID = string(d.balancerNamed(t.ID))
		}
		if err := e.addTarget(&g, t); err != nil {
			return nil, err
		}
	}
	set := maps.Clone(in.Attributes)
	if to := set[apigw.AttributeOverflowGroup]; to != "" {
		set[apigw.AttributeOverflowGroup] = string(d.named(apigw.ARN(to)))
	}
	var err error
	if g.Attributes, err = merged(nil, set, g.CheckAttribute); err != nil {
		return nil, err
	}
	if err := g.CheckAttributes(); err != nil {
		return nil, err
	}
	return &g, e.checkOverflow(&g)
}

// onlyVPC is the VPC that things are in which name none.
func (d *declaration) onlyVPC() string {
	if !d.c.network.Declared() {
		return apigw.DevelopmentVPC
	}
	if len(d.c.network.VPCs) > 1 {
		return ""
	}
	for id := range d.c.network.VPCs {
		return id
	}
	return ""
}

func (d *declaration) balancerNamed(name string) apigw.ARN {
	for i := range d.balancers {
		if d.balancers[i].Name == name {
			return loadBalancerARN(d.scope, &d.balancers[i], declaredID(d.scope, "loadbalancer", name))
		}
	}
	return apigw.ARN(name)
}

// finishGroups has the groups as the file says.
func (d *declaration) finishGroups() error {
	for i := range d.groups {
		err := d.edit(func(e *balancerEdit) error {
			old, err := e.groupNamed(d.groups[i].Name)
			if err != nil {
				return err
			}
			if old != nil && !old.Declared {
				d.warn("target group %s of the configuration file isn't put into the store: a call made one of that name", old.Name)
				return nil
			}
			g, err := d.group(e, &d.groups[i])
			if err == nil && (old == nil || !sameJSON(old, g)) {
				e.writeGroup(g)
			}
			return err
		})
		if err != nil {
			return at(err, "targetGroups: %s", d.groups[i].Name)
		}
	}
	return nil
}

func (d *declaration) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(d.warnings, text) { // a change may be tried again
		d.warnings = append(d.warnings, text)
	}
}

func sameJSON(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(x) == string(y)
}

// putBalancers has the load balancers as the file says. All are looked at together,
// since a group may move from one to another, and as many are written at once as
// the store takes.
func (d *declaration) putBalancers() error {
	for {
		more := false
		err := d.edit(func(e *balancerEdit) (err error) {
			more, err = d.putSomeBalancers(e)
			return err
		})
		if err != nil || !more {
			return err
		}
	}
}

func (d *declaration) putSomeBalancers(e *balancerEdit) (more bool, err error) {
	before := maps.Clone(e.balancers)
	var made []*apigw.LoadBalancer
	for i := range d.balancers {
		b := d.balancer(&d.balancers[i])
		if old := before[b.Name]; old != nil && !old.Declared {
			d.warn("load balancer %s of the configuration file isn't put into the store: a call made one of that name", b.Name)
			continue
		}
		if err := e.checkBalancer(b); err != nil {
			return false, at(err, "loadBalancers: %s", b.Name)
		}
		made, e.balancers[b.Name] = append(made, b), b
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if b := before[name]; b.Declared && e.balancers[name] == b {
			if e.full() {
				return true, nil
			}
			if err := d.dropGone(e, b); err != nil {
				return false, err
			}
		}
	}
	for _, b := range made {
		if e.full() {
			return true, nil
		}
		if err := d.putBalancer(e, before[b.Name], b); err != nil {
			return false, at(err, "loadBalancers: %s", b.Name)
		}
	}
	return false, nil
}

// balancer is a load balancer of the file, with its ARNs.
func (d *declaration) balancer(in *apigw.LoadBalancer) *apigw.LoadBalancer {
	b := *in
	b.Declared = true
	if b.Type == "" {
		b.Type = apigw.BalancerApplication
	}
	if len(b.Subnets) == 0 {
		b.VPC = d.onlyVPC()
	}
	id := declaredID(d.scope, "loadbalancer", b.Name)
	b.ARN, b.DNSName = loadBalancerARN(d.scope, &b, id), balancerDNSName(d.scope, &b, id)
	b.Listeners = slices.Clone(b.Listeners)
	for i := range b.Listeners {
		l := &b.Listeners[i]
		port := fmt.Sprint(l.Port)
		l.ARN = listenerARN(b.ARN, declaredID(d.scope, "listener", b.Name, port))
		l.DefaultRule = ruleARN(l.ARN, declaredID(d.scope, "rule", b.Name, port, "default"))
		l.Actions = d.actions(l.Actions)
		l.Rules = slices.Clone(l.Rules)
		for j := range l.Rules {
			r := &l.Rules[j]
			r.ARN = ruleARN(l.ARN, declaredID(d.scope, "rule", b.Name, port, fmt.Sprint(r.Priority)))
			r.Actions = d.actions(r.Actions)
		}
		sortRules(l)
	}
	slices.SortStableFunc(b.Listeners, func(x, y apigw.Listener) int { return x.Port - y.Port })
	return &b
}

// actions are in with ARNs instead of names.
func (d *declaration) actions(in []apigw.RuleAction) []apigw.RuleAction {
	out := slices.Clone(in)
	for i := range out {
		if out[i].Forward == nil {
			continue
		}
		f := *out[i].Forward
		f.Groups = slices.Clone(f.Groups)
		for j := range f.Groups {
			f.Groups[j].Group = d.named(f.Groups[j].Group)
		}
		out[i].Forward = &f
	}
	return out
}

// putBalancer checks b, which is among the edit's, and has it written where it
// isn't as it was.
func (d *declaration) putBalancer(e *balancerEdit, old, b *apigw.LoadBalancer) error {
	for _, key := range slices.Sorted(maps.Keys(b.Attributes)) {
		if err := b.CheckAttribute(key, b.Attributes[key]); err != nil {
			return err
		}
	}
	rules := 0
	for i := range b.Listeners {
		l := &b.Listeners[i]
		if err := e.checkListener(b, l); err != nil {
			return at(err, "listener %d", l.Port)
		}
		for j := range l.Rules {
			r := &l.Rules[j]
			if err := e.checkDeclaredRule(b, l, j); err != nil {
				return at(err, "listener %d: rule %d", l.Port, r.Priority)
			}
		}
		rules += len(l.Rules)
	}
	if rules > maxListenerRules || len(b.Listeners) > maxListeners {
		return invalid("A load balancer has at most %d listeners and %d rules", maxListeners, maxListenerRules)
	}
	b.Created = e.seconds()
	if old == nil {
		old = &apigw.LoadBalancer{}
	} else if old.ARN == b.ARN {
		b.Created = old.Created
	}
	if sameJSON(old, b) {
		return nil
	}
	if err := e.useListenerCertificates(old, b); err != nil {
		return err
	}
	e.writeBalancer(b)
	return nil
}

// checkDeclaredRule checks the rule at a place of l.
func (e *balancerEdit) checkDeclaredRule(b *apigw.LoadBalancer, l *apigw.Listener, i int) error {
	r := &l.Rules[i]
	if err := checkPriority(l, r.Priority, r.ARN); err != nil {
		return err
	}
	if err := checkTwice(l, i); err != nil {
		return err
	}
	return e.checkRule(b, l, r)
}

// checkTwice refuses a priority that the rule before has: rules are sorted.
func checkTwice(l *apigw.Listener, i int) error {
	if i > 0 && l.Rules[i-1].Priority == l.Rules[i].Priority {
		return apigw.Coded(apigw.Conflict, "PriorityInUse", "Priority '%d' is currently in use", l.Rules[i].Priority)
	}
	return nil
}

// dropGone removes a load balancer that the file has no more. One that something
// leads to stays.
func (d *declaration) dropGone(e *balancerEdit, b *apigw.LoadBalancer) error {
	err := e.dropBalancer(b)
	if apigw.KindOf(err) != apigw.Conflict {
		return err
	}
	d.warn("load balancer %s isn't in the configuration file any more, but stays: %v", b.Name, err)
	b.Declared = false
	e.writeBalancer(b)
	return nil
}

// dropGroups removes target groups that the file has no more, likewise.
func (d *declaration) dropGroups() error {
	list, err := d.c.TargetGroups(d.ctx, d.scope)
	if err != nil {
		return err
	}
	for _, gone := range list {
		if !gone.Declared || slices.ContainsFunc(d.groups, func(g DeclaredGroup) bool { return g.Name == gone.Name }) {
			continue
		}
		err := d.edit(func(e *balancerEdit) error {
			g, err := e.group(gone.ARN)
			if err != nil {
				return orUnknownNil(err)
			}
			err = e.dropGroup(g)
			if apigw.KindOf(err) != apigw.Conflict {
				return err
			}
			d.warn("target group %s isn't in the configuration file any more, but stays: %v", g.Name, err)
			g.Declared = false
			e.writeGroup(g)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
