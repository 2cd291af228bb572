// Package sts is the wire shapes of the Security Token Service: what travels,
// under which names and constraints. It knows no rule and no domain struct.
//
// A pointer or list that is nil was not sent, or is left out of an answer.
package sts

//go:generate go run ../internal/gen -model ../model/sts.json -package sts -service sts
