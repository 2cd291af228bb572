package main

import (
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
)

// vpcEndpoint is what requests are told of the endpoint that they come through.
func vpcEndpoint(e *apigw.VPCEndpoint) *exchange.Endpoint {
	made := &exchange.Endpoint{ID: e.ID, VPC: e.VPC, Account: e.Account}
	if e.Policy == nil {
		return made
	}
	policy, err := iam.Parse(e.Policy, iam.Resource)
	if err != nil { // the configuration was checked
		panic(err)
	}
	made.Policies = []*iam.Policy{policy}
	return made
}
