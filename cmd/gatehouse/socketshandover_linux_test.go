package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestSocketHandOver: the process that hands over lets its messages end and
// closes its connections with 1001; until then backends reach them through the
// successor, which takes new ones.
func TestSocketHandOver(t *testing.T) {
	t.Parallel()
	etcd := startEtcd(t)
	for name, config := range map[string]string{
		"a store of its own": "",
		"a node of several":  "store: {masterKey: '" + strings.Repeat("1", 64) + "', etcd: {endpoints: [" + etcd.endpoint + "]}}\ncluster: {listen: '127.0.0.1:0'}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, s := converse(t), serveWith(t, "--config", write(t, "gatehouse.yaml", config))
			a := s.socketsTo(b.url)
			old := a.connect(t, s)
			old.say("slow")
			receive(t, "the slow message comes", b.slow)
			s.signal(syscall.SIGUSR2)
			eventually(t, "the successor is ready", func() bool { return strings.Count(s.stdout.String(), "ready ") > 1 })
			eventually(t, "new clients come to the successor", func() bool { return len(s.records("handing over to a new process")) > 0 })
			if got := a.callback(s, "POST", old.id, "still here?"); got.status != 200 {
				t.Errorf("a connection of the predecessor: %v", got)
			}
			old.hears("still here?")
			if got := a.callback(s, "POST", "", `{"everyone":true,"data":"bye"}`); got.body != `{"reached":1,"gone":[]}` {
				t.Errorf("everyone: %v", got)
			}
			old.hears("bye")
			close(b.release)
			old.hears("done")
			old.ends(1001)
			if id := receive(t, "$disconnect", b.gone); id != old.id {
				t.Errorf("$disconnect told of %s", id)
			}
			eventually(t, "the connection is gone", func() bool { return a.callback(s, "POST", old.id, "x").status == 410 })
			p := a.connect(t, s)
			if got := a.callback(s, "POST", p.id, "welcome"); got.status != 200 {
				t.Errorf("%v", got)
			}
			p.hears("welcome")
		})
	}
}

// TestSocketFailedHandOver: when the successor can't start, connections stay.
func TestSocketFailedHandOver(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	b, s := converse(t), serveWith(t, file)
	a := s.socketsTo(b.url)
	p := a.connect(t, s)
	if err := os.WriteFile(file, []byte("openapi: [broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.signal(syscall.SIGUSR2)
	eventually(t, "the failure is told", func() bool { return len(s.records("restart failed; going on")) > 0 })
	p.say("hello")
	p.hears("/ hello")
	if got := a.callback(s, "POST", p.id, "still here"); got.status != 200 {
		t.Errorf("%v", got)
	}
	p.hears("still here")
}
