package lambda

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// zipped is a zip of one entry.
func zipped(t testing.TB, name string, mode fs.FileMode, content string) []byte {
	t.Helper()
	return zippedAll(t, func(w *zip.Writer) { addEntry(t, w, name, mode, content) })
}

func zippedAll(t testing.TB, add func(*zip.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	add(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func addEntry(t testing.TB, w *zip.Writer, name string, mode fs.FileMode, content string) {
	t.Helper()
	h := &zip.FileHeader{Name: name, Method: zip.Deflate}
	h.SetMode(mode)
	f, err := w.CreateHeader(h)
	if err == nil {
		_, err = f.Write([]byte(content))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckZip(t *testing.T) {
	good := zipped(t, "a/b", 0o755, "text")
	damaged := bytes.Replace(zipped(t, "a", 0o644, strings.Repeat("text", 9)), []byte{'P', 'K', 1, 2}, []byte{'P', 'K', 9, 9}, 1)
	bomb := zippedAll(t, func(w *zip.Writer) {
		for _, name := range []string{"a", "b", "c"} {
			addEntry(t, w, name, 0o644, strings.Repeat("\x00", maxUnpacked/3+1))
		}
	})
	cases := map[string]struct {
		zip  []byte
		want string // part of the error; empty: none
	}{
		"good":          {good, ""},
		"with a folder": {zippedAll(t, func(w *zip.Writer) { addEntry(t, w, "d/", fs.ModeDir|0o755, ""); addEntry(t, w, "d/f", 0o644, "") }), ""},
		"a long path":   {zipped(t, strings.Repeat("a/", 600)+"f", 0o644, ""), "has a path of 1201 bytes; at most 1024 are taken"},
		"many folders": {zippedAll(t, func(w *zip.Writer) {
			for i := range 300 {
				addEntry(t, w, fmt.Sprintf("%d/%sf", i, strings.Repeat("a/", 500)), 0o644, "")
			}
		}), "more than 100000 files and folders"},
		"nothing":         {nil, "Could not unzip"},
		"no zip":          {[]byte("text"), "Could not unzip"},
		"cut":             {good[:len(good)-30], "Could not unzip"},
		"damaged":         {damaged, "Could not unzip"},
		"empty":           {zippedAll(t, func(*zip.Writer) {}), "non-empty"},
		"upwards":         {zipped(t, "../a", 0o644, ""), "doesn't lie in its folder"},
		"upwards, hidden": {zipped(t, "a/../../b", 0o644, ""), "doesn't lie in its folder"},
		"absolute":        {zipped(t, "/etc/passwd", 0o644, ""), "doesn't lie in its folder"},
		"backslash":       {zipped(t, `..\a`, 0o644, ""), "doesn't lie in its folder"},
		"symbolic link":   {zipped(t, "a", fs.ModeSymlink|0o777, "/etc"), "symbolic link"},
		"device":          {zipped(t, "a", fs.ModeDevice|0o644, ""), "special file"},
		"twice": {zippedAll(t, func(w *zip.Writer) { addEntry(t, w, "a", 0o644, ""); addEntry(t, w, "./a", 0o644, "") }),
			"twice"},
		"file and folder": {zippedAll(t, func(w *zip.Writer) { addEntry(t, w, "a/b", 0o644, ""); addEntry(t, w, "a", 0o644, "") }), "twice"},
		"folder and file": {zippedAll(t, func(w *zip.Writer) { addEntry(t, w, "a", 0o644, ""); addEntry(t, w, "a/b", 0o644, "") }), "as a file and as a folder"},
		"bomb":            {bomb, "Unzipped size must be smaller than"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := CheckZip(c.zip)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestUnpack(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "code")
	data := zippedAll(t, func(w *zip.Writer) {
		addEntry(t, w, "bootstrap", 0o4777, "run")
		addEntry(t, w, "lib/deep/data", 0o600, "text")
	})
	if err := unpack(data, dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"bootstrap": 0o755, "lib/deep/data": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v, want %v", name, info, err, want)
		}
	}
	if err := unpack(data, dir); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if err := unpack(zipped(t, "../evil", 0o644, ""), filepath.Join(base, "evil")); err == nil {
		t.Error("a zip that reaches out of its folder was unpacked")
	}
	if entries, err := os.ReadDir(base); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

// FuzzCheckZip: what passes the check can be unpacked, and nothing lands
// beside its folder.
func FuzzCheckZip(f *testing.F) {
	f.Add(zipped(f, "a/b", 0o755, "text"))
	f.Add(zipped(f, "../a", 0o755, "text"))
	f.Add(zipped(f, "a", fs.ModeSymlink, "/"))
	f.Fuzz(func(t *testing.T, data []byte) {
		checked := CheckZip(data)
		base := t.TempDir()
		err := unpack(data, filepath.Join(base, "code"))
		if (checked == nil) != (err == nil) {
			t.Errorf("the check says %v, unpacking %v", checked, err)
		}
		entries, _ := os.ReadDir(base)
		if want := 1; err == nil && len(entries) != want || err != nil && len(entries) != 0 {
			t.Errorf("%v (%v)", entries, err)
		}
	})
}
