package lambda

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Bounds of a function's code once it is unpacked (AWS Lambda developer guide,
// page "Lambda quotas"; Lambda has no limit on the number of files).
const (
	maxUnpacked = 250 << 20
	maxFiles    = 50_000
	maxFolders  = 50_000
	maxEntry    = 1024 // bytes of a path within the folder of the code
)

// errZip is Lambda's text for what is no zip.
var errZip = errors.New("Could not unzip uploaded file. Please check your file, then try to upload again.")

// CheckZip says why a zip can't be a function's code, in Lambda's words where
// it has some: it is damaged, too large once unpacked, reaches out of its
// folder, or holds something else than files and folders.
func CheckZip(data []byte) error {
	return walkZip(data, func(string, *zip.File, io.Reader) error { return nil })
}

// walkZip calls visit with every file's clean path and content. The content is
// read to its end, so that its checksum is compared and its size is what it
// is, not what the zip says.
func walkZip(data []byte, visit func(name string, f *zip.File, content io.Reader) error) error {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return errZip
	}
	if len(r.File) == 0 {
		return errors.New("Uploaded file must be a non-empty zip")
	}
	if len(r.File) > maxFiles {
		return fmt.Errorf("The zip has %d entries; at most %d are taken", len(r.File), maxFiles)
	}
	left := int64(maxUnpacked)
	seen := map[string]bool{} // false: a folder
	for _, f := range r.File {
		name, err := cleanEntry(f)
		if err != nil {
			return err
		}
		if err := occupy(seen, name, f.Mode().IsDir()); err != nil {
			return err
		}
		if f.Mode().IsDir() {
			continue
		}
		n, err := visitEntry(name, f, left, visit)
		if err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// occupy notes that name is taken and that all above it are folders.
func occupy(seen map[string]bool, name string, folder bool) error {
	if file, ok := seen[name]; ok && (file || !folder) {
		return fmt.Errorf("The zip has %q twice", clip(name, 200))
	}
	seen[name] = !folder
	for above := path.Dir(name); above != "."; above = path.Dir(above) {
		if seen[above] {
			return fmt.Errorf("The zip has %q as a file and as a folder", clip(above, 200))
		}
		seen[above] = false
	}
	if len(seen) > maxFiles+maxFolders {
		return fmt.Errorf("The zip has more than %d files and folders", maxFiles+maxFolders)
	}
	return nil
}

func visitEntry(name string, f *zip.File, left int64, visit func(string, *zip.File, io.Reader) error) (int64, error) {
	content, err := f.Open()
	if err != nil {
		return 0, errZip
	}
	defer content.Close()
	limited := &io.LimitedReader{R: content, N: left + 1}
	if err := visit(name, f, limited); err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, limited)
	if n := left + 1 - limited.N; n > left {
		return 0, fmt.Errorf("Unzipped size must be smaller than %d bytes", maxUnpacked)
	} else if err == nil {
		return n, nil
	}
	return 0, errZip
}

// cleanEntry is the path of an entry below the folder of the code.
func cleanEntry(f *zip.File) (string, error) {
	mode := f.Mode()
	if !mode.IsRegular() && !mode.IsDir() {
		what := "a special file"
		if mode&fs.ModeSymlink != 0 {
			what = "a symbolic link"
		}
		return "", fmt.Errorf("The zip's entry %q is %s; only files and folders are taken", clip(f.Name, 200), what)
	}
	name := strings.TrimSuffix(f.Name, "/")
	if len(name) > maxEntry {
		return "", fmt.Errorf("The zip's entry %q has a path of %d bytes; at most %d are taken", clip(f.Name, 200), len(name), maxEntry)
	}
	if name == "" || !filepath.IsLocal(filepath.FromSlash(name)) || strings.ContainsAny(name, "\\\x00") || path.Clean(name) != strings.TrimPrefix(name, "./") {
		return "", fmt.Errorf("The zip's entry %q doesn't lie in its folder", clip(f.Name, 200))
	}
	return path.Clean(name), nil
}

// unpack makes the folder dir of a zip: it appears whole or not at all. Files
// can be read, and those that are executable executed, by anybody who may
// reach the folder.
func unpack(data []byte, dir string) (err error) {
	temp, err := os.MkdirTemp(filepath.Dir(dir), "unpacking-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp) // renamed: nothing is there any more
	if err := os.Chmod(temp, 0o755); err != nil {
		return err
	}
	err = walkZip(data, func(name string, f *zip.File, content io.Reader) error {
		target := filepath.Join(temp, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return writeEntry(target, f.Mode().Perm()&0o755|0o444, content)
	})
	if err != nil {
		return err
	}
	if err := os.Rename(temp, dir); err != nil {
		if _, there := os.Stat(dir); there == nil {
			return nil // another was faster
		}
		return err
	}
	return nil
}

func writeEntry(target string, mode fs.FileMode, content io.Reader) error {
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return errors.Join(err, out.Chmod(mode), out.Close())
}
