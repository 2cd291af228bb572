// Package cognitoidp is the wire shapes of the API of Cognito user pools, as
// far as clients sign in with it and pools are set up for that: what travels,
// under which names, with which constraints. It knows no rule and no domain
// struct.
//
// A pointer, map or list that is nil was not sent, or is left out of an
// answer; one that is empty was sent empty, and is written.
package cognitoidp

//go:generate go run ../internal/gen -model ../model/cognito-idp.json -package cognitoidp -service cognito-idp
