//go:build !unix

package main

import (
	"errors"
	"os"
)

func notifyRestart(chan<- os.Signal) {}

func tellPredecessor() {}

func (p *program) handOver() error {
	return errors.New("sockets can't be handed over on this system")
}
