package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

// A backup:
//
//	"GHBACKUP"
//	header: length (4 bytes, big endian), JSON
//	records: length of the key (varint), key, length of the value (varint), value
//	a key of length 0, number of records (varint)
//	SHA-256 of all that
const (
	backupMagic    = "GHBACKUP"
	maxBackupKey   = 64 << 10
	maxBackupValue = 2 << 20
)

// BackupHeader is what a backup says of itself.
type BackupHeader struct {
	Format       int       `json:"format"`
	OldestReader int       `json:"oldestReader"`
	Revision     int64     `json:"revision"` // of the store it was made of
	Created      time.Time `json:"created"`
}

// Backup writes every record as of one revision, while the store is in use.
// Secrets are sealed in it as they are in the store: the master key isn't in
// the backup, must be kept beside it, and is needed with it.
func Backup(ctx context.Context, s *Store, w io.Writer) error {
	if err := backup(ctx, s, w); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}

func backup(ctx context.Context, s *Store, w io.Writer) error {
	recs, more, rev, err := s.listAt(ctx, Prefix, "", pageSize, 0)
	if err != nil {
		return err
	}
	out := newBackupWriter(w)
	if err := out.header(BackupHeader{formatVersion, formatOldestReader, rev, time.Now().UTC()}); err != nil {
		return err
	}
	check, err := s.get(ctx, keyCheckRecord)
	if err == nil {
		out.record(check)
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	for {
		for _, r := range recs {
			out.record(r)
		}
		if !more || out.err != nil {
			return out.close()
		}
		recs, more, _, err = s.listAt(ctx, Prefix, recs[len(recs)-1].Key, pageSize, rev)
		if err != nil {
			return err
		}
	}
}

// backupWriter hashes what it writes and keeps its first error.
type backupWriter struct {
	w     *bufio.Writer
	sum   hash.Hash
	count uint64
	err   error
}

func newBackupWriter(w io.Writer) *backupWriter {
	return &backupWriter{w: bufio.NewWriterSize(w, 1<<20), sum: sha256.New()}
}

func (b *backupWriter) write(p []byte) {
	if b.err == nil {
		b.sum.Write(p)
		_, b.err = b.w.Write(p)
	}
}

func (b *backupWriter) header(h BackupHeader) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	b.write([]byte(backupMagic))
	b.write(binary.BigEndian.AppendUint32(nil, uint32(len(text))))
	b.write(text)
	return b.err
}

func (b *backupWriter) record(r Record) {
	b.write(binary.AppendUvarint(nil, uint64(len(r.Key))))
	b.write([]byte(r.Key))
	b.write(binary.AppendUvarint(nil, uint64(len(r.Value))))
	b.write(r.Value)
	b.count++
}

func (b *backupWriter) close() error {
	b.write(binary.AppendUvarint([]byte{0}, b.count))
	b.write(b.sum.Sum(nil))
	if b.err != nil {
		return b.err
	}
	return b.w.Flush()
}

var errBackupDamaged = fmt.Errorf("%w: the backup is incomplete or altered", ErrDamaged)

// readBackup calls each with every record, which owns its bytes. A nil each
// only verifies: nothing of a backup may be used before one such pass.
func readBackup(r io.Reader, each func(Record) error) (BackupHeader, error) {
	in := &backupReader{r: bufio.NewReaderSize(r, 1<<20), sum: sha256.New()}
	h, err := in.header()
	if err != nil {
		return h, err
	}
	for count := uint64(0); ; count++ {
		key := in.bytes(maxBackupKey)
		if len(key) == 0 {
			return h, in.end(count)
		}
		value := in.bytes(maxBackupValue)
		if in.err != nil {
			return h, errBackupDamaged
		}
		if each == nil {
			continue
		}
		if err := each(Record{Key: string(key), Value: value}); err != nil {
			return h, err
		}
	}
}

type backupReader struct {
	r   *bufio.Reader
	sum hash.Hash
	err error
}

// ReadByte makes it an io.ByteReader for varints.
func (b *backupReader) ReadByte() (byte, error) {
	c, err := b.r.ReadByte()
	if err == nil {
		b.sum.Write([]byte{c})
	}
	return c, err
}

func (b *backupReader) number() uint64 {
	if b.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(b)
	b.err = err
	return n
}

func (b *backupReader) bytes(limit uint64) []byte {
	n := b.number()
	if n > limit {
		b.err = errBackupDamaged
	}
	return b.take(int(min(n, limit)))
}

func (b *backupReader) take(n int) []byte {
	if b.err != nil {
		return nil
	}
	p := make([]byte, n)
	_, b.err = io.ReadFull(b.r, p)
	b.sum.Write(p)
	return p
}

func (b *backupReader) header() (h BackupHeader, err error) {
	if string(b.take(len(backupMagic))) != backupMagic {
		return h, fmt.Errorf("%w: not a backup of Gatehouse", ErrDamaged)
	}
	size := b.take(4)
	if b.err != nil || binary.BigEndian.Uint32(size) > 1<<16 {
		return h, errBackupDamaged
	}
	text := b.take(int(binary.BigEndian.Uint32(size)))
	if b.err != nil || json.Unmarshal(text, &h) != nil {
		return h, errBackupDamaged
	}
	return h, checkFormat(text, "the backup")
}

func (b *backupReader) end(count uint64) error {
	if b.number() != count || b.err != nil {
		return errBackupDamaged
	}
	want := b.sum.Sum(nil)
	if got := b.take(sha256.Size); b.err != nil || !bytes.Equal(got, want) {
		return errBackupDamaged
	}
	if _, err := b.r.ReadByte(); err != io.EOF {
		return errBackupDamaged
	}
	return nil
}
