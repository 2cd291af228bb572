package lambda

import (
	"os"
	"os/exec"
	"sync"
)

// spec is all that starting a function's process takes.
type spec struct {
	path   string   // executable
	args   []string // after the path; only an interpreter has any
	dir    string   // working folder: the function's code
	env    []string // complete: nothing of ours is inherited
	memory int      // MB
	user   *identity
	output *output // receives standard output and error
}

// process is a running function with everything it started.
type process struct {
	cmd  *exec.Cmd
	tree tree // kills the process with its descendants

	done   chan struct{} // closed when the process has ended and is reaped
	status string        // how it ended ("exit status 1"); empty for exit status 0; valid after done
}

// start runs s. The process leads a group of its own, holds no file of ours
// but the null device and its output, and is limited in memory and files.
func start(s *spec) (*process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	cmd := &exec.Cmd{Path: s.path, Args: append([]string{s.path}, s.args...), Dir: s.dir, Env: s.env, Stdout: w, Stderr: w}
	p := &process{cmd: cmd, done: make(chan struct{})}
	if err := p.launch(s); err != nil {
		r.Close()
		return nil, err
	}
	if err := p.tree.adopt(cmd.Process, s); err != nil {
		s.output.log.Warn("a function's process runs without all of its limits", "error", err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { s.output.copy(r) })
	go func() {
		if err := p.tree.reap(cmd); err != nil {
			p.status = err.Error()
		}
		closeWhenRead(r, &reading)
		p.tree.release()
		close(p.done)
	}()
	return p, nil
}

// kill ends the process and its descendants at once, as Lambda does.
func (p *process) kill() {
	select {
	case <-p.done:
	default:
		p.tree.kill(p.cmd.Process)
	}
}
