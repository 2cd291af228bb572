//go:build unix

package lambda

import (
	"io/fs"
	"os"
	"syscall"
)

// ours says that a file belongs to this process's user.
func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// isOurs says whether the user is this process's own.
func (u *identity) isOurs() bool { return int(u.uid) == os.Geteuid() }
