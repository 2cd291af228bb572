package lambda

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	// maxProcesses bounds the processes of one environment: Lambda's own limit.
	maxProcesses = 1024
	watchEvery   = 250 * time.Millisecond
)

// watch ends p when its processes together pass the limits that the system
// only holds each of them to, and says so. It looks while busy says that there
// is something to look at.
func (p *process) watch(s *spec, busy func() bool) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
		}
		if !busy() {
			continue
		}
		family := descendants(p.cmd.Process.Pid)
		problem := ""
		if n := len(family); n > maxProcesses {
			problem = fmt.Sprintf("more than %d processes", maxProcesses)
		} else if n > 1 { // one alone is held to its limit
			if mb := resident(family) >> 20; mb > s.memory+memorySlack {
				problem = fmt.Sprintf("%d MB in %d processes, with memory %d and %d MB beyond it", mb, n, s.memory, memorySlack)
			}
		}
		if problem != "" {
			s.output.log.Error("function ended: it holds " + problem)
			p.kill()
			sweep(s)
			return
		}
	}
}

// descendants are the processes below and including pid, up to a few more than
// are allowed.
func descendants(pid int) []int {
	family := []int{pid}
	for i := 0; i < len(family) && len(family) <= maxProcesses; i++ {
		dir := "/proc/" + strconv.Itoa(family[i]) + "/task/"
		tasks, err := os.ReadDir(dir)
		if err != nil {
			continue // ended
		}
		for _, t := range tasks {
			list, _ := os.ReadFile(dir + t.Name() + "/children")
			for _, child := range strings.Fields(string(list)) {
				if n, err := strconv.Atoi(child); err == nil {
					family = append(family, n)
				}
			}
		}
	}
	return family
}

// resident is the memory that processes hold, in bytes; what they share counts
// once for each.
func resident(pids []int) int {
	pages := 0
	for _, pid := range pids {
		text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
		if f := strings.Fields(string(text)); len(f) > 2 {
			rss, _ := strconv.Atoi(f[1])
			shared, _ := strconv.Atoi(f[2])
			pages += rss - shared
		}
	}
	return pages * os.Getpagesize()
}

// sweep ends processes that left the group of an ended environment. They are
// known by the log stream among their variables, which is the environment's
// alone.
func sweep(s *spec) {
	mark := ""
	for _, v := range s.env {
		if strings.HasPrefix(v, logStreamVariable) {
			mark = "\x00" + v + "\x00"
		}
	}
	for range 10 { // they may be starting others meanwhile
		if mark == "" || sweepOnce(mark) == 0 {
			return
		}
	}
}

func sweepOnce(mark string) (found int) {
	proc, err := os.Open("/proc")
	if err != nil {
		return 0
	}
	defer proc.Close()
	names, _ := proc.Readdirnames(-1) // what was read so far will do
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == os.Getpid() {
			continue
		}
		// The handle comes first, so that it is the process whose variables
		// are read that is ended.
		p, err := os.FindProcess(pid)
		if err != nil {
			continue
		}
		env, err := os.ReadFile("/proc/" + name + "/environ")
		if err == nil && bytes.Contains(append([]byte{0}, env...), []byte(mark)) && p.Kill() == nil {
			found++
		}
		p.Release()
	}
	return found
}
