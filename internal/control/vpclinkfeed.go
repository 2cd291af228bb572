package control

import (
	"fmt"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// HeldLink is a VPC link of either version as a node that serves needs it.
type HeldLink struct {
	Scope apigw.Scope
	ID    apigw.VPCLinkID
	// Target is the load balancer of a link of version 1. One of version 2 has
	// none: integrations name theirs.
	Target         apigw.ARN
	Failure        string   // why it leads nowhere; empty: it leads
	Subnets        []string // of version 2, as the rest
	SecurityGroups []string
}

// Links follow VPC links of one version for a node that serves.
type Links = Followed[HeldLink]

// LinksOptions say who follows VPC links.
type LinksOptions = FollowOptions[HeldLink]

// NewLinks returns Links over c's store: of version 1, or of version 2. Make them
// before c is used.
func NewLinks(c *Control, version int, o LinksOptions) *Links {
	if version == 1 {
		c.vpcLinks = newFollowed(c, KeyVPCLink, decodeLink, o)
		return c.vpcLinks
	}
	c.privateLinks = newFollowed(c, KeyPrivateLink, decodeLink, o)
	return c.privateLinks
}

func decodeLink(r store.Record) (*HeldLink, error) {
	k, ok := ParseKey(r.Key)
	if !ok {
		return nil, fmt.Errorf("read %s: %w", r.Key, store.ErrDamaged)
	}
	if k.Kind == KeyPrivateLink {
		l, _, err := decodeRecord[apigw.PrivateLink](r)
		if err != nil {
			return nil, err
		}
		return &HeldLink{Scope: k.Scope, ID: l.ID, Subnets: l.Subnets, SecurityGroups: l.SecurityGroups}, nil
	}
	l, _, err := decodeRecord[apigw.VPCLink](r)
	if err != nil {
		return nil, err
	}
	if len(l.TargetARNs) == 0 {
		return nil, fmt.Errorf("read %s: %w", r.Key, store.ErrDamaged)
	}
	return &HeldLink{Scope: k.Scope, ID: l.ID, Target: l.TargetARNs[0], Failure: l.Failure()}, nil
}

// RememberLinks reads what Keep was given. What can't be read is left out, and
// named by the error.
func RememberLinks(raw []byte) ([]*HeldLink, error) { return remember(raw, decodeLink) }
