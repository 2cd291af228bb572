package main

import (
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/awsapi/servicediscovery"
)

// TestWalkRegistryBoto3 calls every operation of Cloud Map with boto3, whose model
// checks every answer, and TestWalkRegistryCLI with the AWS CLI. Those of public
// DNS namespaces answer that there are none.
func TestWalkRegistryBoto3(t *testing.T) { walkRegistry(t, "boto3") }

func TestWalkRegistryCLI(t *testing.T) { walkRegistry(t, "cli") }

func walkRegistry(t *testing.T, client string) {
	t.Parallel()
	needBoto(t)
	s := serveWith(t)
	s.walks(namesOf(new(servicediscovery.Operations).Table(), func(o string) bool { return !strings.Contains(o, "PublicDnsNamespace") }), "registrywalk.py", client)
}
