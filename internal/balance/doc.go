// Package balance chooses which of a set of targets takes the next call: by
// health, weight and load, in turn, by the fewest calls in flight, at random, or
// by the hash of a flow; and it checks their health. It must not know what calls
// are, nor what a gateway does with a target.
//
// A Set keeps what it knows of a target (health, calls in flight, what went
// wrong) while targets beside it come, go and change. Choosing takes no lock and
// no memory: it reads an immutable list that changes replace.
package balance
