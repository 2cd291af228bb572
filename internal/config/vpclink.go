package config

import (
	"maps"
	"regexp"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// VPCLink is a VPC link that is there from the start. With a load balancer it is
// of version 1, with subnets of version 2.
type VPCLink struct {
	Name           string            `yaml:"name"` // default: its ID
	Description    string            `yaml:"description"`
	LoadBalancer   string            `yaml:"loadBalancer"` // a network load balancer: the name of one, or its ARN
	Subnets        []string          `yaml:"subnets"`
	SecurityGroups []string          `yaml:"securityGroups"`
	Tags           map[string]string `yaml:"tags"`
}

// linkID is what IDs of VPC links look like on AWS, where they have 6 characters.
var linkID = regexp.MustCompile(`^[a-z0-9]{1,32}$`)

func checkLinks(links map[string]VPCLink) (problems []string) {
	for _, id := range slices.Sorted(maps.Keys(links)) {
		l, at := links[id], "vpcLinks: "+id+": "
		if !linkID.MatchString(id) {
			problems = append(problems, at+"an ID has up to 32 of a-z and 0-9, as connectionId of integrations names it")
		}
		switch {
		case (l.LoadBalancer == "") == (len(l.Subnets) == 0):
			problems = append(problems, at+"either loadBalancer (a link of version 1) or subnets (of version 2)")
		case l.LoadBalancer != "" && len(l.SecurityGroups) > 0:
			problems = append(problems, at+"securityGroups are for links with subnets")
		case l.LoadBalancer == "" && l.Description != "":
			problems = append(problems, at+"a link with subnets has no description")
		}
	}
	return problems
}

// Links are the declared VPC links, of version 1 and of version 2.
func (c *Config) Links() (links []apigw.VPCLink, private []apigw.PrivateLink) {
	for _, id := range slices.Sorted(maps.Keys(c.VPCLinks)) {
		l := c.VPCLinks[id]
		name := first(l.Name, id)
		if l.LoadBalancer == "" {
			private = append(private, apigw.PrivateLink{ID: apigw.VPCLinkID(id), Name: name, Subnets: l.Subnets, SecurityGroups: l.SecurityGroups, Tags: l.Tags})
			continue
		}
		links = append(links, apigw.VPCLink{ID: apigw.VPCLinkID(id), Name: name, Description: l.Description, TargetARNs: []apigw.ARN{apigw.ARN(l.LoadBalancer)}, Tags: l.Tags})
	}
	return links, private
}
