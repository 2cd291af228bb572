// Package userpools serves the API of Cognito user pools on embedded ones: it
// turns wire shapes into what userpool does and back, refuses by name what a
// pool can't carry here, and serves what pools have beside their API: public
// keys, discovery and token endpoints. The rules are in userpool.
package userpools
