//go:build unix

package valkeytest

import "syscall"

// Pause makes it answer nobody, though connections to it stand.
func (s *Server) Pause() { _ = s.cmd.Process.Signal(syscall.SIGSTOP) }

// Resume makes it go on.
func (s *Server) Resume() { _ = s.cmd.Process.Signal(syscall.SIGCONT) }
