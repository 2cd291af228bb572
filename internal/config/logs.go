package config

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Logs says where the access and execution logs of stages go: to a folder with
// a file per log group, to standard output, or to a URL. One of them.
type Logs struct {
	Directory string `yaml:"directory"` // default: logs in the data folder
	Stdout    bool   `yaml:"stdout"`
	URL       string `yaml:"url"`
	Rotate    Rotate `yaml:"rotate"`
}

// Rotate bounds what the files of a log take.
type Rotate struct {
	Size Size `yaml:"size"` // after which a file is moved aside; default 100MB
	Keep *int `yaml:"keep"` // files that were moved aside; default 10
}

// The defaults of Rotate.
const (
	defaultRotateSize = 100 << 20
	defaultRotateKeep = 10
)

func (l *Logs) defaults(data string) {
	if l.Directory == "" && !l.Stdout && l.URL == "" {
		l.Directory = filepath.Join(data, "logs")
	}
	l.Rotate.defaults()
}

func (r *Rotate) defaults() {
	if r.Size == 0 {
		r.Size = defaultRotateSize
	}
	if r.Keep == nil {
		keep := defaultRotateKeep
		r.Keep = &keep
	}
}

func (r *Rotate) check(place string) []string {
	if r.Size < 1<<20 || *r.Keep < 0 || *r.Keep > 1000 {
		return []string{place + ": rotate needs a size of at least 1MB, and keeps 0 to 1000 files"}
	}
	return nil
}

// Audit says where the records of management calls go: to a file, and to
// standard output if that is wanted.
type Audit struct {
	Directory string `yaml:"directory"` // default: audit in the data folder
	Stdout    bool   `yaml:"stdout"`
	Rotate    Rotate `yaml:"rotate"`
}

func (a *Audit) defaults(data string) {
	if a.Directory == "" {
		a.Directory = filepath.Join(data, "audit")
	}
	a.Rotate.defaults()
}

func (l *Logs) check() (problems []string) {
	if n := count(l.Directory != "", l.Stdout, l.URL != ""); n > 1 {
		problems = append(problems, "logs: only one of directory, stdout and url can be set")
	}
	if u, err := url.Parse(l.URL); l.URL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		problems = append(problems, "logs: url is no http:// or https:// address")
	}
	return append(problems, l.Rotate.check("logs")...)
}

func count(set ...bool) (n int) {
	for _, s := range set {
		if s {
			n++
		}
	}
	return n
}

// Size is a number of bytes, written as such or as 100KB, 100MB, 2GB (of 1024).
type Size int64

// UnmarshalYAML reads either form.
func (s *Size) UnmarshalYAML(n *yaml.Node) error {
	text, factor := strings.ToUpper(strings.ReplaceAll(n.Value, " ", "")), int64(1)
	for _, unit := range []struct {
		name string
		of   int64
	}{{"KB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}, {"B", 1}} {
		if number, ok := strings.CutSuffix(text, unit.name); ok {
			text, factor = number, unit.of
			break
		}
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v <= 0 || v > (1<<40)/factor {
		return fmt.Errorf("line %d: %q is no size: write bytes, or 100MB", n.Line, n.Value)
	}
	*s = Size(v * factor)
	return nil
}
