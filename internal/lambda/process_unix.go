//go:build unix

package lambda

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// bootstrapName is the file that the provided runtimes execute.
const bootstrapName = "bootstrap"

// tree is a process group led by a function's process.
type tree struct{ limited bool }

func (p *process) launch(s *spec) error {
	attr := &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(attr)
	if s.user != nil && int(s.user.uid) != os.Geteuid() {
		attr.Credential = &syscall.Credential{Uid: s.user.uid, Gid: s.user.gid}
		var file *os.File
		if len(s.args) == 0 { // an interpreter finds its library by its path, which is open to the user
			var err error
			if file, err = byDescriptor(p.cmd); err != nil {
				return err
			}
		}
		if file != nil {
			defer file.Close()
		}
		p.tree.limited = limitItself(p.cmd, file, s.memory)
	}
	p.cmd.SysProcAttr = attr
	err := p.cmd.Start()
	if s.user != nil && errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s can't be started as user %d, to whom the folder %s must be open: %w", s.path, s.user.uid, s.dir, fs.ErrPermission)
	}
	return err
}

func (t *tree) adopt(leader *os.Process, s *spec) error {
	if t.limited {
		return nil
	}
	return limit(leader.Pid, s.memory)
}

func (*tree) kill(leader *os.Process) {
	_ = syscall.Kill(-leader.Pid, syscall.SIGKILL) // gone already is what we want
}

func (*tree) release() {}

// identity is a user to run as.
type identity struct{ uid, gid uint32 }

// lookupUser reads a user's name or "uid:gid". Only root may switch.
func lookupUser(name string) (*identity, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("running functions as user %s needs root", name)
	}
	uid, gid, numeric := strings.Cut(name, ":")
	if !numeric {
		u, err := user.Lookup(name)
		if err != nil {
			return nil, err
		}
		uid, gid = u.Uid, u.Gid
	}
	u, err := strconv.ParseUint(uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %q: %w", name, err)
	}
	g, err := strconv.ParseUint(gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %q: %w", name, err)
	}
	return &identity{uint32(u), uint32(g)}, nil
}

// unprivileged is the user nobody, when this process may switch to it.
func unprivileged() *identity {
	if os.Geteuid() != 0 {
		return nil
	}
	user, err := lookupUser("nobody")
	if err != nil {
		return nil
	}
	return user
}

// openTo says whether user may enter folder and list it, by the modes of it
// and of all folders above it.
func openTo(folder string, user *identity) bool {
	for need := fs.FileMode(0o5); ; need = 0o1 {
		info, err := os.Stat(folder)
		if err != nil || !permits(info, user, need) {
			return false
		}
		above := filepath.Dir(folder)
		if above == folder {
			return true
		}
		folder = above
	}
}

// runnable says whether user may execute the file at path, by the modes of it
// and of all folders above it.
func runnable(path string, user *identity) bool {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	for _, file := range []string{path, real} {
		for {
			info, err := os.Stat(file)
			if err != nil || !permits(info, user, 0o1) {
				return false
			}
			above := filepath.Dir(file)
			if above == file {
				break
			}
			file = above
		}
	}
	return true
}

// permits says whether the mode of a file gives user the bits of need.
func permits(info fs.FileInfo, user *identity, need fs.FileMode) bool {
	mode := info.Mode().Perm()
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		switch {
		case owner.Uid == user.uid:
			return mode>>6&need == need
		case owner.Gid == user.gid:
			return mode>>3&need == need
		}
	}
	return mode&need == need
}

// executable says why the file can't be executed; empty when it can.
func executable(info os.FileInfo) string {
	if info.Mode()&0o111 == 0 {
		return "is not executable (chmod +x)"
	}
	return ""
}

// platformEnv is what any process needs here besides Lambda's variables.
func platformEnv() []string { return []string{"LANG=en_US.UTF-8"} }
