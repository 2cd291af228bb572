package wsconn

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"unsafe"
)

// A TLS connection gives back what it read into, knows what it hasn't handed
// out, and goes on reading.
func TestTLSBuffers(t *testing.T) {
	cfg, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	server, client := tls.Server(near, cfg), tls.Client(far, &tls.Config{InsecureSkipVerify: true})
	defer near.Close()
	messages := []string{strings.Repeat("large", 3000), "small", "last"}
	go func() {
		for _, m := range messages {
			io.WriteString(client, m)
		}
	}()
	held := func(at uintptr) int {
		if at == 0 {
			t.Fatal("this version of Go has the buffers of TLS connections elsewhere: see tlsBuffers")
		}
		return (*bytes.Buffer)(unsafe.Add(unsafe.Pointer(server), at)).Cap()
	}
	for _, m := range messages {
		got := make([]byte, len(m))
		if _, err := io.ReadFull(server, got[:1]); err != nil {
			t.Fatal(err)
		}
		shrink(server) // the rest is to be read
		if _, err := io.ReadFull(server, got[1:]); err != nil || string(got) != m {
			t.Fatalf("read %.20q: %v", got, err)
		}
		shrink(server)
		if raw, hand := held(tlsBuffers.raw), held(tlsBuffers.hand); raw > keptTLS || hand > keptTLS {
			t.Errorf("after %d bytes %d and %d are held", len(m), raw, hand)
		}
	}
}
