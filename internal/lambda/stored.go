package lambda

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Stored is one version of a function that was created through Lambda's API.
type Stored struct {
	Function Function // without code
	Version  string   // "$LATEST" or a number
	Hash     string   // of its code's zip, in hex

	// Revision differs when anything of the version does: environments of the
	// revision before are used no more.
	Revision string

	// Sealed says that the function's environment could not be unsealed, and so
	// that it can't run.
	Sealed bool

	// Zip reads the code; it is asked once, before the first invocation.
	Zip func(ctx context.Context) ([]byte, error)
}

// Undecipherable is said of a version whose environment can't be unsealed.
const Undecipherable = "Lambda was unable to decrypt the environment variables because the master key at hand isn't the one they were sealed with. " +
	"Give Gatehouse that key, or set the variables anew."

// StoredFunction is a function that was created through Lambda's API.
type StoredFunction struct {
	Versions []*Stored

	// Qualifiers are the names of each version: its number, "" for $LATEST,
	// its aliases.
	Qualifiers map[string]string

	// Shared are the aliases whose invocations go to a second version, too.
	Shared map[string]Share

	// Permits says whether API Gateway may invoke the function by a
	// qualifier for the method that source, an ARN, names.
	Permits func(qualifier, source string) bool
}

// Share is the part of an alias's invocations that another version gets.
type Share struct {
	Version string
	Weight  float64 // 0 to 1
}

// choose is the version that an invocation by qualifier runs; random is in
// [0, 1).
func (f *StoredFunction) choose(qualifier string, random float64) (version string, ok bool) {
	if s, shared := f.Shared[qualifier]; shared && random < s.Weight {
		return s.Version, true
	}
	version, ok = f.Qualifiers[qualifier]
	return version, ok
}

// CheckStored says why a version can't run here.
func (f *Functions) CheckStored(fn Function) error {
	if fn.Runtime == runtimeGo {
		return fmt.Errorf("runtime go isn't Lambda's: build the function and upload it for %s", runtimeProvided)
	}
	fn.Code = "." // it isn't there yet
	if err := complete(&fn); err != nil {
		return err
	}
	user, err := f.storedUser()
	if err != nil {
		return err
	}
	f.stored.starting.Lock()
	i, _, err := f.interpreter("", fn.Runtime, user)
	f.stored.starting.Unlock()
	if err == nil {
		_, err = newCode(context.Background(), &f.cfg, "", &fn, i)
	}
	return err
}

// storedUser is whom functions run as.
func (f *Functions) storedUser() (*identity, error) {
	if f.cfg.User == "" {
		return unprivileged(), nil
	}
	return lookupUser(f.cfg.User)
}

// storedSet is the functions that were created through Lambda's API, by
// unqualified ARN.
type storedSet struct {
	mu        sync.RWMutex
	functions map[string]*storedTarget
	closed    bool
	folder    func() (string, error) // where code is unpacked

	starting sync.Mutex // guards Functions.interpreters once that is loaded
}

// storedTarget is one of them. It never changes.
type storedTarget struct {
	StoredFunction
	running map[string]*storedVersion // by version
}

// storedVersion is a version and, once it was invoked, where it runs.
type storedVersion struct {
	*Stored
	name string
	f    *Functions

	mu      sync.Mutex // held while the code is made ready
	local   *local
	retired bool // another one took its place
}

// SetStored makes fn what the function called name, complete and without
// qualifier, is from now on; nil: it is gone. Invocations under way end as
// they began.
func (f *Functions) SetStored(name Name, fn *StoredFunction) {
	s, arn := &f.stored, name.ARN(&f.cfg)
	s.mu.Lock()
	old := s.functions[arn]
	var now *storedTarget
	if fn != nil && !s.closed {
		now = &storedTarget{StoredFunction: *fn, running: map[string]*storedVersion{}}
		for _, v := range fn.Versions {
			now.running[v.Version] = &storedVersion{Stored: v, name: name.Name, f: f}
			if was := old.version(v.Version); was != nil && was.Revision == v.Revision {
				now.running[v.Version] = was
			}
		}
		if s.functions == nil {
			s.functions = map[string]*storedTarget{}
		}
		s.functions[arn] = now
	} else {
		delete(s.functions, arn)
	}
	s.mu.Unlock()
	f.mu.Lock()
	clear(f.resolved) // the name may have meant a function elsewhere
	f.mu.Unlock()
	if old == nil {
		return
	}
	for version, v := range old.running {
		if now.version(version) != v {
			f.wait.Go(v.retire)
		}
	}
}

func (t *storedTarget) version(version string) *storedVersion {
	if t == nil {
		return nil
	}
	return t.running[version]
}

// findStored is what name means among the stored functions; nil without.
func (f *Functions) findStored(name Name) *target {
	plain := name
	plain.Qualifier = ""
	f.stored.mu.RLock()
	fn := f.stored.functions[plain.ARN(&f.cfg)]
	f.stored.mu.RUnlock()
	if fn == nil {
		return nil
	}
	t := f.target(name)
	t.stored = fn
	return t
}

// errForbidden is Lambda's refusal of a call that no permission allows.
func errForbidden(function string) *Error {
	return &Error{Kind: AccessDenied, Function: function, Status: http.StatusForbidden, Type: "AccessDeniedException",
		Message: "Invalid permissions on Lambda function: its policy doesn't let apigateway.amazonaws.com invoke it for this method (aws lambda add-permission)"}
}

// sourceHeader is set by API Gateway's calls, and names the method.
const sourceHeader = "X-Amz-Source-Arn"

// invokeStored invokes what t is, and what took its place when that happened
// in between. run is given the version's host and the ARN it is invoked by.
func (f *Functions) invokeStored(ctx context.Context, in *Invocation, t *target, run func(l *local, arn string) error) error {
	for {
		err := f.invokeVersion(ctx, in, t, run)
		if err != errReplaced {
			return err
		}
		if t, err = f.find(in.Function); err != nil {
			return err
		}
		if t.stored == nil {
			return missing(in.Function, nil)
		}
	}
}

// errReplaced: the version was replaced before it took the invocation.
var errReplaced = errors.New("the version was replaced")

func (f *Functions) invokeVersion(ctx context.Context, in *Invocation, t *target, run func(l *local, arn string) error) error {
	name, err := ParseName(t.arn)
	if err != nil {
		return err
	}
	qualifier := name.Qualifier
	if qualifier == latest {
		qualifier = ""
	}
	if source := in.Header[sourceHeader]; source != "" && !t.stored.Permits(qualifier, source) {
		return errForbidden(in.Function)
	}
	version, ok := t.stored.choose(qualifier, rand.Float64())
	v := t.stored.version(version)
	if !ok || v == nil {
		return noFunction(in.Function, t.arn)
	}
	l, err := v.ready(ctx)
	if err == errReplaced {
		return err
	}
	if err != nil {
		return asError(ctx, err).of(in.Function)
	}
	err = run(l, t.arn)
	if err != nil && v.replaced(l) {
		return errReplaced
	}
	return err
}

// replaced says that l takes no invocation any more, because v was replaced.
func (v *storedVersion) replaced(l *local) bool {
	v.mu.Lock()
	retired := v.retired
	v.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	return retired && l.closed && v.f.running()
}

// running is false once Close was called.
func (f *Functions) running() bool {
	select {
	case <-f.stop:
		return false
	default:
		return true
	}
}

// of puts the function's name on an error that has none.
func (e *Error) of(function string) *Error {
	if e.Function != "" {
		return e
	}
	return &Error{e.Kind, function, e.Status, e.Type, e.Message, e.Cause}
}

// ready unpacks the code, if need be, and returns what runs it.
func (v *storedVersion) ready(ctx context.Context) (*local, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.Sealed:
		return nil, &Error{Kind: Broken, Status: http.StatusBadGateway, Type: "KMSAccessDeniedException", Message: Undecipherable}
	case v.local != nil:
		return v.local, nil
	case v.retired:
		return nil, errReplaced
	}
	fn, err := v.Function, error(nil)
	if fn.Code, err = v.unpacked(ctx); err != nil {
		return nil, err
	}
	user, err := v.f.storedUser()
	if err != nil {
		return nil, err
	}
	v.f.stored.starting.Lock()
	t, err := v.f.entry(v.name+":"+v.Version, fn, user)
	v.f.stored.starting.Unlock()
	if err != nil {
		return nil, err
	}
	if !v.f.running() {
		return nil, errStopped()
	}
	v.local = t.local
	return v.local, nil
}

// unpacked is the folder with the code; it is made of the zip when it isn't
// there.
func (v *storedVersion) unpacked(ctx context.Context) (string, error) {
	base, err := v.f.stored.folder()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(base, v.Hash)
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	zip, err := v.Zip(ctx)
	if err != nil {
		return "", &Error{Kind: Unavailable, Message: "its code can't be read", Cause: err}
	}
	if err := unpack(zip, folder); err != nil {
		return "", fmt.Errorf("unpack the code: %w", err)
	}
	return folder, nil
}

// retireGrace is how long invocations that found a version before it was
// replaced may take to begin.
const retireGrace = time.Second

// retire ends the environments of a version that was replaced: the idle ones
// soon, the others after what they do.
func (v *storedVersion) retire() {
	v.mu.Lock()
	l := v.local
	v.retired = true
	v.mu.Unlock()
	if l == nil {
		return
	}
	defer v.f.pruneCode(v.Hash)
	tick := time.NewTicker(retireGrace)
	defer tick.Stop()
	for {
		select {
		case <-v.f.stop:
			l.close()
			return
		case now := <-tick.C:
			l.shrink(now.Add(-retireGrace / 2))
			l.mu.Lock()
			busy := l.live > 0 || l.events > 0
			l.mu.Unlock()
			if !busy {
				l.close()
				return
			}
		}
	}
}

// usedCode are the hashes of all code that a stored function has.
func (f *Functions) usedCode() map[string]bool {
	used := map[string]bool{}
	f.stored.mu.RLock()
	defer f.stored.mu.RUnlock()
	for _, t := range f.stored.functions {
		for _, v := range t.running {
			used[v.Hash] = true
		}
	}
	return used
}

// pruneCode removes unpacked code, unless a function has it. At worst it stays
// until the next start.
func (f *Functions) pruneCode(hash string) {
	if base, err := f.stored.folder(); err == nil && !f.usedCode()[hash] {
		os.RemoveAll(filepath.Join(base, hash))
	}
}

// PruneStored removes unpacked code that no stored function has. It is called
// once the functions are known, before any is invoked.
func (f *Functions) PruneStored() error {
	if _, err := os.Lstat(f.storedPath()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	base, err := f.stored.folder()
	if err != nil {
		return err
	}
	used := f.usedCode()
	entries, err := os.ReadDir(base)
	if err != nil {
		return err
	}
	var problems []error
	for _, e := range entries {
		if !used[e.Name()] {
			problems = append(problems, os.RemoveAll(filepath.Join(base, e.Name())))
		}
	}
	return errors.Join(problems...)
}

// eachStored calls do with every stored function that runs.
func (f *Functions) eachStored(do func(*local)) {
	f.stored.mu.RLock()
	var list []*storedVersion
	for _, t := range f.stored.functions {
		list = slices.AppendSeq(list, maps.Values(t.running))
	}
	f.stored.mu.RUnlock()
	for _, v := range list {
		v.mu.Lock()
		l := v.local
		v.mu.Unlock()
		if l != nil {
			do(l)
		}
	}
}

// closeStored ends all of them; none is invoked any more.
func (f *Functions) closeStored() {
	f.stored.mu.Lock()
	f.stored.closed = true
	f.stored.mu.Unlock()
	f.eachStored(func(l *local) { f.wait.Go(l.close) })
}

// storedPath is where code is unpacked: inside the data folder or, when
// functions run as another user, who has no business there, in a folder of our
// own that lets others pass but not look around.
func (f *Functions) storedPath() string {
	if f.inDataFolder() {
		return filepath.Join(f.cfg.CacheDir, "code")
	}
	sum := sha256.Sum256([]byte(f.cfg.CacheDir))
	return filepath.Join(os.TempDir(), fmt.Sprintf("gatehouse-code-%x", sum[:8]))
}

func (f *Functions) inDataFolder() bool { return f.cfg.User == "" && unprivileged() == nil }

// storedFolder makes the folder at storedPath, if need be.
func (f *Functions) storedFolder() (string, error) {
	folder := f.storedPath()
	if f.inDataFolder() {
		return folder, os.MkdirAll(folder, 0o700)
	}
	if err := os.Mkdir(folder, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return "", err
	}
	if !info.IsDir() || info.Mode().Perm()&0o022 != 0 || !ours(info) {
		return "", fmt.Errorf("%s, where functions' code is unpacked, isn't a folder of our own", folder)
	}
	return folder, nil
}

// IsStored says whether an identifier means a function that was created
// through Lambda's API.
func (f *Functions) IsStored(identifier string) bool {
	name, err := ParseName(identifier)
	if err != nil {
		return false
	}
	_, configured := f.entryOf(name)
	return configured == nil && f.findStored(name) != nil
}
