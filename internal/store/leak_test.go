package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"
)

// TestNoLeaks: goroutines are back to their number after Close. It counts in a
// process of its own, because a store that died leaves some behind.
func TestNoLeaks(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=counter", "STORE_DIR="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func runCounter() error {
	before := 0
	for i := range 6 {
		if err := useAndClose(os.Getenv("STORE_DIR")); err != nil {
			return err
		}
		if i == 0 { // what etcd starts once and for all
			before = runtime.NumGoroutine()
		}
	}
	for end := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before+2; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
			return fmt.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
	return nil
}

func useAndClose(dir string) error {
	ctx := context.Background()
	s, err := OpenEmbedded(ctx, EmbeddedConfig{Dir: dir})
	if err != nil {
		return err
	}
	w := s.Watch(ctx, Prefix, 0)
	<-w
	if _, err := s.Commit(ctx, Txn{Ops: []Op{put(Prefix+"a", "1")}}); err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	for range w {
	}
	if _, err = s.Get(ctx, Prefix+"a"); !errors.Is(err, ErrDead) {
		return fmt.Errorf("reading a closed store: %v", err)
	}
	return nil
}
