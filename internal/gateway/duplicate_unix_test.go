//go:build unix

package gateway

import (
	"net"
	"testing"
)

// TestHandoverLeavesListenerAlone: a listener that was handed over can still
// be closed while it waits for a connection.
func TestHandoverLeavesListenerAlone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var h Handover
	if err := h.Add("a", l); err != nil {
		t.Fatal(err)
	}
	_ = h.Files[0].Fd() // as starting a process with it does
	h.Close()
	accepted := make(chan error)
	accept := func() {
		_, err := l.Accept()
		accepted <- err
	}
	go accept()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := <-accepted; err != nil {
		t.Fatal(err)
	}
	go accept() // this one finds nobody waiting
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-accepted; err == nil {
		t.Error("a connection came out of nowhere")
	}
}
