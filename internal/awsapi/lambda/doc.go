// Package lambda is the wire shapes of Lambda's API, as far as clients use it
// in a local loop: what travels, under which names, with which statuses and
// constraints. It knows no rule and no domain struct.
//
// A pointer, map or list that is nil was not sent, or is left out of an
// answer; one that is empty was sent empty, and is written.
package lambda

//go:generate go run ../internal/gen -model ../model/lambda.json -package lambda -service lambda
