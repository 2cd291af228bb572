package control

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// defaultTLSPolicy is that of HTTPS and TLS listeners that name none (user guide
// for Application Load Balancers, "Security policies").
const defaultTLSPolicy = "ELBSecurityPolicy-2016-08"

// tlsPolicies are the names that listeners take (same page). They are told, and
// nothing else: no handshake is made with a load balancer that opens no port.
var tlsPolicies = []string{
	"ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS-1-0-2015-04", "ELBSecurityPolicy-TLS-1-1-2017-01", "ELBSecurityPolicy-TLS-1-2-2017-01", "ELBSecurityPolicy-TLS-1-2-Ext-2018-06",
	"ELBSecurityPolicy-FS-2018-06", "ELBSecurityPolicy-FS-1-1-2019-08", "ELBSecurityPolicy-FS-1-2-2019-08", "ELBSecurityPolicy-FS-1-2-Res-2019-08", "ELBSecurityPolicy-FS-1-2-Res-2020-10",
	"ELBSecurityPolicy-2015-05",
	"ELBSecurityPolicy-TLS13-1-0-2021-06", "ELBSecurityPolicy-TLS13-1-1-2021-06", "ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
	"ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", "ELBSecurityPolicy-TLS13-1-3-2021-06",
	"ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
	"ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
	"ELBSecurityPolicy-TLS13-1-0-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-Ext2-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
}

// CreateListener adds a listener to a load balancer.
func (c *Control) CreateListener(ctx context.Context, scope apigw.Scope, balancer apigw.ARN, in apigw.Listener) (b *apigw.LoadBalancer, l *apigw.Listener, err error) {
	err = c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		if b, err = e.balancerToChange("loadbalancer", balancer); err != nil {
			return err
		}
		listener, rule := "", ""
		if listener, err = c.newBalancerID(); err != nil {
			return err
		}
		if rule, err = c.newBalancerID(); err != nil {
			return err
		}
		in.ARN = listenerARN(b.ARN, listener)
		in.DefaultRule = ruleARN(in.ARN, rule)
		if err := e.addListener(b, in); err != nil {
			return err
		}
		l = listenerOf(b, in.ARN)
		return nil
	})
	return b, l, err
}

// addListener checks a listener that has its ARNs, and has it written.
func (e *balancerEdit) addListener(b *apigw.LoadBalancer, l apigw.Listener) error {
	if len(b.Listeners) >= maxListeners {
		return apigw.Coded(apigw.LimitExceeded, "TooManyListeners", "The maximum number of listeners per load balancer has been reached on load balancer '%s': %d", b.ARN, maxListeners)
	}
	if err := checkBalancerTags(l.Tags); err != nil {
		return err
	}
	now := *b
	now.Listeners = append(slices.Clone(b.Listeners), l)
	if err := e.replaceListeners(b, &now, l.ARN); err != nil {
		return err
	}
	*b = now
	return nil
}

// replaceListeners checks the listener of now that was changed, or added, and has
// now written for old.
func (e *balancerEdit) replaceListeners(old, now *apigw.LoadBalancer, changed apigw.ARN) error {
	if err := e.checkListener(now, listenerOf(now, changed)); err != nil {
		return err
	}
	if err := e.useListenerCertificates(old, now); err != nil {
		return err
	}
	slices.SortStableFunc(now.Listeners, func(a, b apigw.Listener) int { return a.Port - b.Port })
	e.writeBalancer(now)
	return nil
}

// ListenerChange is what ModifyListener changes; what is nil or empty stays.
type ListenerChange struct {
	Port        int
	Protocol    string
	Certificate apigw.ARN // the default one
	TLSPolicy   string
	ALPN        *string
	Actions     []apigw.RuleAction
}

// ModifyListener changes a listener. Certificates and policy of one that no
// longer speaks TLS are gone (reference, ModifyListener).
func (c *Control) ModifyListener(ctx context.Context, scope apigw.Scope, arn apigw.ARN, change ListenerChange) (b *apigw.LoadBalancer, l *apigw.Listener, err error) {
	err = c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		old, _, err := e.listenerToChange(arn)
		if err != nil {
			return err
		}
		now := *old
		now.Listeners = slices.Clone(old.Listeners)
		b, l = &now, listenerOf(&now, arn)
		change.apply(l)
		return e.replaceListeners(old, &now, arn)
	})
	if err != nil {
		return nil, nil, err
	}
	return b, listenerOf(b, arn), nil
}

func (change *ListenerChange) apply(l *apigw.Listener) {
	if change.Port != 0 {
		l.Port = change.Port
	}
	if change.Protocol != "" && change.Protocol != l.Protocol {
		l.Protocol = change.Protocol
		if !speaksTLS(l.Protocol) {
			l.Certificates, l.TLSPolicy, l.ALPN = nil, "", ""
		}
	}
	if change.Certificate != "" {
		l.Certificates = append([]apigw.ARN{change.Certificate}, l.Certificates[min(1, len(l.Certificates)):]...)
	}
	if change.TLSPolicy != "" {
		l.TLSPolicy = change.TLSPolicy
	}
	if change.ALPN != nil {
		l.ALPN = *change.ALPN
	}
	if change.Actions != nil {
		l.Actions = change.Actions
	}
}

// DeleteListener removes a listener with its rules.
func (c *Control) DeleteListener(ctx context.Context, scope apigw.Scope, arn apigw.ARN) error {
	return c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		old, _, err := e.listenerToChange(arn)
		if err != nil {
			return err
		}
		now := *old
		now.Listeners = slices.DeleteFunc(slices.Clone(old.Listeners), func(l apigw.Listener) bool { return l.ARN == arn })
		if err := e.useListenerCertificates(old, &now); err != nil {
			return err
		}
		e.writeBalancer(&now)
		return nil
	})
}

// ModifyListenerAttributes sets attributes.
func (c *Control) ModifyListenerAttributes(ctx context.Context, scope apigw.Scope, arn apigw.ARN, set map[string]string) (l *apigw.Listener, err error) {
	err = c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		b, found, err := e.listenerToChange(arn)
		if err != nil {
			return err
		}
		l = found
		if l.Attributes, err = merged(l.Attributes, set, l.CheckAttribute); err != nil {
			return err
		}
		e.writeBalancer(b)
		return nil
	})
	return l, err
}

func speaksTLS(protocol string) bool { return protocol == "HTTPS" || protocol == "TLS" }

// checkListener applies defaults to a listener of b, and refuses what can't be
// one.
func (e *balancerEdit) checkListener(b *apigw.LoadBalancer, l *apigw.Listener) error {
	if err := checkListenerProtocol(b, l); err != nil {
		return err
	}
	for i := range b.Listeners {
		if other := &b.Listeners[i]; other != l && other.Port == l.Port {
			return apigw.Coded(apigw.Conflict, "DuplicateListener", "A listener already exists on this port for this load balancer '%s'", b.ARN)
		}
	}
	if err := checkListenerTLS(l); err != nil {
		return err
	}
	if err := e.checkActions(b, l, l.Actions); err != nil {
		return err
	}
	for i := range l.Rules { // whose groups must still fit, when the protocol is another
		if err := e.checkActions(b, l, l.Rules[i].Actions); err != nil {
			return err
		}
	}
	for key, value := range l.Attributes {
		if err := l.CheckAttribute(key, value); err != nil {
			return err
		}
	}
	return nil
}

func checkListenerProtocol(b *apigw.LoadBalancer, l *apigw.Listener) error {
	allowed := []string{"HTTP", "HTTPS"}
	if b.Type == apigw.BalancerNetwork {
		allowed = []string{"TCP", "TLS"}
	}
	switch {
	case l.Protocol == "":
		return invalid("A listener protocol must be specified")
	case !slices.Contains(allowed, l.Protocol):
		return apigw.Coded(apigw.BadRequest, "UnsupportedProtocol", "Protocol '%s' is not supported by listeners of '%s' load balancers here: '%s' and '%s' are", l.Protocol, b.Type, allowed[0], allowed[1])
	case l.Port == 0:
		return invalid("A listener port must be specified")
	case l.Port < 0 || l.Port > 65535:
		return invalid("Port '%d' is not between 1 and 65535", l.Port)
	}
	return nil
}

func checkListenerTLS(l *apigw.Listener) error {
	if !speaksTLS(l.Protocol) {
		switch {
		case len(l.Certificates) > 0:
			return invalid("Certificates cannot be specified for %s listeners", l.Protocol)
		case l.TLSPolicy != "":
			return invalid("A security policy cannot be specified for %s listeners", l.Protocol)
		case l.ALPN != "":
			return invalid("An ALPN policy cannot be specified for %s listeners", l.Protocol)
		}
		return nil
	}
	if len(l.Certificates) == 0 {
		return apigw.Coded(apigw.BadRequest, "CertificateNotFound", "A certificate must be specified for %s listeners", l.Protocol)
	}
	if l.TLSPolicy == "" {
		l.TLSPolicy = defaultTLSPolicy
	}
	if !slices.Contains(tlsPolicies, l.TLSPolicy) {
		return apigw.Coded(apigw.NotFound, "SSLPolicyNotFound", "SSL policy '%.100s' not found", l.TLSPolicy)
	}
	switch l.ALPN {
	case "", "None", "HTTP1Only", "HTTP2Optional", "HTTP2Preferred":
	case "HTTP2Only":
		return apigw.Coded(apigw.BadRequest, "ALPNPolicyNotFound", "ALPN policy 'HTTP2Only': VPC links speak HTTP/1.1 to load balancers, as on AWS")
	default:
		return apigw.Coded(apigw.BadRequest, "ALPNPolicyNotFound", "ALPN policy '%.100s' not found", l.ALPN)
	}
	if l.ALPN != "" && l.Protocol != "TLS" {
		return invalid("An ALPN policy cannot be specified for %s listeners", l.Protocol)
	}
	return nil
}

// listenerCertificates are the certificates that a load balancer shows, each once.
func listenerCertificates(b *apigw.LoadBalancer) (list []apigw.ARN) {
	for _, l := range b.Listeners {
		list = append(list, l.Certificates...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// useListenerCertificates notes on certificates that a load balancer shows them,
// or does so no more.
func (e *balancerEdit) useListenerCertificates(old, now *apigw.LoadBalancer) error {
	user := old.ARN
	if user == "" {
		user = now.ARN
	}
	return e.useServerCertificates(e.ctx, e.scopeChange, certificateUse{
		before: listenerCertificates(old), after: listenerCertificates(now), user: string(user),
		missing: func(arn apigw.ARN) *apigw.Error {
			return apigw.Coded(apigw.NotFound, "CertificateNotFound", "Certificate '%.300s' not found", arn)
		},
	})
}
