//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/gatehouse/gatehouse/internal/store"
)

// readyVariable names the file descriptor on which a successor tells its
// predecessor that it serves.
const readyVariable = "GATEHOUSE_READY_FD"

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
	p.reload.stop() // the successor takes up edits
	p.reload = nil
	if err := p.plane.Load().close(); err != nil {
		p.log.Warn("close the store", "error", err)
	}
	if k := p.parts.lastGood; k != nil {
		if err := k.lend(); err != nil {
			p.log.Warn("lend the last good state", "error", err)
		}
	}
	err := p.startSuccessor()
	if err == nil {
		p.nodes.leave()
		return nil
	}
	p.nodes.resume()
	if k := p.parts.lastGood; k != nil {
		err = errors.Join(err, k.reclaim())
	}
	return errors.Join(err, p.openPlane(context.Background()))
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
	if err := p.control.handOverClients(sockets, p.config.UserPools.Listen); err != nil {
		return err
	}
	if err := p.names.handOver(sockets); err != nil {
		return err
	}
	nodes, err := p.nodes.handOver(sockets)
	if err != nil {
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
	cmd.Env = append(append(os.Environ(), nodes...), sockets.Env(), fmt.Sprintf("%s=%d", readyVariable, 3+len(sockets.Files)))
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
	tellSupervisor(fmt.Sprintf("MAINPID=%d", cmd.Process.Pid))
	go func() { _ = cmd.Wait() }() // this process ends before it does
	return nil
}

// lend gives the file to a successor; requests that this process still has are
// served from a copy, which nobody else sees.
func (k *kept) lend() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.state.Close(); err != nil {
		return err
	}
	lent := fmt.Sprintf("%s.%d", k.path, os.Getpid())
	defer os.Remove(lent) // it stays open
	if err := copyFile(k.path, lent); err != nil {
		return err
	}
	state, err := store.OpenLastGood(lent, k.log)
	if err == nil {
		k.state = state
	}
	return err
}

// reclaim takes the file back when the successor failed.
func (k *kept) reclaim() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	state, err := store.OpenLastGood(k.path, k.log)
	if err != nil {
		return err
	}
	old := k.state
	k.state = state
	return old.Close()
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
