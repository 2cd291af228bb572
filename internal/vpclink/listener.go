package vpclink

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// balancer is a load balancer as it was compiled.
type balancer struct {
	spec      *apigw.LoadBalancer
	listeners []*listener
	groups    []*group // that it leads to
	idle      time.Duration
	guard     *guard // nil: everything is let through
	forwarding
}

// listener is a port of a load balancer as it was compiled.
type listener struct {
	balancer *balancer
	spec     *apigw.Listener
	port     string
	portText []byte // the same
	scheme   []byte // http or https
	network  bool
	secure   bool            // it speaks TLS
	idle     time.Duration   // how long a target may send nothing
	rules    []*rule         // by priority
	standard *rule           // of requests that no other rule takes
	adds     []responseField // fields of every answer
	unsigned bool            // answers don't say what server gave them
}

// rule is a rule of a listener as it was compiled.
type rule struct {
	spec       *apigw.ListenerRule // nil: the default rule
	conditions []condition
	transforms []transform
	action     action
}

// action is what becomes of a request.
type action interface {
	do(v *visit) (integration.Visit, error)
}

// name is what explanations call r.
func (r *rule) name() string {
	if r.spec == nil {
		return "default rule"
	}
	return "rule " + strconv.Itoa(r.spec.Priority)
}

// newBalancer compiles a load balancer. b.mu is held. What can't be compiled was
// refused when it was made; a rule that can't be, all the same, answers 500.
func (b *Book) newBalancer(spec *apigw.LoadBalancer) *balancer {
	lb := &balancer{spec: spec, guard: b.newGuard(spec), forwarding: newForwarding(spec)}
	lb.idle = seconds(spec.Attribute("idle_timeout.timeout_seconds"))
	for i := range spec.Listeners {
		lb.listeners = append(lb.listeners, b.newListener(lb, &spec.Listeners[i]))
	}
	return lb
}

func (b *Book) newListener(lb *balancer, spec *apigw.Listener) *listener {
	l := &listener{balancer: lb, spec: spec, port: strconv.Itoa(spec.Port), network: lb.spec.Type == apigw.BalancerNetwork, idle: lb.idle,
		secure: spec.Protocol == "HTTPS" || spec.Protocol == "TLS"}
	l.portText, l.scheme = []byte(l.port), []byte("http")
	if l.secure {
		l.scheme = []byte("https")
	}
	if l.network {
		l.idle = seconds(cmp.Or(spec.Attribute("tcp.idle_timeout.seconds"), "350"))
	}
	l.adds, l.unsigned = responseFields(spec)
	l.standard = b.newRule(l, nil, spec.Actions)
	for i := range spec.Rules {
		l.rules = append(l.rules, b.newRule(l, &spec.Rules[i], spec.Rules[i].Actions))
	}
	slices.SortStableFunc(l.rules, func(x, y *rule) int { return cmp.Compare(x.spec.Priority, y.spec.Priority) })
	return l
}

func seconds(text string) time.Duration {
	n, _ := strconv.Atoi(text)
	return time.Duration(n) * time.Second
}

func (b *Book) newRule(l *listener, spec *apigw.ListenerRule, actions []apigw.RuleAction) *rule {
	r := &rule{spec: spec}
	var err error
	if r.action, err = b.newAction(l, actions); err == nil && spec != nil {
		err = r.compile(spec)
	}
	if err != nil {
		b.config.Log.Error("a rule of a load balancer can't be served: requests that it takes are answered 500", "listener", string(l.spec.ARN), "rule", r.name(), "error", err)
		r.action = invented(500)
	}
	return r
}

func (r *rule) compile(spec *apigw.ListenerRule) error {
	for i := range spec.Conditions {
		c, err := newCondition(&spec.Conditions[i])
		if err != nil {
			return err
		}
		r.conditions = append(r.conditions, c)
	}
	for i := range spec.Transforms {
		t, err := newTransform(&spec.Transforms[i])
		if err != nil {
			return err
		}
		r.transforms = append(r.transforms, t)
	}
	return nil
}

// newAction is the action that routes; the others come before it.
func (b *Book) newAction(l *listener, actions []apigw.RuleAction) (action, error) {
	for i := range actions {
		switch a := &actions[i]; {
		case a.Forward != nil:
			return b.newForward(l.balancer, a.Forward), nil
		case a.Redirect != nil:
			return newRedirect(a.Redirect)
		case a.Fixed != nil:
			return newFixed(a.Fixed), nil
		default:
			return nil, fmt.Errorf("actions of type %q aren't known", a.Type)
		}
	}
	return nil, fmt.Errorf("there is no action")
}

// match is the first rule all of whose conditions v meets; nil: nobody can say, as
// a condition before it can't be judged (see seen.lost).
func (l *listener) match(v *visit) *rule {
	if len(l.rules) == 0 {
		return l.standard
	}
	v.look()
	for _, r := range l.rules {
		switch takes := r.takes(&v.seen); {
		case v.seen.lost != nil:
			return nil
		case takes:
			return r
		}
	}
	return l.standard
}

func (r *rule) takes(s *seen) bool {
	for _, c := range r.conditions {
		if !c.met(s) {
			return false
		}
	}
	return true
}
