// Package apigatewayv2 is the wire shapes of the API Gateway management API of
// 2018-11-29 (HTTP APIs, WebSocket APIs and what they share with REST APIs):
// what travels, under which names, with which statuses and constraints. It
// knows no rule and no domain struct.
//
// A pointer, map or list that is nil was not sent, or is left out of an
// answer; one that is empty was sent empty, and is written. In an update that
// is the difference between leaving a member alone and taking it back.
package apigatewayv2

//go:generate go run ../internal/gen -model ../model/apigatewayv2.json -package apigatewayv2 -service apigatewayv2
