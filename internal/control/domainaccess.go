package control

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxAssociations bounds the endpoints that may call one domain name.
const maxAssociations = 100

var endpointID = regexp.MustCompile(`^vpce-[0-9a-z]{1,32}$`)

// DomainAssociation is the access of one endpoint, with the domain name it is to.
type DomainAssociation struct {
	Domain *apigw.DomainName
	Access apigw.DomainAccess
}

// AssociationARN names what lets an endpoint call a private domain name.
func AssociationARN(scope apigw.Scope, d *apigw.DomainName, source string) apigw.ARN {
	return apigw.ARN(associationPrefix(scope) + d.Name + "/vpcesource/" + source)
}

func associationPrefix(scope apigw.Scope) string {
	return "arn:" + scope.Partition + ":apigateway:" + scope.Region + ":" + scope.Account + ":/domainnameaccessassociations/domainname/"
}

func unknownAssociation() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid domain name access association identifier specified")
}

// parsePrivateDomain takes the ARN of a private domain name of a scope apart.
// One of another account is told by its words: nothing shares them yet.
func parsePrivateDomain(scope apigw.Scope, arn string) (name string, id apigw.DomainID, err error) {
	key, ok := strings.CutPrefix(arn, "arn:"+scope.Partition+":apigateway:"+scope.Region+":"+scope.Account+":/domainnames/")
	name, text, private := strings.Cut(key, "+")
	if ok && private && name != "" && text != "" {
		return name, apigw.DomainID(text), nil
	}
	if _, path, _ := strings.Cut(arn, ":/domainnames/"); strings.HasPrefix(arn, "arn:") && strings.Contains(path, "+") {
		return "", "", apigw.Errorf(apigw.BadRequest, "domainNameArn: domain names aren't shared between accounts and regions yet; name one of account %s in %s", scope.Account, scope.Region)
	}
	return "", "", apigw.Errorf(apigw.BadRequest, "Invalid domain name ARN specified: the ARN of a PRIVATE domain name ends in {name}+{id}")
}

// parseAssociation takes the ARN of an association apart.
func parseAssociation(scope apigw.Scope, arn string) (name, source string, ok bool) {
	rest, ok := strings.CutPrefix(arn, associationPrefix(scope))
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/vpcesource/")
}

// CreateDomainAssociation lets an endpoint call a private domain name of the
// same account.
func (c *Control) CreateDomainAssociation(ctx context.Context, scope apigw.Scope, domain string, access apigw.DomainAccess) (*DomainAssociation, error) {
	name, id, err := parsePrivateDomain(scope, domain)
	if err != nil {
		return nil, err
	}
	if !endpointID.MatchString(access.Source) {
		return nil, apigw.Errorf(apigw.BadRequest, "Invalid VPC endpoint specified: %.100q", access.Source)
	}
	if err := checkTags(access.Tags); err != nil {
		return nil, err
	}
	d, err := c.changeDomain(ctx, scope, name, id, func(_ *scopeChange, d *apigw.DomainName) error {
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
		return nil
	})
	if err != nil {
		// AWS's model of CreateDomainNameAccessAssociation has no NotFoundException.
		return nil, orUnknown(err, apigw.Errorf(apigw.BadRequest, "Invalid domain name identifier specified"))
	}
	return &DomainAssociation{d, access}, nil
}

// DomainAssociations lists the associations of a scope, by ARN.
func (c *Control) DomainAssociations(ctx context.Context, scope apigw.Scope) ([]*DomainAssociation, error) {
	domains, err := c.DomainNames(ctx, scope)
	if err != nil {
		return nil, err
	}
	var list []*DomainAssociation
	for _, d := range domains {
		for _, a := range d.Associations {
			list = append(list, &DomainAssociation{d, a})
		}
	}
	slices.SortFunc(list, func(a, b *DomainAssociation) int {
		return strings.Compare(string(AssociationARN(scope, a.Domain, a.Access.Source)), string(AssociationARN(scope, b.Domain, b.Access.Source)))
	})
	return list, nil
}

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

// DeleteDomainAssociation takes the access away that an ARN names. With the
// ARN of a domain name, it must be to that one.
func (c *Control) DeleteDomainAssociation(ctx context.Context, scope apigw.Scope, arn, domain string) error {
	return c.changeAssociation(ctx, scope, arn, domain, func(d *apigw.DomainName, at int) error {
		d.Associations = slices.Delete(slices.Clone(d.Associations), at, at+1)
		return nil
	})
}

func (c *Control) changeAssociation(ctx context.Context, scope apigw.Scope, arn, domain string, change func(d *apigw.DomainName, at int) error) error {
	name, source, ok := parseAssociation(scope, arn)
	if !ok {
		return unknownAssociation()
	}
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		a, err := c.association(ctx, scope, name, source)
		if err != nil {
			return err
		}
		if domain != "" && domain != string(DomainARN(scope, a.Domain)) {
			return unknownAssociation()
		}
		at := slices.IndexFunc(a.Domain.Associations, func(has apigw.DomainAccess) bool { return has.Source == source })
		if err := change(a.Domain, at); err != nil {
			return err
		}
		return putDomain(s, a.Domain)
	})
}
