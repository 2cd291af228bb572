//go:build !unix

package wsconn

import "net"

// socket can't be waited for here: a connection is read into a buffer that it
// holds while it waits.
type socket struct{ kind socketKind }

func (s *socket) set(net.Conn)                       {}
func (s *socket) wait()                              { panic("not direct") }
func (s *socket) hasInput() bool                     { panic("not direct") }
func (s *socket) tryRead([]byte) (n int, err error)  { panic("not direct") }
func (s *socket) tryWrite([]byte) (n int, err error) { panic("not direct") }
