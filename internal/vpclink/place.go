package vpclink

import (
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// Place is where a private integration leads.
type Place struct {
	Scope apigw.Scope
	Link  apigw.VPCLinkID // of either version
	// Target is what an integration over a link of version 2 names: a load
	// balancer (REST), a listener or a service (HTTP). Empty: a link of version 1
	// has its own.
	Target apigw.ARN
	Query  map[string]string // of a service: attributes that its instances must have
	// URI has the scheme and port that choose a load balancer's listener, and the
	// Host and server name that targets see. Nil: Target is a listener or a service.
	URI        *integration.URI
	ServerName string // that a TLS target's certificate must have; empty: plain, or as URI says
	Insecure   bool
	Shown      *integration.ClientCertificate // nil: none
}
