package apigw

import (
	"slices"
	"time"
)

// DomainID tells private domain names of one name apart; public ones have none.
type DomainID string

// DomainName is a name of its own for APIs (API reference, DomainName), with
// what it leads to. An owner has few mappings, so they are part of it.
type DomainName struct {
	Scope         Scope    `json:"-"`            // whose it is, for who serves it; zero elsewhere
	Name          string   `json:"name"`         // lower case; "*.example.com": every name of one more label
	ID            DomainID `json:"id,omitempty"` // of a private one
	Types         []string `json:"types"`        // EDGE, REGIONAL, both while a name moves from one to the other, or PRIVATE
	IPAddressType string   `json:"ipAddressType"`

	CertificateARN          ARN       `json:"certificateArn,omitempty"` // of EDGE and PRIVATE
	CertificateName         string    `json:"certificateName,omitempty"`
	CertificateUploaded     time.Time `json:"certificateUploaded,omitzero"`
	RegionalCertificateARN  ARN       `json:"regionalCertificateArn,omitempty"`
	RegionalCertificateName string    `json:"regionalCertificateName,omitempty"`
	OwnershipCertificateARN ARN       `json:"ownershipCertificateArn,omitempty"`

	RegionalName     string `json:"regionalName,omitempty"`     // what DNS leads the name to
	DistributionName string `json:"distributionName,omitempty"` // the same, of EDGE

	SecurityPolicy   string            `json:"securityPolicy"`
	AccessMode       string            `json:"accessMode,omitempty"`
	RoutingMode      string            `json:"routingMode"`
	Policy           string            `json:"policy,omitempty"`           // of PRIVATE: who may call
	ManagementPolicy string            `json:"managementPolicy,omitempty"` // of PRIVATE: who may associate
	Tags             map[string]string `json:"tags,omitempty"`

	MutualTLS *MutualTLS `json:"mutualTls,omitempty"` // nil: clients need no certificate

	Mappings     []BasePathMapping `json:"mappings,omitempty"` // by base path
	Rules        []RoutingRule     `json:"rules,omitempty"`    // by priority
	Associations []DomainAccess    `json:"associations,omitempty"`
}

// MutualTLS has clients of a domain name show a certificate that a trust store
// vouches for (API reference, MutualTlsAuthentication).
type MutualTLS struct {
	URI      string   `json:"uri"`               // s3://bucket/key, or file:///path
	Version  string   `json:"version,omitempty"` // of the object, as it was asked for
	Store    string   `json:"store"`             // PEM, as it was read then
	Warnings []string `json:"warnings,omitempty"`
}

// BasePathMapping leads what is under a base path of a domain name to a stage.
type BasePathMapping struct {
	ID       string    `json:"id,omitempty"` // of version 2 of the API; empty: made by version 1, or before mappings had one
	BasePath string    `json:"basePath"`     // no slash before or behind it; empty: what no other mapping has
	API      APIID     `json:"api"`
	Stage    StageName `json:"stage,omitempty"` // empty: the client names it behind the base path
}

// DomainAccess lets a VPC endpoint call a private domain name.
type DomainAccess struct {
	Source   string            `json:"source"`            // vpce-...
	Account  string            `json:"account,omitempty"` // who made it, if that isn't the domain name's
	Rejected bool              `json:"rejected,omitempty"`
	Tags     map[string]string `json:"tags,omitempty"`
}

// Endpoint types of a domain name.
const (
	EndpointEdge     = "EDGE"
	EndpointRegional = "REGIONAL"
	EndpointPrivate  = "PRIVATE"
)

// Is says whether the name has an endpoint of a type.
func (d *DomainName) Is(endpoint string) bool { return slices.Contains(d.Types, endpoint) }

// Private says whether only VPC endpoints may call the name.
func (d *DomainName) Private() bool { return d.Is(EndpointPrivate) }

// Key is the name, and for private ones the ID, which tells it apart in its
// account and region.
func (d *DomainName) Key() string { return DomainKey(d.Name, d.ID) }

// InvokeARN names a private domain name in policies of who may call it (service
// authorization reference, "execute-api-domain").
func (d *DomainName) InvokeARN() ARN {
	return ARN("arn:" + d.Scope.Partition + ":execute-api:" + d.Scope.Region + ":" + d.Scope.Account + ":/domainnames/" + d.Key())
}

// DomainKey is Key of the domain with a name and ID.
func DomainKey(name string, id DomainID) string {
	if id == "" {
		return name
	}
	return name + "+" + string(id)
}

// Mapping is the index of the mapping of a base path; -1: there is none.
func (d *DomainName) Mapping(basePath string) int {
	return slices.IndexFunc(d.Mappings, func(m BasePathMapping) bool { return m.BasePath == basePath })
}

// Rule is the index of the routing rule with an ID; -1: there is none.
func (d *DomainName) Rule(id string) int {
	return slices.IndexFunc(d.Rules, func(r RoutingRule) bool { return r.ID == id })
}
