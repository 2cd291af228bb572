package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// ListedNamespace is a namespace with how many services it has.
type ListedNamespace struct {
	*apigw.Namespace
	Services int
}

// Namespace returns one namespace by its ID or ARN.
func (c *Control) Namespace(ctx context.Context, scope apigw.Scope, ref string) (*ListedNamespace, error) {
	n, err := c.readNamespace(ctx, scope, ref)
	if err != nil {
		return nil, storeError(err)
	}
	services, err := c.servicesOf(ctx, scope, n.value.ID)
	return &ListedNamespace{n.value, len(services)}, storeError(err)
}

func (c *Control) readNamespace(ctx context.Context, scope apigw.Scope, ref string) (stored[apigw.Namespace], error) {
	id, ok := registryID(scope, registryNamespaces, ref)
	if !ok {
		return stored[apigw.Namespace]{}, unknownNamespace(ref)
	}
	n, err := readStored[apigw.Namespace](ctx, c, namespaceKey(scope, id))
	if err == nil && n.value == nil {
		err = unknownNamespace(ref)
	}
	return n, err
}

// Namespaces lists a scope's namespaces by ID.
func (c *Control) Namespaces(ctx context.Context, scope apigw.Scope) ([]*ListedNamespace, error) {
	list, err := c.namespaces(ctx, scope)
	if err != nil {
		return nil, storeError(err)
	}
	services, err := listRecords[apigw.RegistryService](ctx, c, registryPrefix(scope, registryServices))
	if err != nil {
		return nil, storeError(err)
	}
	count := map[string]int{}
	for _, s := range services {
		count[s.Namespace]++
	}
	listed := make([]*ListedNamespace, len(list))
	for i, n := range list {
		listed[i] = &ListedNamespace{n, count[n.ID]}
	}
	return listed, nil
}

func (c *Control) namespaces(ctx context.Context, scope apigw.Scope) ([]*apigw.Namespace, error) {
	return listRecords[apigw.Namespace](ctx, c, registryPrefix(scope, registryNamespaces))
}

// CreateNamespace makes a namespace of what n says: its name, type, VPC,
// description, TTL, token and tags. A call that is repeated with its token and
// all else the same gets the operation that made the namespace.
func (c *Control) CreateNamespace(ctx context.Context, scope apigw.Scope, n *apigw.Namespace) (operation string, err error) {
	if err := c.checkNamespace(n); err != nil {
		return "", err
	}
	err = c.changeScope(ctx, scope, func(s *scopeChange) error {
		list, err := c.namespaces(ctx, scope)
		if err != nil {
			return err
		}
		if made := repeatedNamespace(list, n); made != nil {
			operation = made.Operation
			return nil
		}
		if len(list) >= c.limits.Namespaces {
			return apigw.Coded(apigw.LimitExceeded, "ResourceLimitExceeded", "The account has %d namespaces in this region; at most %d are kept", len(list), c.limits.Namespaces)
		}
		made := *n
		if made.HTTPName, err = httpName(list, n); err != nil {
			return err
		}
		if made.ID, err = c.newRegistryID("ns-"); err != nil {
			return err
		}
		made.ARN, made.Created = apigw.NamespaceARN(scope, made.ID), c.now().UTC()
		operation, err = c.putNamespace(s, &made, opCreateNamespace)
		return err
	})
	if err == nil {
		c.noteOperation(ctx, scope)
	}
	return operation, err
}

// putNamespace writes a namespace with the operation that does so.
func (c *Control) putNamespace(s *scopeChange, n *apigw.Namespace, kind string) (string, error) {
	o, err := c.newOperation(kind, map[string]string{"NAMESPACE": n.ID})
	if err != nil {
		return "", err
	}
	if kind == opCreateNamespace {
		n.Operation = o.ID
	}
	if err := putValue(s, namespaceKey(s.scope, n.ID), n); err != nil {
		return "", err
	}
	return o.ID, putValue(s, operationKey(s.scope, o.ID), o)
}

// checkNamespace refuses what no namespace can be. Its name has been held to
// the model's patterns.
func (c *Control) checkNamespace(n *apigw.Namespace) error {
	if err := checkRegistryTags(n.ID, n.Tags); err != nil {
		return err
	}
	switch n.Type {
	case apigw.NamespaceHTTP:
		return nil
	case apigw.NamespaceDNSPublic:
		return invalidInput("There are no public DNS namespaces here: Gatehouse answers DNS queries on one's own networks alone. Create a private DNS namespace (CreatePrivateDnsNamespace), or one for DiscoverInstances alone (CreateHttpNamespace)")
	}
	if !isZone(n.Name) {
		return invalidInput("Name %.300q isn't the name of a DNS zone: labels of letters, digits, - and _, up to 63 characters each, with dots between them", n.Name)
	}
	if _, err := c.network.VPC(n.VPC); err != nil {
		return invalidInput("Vpc: %s", err.Error())
	}
	return nil
}

// isZone says whether a name can be that of a DNS zone. A dot may end it.
func isZone(name string) bool {
	name = strings.TrimSuffix(name, ".")
	for label := range strings.SplitSeq(name, ".") {
		if !isLabel(label) {
			return false
		}
	}
	return len(name) <= 253
}

func isLabel(label string) bool {
	return label != "" && len(label) <= 63 && strings.Trim(label, "-") == label && !strings.ContainsFunc(label, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// repeatedNamespace is what a call made before that is the same, its token too.
// Tokens count among namespaces of one name: AWS doesn't say how far they reach,
// and tools give one to several calls.
func repeatedNamespace(list []*apigw.Namespace, n *apigw.Namespace) *apigw.Namespace {
	if n.Token == "" {
		return nil
	}
	for _, o := range list {
		if o.Token == n.Token && o.Name == n.Name && o.Type == n.Type && o.VPC == n.VPC && o.Description == n.Description && o.TTL == n.TTL && !o.Declared {
			return o
		}
	}
	return nil
}

// httpName is the name by which DiscoverInstances finds a new namespace: its own,
// with a hash when that is taken, as another VPC's may be (Cloud Map reference,
// DiscoverInstances, NamespaceName). The names of HTTP namespaces, and those of
// DNS namespaces in one VPC, are unique.
func httpName(list []*apigw.Namespace, n *apigw.Namespace) (string, error) {
	taken := false
	for _, o := range list {
		same := o.HTTPName == n.Name || o.Name == n.Name
		if o.Type != apigw.NamespaceHTTP && n.Type != apigw.NamespaceHTTP {
			same = same || domainOf(o.Name) == domainOf(n.Name)
		}
		if !same {
			continue
		}
		if n.Type == apigw.NamespaceHTTP || o.Type == n.Type && o.VPC == n.VPC && domainOf(o.Name) == domainOf(n.Name) {
			e := apigw.Coded(apigw.Conflict, "NamespaceAlreadyExists", "Namespace %.300s already exists.", n.Name)
			e.Members = map[string]string{"NamespaceId": o.ID}
			if o.Token != "" {
				e.Members["CreatorRequestId"] = o.Token
			}
			return "", e
		}
		taken = true
	}
	if !taken {
		return n.Name, nil
	}
	sum := sha256.Sum256([]byte(n.VPC + " " + n.Name))
	return n.Name + "-" + hex.EncodeToString(sum[:8]), nil
}

func domainOf(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// UpdateNamespace changes a namespace of a type as change says.
func (c *Control) UpdateNamespace(ctx context.Context, scope apigw.Scope, ref, kind string, change func(*apigw.Namespace)) (operation string, err error) {
	err = c.changeScope(ctx, scope, func(s *scopeChange) error {
		n, err := c.readNamespace(ctx, scope, ref)
		switch {
		case err != nil:
			return err
		case n.value.Type != kind:
			return invalidInput("Namespace %s is of type %s, which another call updates", n.value.ID, n.value.Type)
		case n.value.Declared:
			return declaredInFile("namespace", n.value.Name)
		}
		change(n.value)
		operation, err = c.putNamespace(s, n.value, opUpdateNamespace)
		return err
	})
	if err == nil {
		c.noteOperation(ctx, scope)
	}
	return operation, err
}

// DeleteNamespace removes a namespace that has no services.
func (c *Control) DeleteNamespace(ctx context.Context, scope apigw.Scope, ref string) (operation string, err error) {
	err = c.changeScope(ctx, scope, func(s *scopeChange) error {
		n, err := c.readNamespace(ctx, scope, ref)
		if err != nil {
			return err
		}
		if n.value.Declared {
			return declaredInFile("namespace", n.value.Name)
		}
		services, err := c.servicesOf(ctx, scope, n.value.ID)
		if err != nil {
			return err
		}
		if len(services) > 0 {
			return apigw.Coded(apigw.Conflict, "ResourceInUse", "Namespace has associated services; delete the services before deleting the namespace")
		}
		s.remove(n.record.Key)
		o, err := c.newOperation(opDeleteNamespace, map[string]string{"NAMESPACE": n.value.ID})
		if err != nil {
			return err
		}
		operation = o.ID
		return putValue(s, operationKey(scope, o.ID), o)
	})
	if err == nil {
		c.noteOperation(ctx, scope)
	}
	return operation, err
}

// servicesOf lists the services of a namespace, by ID.
func (c *Control) servicesOf(ctx context.Context, scope apigw.Scope, namespace string) ([]*apigw.RegistryService, error) {
	list, err := listRecords[apigw.RegistryService](ctx, c, registryPrefix(scope, registryServices))
	return slices.DeleteFunc(list, func(s *apigw.RegistryService) bool { return s.Namespace != namespace }), err
}
