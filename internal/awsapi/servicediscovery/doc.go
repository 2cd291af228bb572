// Package servicediscovery is the wire shapes of the API of AWS Cloud Map: what
// travels, under which names, with which constraints. It knows no rule and no
// domain struct.
//
// A pointer, map or list that is nil was not sent, or is left out of an
// answer; one that is empty was sent empty, and is written.
package servicediscovery

//go:generate go run ../internal/gen -model ../model/servicediscovery.json -package servicediscovery -service servicediscovery
