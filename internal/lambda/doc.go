// Package lambda invokes functions: those the configuration names run here,
// each invocation in a process of its own kept warm between calls (the local
// host; bootstrap/ holds what runs scripts), all others by Lambda's Invoke call on an endpoint or on AWS.
//
// It knows the Invoke call, the Runtime API that a function's process speaks,
// and how Lambda words its errors. It must not know an API kind, an event's
// shape, or where a payload comes from.
package lambda
