package lambda

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed bootstrap/GatehouseLambda.java
var javaSource []byte

const (
	javaName = "java"
	javaMain = "GatehouseLambda"
	// compileLimit bounds compiling the bootstrap.
	compileLimit = 2 * time.Minute
)

// javaArguments are those of AWS's own runtime as far as they make a process
// start sooner. A function's classes are in its folder, and in jars in lib, as
// Lambda unpacks them; the process is started there.
func javaArguments(s *scripted) []string {
	args := []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto", fmt.Sprintf("-Xmx%dm", s.memory*8/10)}
	if s.debug {
		args = append(args, "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,quiet=y,address="+javaDebugger)
	}
	path := strings.Join([]string{s.interpreter.compiledFolder(), ".", filepath.Join("lib", "*")}, string(os.PathListSeparator))
	return append(args, "-cp", path, javaMain)
}

// javaVersion reads `java --version`: "openjdk 17.0.15 2025-04-15" and more.
func javaVersion(candidate, printed string) (version, path string, ok bool) {
	first, _, _ := strings.Cut(printed, "\n")
	fields := strings.Fields(first)
	path, err := filepath.EvalSymlinks(candidate)
	if len(fields) < 2 || err != nil {
		return "", "", false
	}
	return fields[1], path, true
}

// compiledFolder is where the bootstrap's classes are: another one for another
// bootstrap.
func (i *interpreter) compiledFolder() string {
	sum := sha256.Sum256(javaSource)
	return filepath.Join(i.classes, hex.EncodeToString(sum[:8]))
}

// compile makes the bootstrap's classes, once; java is the interpreter's path,
// beside which its compiler lies.
func (i *interpreter) compile(ctx context.Context, java string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	folder := i.compiledFolder()
	if _, err := os.Stat(filepath.Join(folder, javaMain+".class")); err == nil {
		return nil
	}
	if err := i.makeClasses(); err != nil {
		return err
	}
	made, err := os.MkdirTemp(i.classes, "new")
	if err != nil {
		return err
	}
	defer os.RemoveAll(made)
	source := filepath.Join(made, javaMain+".java")
	if err := os.WriteFile(source, javaSource, 0o600); err != nil {
		return err
	}
	out := filepath.Join(made, "classes")
	if err := os.Mkdir(out, 0o755); err != nil {
		return err
	}
	if err := runCompiler(ctx, filepath.Join(filepath.Dir(java), "javac"), "-d", out, source); err != nil {
		return err
	}
	if err := open(out); err != nil {
		return err
	}
	if err := os.Rename(out, folder); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func runCompiler(ctx context.Context, javac string, args ...string) error {
	if _, err := os.Stat(javac); err != nil {
		return fmt.Errorf("java functions need a JDK, to compile what runs them: there is no %s", javac)
	}
	ctx, cancel := context.WithTimeout(ctx, compileLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, javac, args...)
	cmd.Env = append(platformEnv(), "PATH="+pathVariable())
	cmd.WaitDelay = time.Second
	if printed, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", javac, err, clip(string(printed), 1024))
	}
	return nil
}

// makeClasses makes the folder for classes: our own, in which others may read.
func (i *interpreter) makeClasses() error {
	if err := os.MkdirAll(filepath.Dir(i.classes), 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(i.classes, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(i.classes)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm()&0o022 != 0 || !ours(info) {
		return fmt.Errorf("%s, where what runs java functions is compiled, isn't a folder of our own", i.classes)
	}
	return nil
}

// open lets others read a folder's files.
func open(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Chmod(filepath.Join(folder, e.Name()), 0o644); err != nil {
			return err
		}
	}
	return os.Chmod(folder, 0o755)
}

// classFolder is where user's processes find classes: inside the data folder,
// unless that is closed to user.
func (f *Functions) classFolder(user *identity) string {
	if user == nil || user.isOurs() {
		return filepath.Join(f.cfg.CacheDir, javaName)
	}
	sum := sha256.Sum256([]byte(f.cfg.CacheDir))
	return filepath.Join(os.TempDir(), fmt.Sprintf("gatehouse-java-%x", sum[:8]))
}
