// Package apigateway is the wire shapes of the API Gateway management API of
// 2015-07-09 (REST APIs): what travels, under which names, with which
// statuses and constraints. It knows no rule and no domain struct.
//
// A pointer, map or list that is nil was not sent, or is left out of an
// answer; one that is empty was sent empty, and is written.
package apigateway

//go:generate go run ../internal/gen -model ../model/apigateway.json -package apigateway -service apigateway
