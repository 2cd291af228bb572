package apigw

import (
	"strings"
	"testing"
)

// TestDefaultsAreTaken: whatever an attribute is when nobody set it may be set,
// as tools do that send all of them.
func TestDefaultsAreTaken(t *testing.T) {
	for _, b := range []*LoadBalancer{{Type: BalancerApplication}, {Type: BalancerNetwork}} {
		for _, s := range b.Settings() {
			if err := b.CheckAttribute(s.Key, s.Value); err != nil {
				t.Error(err)
			}
		}
	}
	for _, protocol := range []string{"HTTP", "HTTPS", "TCP", "TLS"} {
		l := &Listener{Protocol: protocol}
		for _, s := range l.Settings() {
			if err := l.CheckAttribute(s.Key, s.Value); err != nil {
				t.Error(err)
			}
		}
	}
	for _, g := range []*TargetGroup{{Protocol: "HTTP", TargetType: TargetIP}, {Protocol: "TLS", TargetType: TargetInstance}, {TargetType: TargetLambda}, {Protocol: "TCP", TargetType: TargetBalancer}} {
		for _, s := range g.Settings() {
			if err := g.CheckAttribute(s.Key, s.Value); err != nil {
				t.Error(err)
			}
		}
		if err := g.CheckAttributes(); err != nil {
			t.Error(err)
		}
	}
}

// TestAttributeOfGroup has values that groups take and refuse (Elastic Load
// Balancing v2 reference, TargetGroupAttribute).
func TestAttributeOfGroup(t *testing.T) {
	http, tcp := TargetGroup{Protocol: "HTTP", TargetType: TargetIP}, TargetGroup{Protocol: "TCP", TargetType: TargetInstance}
	alb := TargetGroup{Protocol: "TCP", TargetType: TargetBalancer}
	for _, c := range []struct {
		group              TargetGroup
		key, value, refuse string
	}{
		{http, "deregistration_delay.timeout_seconds", "0", ""},
		{http, "deregistration_delay.timeout_seconds", "3601", "between 0 and 3600"},
		{http, "deregistration_delay.timeout_seconds", "+5", "between 0 and 3600"},
		{http, "load_balancing.algorithm.type", "weighted_random", ""},
		{http, "load_balancing.algorithm.type", "random", "must be one of"},
		{tcp, "load_balancing.algorithm.type", "round_robin", "not supported on a target group of this type"},
		{http, "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "50", ""},
		{http, "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "101", "between 1 and 100 or 'off'"},
		{http, "target_group_health.dns_failover.minimum_healthy_targets.count", "2", "DNS"},
		{http, "gone", "1", "Target group attribute key 'gone' is not recognized"},
		{http, "stickiness.app_cookie.cookie_name", "a\nb", "one line"},
		{tcp, "proxy_protocol_v2.enabled", "true", "can only be 'false'"},
		{tcp, "stickiness.enabled", "true", "one target would take them all"},
		{tcp, "deregistration_delay.connection_termination.enabled", "true", ""},
		{alb, "deregistration_delay.connection_termination.enabled", "true", "drains its own targets"},
		{alb, "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "2", "one target"},
		{alb, AttributeOverflowAt, "1", "not supported on a target group of this type"},
	} {
		err := c.group.CheckAttribute(c.key, c.value)
		if c.refuse == "" && err != nil || c.refuse != "" && (err == nil || !strings.Contains(err.Error(), c.refuse)) {
			t.Errorf("%s=%s: %v, not %q", c.key, c.value, err, c.refuse)
		}
	}
	if tcp.Attribute("preserve_client_ip.enabled") != "true" || (&TargetGroup{Protocol: "TCP", TargetType: TargetIP}).Attribute("preserve_client_ip.enabled") != "false" {
		t.Error("preserve_client_ip.enabled is off for addresses and on for instances")
	}
	if http.Number("deregistration_delay.timeout_seconds") != 300 || http.Attribute("stickiness.type") != "lb_cookie" || tcp.Attribute("stickiness.type") != "source_ip" {
		t.Error("defaults")
	}
}

// TestAttributeOfListener has values that the fields of answers take and refuse.
func TestAttributeOfListener(t *testing.T) {
	for _, c := range []struct{ field, value, refuse string }{
		{"x_frame_options", "DENY", ""},
		{"x_frame_options", "", ""},
		{"x_frame_options", "ALLOWALL", "must be one of [DENY, SAMEORIGIN], not 'ALLOWALL'"},
		{"x_content_type_options", "nosniff", ""},
		{"x_content_type_options", "sniff", "must be one of [nosniff]"},
		{"access_control_allow_credentials", "true", ""},
		{"access_control_allow_credentials", "false", "must be one of [true]"},
		{"access_control_max_age", "86400", ""},
		{"access_control_max_age", "", ""},
		{"access_control_max_age", "86401", "between 0 and 86400"},
		{"access_control_max_age", "an hour", "between 0 and 86400"},
		{"content_security_policy", "default-src 'self'", ""},
		{"content_security_policy", "a\r\nSet-Cookie: b", "one line"},
	} {
		err := (&Listener{Protocol: "HTTP"}).CheckAttribute("routing.http.response."+c.field+".header_value", c.value)
		if c.refuse == "" && err != nil || c.refuse != "" && (err == nil || !strings.Contains(err.Error(), c.refuse)) {
			t.Errorf("%s=%s: %v, not %q", c.field, c.value, err, c.refuse)
		}
	}
}

// TestAttributesTogether has attributes that don't go together.
func TestAttributesTogether(t *testing.T) {
	for _, c := range []struct {
		set    map[string]string
		refuse string
	}{
		{map[string]string{"slow_start.duration_seconds": "30"}, ""},
		{map[string]string{"slow_start.duration_seconds": "29"}, "0 or between 30 and 900"},
		{map[string]string{"slow_start.duration_seconds": "30", "load_balancing.algorithm.type": "least_outstanding_requests"}, "Slow start is not supported"},
		{map[string]string{"load_balancing.algorithm.anomaly_mitigation": "on"}, "weighted_random"},
		{map[string]string{"stickiness.enabled": "true", "stickiness.type": "app_cookie"}, "needs 'stickiness.app_cookie.cookie_name'"},
		{map[string]string{"stickiness.app_cookie.cookie_name": "AWSALBTG"}, "reserved"},
		{map[string]string{"stickiness.app_cookie.cookie_name": "a b"}, "no name of a cookie"},
	} {
		err := (&TargetGroup{Protocol: "HTTP", TargetType: TargetIP, Attributes: c.set}).CheckAttributes()
		if c.refuse == "" && err != nil || c.refuse != "" && (err == nil || !strings.Contains(err.Error(), c.refuse)) {
			t.Errorf("%v: %v, not %q", c.set, err, c.refuse)
		}
	}
}
