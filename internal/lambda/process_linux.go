package lambda

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// dieWithParent has the kernel end the function when we end without having
// had the time to do it.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// byDescriptor lets a process that runs as another user execute a file that
// lies in a folder closed to that user, such as the data folder: it is opened
// by us and executed by descriptor, which isn't passed on.
func byDescriptor(cmd *exec.Cmd) (*os.File, error) {
	f, err := os.Open(cmd.Path)
	if err != nil {
		return nil, err
	}
	var magic [2]byte
	if n, _ := f.ReadAt(magic[:], 0); n == 2 && string(magic[:]) == "#!" {
		f.Close() // an interpreter needs the path
		return nil, nil
	}
	cmd.Path = fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	return f, nil
}

// limitItself has the process of another user set its own limits, by way of a
// shell, where we lack the right to set them (CAP_SYS_RESOURCE, which
// containers drop). file, if not nil, is what cmd executes by descriptor; the
// process keeps that one. False: limit can do it.
func limitItself(cmd *exec.Cmd, file *os.File, memory int) bool {
	if may, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, unix.CAP_SYS_RESOURCE, 0, 0, 0); err != nil || may == 1 {
		return false
	}
	program := cmd.Path
	if file != nil {
		cmd.ExtraFiles = []*os.File{file}
		program = "/proc/self/fd/3"
	}
	script := fmt.Sprintf(`ulimit -c 0; ulimit -n %d; ulimit -d %d; exec "$0" "$@"`, fileLimit, (memory+memorySlack)<<10)
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"/bin/sh", "-c", script, program}, cmd.Args[1:]...)
	return true
}

// reap waits for the process's end, kills what it left behind in its group,
// and only then reaps it: until then its ID can't name another group.
func (t *tree) reap(cmd *exec.Cmd) error {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	t.kill(cmd.Process)
	return cmd.Wait()
}

const (
	fileLimit = 1024 // open files, Lambda's own limit
	// memorySlack is what the limit on memory leaves a process beyond its
	// configured size, in MB.
	memorySlack = 256
)

// limit bounds what a process may take. Memory is bounded as private writable
// mappings (RLIMIT_DATA): address space (RLIMIT_AS) would be the stricter
// measure, but Go, Node.js and the JVM reserve gigabytes of it without using
// them. Mapped isn't resident, hence the slack for stacks and allocators; the
// limit keeps one function from taking the machine's memory, it doesn't
// account for each MB. A function past it sees its allocation fail.
func limit(pid, memory int) error {
	set := func(resource int, n uint64) error {
		return unix.Prlimit(pid, resource, &unix.Rlimit{Cur: n, Max: n}, nil)
	}
	bytes := uint64(memory+memorySlack) << 20
	err := errors.Join(
		set(unix.RLIMIT_DATA, bytes),
		set(unix.RLIMIT_NOFILE, fileLimit),
		set(unix.RLIMIT_CORE, 0))
	if errors.Is(err, unix.ESRCH) {
		return nil // ended already
	}
	return err
}
