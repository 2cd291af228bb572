package control

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// maxAssociations bounds the endpoints that may call one domain name.
const maxAssociations = 100

// DomainAssociation is the access of one endpoint, with the domain name it is
// to, whose Scope says whose that is.
type DomainAssociation struct {
	Domain *apigw.DomainName
	Access apigw.DomainAccess
}

// ARN names what lets an endpoint call a private domain name: it is its maker's.
func (a *DomainAssociation) ARN() apigw.ARN {
	scope := a.Domain.Scope
	if a.Access.Account != "" {
		scope.Account = a.Access.Account
	}
	return apigw.ARN("arn:" + scope.Partition + ":apigateway:" + scope.Region + ":" + scope.Account + associationPath + a.Domain.Name + "/vpcesource/" + a.Access.Source)
}

const associationPath = ":/domainnameaccessassociations/domainname/"

// accessRecord is the key of what tells a scope that its endpoint was let to a
// domain name of another account.
func accessRecord(scope apigw.Scope, name, source string) string {
	return kindPrefix(scope, KeyDomainAccess) + segment(name) + "/" + segment(source)
}

// domainElsewhere is a domain name of another account in the same region.
type domainElsewhere struct {
	Account string         `json:"account"`
	Name    string         `json:"name"`
	ID      apigw.DomainID `json:"id"`
	Source  string         `json:"source"` // the endpoint that was let to it
}

func unknownAssociation() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid domain name access association identifier specified")
}

// parsePrivateDomain takes the ARN of a private domain name apart. It is in the
// scope's region, and may be of another account.
func parsePrivateDomain(scope apigw.Scope, arn string) (owner apigw.Scope, name string, id apigw.DomainID, err error) {
	place, path, _ := strings.Cut(arn, ":/domainnames/")
	name, text, private := strings.Cut(path, "+")
	prefix := "arn:" + scope.Partition + ":apigateway:" + scope.Region + ":"
	owner = scope
	owner.Account, _ = strings.CutPrefix(place, prefix)
	switch {
	case !private || name == "" || text == "" || !strings.HasPrefix(arn, "arn:"):
		return owner, "", "", apigw.Errorf(apigw.BadRequest, "Invalid domain name ARN specified: the ARN of a PRIVATE domain name ends in {name}+{id}")
	case !strings.HasPrefix(place, prefix) || !accountID.MatchString(owner.Account):
		return owner, "", "", apigw.Errorf(apigw.BadRequest, "Invalid domain name ARN specified: name one in %s", scope.Region)
	}
	return owner, name, apigw.DomainID(text), nil
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// parseAssociation takes the ARN of an association in a scope's region apart.
func parseAssociation(scope apigw.Scope, arn string) (account, name, source string, ok bool) {
	rest, ok := strings.CutPrefix(arn, "arn:"+scope.Partition+":apigateway:"+scope.Region+":")
	account, rest, found := strings.Cut(rest, associationPath)
	if !ok || !found {
		return "", "", "", false
	}
	name, source, ok = strings.Cut(rest, "/vpcesource/")
	return account, name, source, ok
}

// CreateDomainAssociation lets an endpoint of the scope call a private domain
// name, also one of another account. Permit says whether the caller may; it is
// asked, too, of a domain name of another account that isn't there.
func (c *Control) CreateDomainAssociation(ctx context.Context, scope apigw.Scope, domain string, access apigw.DomainAccess, permit func(*apigw.DomainName) error) (*DomainAssociation, error) {
	owner, name, id, err := parsePrivateDomain(scope, domain)
	if err != nil {
		return nil, err
	}
	if !c.isEndpointOf(scope, access.Source) {
		return nil, apigw.Errorf(apigw.BadRequest, "Invalid VPC endpoint specified: %.100q", access.Source)
	}
	if err := checkTags(access.Tags); err != nil {
		return nil, err
	}
	if owner != scope {
		access.Account = scope.Account
	}
	d, err := c.changeDomain(ctx, owner, name, id, func(s *scopeChange, d *apigw.DomainName) error {
		if err := permit(d); err != nil {
			return err
		}
		// Of two names that are the same, an endpoint couldn't tell which is meant.
		if _, err := c.association(ctx, scope, name, access.Source); err == nil {
			return apigw.Errorf(apigw.Conflict, "The VPC endpoint %s is already associated with a domain name %s", access.Source, name)
		} else if apigw.KindOf(err) != apigw.NotFound {
			return err
		}
		if len(d.Associations) >= maxAssociations {
			return apigw.Errorf(apigw.LimitExceeded, "Maximum number of access associations for this domain name has been reached: %d", maxAssociations)
		}
		d.Associations = append(slices.Clone(d.Associations), access)
		if owner == scope {
			return nil
		}
		key := accessRecord(scope, name, access.Source)
		raw, err := encodeRecord(key, &domainElsewhere{owner.Account, name, id, access.Source}, nil)
		if err == nil {
			s.txn.If = append(s.txn.If, store.Condition{Key: key})
			s.set(key, raw)
		}
		return err
	})
	if apigw.KindOf(err) == apigw.NotFound && owner != scope {
		if denied := permit(&apigw.DomainName{Scope: owner, Name: name, ID: id}); denied != nil {
			return nil, denied
		}
	}
	if err != nil {
		// AWS's model of CreateDomainNameAccessAssociation has no NotFoundException.
		return nil, orUnknown(err, apigw.Errorf(apigw.BadRequest, "Invalid domain name identifier specified"))
	}
	return &DomainAssociation{d, access}, nil
}

// isEndpointOf says whether an endpoint is the account's: any well-formed one is
// while the network declares none.
func (c *Control) isEndpointOf(scope apigw.Scope, id string) bool {
	if c.network == nil || len(c.network.Endpoints) == 0 {
		return apigw.IsNetworkID("vpce", id)
	}
	e := c.network.Endpoints[id]
	return e != nil && e.Account == scope.Account
}

// DomainAssociations lists the associations that a scope made, by ARN.
func (c *Control) DomainAssociations(ctx context.Context, scope apigw.Scope) ([]*DomainAssociation, error) {
	list, err := c.associationsTo(ctx, scope, func(a apigw.DomainAccess) bool { return a.Account == "" })
	if err != nil {
		return nil, err
	}
	elsewhere, err := listRecords[domainElsewhere](ctx, c, kindPrefix(scope, KeyDomainAccess))
	if err != nil {
		return nil, storeError(err)
	}
	for _, e := range elsewhere {
		owner := scope
		owner.Account = e.Account
		d, err := c.DomainName(ctx, owner, e.Name, e.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range d.Associations {
			if a.Account == scope.Account && a.Source == e.Source {
				list = append(list, &DomainAssociation{d, a})
			}
		}
	}
	sortAssociations(list)
	return list, nil
}

// ForeignDomainNames lists the private domain names of other accounts in a scope's
// region, by ARN.
func (c *Control) ForeignDomainNames(ctx context.Context, scope apigw.Scope) (list []*apigw.DomainName, err error) {
	scopes, err := c.Scopes(ctx)
	if err != nil {
		return nil, err
	}
	for _, other := range scopes {
		if other.Account == scope.Account || other.Region != scope.Region || other.Partition != scope.Partition {
			continue
		}
		theirs, err := c.DomainNames(ctx, other)
		if err != nil {
			return nil, err
		}
		list = append(list, slices.DeleteFunc(theirs, func(d *apigw.DomainName) bool { return !d.Private() })...)
	}
	slices.SortFunc(list, func(a, b *apigw.DomainName) int {
		return strings.Compare(string(DomainARN(a.Scope, a)), string(DomainARN(b.Scope, b)))
	})
	return list, nil
}

// ForeignAssociations lists the associations of other accounts with a scope's
// domain names, by ARN.
func (c *Control) ForeignAssociations(ctx context.Context, scope apigw.Scope) ([]*DomainAssociation, error) {
	list, err := c.associationsTo(ctx, scope, func(a apigw.DomainAccess) bool { return a.Account != "" })
	sortAssociations(list)
	return list, err
}

func (c *Control) associationsTo(ctx context.Context, scope apigw.Scope, wanted func(apigw.DomainAccess) bool) (list []*DomainAssociation, err error) {
	domains, err := c.DomainNames(ctx, scope)
	for _, d := range domains {
		for _, a := range d.Associations {
			if wanted(a) {
				list = append(list, &DomainAssociation{d, a})
			}
		}
	}
	return list, err
}

func sortAssociations(list []*DomainAssociation) {
	slices.SortFunc(list, func(a, b *DomainAssociation) int { return strings.Compare(string(a.ARN()), string(b.ARN())) })
}

// association is one that the scope made.
func (c *Control) association(ctx context.Context, scope apigw.Scope, name, source string) (*DomainAssociation, error) {
	list, err := c.DomainAssociations(ctx, scope)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		if a.Domain.Name == name && a.Access.Source == source {
			return a, nil
		}
	}
	return nil, unknownAssociation()
}

// DeleteDomainAssociation takes an access back that the scope made.
func (c *Control) DeleteDomainAssociation(ctx context.Context, scope apigw.Scope, arn string) error {
	account, name, source, ok := parseAssociation(scope, arn)
	if !ok || account != scope.Account {
		return unknownAssociation()
	}
	a, err := c.association(ctx, scope, name, source)
	if err != nil {
		return err
	}
	return c.changeAssociation(ctx, a, func(s *scopeChange, d *apigw.DomainName, at int) error {
		d.Associations = slices.Delete(slices.Clone(d.Associations), at, at+1)
		if a.Access.Account != "" {
			s.remove(accessRecord(scope, name, source))
		}
		return nil
	})
}

// RejectDomainAssociation is how the owner of a domain name takes an access
// away. One of another account stays, without effect, until its maker deletes it
// (developer guide, "API provider: Stop sharing a private custom domain name").
func (c *Control) RejectDomainAssociation(ctx context.Context, scope apigw.Scope, arn, domain string) error {
	account, name, source, ok := parseAssociation(scope, arn)
	if !ok {
		return unknownAssociation()
	}
	if account == scope.Account {
		a, err := c.association(ctx, scope, name, source)
		if err != nil {
			return err
		}
		if domain != string(DomainARN(scope, a.Domain)) {
			return unknownAssociation()
		}
		return c.DeleteDomainAssociation(ctx, scope, arn)
	}
	list, err := c.ForeignAssociations(ctx, scope)
	if err != nil {
		return err
	}
	for _, a := range list {
		if string(a.ARN()) == arn && domain == string(DomainARN(scope, a.Domain)) {
			return c.changeAssociation(ctx, a, func(_ *scopeChange, d *apigw.DomainName, at int) error {
				d.Associations = slices.Clone(d.Associations)
				d.Associations[at].Rejected = true
				return nil
			})
		}
	}
	return unknownAssociation()
}

// changeAssociation changes a in its domain name as it is now.
func (c *Control) changeAssociation(ctx context.Context, a *DomainAssociation, change func(s *scopeChange, d *apigw.DomainName, at int) error) error {
	_, err := c.changeDomain(ctx, a.Domain.Scope, a.Domain.Name, a.Domain.ID, func(s *scopeChange, d *apigw.DomainName) error {
		at := slices.IndexFunc(d.Associations, func(has apigw.DomainAccess) bool {
			return has.Source == a.Access.Source && has.Account == a.Access.Account
		})
		if at < 0 {
			return unknownAssociation()
		}
		return change(s, d, at)
	})
	return orUnknown(err, unknownAssociation())
}
