package apigw

import "time"

// PrivateLink is a VPC link of version 2 of the API (API Gateway V2 reference,
// VpcLink): it leads to load balancers and services that integrations name.
type PrivateLink struct {
	ID             VPCLinkID         `json:"id"`
	Name           string            `json:"name"`
	Created        time.Time         `json:"created"`
	Subnets        []string          `json:"subnets"`
	SecurityGroups []string          `json:"securityGroups"`
	Tags           map[string]string `json:"tags,omitempty"`
	Declared       bool              `json:"declared,omitempty"` // the configuration file has it: calls don't change it
}
