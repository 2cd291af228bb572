package control

import (
	"net/url"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// KeyRoot begins every key.
const KeyRoot = "/gatehouse/"

// KeyKind says what a key holds. The layout, under
// /gatehouse/{partition}/{account}/{region}/ :
//
//	restapi/{api}                      head of an API's tree; its meta is the RestAPI or RouteAPI as JSON
//	restapi-blob/{api}/…               packs of the tree's values
//	restapi-deployment/{api}/{id}      a frozen head; its meta is the Deployment with the API's settings as JSON
//	restapi-stage/{api}/{stage}        Stage as JSON
//	restapi-guard/{api}                changes with every change of a stage or deployment; says of which kind the API is
//	definition/{name}                  which API a definition file was put into
//	apikey/{id}                        APIKey, its value sealed
//	apikey-value/{fingerprint}         which key has the value
//	usageplan/{id}                     UsagePlan
//	usageplan-key/{plan}/{key}         that the key is in the plan
//	usageplan-usage/{plan}/{key}       what is left to the key, as it was last set
//	usageplan-count/{plan}/{day}/{n}   how many requests keys of the plan had on a day
//	vpclink/{id}                       VPCLink
//	privatelink/{id}                   PrivateLink; no VPCLink has its ID
//	usage-guard                        changes with every change of those seven, of domain names, certificates, load balancers and target groups
//	domainname/{name}[+{id}]           DomainName with its mappings; the ID is of a private one
//	domainname-access/{name}/{vpce}    that an endpoint of this account may call a domain name of another
//	account                            Account
//	loadbalancer/{name}                LoadBalancer with its listeners and rules
//	targetgroup/{name}                 TargetGroup with its targets
//	meter/{month}/{api}/{n}            what the API served in a month: in all, or to some keys
//	function/{name}                    Function as JSON, its environments sealed
//	function-code/{name}/{hash}/{n}    a piece of a zip
//	client-certificate/{id}            ClientCertificate as JSON, its private key sealed
//	certificate/{id}                   ServerCertificate, its private key sealed
//	registry/namespace/{id}            Namespace of the service registry
//	registry/service/{id}              RegistryService
//	registry/instance/{service}/{id}   RegistryInstance
//	registry/state/{service}           RegistryState
//	registry-operation/{time}-{id}     RegistryOperation
//	userpool/pool/{pool}               a user pool, its signing keys sealed
//	userpool/client/{pool}/{client}    an app client, its secret sealed
//	userpool/domain/{domain}           which pool has the domain
//	userpool-data/{pool}/…             users with sealed verifiers, their names, sign-ins, groups, resource servers
//	identity/{what}/{name}             User, with its secrets sealed, Group, Role or Provider; in no region
type KeyKind string

// The kinds of keys.
const (
	KeyAPI        KeyKind = "restapi"
	KeyBlob       KeyKind = "restapi-blob"
	KeyDeployment KeyKind = "restapi-deployment"
	KeyStage      KeyKind = "restapi-stage"
	KeyGuard      KeyKind = "restapi-guard"
	KeyDefinition KeyKind = "definition"
	KeyFunction   KeyKind = "function"

	KeyFunctionCode      KeyKind = "function-code"
	KeyClientCertificate KeyKind = "client-certificate"
	KeyServerCertificate KeyKind = "certificate"

	KeyRegistry          KeyKind = "registry"
	KeyRegistryOperation KeyKind = "registry-operation"

	KeyPool     KeyKind = "userpool"
	KeyPoolData KeyKind = "userpool-data"

	KeyDomainAccess KeyKind = "domainname-access"

	KeyAPIKey      KeyKind = "apikey"
	KeyAPIKeyValue KeyKind = "apikey-value"
	KeyUsagePlan   KeyKind = "usageplan"
	KeyPlanKey     KeyKind = "usageplan-key"
	KeyPlanUsage   KeyKind = "usageplan-usage"
	KeyPlanCount   KeyKind = "usageplan-count"
	KeyMeter       KeyKind = "meter"
	KeyVPCLink     KeyKind = "vpclink"
	KeyPrivateLink KeyKind = "privatelink"
	KeyDomain      KeyKind = "domainname"
	KeyBalancer    KeyKind = "loadbalancer"
	KeyTargetGroup KeyKind = "targetgroup"
	KeyAccount     KeyKind = "account"
	KeyUsageGuard  KeyKind = "usage-guard"
	KeyIdentity    KeyKind = "identity"
)

// ParsedKey is what a key says.
type ParsedKey struct {
	Scope apigw.Scope
	Kind  KeyKind
	API   apigw.APIID // empty for what belongs to no API
	Name  string      // deployment or certificate ID, stage or function name, or the rest of a blob's key
	Rest  string      // what follows the plan of a plan's key, usage and count, or the month of a meter
}

// ParseKey takes a key apart; ok is false for a key of another layout.
func ParseKey(key string) (p ParsedKey, ok bool) {
	rest, ok := strings.CutPrefix(key, KeyRoot)
	if !ok {
		return p, false
	}
	parts := strings.SplitN(rest, "/", 6)
	if len(parts) < 5 {
		return p, false
	}
	for i := range parts {
		part, err := url.PathUnescape(parts[i])
		if err != nil {
			return p, false
		}
		parts[i] = part
	}
	p.Scope = apigw.Scope{Partition: parts[0], Account: parts[1], Region: parts[2]}
	p.Kind = KeyKind(parts[3])
	switch p.Kind {
	case KeyAPI, KeyGuard:
		p.API = apigw.APIID(parts[4])
		return p, len(parts) == 5
	case KeyBlob, KeyDeployment, KeyStage:
		p.API = apigw.APIID(parts[4])
		if len(parts) == 6 {
			p.Name = parts[5]
		}
		return p, len(parts) == 6
	case KeyIdentity, KeyDomainAccess, KeyPlanKey, KeyPlanUsage, KeyPlanCount, KeyMeter, KeyPool, KeyPoolData, KeyRegistry:
		p.Name = parts[4]
		if len(parts) == 6 {
			p.Rest = parts[5]
		}
		return p, len(parts) == 6
	case KeyDefinition, KeyFunction, KeyClientCertificate, KeyServerCertificate, KeyRegistryOperation, KeyAPIKey, KeyAPIKeyValue, KeyUsagePlan, KeyVPCLink, KeyPrivateLink, KeyDomain, KeyBalancer, KeyTargetGroup:
		p.Name = parts[4]
		return p, len(parts) == 5
	}
	return p, false
}

// ScopePrefix begins every key of a scope.
func ScopePrefix(s apigw.Scope) string {
	return KeyRoot + segment(s.Partition) + "/" + segment(s.Account) + "/" + segment(s.Region) + "/"
}

// segment writes a name as one segment of a key: names come from outside,
// and a slash in one must not reach into another's keys.
func segment(name string) string { return url.PathEscape(name) }

// apiKind is what kind of API a caller means. IDs and keys are the same for
// all kinds, so that no two APIs share an ID; whoever means one kind doesn't
// find the APIs of the other.
type apiKind uint8

const (
	restKind   apiKind = iota // a REST API
	routesKind                // an API of routes
	anyKind                   // whichever it is; to read, never to change
)

// kindOf is the kind of the API that def is of.
func kindOf(def *apigw.Definition) apiKind {
	if def.RouteAPI != nil {
		return routesKind
	}
	return restKind
}

// means says whether who asks for k means an API of a kind.
func (k apiKind) means(kind apiKind) bool { return k == anyKind || k == kind }

// apiRef names one API.
type apiRef struct {
	scope apigw.Scope
	api   apigw.APIID
	kind  apiKind
}

func restRef(scope apigw.Scope, api apigw.APIID) apiRef { return apiRef{scope, api, restKind} }

func routesRef(scope apigw.Scope, api apigw.APIID) apiRef { return apiRef{scope, api, routesKind} }

func anyRef(scope apigw.Scope, api apigw.APIID) apiRef { return apiRef{scope, api, anyKind} }

func (r apiRef) key(kind KeyKind) string {
	return ScopePrefix(r.scope) + string(kind) + "/" + segment(string(r.api))
}

func (r apiRef) base() store.TreeBase {
	b := store.TreeBase{Head: r.key(KeyAPI), Blobs: r.key(KeyBlob) + "/"}
	if r.kind == routesKind {
		b.Format = 2 // binaries that know REST APIs alone would show it as one
	}
	return b
}

func (r apiRef) deployment(id apigw.DeploymentID) string {
	return r.key(KeyDeployment) + "/" + segment(string(id))
}

func (r apiRef) stage(name apigw.StageName) string {
	return r.key(KeyStage) + "/" + segment(string(name))
}

func (r apiRef) arn() string {
	return "arn:" + r.scope.Partition + ":execute-api:" + r.scope.Region + ":" + r.scope.Account + ":" + string(r.api)
}

// The records AWS can't find, in its words.

func (r apiRef) unknownAPI() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid API identifier specified %s:%s", r.scope.Account, r.api)
}

func unknownResource() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Resource identifier specified")
}

func unknownMethod() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Method identifier specified")
}

func unknownIntegration() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Integration identifier specified")
}

func unknownStatus() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Response status code specified")
}

func unknownDeployment() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Deployment identifier specified")
}

func unknownStage() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid stage identifier specified")
}
