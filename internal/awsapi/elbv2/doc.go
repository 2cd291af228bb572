// Package elbv2 is the wire shapes of Elastic Load Balancing v2: what travels,
// under which names and constraints. It knows no rule and no domain struct.
//
// A pointer or list that is nil was not sent, or is left out of an answer.
package elbv2

//go:generate go run ../internal/gen -model ../model/elasticloadbalancing.json -package elbv2 -service elasticloadbalancing
