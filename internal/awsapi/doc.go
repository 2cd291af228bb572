// Package awsapi serves the management API of API Gateway as AWS's clients
// speak it: it finds the operation a request means, says who calls, asks
// whether they may, records that they did, and turns results and errors into
// AWS's answers. It is the only place that knows AWS's wire: URIs,
// x-amzn-ErrorType, timestamps, paging and patch paths. The rules of what an
// operation does live in control.
//
// Shapes and tables are generated, a package per service (apigateway); what
// they share is in wire.
package awsapi
