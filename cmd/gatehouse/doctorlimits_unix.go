//go:build unix

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// fewFiles is a limit of open files that a busy server runs into.
const fewFiles = 8192

// limits checks what the system allows this process. Go raises the soft limit
// of files to the hard one by itself.
func (e *examination) limits() {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		e.warn("limits", "open files: "+err.Error(), "")
	} else {
		e.openFiles(uint64(files.Max))
	}
	e.backlog()
}

// openFiles: a request that is proxied holds two, its client's and its
// backend's connection.
func (e *examination) openFiles(most uint64) {
	clients := uint64(cmp.Or(int(e.config.Limits.Connections), 65536))
	mend := fmt.Sprintf("ulimit -Hn, or LimitNOFILE= of the systemd unit; or bring limits.connections (%d) down", clients)
	switch finding := fmt.Sprintf("open files: %d", most); {
	case most < fewFiles:
		e.warn("limits", finding+": too few for a busy server", mend)
	case most < clients:
		e.warn("limits", finding+": fewer than the clients that may connect", mend)
	default:
		e.ok("limits", finding)
	}
}

// backlog checks how many connections may wait to be accepted (Linux).
func (e *examination) backlog() {
	const file = "/proc/sys/net/core/somaxconn"
	text, err := os.ReadFile(file)
	if err != nil {
		return
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	switch finding := fmt.Sprintf("connections waiting to be accepted (net.core.somaxconn): %d", n); {
	case err != nil:
	case n < 1024:
		e.warn("limits", finding, "sysctl -w net.core.somaxconn=4096")
	default:
		e.ok("limits", finding)
	}
}

// belongsToOther says that this process is root's and path is not.
func belongsToOther(path string) bool {
	info, err := os.Stat(path)
	if err != nil || os.Geteuid() != 0 {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Uid != 0
}
