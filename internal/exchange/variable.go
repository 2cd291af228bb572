package exchange

import (
	"fmt"
	"slices"
	"strings"
)

// Variable is a $context name that was resolved at deployment. Names with a
// free part (authorizer.{key}) carry it in Key.
type Variable struct {
	Name VariableName
	Key  string
}

// VariableName numbers the $context variables (Amazon API Gateway developer
// guide, "Variables for access logging" and "mapping template reference").
type VariableName uint8

// The variables served today. ParseVariable refuses what is not here.
const (
	VarAccountID VariableName = iota + 1
	VarAPIID
	VarDeploymentID
	VarDomainName
	VarDomainPrefix
	VarExtendedRequestID
	VarHTTPMethod
	VarIsCanaryRequest
	VarIdentitySourceIP
	VarIdentityUserAgent
	VarPath
	VarProtocol
	VarRequestID
	VarRequestTime
	VarRequestTimeEpoch
	VarResourceID
	VarResourcePath
	VarStage
	VarAuthorizer // authorizer.{key}: Key is the rest
	VarIdentityAccessKey
	VarIdentityAccountID
	VarIdentityAPIKey
	VarIdentityAPIKeyID
	VarIdentityCaller
	VarIdentityUser
	VarIdentityUserARN
	VarIdentityOrganization // identity.principalOrgId
	VarIdentityVPC
	VarIdentityVPCEndpoint
	VarClientCertPEM // identity.clientCert.*: of mutual TLS
	VarClientCertSubjectDN
	VarClientCertIssuerDN
	VarClientCertSerialNumber
	VarClientCertNotBefore
	VarClientCertNotAfter
	VarRouteKey // of HTTP and WebSocket APIs

	VarConnectedAt // of WebSocket APIs, ms since 1970
	VarConnectionID
	VarDisconnectReason
	VarDisconnectStatus
	VarEventType // CONNECT, MESSAGE, DISCONNECT
	VarMessageDirection
	VarMessageID
	// Identity fields that stay unset until the capability that fills them.
	VarUnset

	// What only a log can tell: how the request went.
	VarAWSEndpointRequestID
	VarBasePathMatched
	VarRoutingRuleMatched
	VarCipherSuite
	VarErrorMessage
	VarErrorMessageString
	VarErrorResponseType
	VarErrorValidation
	VarIntegrationError
	VarIntegrationLatency
	VarIntegrationRequestID
	VarIntegrationServiceStatus // integration.integrationStatus, integrationStatus
	VarIntegrationStatus        // integration.status
	VarIntegrationTimeToAllHeaders
	VarIntegrationTimeToFirstContent
	VarIntegrationTransferMode
	VarResponseLatency
	VarResponseLength
	VarStatus
	VarTLSVersion
	VarTraceID
	VarDataProcessed     // of HTTP APIs
	VarAuthenticateError // authorization, phase by phase
	VarAuthenticateLatency
	VarAuthenticateStatus
	VarAuthorizeError
	VarAuthorizeLatency
	VarAuthorizeStatus
	VarAuthorizerError
	VarAuthorizerIntegrationLatency
	VarAuthorizerIntegrationStatus
	VarAuthorizerLatency
	VarAuthorizerRequestID
	VarAuthorizerStatus
)

var variableNames = map[string]VariableName{
	"accountId": VarAccountID, "apiId": VarAPIID, "awsEndpointRequestId": VarAWSEndpointRequestID, "deploymentId": VarDeploymentID,
	"domainName": VarDomainName, "domainPrefix": VarDomainPrefix,
	"extendedRequestId": VarExtendedRequestID, "httpMethod": VarHTTPMethod, "isCanaryRequest": VarIsCanaryRequest,
	"identity.apiKey": VarIdentityAPIKey, "identity.apiKeyId": VarIdentityAPIKeyID,
	"identity.accessKey": VarIdentityAccessKey, "identity.accountId": VarIdentityAccountID, "identity.caller": VarIdentityCaller,
	"identity.user": VarIdentityUser, "identity.userArn": VarIdentityUserARN, "identity.principalOrgId": VarIdentityOrganization,
	"identity.vpcId": VarIdentityVPC, "identity.vpceId": VarIdentityVPCEndpoint,
	"identity.clientCert.clientCertPem": VarClientCertPEM, "identity.clientCert.subjectDN": VarClientCertSubjectDN,
	"identity.clientCert.issuerDN": VarClientCertIssuerDN, "identity.clientCert.serialNumber": VarClientCertSerialNumber,
	"identity.clientCert.validity.notBefore": VarClientCertNotBefore, "identity.clientCert.validity.notAfter": VarClientCertNotAfter,
	"identity.sourceIp": VarIdentitySourceIP, "identity.userAgent": VarIdentityUserAgent,
	"path": VarPath, "protocol": VarProtocol, "requestId": VarRequestID,
	"requestTime": VarRequestTime, "requestTimeEpoch": VarRequestTimeEpoch,
	"resourceId": VarResourceID, "resourcePath": VarResourcePath, "stage": VarStage,
}

// ParseVariable resolves a $context name without the "$context." prefix. A
// name that AWS documents but that nothing sets yet (identity.*, authorizer.*,
// a web ACL's) resolves to VarUnset, which reads as missing; any other name
// is an error that names it.
func ParseVariable(name string) (Variable, error) {
	if v, ok := variableNames[name]; ok {
		return Variable{Name: v}, nil
	}
	if v, ok := authorizerVariable(name); ok {
		return v, nil
	}
	head, key, _ := strings.Cut(name, ".")
	if (head == "identity" || head == "authorizer") && key != "" || name == "wafResponseCode" || name == "webaclArn" {
		return Variable{Name: VarUnset, Key: name}, nil
	}
	return Variable{}, fmt.Errorf("$context.%s is not a variable that can be read here", name)
}

// ParseRouteVariable is ParseVariable for HTTP and WebSocket APIs, whose
// routes have keys.
func ParseRouteVariable(name string) (Variable, error) {
	if name == "routeKey" {
		return Variable{Name: VarRouteKey}, nil
	}
	return ParseVariable(name)
}

// connectionNames are the variables that events of WebSocket APIs alone have.
var connectionNames = map[string]VariableName{
	"connectedAt": VarConnectedAt, "connectionId": VarConnectionID, "disconnectReason": VarDisconnectReason, "disconnectStatusCode": VarDisconnectStatus,
	"eventType": VarEventType, "messageDirection": VarMessageDirection, "messageId": VarMessageID,
}

// ParseConnectionVariable is ParseRouteVariable for WebSocket APIs, whose
// templates may also read what went wrong (developer guide, "WebSocket API
// mapping template reference").
func ParseConnectionVariable(name string) (Variable, error) {
	if v, ok := connectionNames[name]; ok {
		return Variable{Name: v}, nil
	}
	switch name {
	case "requestId":
		return Variable{Name: VarExtendedRequestID}, nil
	case "error.message", "error.messageString", "error.responseType", "error.validationErrorString", "status":
		return Variable{Name: logVariableNames[name]}, nil
	}
	return ParseRouteVariable(name)
}

// ParseConnectionLogVariable is ParseRouteLogVariable for WebSocket APIs.
func ParseConnectionLogVariable(name string) Variable {
	if v, ok := connectionNames[name]; ok {
		return Variable{Name: v}
	}
	return ParseRouteLogVariable(name)
}

// authorizerVariable resolves what an authorizer hands on, under any name but
// those by which a log tells how the authorizer was called.
func authorizerVariable(name string) (Variable, bool) {
	key, ok := strings.CutPrefix(name, "authorizer.")
	if !ok || key == "" || slices.Contains(authorizerCall, key) {
		return Variable{}, false
	}
	return Variable{Name: VarAuthorizer, Key: key}, true
}

var authorizerCall = []string{"error", "integrationLatency", "integrationStatus", "latency", "requestId", "status"}

var logVariableNames = map[string]VariableName{
	"cipherSuite": VarCipherSuite, "tlsVersion": VarTLSVersion, "customDomain.basePathMatched": VarBasePathMatched, "customDomain.routingRuleIdMatched": VarRoutingRuleMatched,
	"authenticate.error": VarAuthenticateError, "authenticate.latency": VarAuthenticateLatency, "authenticate.status": VarAuthenticateStatus,
	"authorize.error": VarAuthorizeError, "authorize.latency": VarAuthorizeLatency, "authorize.status": VarAuthorizeStatus,
	"authorizer.error": VarAuthorizerError, "authorizer.integrationLatency": VarAuthorizerIntegrationLatency,
	"authorizer.integrationStatus": VarAuthorizerIntegrationStatus, "authorizer.latency": VarAuthorizerLatency,
	"authorizer.requestId": VarAuthorizerRequestID, "authorizer.status": VarAuthorizerStatus,
	"error.message": VarErrorMessage, "error.messageString": VarErrorMessageString, "error.responseType": VarErrorResponseType,
	"error.validationErrorString": VarErrorValidation,
	"integration.error":           VarIntegrationError, "integrationErrorMessage": VarIntegrationError,
	"integration.integrationStatus": VarIntegrationServiceStatus, "integrationStatus": VarIntegrationServiceStatus,
	"integration.latency": VarIntegrationLatency, "integrationLatency": VarIntegrationLatency,
	"integration.requestId": VarIntegrationRequestID, "integration.status": VarIntegrationStatus,
	"integration.responseTransferMode": VarIntegrationTransferMode, "integration.timeToAllHeaders": VarIntegrationTimeToAllHeaders,
	"integration.timeToFirstContent": VarIntegrationTimeToFirstContent,
	"responseLatency":                VarResponseLatency, "responseLength": VarResponseLength, "status": VarStatus, "xrayTraceId": VarTraceID,
}

// ParseLogVariable resolves a $context name for an access log, where the names
// of how a request went can be read, too. Any name that nothing sets resolves
// to VarUnset: a log shows it as missing (developer guide, "Variables for
// access logging").
func ParseLogVariable(name string) Variable {
	if v, ok := variableNames[name]; ok {
		return Variable{Name: v}
	}
	if v, ok := logVariableNames[name]; ok {
		return Variable{Name: v}
	}
	if v, ok := authorizerVariable(name); ok {
		return v
	}
	return Variable{Name: VarUnset, Key: name}
}

// ParseRouteLogVariable is ParseLogVariable for HTTP and WebSocket APIs. Their
// requests have one ID, which both of its names show (seen on AWS).
func ParseRouteLogVariable(name string) Variable {
	switch name {
	case "routeKey":
		return Variable{Name: VarRouteKey}
	case "requestId":
		return Variable{Name: VarExtendedRequestID}
	case "dataProcessed":
		return Variable{Name: VarDataProcessed}
	}
	return ParseLogVariable(name)
}

// otherLogNames are the names that AWS documents and nothing sets yet, and the
// beginnings of such names.
var otherLogNames = []string{
	"customDomain.", "endpointType", "identity.", "waf.", "wafResponseCode", "webaclArn",
}

// Documented says whether the variable is one that AWS has, whether something
// sets it or not.
func (v Variable) Documented() bool {
	if v.Name != VarUnset {
		return true
	}
	for _, name := range otherLogNames {
		if v.Key == name || strings.HasSuffix(name, ".") && strings.HasPrefix(v.Key, name) {
			return true
		}
	}
	return false
}
