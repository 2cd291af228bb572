package apigw

import (
	"slices"
	"strconv"
	"strings"
)

// Attributes are the settings of load balancers, listeners and target groups
// that travel as keys and values (Elastic Load Balancing v2 reference,
// LoadBalancerAttribute, ListenerAttribute and TargetGroupAttribute). One that
// nothing here could heed takes no other value than its default.

// kinds of load balancers and target groups that an attribute belongs to.
type attributeKind uint8

const (
	ofApplication attributeKind = 1 << iota // an Application Load Balancer, its listeners, or a group of HTTP targets
	ofNetwork                               // a Network Load Balancer, its listeners, or a group of TCP targets
	ofFunction                              // a group of a Lambda function
	ofBalancer                              // a group of an Application Load Balancer
	ofSecure                                // a listener that speaks HTTPS
)

// attribute is what a key takes.
type attribute struct {
	key, initial string
	kinds        attributeKind
	values       []string // texts that it may be
	low, high    int      // or numbers, while high isn't 0
	unset        bool     // or none of them
	text         bool     // or any text
	// fixed says why it can't be anything but its default; empty: it can.
	fixed string
}

var onOff = []string{"true", "false"}

// Why attributes are what they are here.
const (
	noPort     = "load balancers open no port here: VPC links lead to them within the process"
	noZones    = "there are no availability zones here: every target takes requests from everywhere"
	noBuckets  = "load balancers write no logs to S3 here: the access logs of APIs tell of private integrations"
	noDNS      = "load balancers aren't found by DNS here"
	noFirewall = "web access control lists are of APIs here"
	noClients  = "all calls over a VPC link come from the link's own address, so that one target would take them all"
	noChoice   = "a group of an Application Load Balancer has one target, which takes every call"
)

// balancerAttributes are those of load balancers.
var balancerAttributes = []attribute{
	{key: "deletion_protection.enabled", initial: "false", kinds: ofApplication | ofNetwork, values: onOff},
	{key: "load_balancing.cross_zone.enabled", initial: "true", kinds: ofApplication, fixed: "load balancing across zones is always on for Application Load Balancers"},
	{key: "load_balancing.cross_zone.enabled", initial: "false", kinds: ofNetwork, values: onOff}, // one zone: both mean the same
	{key: "access_logs.s3.enabled", initial: "false", kinds: ofApplication | ofNetwork, fixed: noBuckets},
	{key: "access_logs.s3.bucket", kinds: ofApplication | ofNetwork, fixed: noBuckets},
	{key: "access_logs.s3.prefix", kinds: ofApplication | ofNetwork, fixed: noBuckets},
	{key: "connection_logs.s3.enabled", initial: "false", kinds: ofApplication, fixed: noBuckets},
	{key: "connection_logs.s3.bucket", kinds: ofApplication, fixed: noBuckets},
	{key: "connection_logs.s3.prefix", kinds: ofApplication, fixed: noBuckets},
	{key: "health_check_logs.s3.enabled", initial: "false", kinds: ofApplication, fixed: noBuckets},
	{key: "health_check_logs.s3.bucket", kinds: ofApplication, fixed: noBuckets},
	{key: "health_check_logs.s3.prefix", kinds: ofApplication, fixed: noBuckets},
	{key: "ipv6.deny_all_igw_traffic", initial: "true", kinds: ofApplication | ofNetwork, fixed: noPort}, // an internal one's default
	{key: "zonal_shift.config.enabled", initial: "false", kinds: ofApplication | ofNetwork, fixed: noZones},
	{key: "idle_timeout.timeout_seconds", initial: "60", kinds: ofApplication, low: 1, high: 4000},
	{key: "client_keep_alive.seconds", initial: "3600", kinds: ofApplication, fixed: noPort},
	{key: "routing.http.desync_mitigation_mode", initial: "defensive", kinds: ofApplication, fixed: "requests whose framing is ambiguous are refused before they reach a load balancer"},
	{key: "routing.http.drop_invalid_header_fields.enabled", initial: "false", kinds: ofApplication, values: onOff},
	{key: "routing.http.preserve_host_header.enabled", initial: "false", kinds: ofApplication, values: onOff},
	{key: "routing.http.x_amzn_tls_version_and_cipher_suite.enabled", initial: "false", kinds: ofApplication, fixed: noPort},
	{key: "routing.http.xff_client_port.enabled", initial: "false", kinds: ofApplication, values: onOff},
	{key: "routing.http.xff_header_processing.mode", initial: "append", kinds: ofApplication, values: []string{"append", "preserve", "remove"}},
	{key: "routing.http2.enabled", initial: "true", kinds: ofApplication, fixed: noPort},
	{key: "waf.fail_open.enabled", initial: "false", kinds: ofApplication, fixed: noFirewall},
	{key: "dns_record.client_routing_policy", initial: "any_availability_zone", kinds: ofNetwork, fixed: noDNS},
	{key: "secondary_ips.auto_assigned.per_subnet", initial: "0", kinds: ofNetwork, fixed: noPort},
}

// listenerAttributes are those of listeners. What the fields of answers take is
// told by the documentation of Terraform's aws_lb_listener; it has the obsolete
// ALLOW-FROM of X-Frame-Options, too, which others report that AWS refuses.
var listenerAttributes = []attribute{
	{key: "tcp.idle_timeout.seconds", initial: "350", kinds: ofNetwork, low: 60, high: 6000},
	{key: "routing.http.response.server.enabled", initial: "true", kinds: ofApplication, values: onOff},
	{key: "routing.http.response.strict_transport_security.header_value", kinds: ofApplication, text: true},
	{key: "routing.http.response.access_control_allow_origin.header_value", kinds: ofApplication, text: true},
	{key: "routing.http.response.access_control_allow_methods.header_value", kinds: ofApplication, text: true},
	{key: "routing.http.response.access_control_allow_headers.header_value", kinds: ofApplication, text: true},
	{key: "routing.http.response.access_control_allow_credentials.header_value", kinds: ofApplication, unset: true, values: []string{"true"}},
	{key: "routing.http.response.access_control_expose_headers.header_value", kinds: ofApplication, text: true},
	{key: "routing.http.response.access_control_max_age.header_value", kinds: ofApplication, unset: true, high: 86400},
	{key: "routing.http.response.content_security_policy.header_value", kinds: ofApplication, text: true},
	{key: "routing.http.response.x_content_type_options.header_value", kinds: ofApplication, unset: true, values: []string{"nosniff"}},
	{key: "routing.http.response.x_frame_options.header_value", kinds: ofApplication, unset: true, values: []string{"DENY", "SAMEORIGIN"}},
	{key: "routing.http.request.x_amzn_tls_version.header_name", initial: "X-Amzn-Tls-Version", kinds: ofSecure, fixed: noPort},
	{key: "routing.http.request.x_amzn_tls_cipher_suite.header_name", initial: "X-Amzn-Tls-Cipher-Suite", kinds: ofSecure, fixed: noPort},
	{key: "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name", initial: "X-Amzn-Mtls-Clientcert-Serial-Number", kinds: ofSecure, fixed: noPort},
	{key: "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name", initial: "X-Amzn-Mtls-Clientcert-Issuer", kinds: ofSecure, fixed: noPort},
	{key: "routing.http.request.x_amzn_mtls_clientcert_subject.header_name", initial: "X-Amzn-Mtls-Clientcert-Subject", kinds: ofSecure, fixed: noPort},
	{key: "routing.http.request.x_amzn_mtls_clientcert_validity.header_name", initial: "X-Amzn-Mtls-Clientcert-Validity", kinds: ofSecure, fixed: noPort},
	{key: "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name", initial: "X-Amzn-Mtls-Clientcert-Leaf", kinds: ofSecure, fixed: noPort},
	{key: "routing.http.request.x_amzn_mtls_clientcert.header_name", initial: "X-Amzn-Mtls-Clientcert", kinds: ofSecure, fixed: noPort},
}

// groupAttributes are those of target groups.
var groupAttributes = []attribute{
	{key: "deregistration_delay.timeout_seconds", initial: "300", kinds: ofApplication | ofNetwork | ofBalancer, high: 3600},
	{key: "stickiness.enabled", initial: "false", kinds: ofApplication, values: onOff},
	{key: "stickiness.enabled", initial: "false", kinds: ofNetwork, fixed: noClients},
	{key: "stickiness.enabled", initial: "false", kinds: ofBalancer, fixed: noChoice},
	{key: "stickiness.type", initial: "lb_cookie", kinds: ofApplication, values: []string{"lb_cookie", "app_cookie"}},
	{key: "stickiness.type", initial: "source_ip", kinds: ofNetwork | ofBalancer, values: []string{"source_ip"}},
	{key: "stickiness.lb_cookie.duration_seconds", initial: "86400", kinds: ofApplication, low: 1, high: 604800},
	{key: "stickiness.app_cookie.cookie_name", kinds: ofApplication, text: true},
	{key: "stickiness.app_cookie.duration_seconds", initial: "86400", kinds: ofApplication, low: 1, high: 604800},
	{key: "load_balancing.algorithm.type", initial: "round_robin", kinds: ofApplication, values: []string{"round_robin", "least_outstanding_requests", "weighted_random"}},
	{key: "load_balancing.algorithm.anomaly_mitigation", initial: "off", kinds: ofApplication, values: []string{"on", "off"}},
	{key: "slow_start.duration_seconds", initial: "0", kinds: ofApplication, high: 900},
	{key: "load_balancing.cross_zone.enabled", initial: "use_load_balancer_configuration", kinds: ofApplication | ofNetwork | ofBalancer, values: []string{"true", "use_load_balancer_configuration"}},
	{key: "target_group_health.dns_failover.minimum_healthy_targets.count", initial: "1", kinds: ofApplication | ofNetwork | ofBalancer, fixed: noDNS},
	{key: "target_group_health.dns_failover.minimum_healthy_targets.percentage", initial: "off", kinds: ofApplication | ofNetwork | ofBalancer, fixed: noDNS},
	{key: "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", initial: "1", kinds: ofApplication | ofNetwork, low: 1, high: 1000},
	{key: "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", initial: "off", kinds: ofApplication | ofNetwork, values: []string{"off"}, low: 1, high: 100},
	{key: "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", initial: "1", kinds: ofBalancer, fixed: noChoice},
	{key: "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", initial: "off", kinds: ofBalancer, fixed: noChoice},
	{key: "lambda.multi_value_headers.enabled", initial: "false", kinds: ofFunction, values: onOff},
	{key: "deregistration_delay.connection_termination.enabled", initial: "false", kinds: ofNetwork, values: onOff},
	{key: "deregistration_delay.connection_termination.enabled", initial: "false", kinds: ofBalancer, fixed: "calls end with the load balancer behind, which drains its own targets"},
	{key: "preserve_client_ip.enabled", kinds: ofNetwork | ofBalancer, values: onOff}, // through a VPC link, targets never see the client's address
	{key: "proxy_protocol_v2.enabled", initial: "false", kinds: ofNetwork | ofBalancer, fixed: "targets are told of clients by header fields here"},
	{key: "target_health_state.unhealthy.connection_termination.enabled", initial: "true", kinds: ofNetwork, values: onOff},
	{key: "target_health_state.unhealthy.draining_interval_seconds", initial: "0", kinds: ofNetwork, fixed: "connections to a target that became unhealthy end at once, or stay"},
	{key: AttributeOverflowGroup, kinds: ofApplication | ofNetwork, text: true},
	{key: AttributeOverflowAt, initial: "0", kinds: ofApplication | ofNetwork, high: 1000000},
	{key: AttributeMostInFlight, initial: "0", kinds: ofApplication | ofNetwork, high: 1000000},
	{key: AttributeEjectAfter, initial: "3", kinds: ofApplication | ofNetwork, high: 100},
	{key: AttributeEjectAfter5XX, initial: "0", kinds: ofApplication | ofNetwork, high: 1000},
	{key: AttributeEjectSeconds, initial: "30", kinds: ofApplication | ofNetwork, low: 1, high: 3600},
}

// maxAttributeText bounds a value that is any text (reference,
// LoadBalancerAttribute: 1024).
const maxAttributeText = 1024

// Setting is a key with its value.
type Setting struct{ Key, Value string }

// attributeOf finds an attribute among those of a kind; nil: there is none.
func attributeOf(table []attribute, kind attributeKind, key string) *attribute {
	for i := range table {
		if table[i].key == key && table[i].kinds&kind != 0 {
			return &table[i]
		}
	}
	return nil
}

// settings are all attributes of a kind as they are set, else their defaults.
func settings(table []attribute, kind attributeKind, set map[string]string, initial func(*attribute) string) (list []Setting) {
	for i := range table {
		a := &table[i]
		if a.kinds&kind == 0 {
			continue
		}
		value, ok := set[a.key]
		if !ok {
			value = initial(a)
		}
		list = append(list, Setting{a.key, value})
	}
	return list
}

func initialOf(a *attribute) string { return a.initial }

// check refuses a value, naming what would do. noun is of what the attribute is.
func (a *attribute) check(noun, value string) error {
	switch {
	case a.fixed != "":
		if value == a.initial {
			return nil
		}
		return invalidConfiguration("%s attribute '%s' can only be '%s': %s", noun, a.key, a.initial, a.fixed)
	case a.text:
		if len(value) > maxAttributeText || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return invalidConfiguration("The value of %s attribute '%s' must be one line of at most %d bytes", strings.ToLower(noun), a.key, maxAttributeText)
		}
		return nil
	case slices.Contains(a.values, value), a.unset && value == "":
		return nil
	case a.high == 0:
		return invalidConfiguration("%s attribute '%s' must be one of [%s], not '%.100s'", noun, a.key, strings.Join(a.values, ", "), value)
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < a.low || n > a.high || strconv.Itoa(n) != value {
		return invalidConfiguration("%s attribute '%s' must be between %d and %d%s, not '%.100s'", noun, a.key, a.low, a.high, orValues(a.values), value)
	}
	return nil
}

func orValues(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return " or '" + strings.Join(values, "', '") + "'"
}

func invalidConfiguration(format string, args ...any) *Error {
	return Coded(BadRequest, "InvalidConfigurationRequest", format, args...)
}

// checkAttribute refuses what isn't an attribute of a kind, in AWS's words
// (reported in the field), or takes another value.
func checkAttribute(table []attribute, kind attributeKind, noun, key, value string) error {
	a := attributeOf(table, kind, key)
	if a != nil {
		return a.check(noun, value)
	}
	if attributeOf(table, ^attributeKind(0), key) != nil {
		return invalidConfiguration("%s attribute key '%s' is not supported on a %s of this type", noun, key, strings.ToLower(noun))
	}
	return Coded(BadRequest, "ValidationError", "%s attribute key '%.256s' is not recognized", noun, key)
}

func (b *LoadBalancer) kind() attributeKind {
	if b.Type == BalancerNetwork {
		return ofNetwork
	}
	return ofApplication
}

// Attribute is what an attribute is set to, else its default; empty for one that
// a load balancer of this type doesn't have.
func (b *LoadBalancer) Attribute(key string) string {
	if value, ok := b.Attributes[key]; ok {
		return value
	}
	if a := attributeOf(balancerAttributes, b.kind(), key); a != nil {
		return a.initial
	}
	return ""
}

// Settings are all attributes of the load balancer.
func (b *LoadBalancer) Settings() []Setting {
	return settings(balancerAttributes, b.kind(), b.Attributes, initialOf)
}

// CheckAttribute refuses a key or a value that a load balancer of this type
// doesn't take.
func (b *LoadBalancer) CheckAttribute(key, value string) error {
	return checkAttribute(balancerAttributes, b.kind(), "Load balancer", key, value)
}

func (l *Listener) kind() attributeKind {
	switch l.Protocol {
	case "HTTPS":
		return ofApplication | ofSecure
	case "HTTP":
		return ofApplication
	case "TCP":
		return ofNetwork
	}
	return 0 // TLS has none that can be set
}

// Attribute is what an attribute is set to, else its default; empty for one that
// such a listener doesn't have.
func (l *Listener) Attribute(key string) string {
	if value, ok := l.Attributes[key]; ok {
		return value
	}
	if a := attributeOf(listenerAttributes, l.kind(), key); a != nil {
		return a.initial
	}
	return ""
}

// Settings are all attributes of the listener.
func (l *Listener) Settings() []Setting {
	return settings(listenerAttributes, l.kind(), l.Attributes, initialOf)
}

// CheckAttribute refuses a key or a value that such a listener doesn't take.
func (l *Listener) CheckAttribute(key, value string) error {
	return checkAttribute(listenerAttributes, l.kind(), "Listener", key, value)
}

func (g *TargetGroup) kind() attributeKind {
	switch {
	case g.TargetType == TargetLambda:
		return ofFunction
	case g.TargetType == TargetBalancer:
		return ofBalancer
	case g.Protocol == "HTTP", g.Protocol == "HTTPS":
		return ofApplication
	}
	return ofNetwork
}

// initial is an attribute's default, which is the type's where it isn't the same
// for all.
func (g *TargetGroup) initial(a *attribute) string {
	if a.key == "preserve_client_ip.enabled" {
		return strconv.FormatBool(g.TargetType != TargetIP)
	}
	return a.initial
}

// Attribute is what an attribute is set to, else its default; empty for one that
// such a group doesn't have.
func (g *TargetGroup) Attribute(key string) string {
	if value, ok := g.Attributes[key]; ok {
		return value
	}
	if a := attributeOf(groupAttributes, g.kind(), key); a != nil {
		return g.initial(a)
	}
	return ""
}

// Number is an attribute that is a number; 0 when it isn't one ("off").
func (g *TargetGroup) Number(key string) int {
	n, err := strconv.Atoi(g.Attribute(key))
	if err != nil {
		return 0
	}
	return n
}

// Settings are all attributes of the group.
func (g *TargetGroup) Settings() []Setting {
	return settings(groupAttributes, g.kind(), g.Attributes, g.initial)
}

// CheckAttribute refuses a key or a value that such a group doesn't take.
func (g *TargetGroup) CheckAttribute(key, value string) error {
	return checkAttribute(groupAttributes, g.kind(), "Target group", key, value)
}

// CheckAttributes refuses attributes that don't go together (user guide for
// Application Load Balancers, "Target group attributes").
func (g *TargetGroup) CheckAttributes() error {
	algorithm, slow := g.Attribute("load_balancing.algorithm.type"), g.Number("slow_start.duration_seconds")
	cookie := g.Attribute("stickiness.app_cookie.cookie_name")
	switch {
	case slow > 0 && slow < 30:
		return invalidConfiguration("Target group attribute 'slow_start.duration_seconds' must be 0 or between 30 and 900, not '%d'", slow)
	case slow > 0 && algorithm != "round_robin":
		return invalidConfiguration("Slow start is not supported by the '%s' algorithm: only by 'round_robin'", algorithm)
	case g.Attribute("load_balancing.algorithm.anomaly_mitigation") == "on" && algorithm != "weighted_random":
		return invalidConfiguration("Anomaly mitigation is only supported by the 'weighted_random' algorithm")
	case strings.HasPrefix(cookie, "AWSALB"):
		return invalidConfiguration("The cookie name '%s' is reserved: it can't begin with AWSALB", cookie)
	case cookie != "" && !isCookieName(cookie):
		return invalidConfiguration("'%s' is no name of a cookie", cookie)
	case cookie == "" && g.Attribute("stickiness.enabled") == "true" && g.Attribute("stickiness.type") == "app_cookie":
		return invalidConfiguration("Stickiness by 'app_cookie' needs 'stickiness.app_cookie.cookie_name'")
	}
	return nil
}

// isCookieName says whether name is a token (RFC 6265, section 4.1.1).
func isCookieName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) })
}
