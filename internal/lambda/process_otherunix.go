//go:build unix && !linux

package lambda

import (
	"os"
	"os/exec"
	"syscall"
)

func dieWithParent(*syscall.SysProcAttr) {}

func limitItself(*exec.Cmd, *os.File, int) bool { return false }

func byDescriptor(*exec.Cmd) (*os.File, error) { return nil, nil }

// reap waits for the process's end, then kills what it left behind in its
// group.
func (t *tree) reap(cmd *exec.Cmd) error {
	err := cmd.Wait()
	t.kill(cmd.Process)
	return err
}

// limit does nothing: the limits of another process can't be set here.
func limit(pid, memory int) error { return nil }
