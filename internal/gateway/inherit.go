package gateway

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
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
	listeners []net.Listener // nil: taken
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
		l, err := fileListener(uintptr(firstFile+i), name)
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("take over socket %q: %w", name, err)
		}
		s.names, s.listeners = append(s.names, name), append(s.listeners, l)
	}
	return s, nil
}

func fileListener(fd uintptr, name string) (net.Listener, error) {
	f := os.NewFile(fd, name)
	if f == nil {
		return nil, syscall.EBADF
	}
	defer f.Close()
	return net.FileListener(f)
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
	i := slices.Index(s.names, name)
	if i < 0 {
		i = slices.Index(s.names, strings.TrimPrefix(name, "inherited:"))
	}
	if i < 0 || s.listeners[i] == nil {
		return nil
	}
	l := s.listeners[i]
	s.listeners[i] = nil
	return l
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

// Add adds a socket under the name its listener has in the configuration.
func (h *Handover) Add(name string, l net.Listener) error {
	conn, ok := l.(syscall.Conn)
	if !ok {
		return fmt.Errorf("socket %s can't be handed over", name)
	}
	f, err := duplicate(conn, name)
	if err != nil {
		return fmt.Errorf("hand over socket %s: %w", name, err)
	}
	if u, ok := l.(*net.UnixListener); ok {
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
