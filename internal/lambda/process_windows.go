package lambda

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// bootstrapName is the file that the provided runtimes execute.
const bootstrapName = "bootstrap.exe"

// tree is a job object that holds a function's process and its descendants.
type tree struct {
	mu  sync.Mutex
	job windows.Handle
}

func (p *process) launch(s *spec) error { return p.cmd.Start() }

// adopt puts the process into a job that ends with our handle to it and
// bounds its committed memory.
func (t *tree) adopt(leader *os.Process, s *spec) error {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return err
	}
	t.job = job
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{JobMemoryLimit: uintptr(s.memory+256) << 20}
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | windows.JOB_OBJECT_LIMIT_JOB_MEMORY
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil {
		return err
	}
	const access = windows.PROCESS_SET_QUOTA | windows.PROCESS_TERMINATE
	handle, err := windows.OpenProcess(access, false, uint32(leader.Pid))
	if err != nil {
		return err
	}
	defer windows.CloseHandle(handle)
	return windows.AssignProcessToJobObject(job, handle)
}

func (t *tree) kill(leader *os.Process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.job != 0 {
		_ = windows.TerminateJobObject(t.job, 1)
	}
	_ = leader.Kill()
}

// reap waits for the process's end and ends what is left in its job.
func (t *tree) reap(cmd *exec.Cmd) error {
	err := cmd.Wait()
	t.kill(cmd.Process)
	return err
}

func (t *tree) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.job != 0 {
		windows.CloseHandle(t.job)
		t.job = 0
	}
}

// identity is a user to run as; there is none on Windows.
type identity struct{}

func unprivileged() *identity { return nil }

func openTo(string, *identity) bool { return true }

func runnable(string, *identity) bool { return true }

func lookupUser(string) (*identity, error) {
	return nil, errors.New("running functions as another user isn't supported on Windows")
}

// executable says why the file can't be executed; empty when it can.
func executable(info os.FileInfo) string {
	if !strings.EqualFold(filepath.Ext(info.Name()), ".exe") {
		return "is not an .exe file"
	}
	return ""
}

// platformEnv is what any process needs here besides Lambda's variables.
func platformEnv() []string {
	var env []string
	for _, name := range []string{"SYSTEMROOT", "SYSTEMDRIVE", "TEMP", "TMP", "PATHEXT"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
