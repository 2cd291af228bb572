package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLogs(t *testing.T) {
	ten, two := 10, 2
	dir := t.TempDir()
	tests := map[string]struct {
		file string
		want Logs
		err  string
	}{
		"default":   {"data: d", Logs{Directory: filepath.Join(dir, "d", "logs"), Rotate: Rotate{100 << 20, &ten}}, ""},
		"directory": {"logs: {directory: x, rotate: {size: 2 GB, keep: 2}}", Logs{Directory: filepath.Join(dir, "x"), Rotate: Rotate{2 << 30, &two}}, ""},
		"stdout":    {"logs: {stdout: true}", Logs{Stdout: true, Rotate: Rotate{100 << 20, &ten}}, ""},
		"URL":       {"logs: {url: 'https://collector/logs'}", Logs{URL: "https://collector/logs", Rotate: Rotate{100 << 20, &ten}}, ""},
		"two":       {"logs: {stdout: true, url: 'https://collector/logs'}", Logs{}, "only one of directory, stdout and url"},
		"no URL":    {"logs: {url: collector}", Logs{}, "url is no http:// or https:// address"},
		"no size":   {"logs: {rotate: {size: much}}", Logs{}, `line 1: "much" is no size`},
		"small":     {"logs: {rotate: {size: 10KB}}", Logs{}, "at least 1MB"},
		"many":      {"logs: {rotate: {keep: -1}}", Logs{}, "keeps 0 to 1000"},
		"unknown":   {"logs: {file: x}", Logs{}, `there is no setting "file" here`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, FileName)
			if err := os.WriteFile(file, []byte(test.file), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := Load(Overrides{File: file}, nil)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, c.Logs); diff != "" {
				t.Error(diff)
			}
		})
	}
}
