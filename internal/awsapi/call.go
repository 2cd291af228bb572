package awsapi

import (
	"github.com/gatehouse/gatehouse/internal/awsapi/acm"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
	"github.com/gatehouse/gatehouse/internal/awsapi/cognitoidp"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
	lambdaapi "github.com/gatehouse/gatehouse/internal/awsapi/lambda"
	"github.com/gatehouse/gatehouse/internal/awsapi/servicediscovery"
	"github.com/gatehouse/gatehouse/internal/awsapi/sts"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
)

type (
	// Call is one management call in flight.
	Call = wire.Call
	// Caller is who makes it.
	Caller = wire.Caller
	// Operations is what the REST API service can do; a nil field is answered
	// with a 501 that names the operation.
	Operations = apigateway.Operations
	// RouteOperations is what version 2 of the API can do, likewise.
	RouteOperations = apigatewayv2.Operations
	// FunctionOperations is what Lambda's API can do, likewise.
	FunctionOperations = lambdaapi.Operations
	// UserPoolOperations is what the API of user pools can do, likewise.
	UserPoolOperations = cognitoidp.Operations
	// CertificateOperations is what AWS Certificate Manager can do, likewise.
	CertificateOperations = acm.Operations
	// BalancerOperations is what Elastic Load Balancing v2 can do, likewise.
	BalancerOperations = elbv2.Operations
	// RegistryOperations is what AWS Cloud Map can do, likewise.
	RegistryOperations = servicediscovery.Operations
	// SessionOperations is what the Security Token Service can do, likewise.
	SessionOperations = sts.Operations
)
