package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// SocketsVariable names the sockets that a process hands to its successor as
// files 3 and up: query-escaped names, separated by commas. Unlike systemd's
// variables it needs no process ID, which nobody knows before the start.
const SocketsVariable = "GATEHOUSE_SOCKETS"

// firstFile is the first file descriptor that is handed over.
const firstFile = 3

// Sockets are listening sockets that this process was started with. A name is
// a listener's as the configuration spells it, or what systemd calls it
// (FileDescriptorName=). A nil Sockets is empty.
type Sockets struct {
	names     []string
	listeners []net.Listener   // nil: taken, or of datagrams
	packets   []net.PacketConn // nil: taken, or of connections
}

// InheritSockets takes over what systemd (LISTEN_PID, LISTEN_FDS,
// LISTEN_FDNAMES) or a predecessor (SocketsVariable) handed over, and removes
// the variables, so that no child of ours takes them for its own.
func InheritSockets() (*Sockets, error) {
	names := handedOver(os.Getenv, os.Getpid())
	for _, name := range []string{SocketsVariable, "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name)
	}
	s := &Sockets{}
	for i, name := range names {
		if err := s.takeOver(uintptr(firstFile+i), name); err != nil {
			s.Close()
			return nil, fmt.Errorf("take over socket %q: %w", name, err)
		}
	}
	return s, nil
}

func (s *Sockets) takeOver(fd uintptr, name string) error {
	f := os.NewFile(fd, name)
	if f == nil {
		return syscall.EBADF
	}
	defer f.Close()
	l, err := net.FileListener(f)
	var p net.PacketConn
	if err != nil {
		var also error
		if p, also = net.FilePacketConn(f); also != nil {
			return errors.Join(err, also)
		}
	}
	s.names, s.listeners, s.packets = append(s.names, name), append(s.listeners, l), append(s.packets, p)
	return nil
}

// handedOver lists the names of the files from 3 up.
func handedOver(getenv func(string) string, pid int) (names []string) {
	if text := getenv(SocketsVariable); text != "" {
		for name := range strings.SplitSeq(text, ",") {
			if plain, err := url.QueryUnescape(name); err == nil {
				name = plain
			}
			names = append(names, name)
		}
		return names
	}
	n, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || n < 1 || n > 1024 || getenv("LISTEN_PID") != strconv.Itoa(pid) {
		return nil
	}
	given := strings.Split(getenv("LISTEN_FDNAMES"), ":")
	for i := range n {
		name := "unknown" // as sd_listen_fds_with_names has it
		if i < len(given) && given[i] != "" {
			name = given[i]
		}
		names = append(names, name)
	}
	return names
}

// Take hands out the socket named name, or nil. "inherited:NAME" asks for
// NAME.
func (s *Sockets) Take(name string) net.Listener {
	if s == nil {
		return nil
	}
	return take(s.names, s.listeners, name)
}

// TakePackets is Take for datagrams. systemd gives both sockets of a unit with
// ListenStream= and ListenDatagram= one name.
func (s *Sockets) TakePackets(name string) net.PacketConn {
	if s == nil {
		return nil
	}
	return take(s.names, s.packets, name)
}

func take[T comparable](names []string, sockets []T, name string) (taken T) {
	var none T
	for _, name := range []string{name, strings.TrimPrefix(name, "inherited:")} {
		for i := range sockets {
			if names[i] == name && sockets[i] != none {
				taken, sockets[i] = sockets[i], none
				return taken
			}
		}
	}
	return none
}

// String lists the names.
func (s *Sockets) String() string {
	if s == nil || len(s.names) == 0 {
		return "none"
	}
	return strings.Join(s.names, ", ")
}

// Close closes what nobody took.
func (s *Sockets) Close() {
	if s == nil {
		return
	}
	for i, l := range s.listeners {
		if l != nil {
			l.Close()
			s.listeners[i] = nil
		}
	}
	for i, p := range s.packets {
		if p != nil {
			p.Close()
			s.packets[i] = nil
		}
	}
}

// Handover is what a successor is started with: give Files to exec.Cmd's
// ExtraFiles and Env to its environment, then close Files.
type Handover struct {
	Files []*os.File
	names []string
}

// Env is the entry for the successor's environment.
func (h *Handover) Env() string {
	escaped := make([]string, len(h.names))
	for i, name := range h.names {
		escaped[i] = url.QueryEscape(name)
	}
	return SocketsVariable + "=" + strings.Join(escaped, ",")
}

// Add adds a listener, or a socket for datagrams, under the name that it has in
// the configuration.
func (h *Handover) Add(name string, socket any) error {
	conn, ok := socket.(syscall.Conn)
	if !ok {
		return fmt.Errorf("socket %s can't be handed over", name)
	}
	f, err := duplicate(conn, name)
	if err != nil {
		return fmt.Errorf("hand over socket %s: %w", name, err)
	}
	if u, ok := socket.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // the successor goes on using the path
	}
	h.Files, h.names = append(h.Files, f), append(h.names, name)
	return nil
}

// Close closes the files; the sockets stay open where they are used.
func (h *Handover) Close() {
	for _, f := range h.Files {
		f.Close()
	}
}

// Files duplicates the listening sockets for a successor, which takes them
// with InheritSockets. No connection is refused between the two: what the one
// doesn't accept any more, the other does.
func (g *Gateway) Files() (*Handover, error) {
	h := &Handover{}
	for _, l := range g.listeners {
		if err := h.Add(l.cfg.String(), l.socket); err != nil {
			h.Close()
			return nil, err
		}
	}
	return h, nil
}
