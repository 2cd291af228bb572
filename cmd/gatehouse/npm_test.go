package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// npmFolder is a folder with the packages of folder's package-lock.json and
// copies of its scripts. Packages are installed once for a lock, in the user's
// cache.
func npmFolder(t *testing.T, folder string, scripts ...string) string {
	t.Helper()
	need(t, "node", "npm")
	lock, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := sha256.Sum256(lock)
	installed := filepath.Join(cache, "gatehouse-test", "npm-"+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(installed); err != nil {
		npmInstall(t, folder, installed)
	}
	to := t.TempDir()
	if err := os.Symlink(filepath.Join(installed, "node_modules"), filepath.Join(to, "node_modules")); err != nil {
		t.Fatal(err)
	}
	copyFiles(t, folder, to, append(scripts, "package.json")...)
	return to
}

// npmInstall makes the folder to, whole or not at all.
func npmInstall(t *testing.T, folder, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	work, err := os.MkdirTemp(filepath.Dir(to), "npm-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(work)
	copyFiles(t, folder, work, "package.json", "package-lock.json")
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
		t.Skipf("npm can't install what the test needs: %v\n%s", err, out)
	}
	if err := os.Rename(work, to); err != nil {
		if _, there := os.Stat(to); there != nil { // else another test was first
			t.Fatal(err)
		}
	}
}

func copyFiles(t *testing.T, from, to string, names ...string) {
	t.Helper()
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
