package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// smallDisk mounts a file system of so many megabytes.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("gatehouse-test", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0700", megabytes)); err != nil {
		t.Skipf("mounting a small disk needs root with CAP_SYS_ADMIN: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes a file that takes all the space a disk has left.
func fill(t *testing.T, disk string) (ballast string) {
	t.Helper()
	ballast = filepath.Join(disk, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		n, err := f.Write(block)
		if errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2] // down to the last byte
			continue
		}
		if err != nil {
			t.Fatal(n, err)
		}
	}
	return ballast
}

// TestFullDisk: APIs are served while nothing can be stored, also after a
// restart on the disk that is still full.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 192)
	file := apiFile(t, greeting("hi"))
	s := newServer(t, file)
	s.data = filepath.Join(disk, "data")
	s.args = append(s.args, "--data", s.data)
	s.start()
	t.Cleanup(s.kill)
	api := s.api(file)
	s.keeps(api)
	ballast := fill(t, disk)

	s.refuses("disk is full|no space left") // by us, or by etcd, which dies of it
	s.greets(api, "dev", "hi")
	s.kill()
	s.restart()
	s.greets(api, "dev", "hi")
	s.refuses("")
	s.terminate()

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s.restart()
	s.greets(api, "dev", "hi")
	s.takesChanges()
}
