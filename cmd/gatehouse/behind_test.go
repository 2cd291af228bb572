package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// TestBehind: a reader that doesn't read costs lines, never time.
func TestBehind(t *testing.T) {
	r, w := io.Pipe()
	var lost atomic.Int64
	b := newBehind(w, func(lines int64) { lost.Add(lines) })
	line := []byte(strings.Repeat("x", 1023) + "\n")
	for range 5000 {
		if n, err := b.Write(line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	var read bytes.Buffer
	done := make(chan struct{})
	go func() {
		io.Copy(&read, r)
		close(done)
	}()
	eventually(t, "the loss is told", func() bool { return lost.Load() > 0 })
	b.Write([]byte("last words\n"))
	b.close()
	b.Write(line)
	w.Close()
	<-done
	kept := int64(strings.Count(read.String(), string(line)))
	if kept < maxBehind/1024 || kept+lost.Load() != 5000 || !strings.HasSuffix(read.String(), "last words\n") {
		t.Errorf("%d lines written, %d left out", kept, lost.Load())
	}
}

// TestStoppedTerminal: requests are answered although nobody reads what is
// told of them.
func TestStoppedTerminal(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--log-format", "text", apiFile(t, `  /hello:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: "200"}}
`))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s.stderr = w
	s.start()
	t.Cleanup(s.kill)
	w.Close()
	url := ""
	for lines := bufio.NewScanner(r); url == "" && lines.Scan(); { // the route table, and then nothing any more
		if line := strings.TrimSpace(lines.Text()); strings.HasPrefix(line, "http://127.0.0.1:") {
			url = line
		}
	}
	for range 3000 { // several pipes full
		if a := call(t, "GET", url+"/hello", "", ""); a.status != 200 {
			t.Fatal(a)
		}
	}
}
