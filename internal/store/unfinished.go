package store

import (
	"context"
	"errors"
	"io"
)

var errUnfinished = errors.New("store: not written yet")

// Backup writes every record at one revision. The master key isn't in it.
func Backup(ctx context.Context, s *Store, w io.Writer) error { return errUnfinished }

// Restore writes a backup into an empty data folder.
func Restore(ctx context.Context, r io.Reader, dir string) error { return errUnfinished }

// RestoreExternal writes a backup into a cluster that has no data of ours.
func RestoreExternal(ctx context.Context, r io.Reader, cfg ExternalConfig) error {
	return errUnfinished
}
