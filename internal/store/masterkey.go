package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	masterKeySize  = 32
	maxKeyFile     = 64 << 10
	keyCheckRecord = ownPrefix + "masterkey"
)

// LoadMasterKey reads the master key of path, creating one with mode 0600 when
// the file is missing. A file that others may read is refused. For its format
// see ParseMasterKey.
func LoadMasterKey(path string) (*Sealer, error) {
	text, err := readKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = createKeyFile(path); err == nil || errors.Is(err, fs.ErrExist) {
			text, err = readKeyFile(path) // perhaps of another process
		}
	}
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	s, err := ParseMasterKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func readKeyFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	// Windows has no such bits; access there follows the folder's list.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return "", fmt.Errorf("%s has mode %04o: others may read it; make it 0600", path, mode)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	return string(b), err
}

// createKeyFile makes the file appear whole: a process that dies here, or
// another that does the same, never leaves half a key.
func createKeyFile(path string) error {
	key := make([]byte, masterKeySize)
	rand.Read(key) // never fails
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if err := fill(tmp, []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// ParseMasterKey takes a key of 32 bytes in hex or base64, from a file, an
// environment variable or a command's output. Several lines are several keys:
// the first seals, all open.
func ParseMasterKey(text string) (*Sealer, error) {
	var keys [][]byte
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		key, err := hex.DecodeString(line)
		if err != nil {
			key, err = base64.StdEncoding.DecodeString(line)
		}
		if err != nil || len(key) != masterKeySize {
			return nil, fmt.Errorf("a master key is %d bytes in hex or base64", masterKeySize)
		}
		keys = append(keys, key)
	}
	return NewSealer(keys...)
}

// CheckMasterKey makes sure that k opens what is sealed in s, so that a lost
// or mistaken key is found at start and not at the first secret. ErrOtherKey.
func CheckMasterKey(ctx context.Context, s *Store, k *Sealer) error {
	r, err := s.get(ctx, keyCheckRecord)
	if errors.Is(err, ErrNotFound) {
		put := Op{Key: keyCheckRecord, Value: k.Seal(keyCheckRecord, nil)}
		_, err = s.commit(ctx, comparisons([]Condition{{keyCheckRecord, 0}}), operations([]Op{put}))
		if !errors.Is(err, ErrConflict) {
			return err
		}
		r, err = s.get(ctx, keyCheckRecord) // another node was faster
	}
	if err != nil {
		return err
	}
	if _, err := k.Open(keyCheckRecord, r.Value); err != nil {
		return fmt.Errorf("check the master key: %w", err)
	}
	return nil
}

// AdoptMasterKey makes k's current key the one that CheckMasterKey asks for:
// everything is sealed with it.
func (s *Store) AdoptMasterKey(ctx context.Context, k *Sealer) error {
	r, err := s.get(ctx, keyCheckRecord)
	if errors.Is(err, ErrNotFound) {
		return nil // nothing was ever sealed
	}
	if err != nil || !k.Stale(r.Value) {
		return err
	}
	put := Op{Key: keyCheckRecord, Value: k.Seal(keyCheckRecord, nil)}
	_, err = s.commit(ctx, comparisons([]Condition{{keyCheckRecord, r.Revision}}), operations([]Op{put}))
	return err
}
