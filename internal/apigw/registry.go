package apigw

import (
	"strings"
	"time"
)

// Types of namespaces.
const (
	NamespaceHTTP       = "HTTP"
	NamespaceDNSPrivate = "DNS_PRIVATE"
	NamespaceDNSPublic  = "DNS_PUBLIC"
)

// Namespace groups services of the registry (Cloud Map reference, Namespace).
type Namespace struct {
	ID          string            `json:"id"` // ns-…
	ARN         ARN               `json:"arn"`
	Name        string            `json:"name"`
	Type        string            `json:"type"` // HTTP, DNS_PRIVATE, DNS_PUBLIC
	VPC         string            `json:"vpc,omitempty"`
	HTTPName    string            `json:"httpName"`
	Description string            `json:"description,omitempty"`
	TTL         int64             `json:"ttl,omitempty"` // s, of its SOA record
	Created     time.Time         `json:"created"`
	Token       string            `json:"token,omitempty"`     // CreatorRequestId
	Operation   string            `json:"operation,omitempty"` // that made it
	Tags        map[string]string `json:"tags,omitempty"`
	Declared    bool              `json:"declared,omitempty"` // the configuration file has it: calls don't change it
}

// RegistryService is a service of a namespace (Cloud Map reference, Service).
type RegistryService struct {
	ID          string            `json:"id"` // srv-…
	ARN         ARN               `json:"arn"`
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"` // its ID
	Type        string            `json:"type"`      // HTTP, DNS_HTTP, DNS
	Description string            `json:"description,omitempty"`
	DNS         *ServiceDNS       `json:"dns,omitempty"`
	Health      *ServiceHealth    `json:"health,omitempty"`
	Custom      bool              `json:"custom,omitempty"`     // health is told by calls (HealthCheckCustomConfig)
	Attributes  map[string]string `json:"attributes,omitempty"` // of the service itself
	Created     time.Time         `json:"created"`
	Token       string            `json:"token,omitempty"` // CreatorRequestId
	Tags        map[string]string `json:"tags,omitempty"`
	Declared    bool              `json:"declared,omitempty"`
}

// ServiceDNS is how instances show in DNS.
type ServiceDNS struct {
	Routing string          `json:"routing"` // MULTIVALUE, WEIGHTED
	Records []ServiceRecord `json:"records"`
}

// ServiceRecord is a kind of DNS record.
type ServiceRecord struct {
	Type string `json:"type"` // A, AAAA, SRV, CNAME
	TTL  int64  `json:"ttl"`  // s
}

// ServiceHealth is how instances are probed.
type ServiceHealth struct {
	Type      string `json:"type"` // HTTP, HTTPS, TCP
	Path      string `json:"path,omitempty"`
	Threshold int    `json:"threshold"` // checks that fail in a row
}

// RegistryInstance is where a service answers (Cloud Map reference, Instance).
type RegistryInstance struct {
	ID         string            `json:"id"`
	Service    string            `json:"service"`              // its ID
	Attributes map[string]string `json:"attributes,omitempty"` // AWS_INSTANCE_IPV4, AWS_INSTANCE_PORT and the owner's
	// Status is what a call told of its health, of a service with Custom, or what
	// its source says; empty: nothing.
	Status    string    `json:"status,omitempty"`
	StatusAt  time.Time `json:"statusAt,omitzero"` // when a call told Status: it shows a while later
	Before    string    `json:"before,omitempty"`  // what shows until then
	Weight    int       `json:"weight,omitempty"`  // of choice, as a source has it; 0: as all others
	Token     string    `json:"token,omitempty"`
	Operation string    `json:"operation,omitempty"` // that registered it
	Declared  bool      `json:"declared,omitempty"`
}

// StatusShown is what shows of Status, delay after a call told it.
func (i *RegistryInstance) StatusShown(now time.Time, delay time.Duration) string {
	if !i.StatusAt.IsZero() && now.Before(i.StatusAt.Add(delay)) {
		return i.Before
	}
	return i.Status
}

// StatusDelay is how long a status that a call tells takes to show (Cloud Map
// reference, HealthCheckCustomConfig).
const StatusDelay = 30 * time.Second

// RegistryState is what moves when instances of a service come and go.
type RegistryState struct {
	Service   string `json:"service"`   // its ID
	Instances int    `json:"instances"` // how many are registered
	Revision  int64  `json:"revision"`  // begins with the ms at which the service was made, so that one that comes back goes on
}

// RegistryOperation is the record of a change that Cloud Map makes in the
// background, and Gatehouse at once (Cloud Map reference, Operation).
type RegistryOperation struct {
	ID      string            `json:"id"`
	Type    string            `json:"type"`   // CREATE_NAMESPACE, REGISTER_INSTANCE …
	Status  string            `json:"status"` // SUCCESS
	Created time.Time         `json:"created"`
	Targets map[string]string `json:"targets"` // IDs by NAMESPACE, SERVICE, INSTANCE
}

// Health of instances.
const (
	InstanceHealthy   = "HEALTHY"
	InstanceUnhealthy = "UNHEALTHY"
	InstanceUnknown   = "UNKNOWN" // nothing tells of it
)

// Attributes of instances that have a meaning (Cloud Map reference,
// RegisterInstance).
const (
	AttributeIPv4      = "AWS_INSTANCE_IPV4"
	AttributeIPv6      = "AWS_INSTANCE_IPV6"
	AttributePort      = "AWS_INSTANCE_PORT"
	AttributeCNAME     = "AWS_INSTANCE_CNAME"
	AttributeEC2       = "AWS_EC2_INSTANCE_ID"
	AttributeAlias     = "AWS_ALIAS_DNS_NAME"
	AttributeInitially = "AWS_INIT_HEALTH_STATUS"
)

// NamespaceARN names a namespace.
func NamespaceARN(s Scope, id string) ARN { return registryARN(s) + ARN("namespace/"+id) }

// RegistryServiceARN names a service of the registry.
func RegistryServiceARN(s Scope, id string) ARN { return registryARN(s) + ARN("service/"+id) }

func registryARN(s Scope) ARN {
	return ARN("arn:" + s.Partition + ":servicediscovery:" + s.Region + ":" + s.Account + ":")
}

// ParseRegistryARN takes the ARN of a namespace or a service apart: what is
// "namespace" or "service".
func ParseRegistryARN(arn ARN) (s Scope, what, id string, ok bool) {
	parts := strings.SplitN(string(arn), ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "servicediscovery" {
		return s, "", "", false
	}
	what, id, ok = strings.Cut(parts[5], "/")
	ok = ok && id != "" && (what == "namespace" || what == "service")
	return Scope{Partition: parts[1], Region: parts[3], Account: parts[4]}, what, id, ok
}
