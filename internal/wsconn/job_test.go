package wsconn

import (
	"sync/atomic"
	"testing"
)

// asker has a job for every message, which begins by telling of it and ends when
// it may.
type asker struct {
	echo
	begun chan string
	end   chan struct{}
	ended atomic.Int32
}

type askedJob struct {
	*asker
	text string
}

func (a *asker) Message(_ *Conn, payload []byte, _ bool) Job { return &askedJob{a, string(payload)} }

func (j *askedJob) Do() {
	j.begun <- j.text
	<-j.end
	j.ended.Add(1)
}

// Jobs are done beside each other and the reading of more messages, those of
// messages that came at once, too.
func TestJobs(t *testing.T) {
	for _, secure := range []bool{false, true} {
		a := &asker{begun: make(chan string, 10), end: make(chan struct{})}
		e := serve(t, Limits{}, secure, func() Handler { return a })
		c := dial(t, e)
		expect := func(want ...string) {
			t.Helper()
			seen := map[string]bool{}
			for range want {
				seen[<-a.begun] = true
			}
			for _, text := range want {
				if !seen[text] {
					t.Errorf("the job of %q hasn't begun: %v", text, seen)
				}
			}
		}
		c.send(frame{fin | text, "one"}, frame{fin | text, "two"}, frame{fin | text, "three"})
		expect("one", "two", "three")
		c.send(frame{fin | text, "four"})
		expect("four")
		c.send(frame{ping, "?"})
		c.expect(frame{pong, "?"})
		if n := a.ended.Load(); n != 0 {
			t.Errorf("%d jobs have ended", n)
		}
		close(a.end)
	}
}
