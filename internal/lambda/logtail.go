package lambda

import (
	"bytes"
	"fmt"
	"sync"
	"time"
)

// maxTail is how much of a log's end callers can have, in bytes (AWS Lambda
// API reference, "Invoke").
const maxTail = 4 << 10

// logTail keeps the end of what a function writes during one invocation.
type logTail struct {
	mu   sync.Mutex
	text []byte // guarded by mu; at most twice maxTail
}

// add takes one line, as the function wrote it. What a runtime writes for a
// text's own line feeds is one again.
func (t *logTail) add(line []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.text) > maxTail {
		t.text = t.text[:copy(t.text, t.text[len(t.text)-maxTail:])]
	}
	line = line[max(len(line)-maxTail, 0):]
	t.text = append(append(t.text, bytes.ReplaceAll(line, []byte{'\r'}, []byte{'\n'})...), '\n')
}

// logOf is the end of an invocation's log, between the lines that Lambda
// writes itself. What a process needed of its memory isn't measured here, and
// so isn't told.
func (l *local) logOf(j *job, took time.Duration) []byte {
	ms := float64(took.Microseconds()) / 1000
	j.tail.mu.Lock()
	defer j.tail.mu.Unlock()
	all := fmt.Appendf(nil, "START RequestId: %s Version: %s\n", j.id, l.version)
	all = append(all, j.tail.text...)
	all = fmt.Appendf(all, "END RequestId: %s\nREPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\n",
		j.id, j.id, ms, int64(ms)+1, l.function.Memory)
	return all[max(len(all)-maxTail, 0):]
}
