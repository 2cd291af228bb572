package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

var errLockHeld = errors.New("lock held")

// lockFolder takes the folder for this process. The system frees the lock
// when the process ends, however it ends.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := lockFile(f); err != nil {
		defer f.Close()
		if errors.Is(err, errLockHeld) {
			return nil, fmt.Errorf("%w: %s (process %s)", ErrLocked, dir, lockOwner(f))
		}
		return nil, fmt.Errorf("lock the data folder %s: %w", dir, err)
	}
	if err := writeOwner(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	return f, nil
}

// writeOwner notes who holds the lock. A full disk doesn't keep the store from
// being opened: the note only serves a message.
func writeOwner(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return nil
}

func lockOwner(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 32))
	if owner := strings.TrimSpace(string(b)); err == nil && owner != "" {
		return owner
	}
	return "unknown"
}
