//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// readyVariable names the file descriptor on which a successor tells its
// predecessor that it serves.
const readyVariable = "GATEHOUSE_READY_FD"

// takeOver is how long a successor may take to get ready.
const takeOver = 60 * time.Second

func notifyRestart(c chan<- os.Signal) { signal.Notify(c, syscall.SIGUSR2) }

// tellPredecessor says that this process serves; nothing when nobody asked.
func tellPredecessor() {
	fd, err := strconv.Atoi(os.Getenv(readyVariable))
	if err != nil {
		return
	}
	os.Unsetenv(readyVariable)
	if f := os.NewFile(uintptr(fd), "predecessor"); f != nil {
		_, _ = f.Write([]byte("ready\n"))
		f.Close()
	}
}

// handOver starts the same program anew with this one's listening sockets, so
// that no connection is refused, and returns once it serves. This process
// keeps serving meanwhile, but gives the store away: when the successor
// fails, it takes it back.
func (p *program) handOver() error {
	p.log.Info("handing over to a new process")
	if err := p.plane.Load().close(); err != nil {
		p.log.Warn("close the store", "error", err)
	}
	if err := p.startSuccessor(); err != nil {
		return errors.Join(err, p.openPlane(context.Background()))
	}
	return nil
}

func (p *program) startSuccessor() error {
	sockets, err := p.gateway.Files()
	if err != nil {
		return err
	}
	defer sockets.Close()
	if err := p.control.handOver(sockets, p.config.Control); err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	self, err := os.Executable()
	if err != nil {
		return errors.Join(err, w.Close())
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = p.stdout, p.stderr, append(sockets.Files, w)
	cmd.Env = append(os.Environ(), sockets.Env(), fmt.Sprintf("%s=%d", readyVariable, 3+len(sockets.Files)))
	err = cmd.Start()
	w.Close()
	if err != nil {
		return err
	}
	_ = r.SetReadDeadline(time.Now().Add(takeOver))
	if _, err := r.Read(make([]byte, 8)); err != nil {
		_ = cmd.Process.Kill()
		return fmt.Errorf("the new process did not get ready: %w", errors.Join(err, cmd.Wait()))
	}
	go func() { _ = cmd.Wait() }() // this process ends before it does
	return nil
}
