package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// holder is a process that holds WebSocket connections: the limit of open files
// is of a process.
type holder struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startHolder(address, host string, secure bool) (*holder, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	h := &holder{cmd: exec.Command(self, "hold", address, host, strconv.FormatBool(secure))}
	h.cmd.Stderr = os.Stderr
	if h.in, err = h.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	h.out = bufio.NewScanner(out)
	h.out.Buffer(nil, 1<<20)
	return h, h.cmd.Start()
}

// close ends the process and its connections; it may be called again.
func (h *holder) close() {
	h.in.Close()
	_ = h.cmd.Wait()
}

func (h *holder) ask(what string) (string, error) {
	if _, err := fmt.Fprintln(h.in, what); err != nil {
		return "", err
	}
	return h.answer()
}

func (h *holder) answer() (string, error) {
	if !h.out.Scan() {
		return "", errors.New("the process that holds connections is gone")
	}
	text, failed := strings.CutPrefix(h.out.Text(), "error ")
	if failed {
		return "", errors.New(text)
	}
	return text, nil
}

// openMore opens n more connections and says how long that took.
func (h *holder) openMore(n int) (time.Duration, error) {
	text, err := h.ask("open " + strconv.Itoa(n))
	if err != nil {
		return 0, err
	}
	return time.ParseDuration(text)
}

// ids are the IDs of all connections.
func (h *holder) ids() ([]string, error) {
	text, err := h.ask("ids")
	return strings.Split(text, ","), err
}

// await has each connection wait for a message; arrived then says when all of
// them had theirs.
func (h *holder) await() error {
	_, err := h.ask("await")
	return err
}

func (h *holder) arrived() (time.Time, error) {
	text, err := h.answer()
	if err != nil {
		return time.Time{}, err
	}
	ns, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(0, ns), err
}

// hold is the process: it does what its input asks for until that ends.
func hold(address, host, secure string) error {
	if err := moreFiles(); err != nil {
		return err
	}
	d := &wsDialer{address: address, host: host}
	if secure == "true" {
		d.tls = &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"}
	}
	held := &heldConns{dialer: d}
	defer held.close()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		verb, rest, _ := strings.Cut(in.Text(), " ")
		text, err := held.do(verb, rest)
		if err != nil {
			text = "error " + err.Error()
		}
		fmt.Println(text)
	}
	return nil
}

// moreFiles lets the process open as many files as it may.
func moreFiles() error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}

type heldConns struct {
	dialer  *wsDialer
	conns   []*wsClient
	batches byte
}

func (h *heldConns) do(verb, rest string) (string, error) {
	switch verb {
	case "open":
		n, err := strconv.Atoi(rest)
		if err != nil {
			return "", err
		}
		began := time.Now()
		err = h.open(n)
		return time.Since(began).String(), err
	case "ids":
		ids, err := h.ids()
		return strings.Join(ids, ","), err
	case "await":
		fmt.Println("waiting")
		return h.await()
	}
	return "", errors.New("no such request: " + verb)
}

// open opens n connections, 64 at a time, from an address of their own: looking
// for a free port takes the kernel long where many are taken.
func (h *heldConns) open(n int) error {
	h.batches++
	h.dialer.local = &net.TCPAddr{IP: net.IPv4(127, 0, byte(os.Getpid()), h.batches)}
	made := make([]*wsClient, n)
	err := spread(n, 64, func(i int) (err error) {
		if made[i], err = h.dialer.dial(); err == nil && h.dialer.tls == nil {
			err = made[i].detach()
		}
		return err
	})
	h.conns = append(h.conns, made...)
	return err
}

// ids asks each connection for its ID by a message that no route is for.
func (h *heldConns) ids() ([]string, error) {
	ids := make([]string, len(h.conns))
	err := spread(len(ids), 64, func(i int) error {
		if err := h.conns[i].write(`{"action":"none"}`); err != nil {
			return err
		}
		text, err := h.conns[i].read()
		if err != nil {
			return err
		}
		_, rest, _ := strings.Cut(text, `"connectionId":"`)
		id, _, ok := strings.Cut(rest, `"`)
		if !ok {
			return errors.New("an error frame without an ID: " + text)
		}
		ids[i] = id
		return nil
	})
	return ids, err
}

// await reads a message of each connection, one connection after the other: what
// has arrived meanwhile is there at once, so that reading takes little of what
// the sender could use.
func (h *heldConns) await() (string, error) {
	for _, c := range h.conns {
		if _, err := c.read(); err != nil {
			return "", err
		}
	}
	return strconv.FormatInt(time.Now().UnixNano(), 10), nil
}

func (h *heldConns) close() {
	for _, c := range h.conns {
		if c != nil {
			c.drop()
		}
	}
}

// spread calls do for 0 to n-1, side by side, until one fails.
func spread(n, side int, do func(i int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, side)
	for worker := range side {
		wg.Go(func() {
			for errs[worker] == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				errs[worker] = do(i)
			}
			next.Store(int64(n))
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
