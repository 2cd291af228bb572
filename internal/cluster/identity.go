package cluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// FileName is where a data folder keeps the node's ID.
const FileName = "node.id"

var nodeID = regexp.MustCompile(`^[a-z0-9]{10}$`)

// ID is the ID of the node whose data folder is dir: made at its first start,
// the same ever after.
func ID(dir string) (string, error) {
	file := filepath.Join(dir, FileName)
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return makeID(file)
	}
	if err != nil {
		return "", fmt.Errorf("the node's ID: %w", err)
	}
	id := strings.TrimSpace(string(raw))
	if !nodeID.MatchString(id) {
		return "", fmt.Errorf("the node's ID in %s is damaged: it is ten letters or digits; remove the file, and the node gets another", file)
	}
	return id, nil
}

// makeID writes a new ID. Of two processes that do so at once, both take the
// first one's.
func makeID(file string) (string, error) {
	id := strings.ToLower(rand.Text()[:10])
	f, err := os.CreateTemp(filepath.Dir(file), ".node-*")
	if err != nil {
		return "", fmt.Errorf("the node's ID: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(id + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), file)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) { // a file system without links
		err = os.Rename(f.Name(), file)
	}
	if errors.Is(err, fs.ErrExist) {
		return ID(filepath.Dir(file))
	}
	if err != nil {
		return "", fmt.Errorf("the node's ID: %w", err)
	}
	return id, nil
}
