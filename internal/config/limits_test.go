package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func loadText(t *testing.T, text string) (*Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(Overrides{File: file}, nil)
}

func TestLimits(t *testing.T) {
	c, err := loadText(t, `limits: {connections: 10, requests: 20, backendConnections: 5, backends: {"a:80": 2}, queue: 7, queueTime: 50ms, responseCache: 64MB, serviceInstances: 5000}`)
	if err != nil {
		t.Fatal(err)
	}
	want := Limits{Connections: 10, Requests: 20, BackendConnections: 5, Backends: map[string]Count{"a:80": 2}, Queue: 7, QueueTime: Duration(50 * time.Millisecond), ResponseCache: 64 << 20, ServiceInstances: 5000}
	if d := cmp.Diff(want, c.Limits); d != "" {
		t.Error(d)
	}
}

func TestWrongLimitsAreRefusedByName(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"limits: {request: 20}", "request"},
		{"limits: {requests: 0}", `"0" is no number from 1`},
		{"limits: {queue: -1}", `"-1" is no number from 1`},
		{"limits: {backends: {orders.internal: 3}}", `backends: "orders.internal": a backend is named host:port`},
		{"limits: {backends: {'a:80': none}}", `"none" is no number`},
		{"limits: {queueTime: 0}", "is no duration"},
		{"limits: {responseCache: much}", "is no size"},
		{"limits: {serviceInstances: 100001}", "serviceInstances: 100001: at most 100000"},
	} {
		if _, err := loadText(t, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
}
