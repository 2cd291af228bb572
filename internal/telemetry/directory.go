package telemetry

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

var errSlowClose = errors.New("the log destination didn't take the last lines in time")

// Directory writes each log group to a file of its name, and moves a file that
// got large aside: NAME.log is the latest, then NAME.log.1, NAME.log.2 …
type Directory struct {
	Path string
	Size int64 // bytes after which a file is moved aside
	Keep int   // how many that were moved aside stay

	files map[string]*logFile
	now   func() time.Time // nil: time.Now
}

type logFile struct {
	f    *os.File
	size int64
	used time.Time
	torn bool // the last line is half a line: the disk was full
}

// maxOpenFiles is how many log files are open at once.
const maxOpenFiles = 128

// Write implements Destination.
func (d *Directory) Write(group string, lines []byte) error {
	f, err := d.open(group)
	if err != nil {
		return err
	}
	if f.size > 0 && f.size+int64(len(lines)) > d.Size {
		if f, err = d.rotate(group); err != nil {
			return err
		}
	}
	if f.torn {
		if _, err := f.f.Write([]byte{'\n'}); err != nil {
			return err
		}
		f.torn = false
	}
	n, err := f.f.Write(lines)
	f.size += int64(n)
	f.used = d.time()
	f.torn = err != nil && n > 0
	return err
}

func (d *Directory) time() time.Time {
	if d.now != nil {
		return d.now()
	}
	return time.Now()
}

func (d *Directory) name(group string) string {
	return filepath.Join(d.Path, filepath.FromSlash(group)+".log")
}

// open is the group's file. When somebody else has moved it away, a new one is
// begun.
func (d *Directory) open(group string) (*logFile, error) {
	name := d.name(group)
	if f := d.files[group]; f != nil {
		if sameFile(f.f, name) {
			return f, nil
		}
		d.closeFile(group)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return nil, err
	}
	if len(d.files) >= maxOpenFiles {
		d.closeOldest()
	}
	opened, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return nil, err
	}
	info, err := opened.Stat()
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	f := &logFile{f: opened, size: info.Size(), used: d.time()}
	if d.files == nil {
		d.files = map[string]*logFile{}
	}
	d.files[group] = f
	return f, nil
}

func sameFile(f *os.File, name string) bool {
	here, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(name)
	return err == nil && os.SameFile(here, there)
}

// rotate moves the group's file aside and begins another.
func (d *Directory) rotate(group string) (*logFile, error) {
	name := d.name(group)
	d.closeFile(group)
	if d.Keep < 1 {
		if err := os.Remove(name); err != nil {
			return nil, err
		}
		return d.open(group)
	}
	for i := d.Keep - 1; i >= 1; i-- {
		err := os.Rename(fmt.Sprintf("%s.%d", name, i), fmt.Sprintf("%s.%d", name, i+1))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if err := os.Rename(name, name+".1"); err != nil {
		return nil, err
	}
	return d.open(group)
}

func (d *Directory) closeFile(group string) error {
	f := d.files[group]
	delete(d.files, group)
	return f.f.Close()
}

func (d *Directory) closeOldest() {
	oldest := ""
	for group, f := range d.files {
		if oldest == "" || f.used.Before(d.files[oldest].used) {
			oldest = group
		}
	}
	_ = d.closeFile(oldest)
}

// Idle implements Destination: files that nothing was written to for a while
// are closed.
func (d *Directory) Idle() {
	for group, f := range d.files {
		if d.time().Sub(f.used) > idleEvery {
			_ = d.closeFile(group)
		}
	}
}

// Close implements Destination.
func (d *Directory) Close() error {
	var errs []error
	for group := range d.files {
		errs = append(errs, d.closeFile(group))
	}
	return errors.Join(errs...)
}
