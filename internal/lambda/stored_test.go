package lambda

import (
	"archive/zip"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// storedName is the function that these tests create.
var storedName = Name{Partition: "aws", Region: "eu-west-1", Account: "123456789012", Name: "made"}

// rawZip is the raw function's bootstrap as a zip.
var rawZip = sync.OnceValues(func() ([]byte, error) { return os.ReadFile(filepath.Join(rawFolder, bootstrapName)) })

func storedZip(t testing.TB) []byte {
	t.Helper()
	bootstrap, err := rawZip()
	if err != nil {
		t.Fatal(err)
	}
	return zippedAll(t, func(w *zip.Writer) { addEntry(t, w, bootstrapName, 0o755, string(bootstrap)) })
}

// stored is one version with a variable MARK.
func stored(version, revision, mark string, code []byte) *Stored {
	return &Stored{
		Function: Function{Runtime: runtimeProvided, Handler: "h", Environment: map[string]string{"MARK": mark}, Concurrency: 50},
		Version:  version, Hash: fmt.Sprintf("hash-of-%d-bytes", len(code)), Revision: revision,
		Zip: func(context.Context) ([]byte, error) { return code, nil },
	}
}

func function(permitted string, versions ...*Stored) *StoredFunction {
	q := map[string]string{"": latest}
	for _, v := range versions[1:] {
		q[v.Version], q["live"] = v.Version, v.Version
	}
	return &StoredFunction{Versions: versions, Qualifiers: q,
		Permits: func(qualifier, source string) bool { return qualifier+" "+source == permitted }}
}

func invokeAs(t testing.TB, f *Functions, qualifier, payload, source string) (*Result, error) {
	t.Helper()
	n := storedName
	n.Qualifier = qualifier
	in := &Invocation{Function: n.ARN(&Config{}), Payload: []byte(payload)}
	if source != "" {
		in.Header = map[string]string{sourceHeader: source}
	}
	out := new(Result)
	return out, f.Invoke(t.Context(), in, out)
}

// storedHost is a host that leaves no unpacked code behind.
func storedHost(t *testing.T) *Functions {
	t.Helper()
	f, _ := host(t, nil)
	t.Cleanup(func() {
		base, err := f.stored.folder()
		if err == nil {
			err = os.RemoveAll(base)
		}
		if err != nil {
			t.Error(err)
		}
	})
	return f
}

// TestStoredVersions: each qualifier runs its version, with its variables;
// API Gateway needs a permission.
func TestStoredVersions(t *testing.T) {
	f := storedHost(t)
	code := storedZip(t)
	f.SetStored(storedName, function("live arn:ok", stored(latest, "r1", "new", code), stored("3", "r2", "old", code)))
	for qualifier, want := range map[string][2]string{"": {latest, "MARK=new"}, latest: {latest, "MARK=new"}, "3": {"3", "MARK=old"}, "live": {"3", "MARK=old"}} {
		out, err := invokeAs(t, f, qualifier, `"env"`, "")
		if err != nil || out.ExecutedVersion != want[0] || !strings.Contains(string(out.Payload), want[1]) || !strings.Contains(string(out.Payload), "AWS_LAMBDA_FUNCTION_VERSION="+want[0]) {
			t.Errorf("%q: %v %+v", qualifier, err, out)
		}
	}
	if out, err := invokeAs(t, f, "9", `1`, ""); KindOf(err) != NotFound || out.Status != http.StatusNotFound {
		t.Errorf("a version that isn't there: %v %d", err, out.Status)
	}
	if out, err := invokeAs(t, f, "live", `"pid"`, "arn:ok"); err != nil || out.Status != http.StatusOK {
		t.Errorf("permitted: %v", err)
	}
	for qualifier, source := range map[string]string{"": "arn:ok", "live": "arn:other"} {
		if out, err := invokeAs(t, f, qualifier, `"pid"`, source); KindOf(err) != AccessDenied || out.Status != http.StatusForbidden {
			t.Errorf("%q from %s: %v", qualifier, source, err)
		}
	}
	if !f.IsStored("made") || f.IsStored("other") {
		t.Error("what is stored isn't told")
	}
	f.SetStored(storedName, nil)
	if _, err := invokeAs(t, f, "", `1`, ""); KindOf(err) != NotFound {
		t.Errorf("after its deletion: %v", err)
	}
}

// TestStoredReplaced: no invocation is lost while a function changes, and
// code that nobody has any more is removed.
func TestStoredReplaced(t *testing.T) {
	f := storedHost(t)
	code := storedZip(t)
	f.SetStored(storedName, function("", stored(latest, "r0", "m0", code)))
	stop, calling := make(chan struct{}), sync.WaitGroup{}
	for range 4 {
		calling.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if out, err := invokeAs(t, f, "", `"pid"`, ""); err != nil || out.FunctionError != "" {
					t.Errorf("%v %s", err, out.Payload)
					return
				}
			}
		})
	}
	for i := range 10 {
		f.SetStored(storedName, function("", stored(latest, fmt.Sprint("r", i+1), fmt.Sprint("m", i+1), code)))
		if out, err := invokeAs(t, f, "", `"env"`, ""); err != nil || !strings.Contains(string(out.Payload), fmt.Sprint("MARK=m", i+1)) {
			t.Errorf("change %d isn't served: %v", i+1, err)
		}
	}
	close(stop)
	calling.Wait()
	base, err := f.stored.folder()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(base, "of-nobody"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.PruneStored(); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(base); err != nil || len(entries) != 1 || !strings.HasPrefix(entries[0].Name(), "hash-") {
		t.Errorf("unpacked: %v %v", entries, err)
	}
	f.SetStored(storedName, nil)
	if err := f.PruneStored(); err != nil {
		t.Error(err)
	}
}

func TestCheckStored(t *testing.T) {
	f, _ := host(t, nil)
	for runtime, want := range map[string]string{runtimeProvided: "", "go": "isn't Lambda's", "dotnet8": "isn't supported", "nodejs1.x": "isn't supported"} {
		err := f.CheckStored(Function{Runtime: runtime, Handler: "a.b"})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", runtime, err, want)
		}
	}
}

// TestShare: how an alias of two versions divides its invocations.
func TestShare(t *testing.T) {
	f := StoredFunction{Qualifiers: map[string]string{"": latest, "live": "1", "new": "1", "old": "1"}, Shared: map[string]Share{
		"live": {"2", 0.25}, "new": {"2", 1}, "old": {"2", 0},
	}}
	cases := []struct {
		qualifier string
		random    float64
		want      string
	}{
		{"", 0, latest}, {"live", 0, "2"}, {"live", 0.24, "2"}, {"live", 0.25, "1"}, {"live", 0.99, "1"},
		{"new", 0.999, "2"}, {"old", 0, "1"}, {"nobody", 0, ""},
	}
	for _, c := range cases {
		if got, ok := f.choose(c.qualifier, c.random); got != c.want || ok != (c.want != "") {
			t.Errorf("%q at %v: %q, %v", c.qualifier, c.random, got, ok)
		}
	}
}
