package http2

import (
	"encoding/xml"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// argued are the cases of h2spec that may fail, and why.
var argued = map[string]string{}

// TestH2Spec runs summerwind/h2spec, when it is installed:
// go install github.com/summerwind/h2spec/cmd/h2spec@latest
func TestH2Spec(t *testing.T) {
	tool, err := exec.LookPath("h2spec")
	if err != nil {
		tool = filepath.Join(os.Getenv("HOME"), "go", "bin", "h2spec")
		if _, err := os.Stat(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal("h2spec is not installed")
			}
			t.Skip("h2spec is not installed: go install github.com/summerwind/h2spec/cmd/h2spec@latest")
		}
	}
	l := listen(t, &Server{Handler: echo})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	report := filepath.Join(t.TempDir(), "report.xml")
	out, _ := exec.Command(tool, "-h", "127.0.0.1", "-p", port, "--timeout", "3", "--junit-report", report).CombinedOutput()
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var suites struct {
		Suites []struct {
			Package string `xml:"package,attr"`
			Cases   []struct {
				ID      string    `xml:"package,attr"`
				Name    string    `xml:"classname,attr"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &suites); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, s := range suites.Suites {
		for _, c := range s.Cases {
			ran++
			if c.Failure == nil && c.Error == nil {
				continue
			}
			name := s.Package + ": " + c.Name
			if reason, ok := argued[name]; ok {
				t.Logf("fails as argued: %s (%s)", name, reason)
				continue
			}
			t.Errorf("fails: %s", name)
		}
	}
	if ran < 100 {
		t.Errorf("only %d cases ran:\n%s", ran, out)
	}
	if t.Failed() && testing.Verbose() {
		t.Log(strings.TrimSpace(string(out)))
	}
	t.Logf("%d cases", ran)
}
