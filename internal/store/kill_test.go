package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// runWriter writes records and a tree until it is killed, and prints what was
// acknowledged.
func runWriter() error {
	ctx := context.Background()
	s, err := OpenEmbedded(ctx, EmbeddedConfig{Dir: os.Getenv("STORE_DIR")})
	if err != nil {
		return err
	}
	round := os.Getenv("STORE_ROUND")
	failed := make(chan error)
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%sr/%s/%d/%d", Prefix, round, w, i)
				if _, err := s.Commit(ctx, Txn{Ops: []Op{put(key, key), put(fmt.Sprintf("%slast/%d", Prefix, w), key)}}); err != nil {
					failed <- err
				}
				fmt.Println("record", key)
			}
		}()
	}
	go func() { failed <- writeTrees(ctx, s, round) }()
	return <-failed
}

func writeTrees(ctx context.Context, s *Store, round string) error {
	b := base(Prefix + "tree/")
	tree, err := s.ReadTree(ctx, b)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	for i := 0; ; i++ {
		id := round + "-" + strconv.Itoa(i)
		value := strings.Repeat(id+" ", 1+i%300)
		if i%50 == 49 {
			value = string(noise(1, 2<<20)) // more than one transaction
		}
		tree, err = s.WriteTree(ctx, b, tree, []byte(id), []Change{change("entry", strconv.Itoa(i%7), value), change("mark", id, "x")}, Txn{})
		if err != nil {
			return err
		}
		fmt.Println("tree", id)
		if i%10 == 9 {
			if _, err := s.Collect(ctx, b, nil); err != nil {
				return err
			}
		}
	}
}

// TestKill: what was acknowledged before a process was killed is there.
// GATEHOUSE_KILL_ROUNDS sets how often.
func TestKill(t *testing.T) {
	rounds := 20
	if n, err := strconv.Atoi(os.Getenv("GATEHOUSE_KILL_ROUNDS")); err == nil {
		rounds = n
	} else if testing.Short() {
		rounds = 3
	}
	dir := t.TempDir()
	records, trees := map[string]bool{}, map[string]bool{}
	for round := range rounds {
		for _, line := range writeAndKill(t, dir, round) {
			switch kind, what, _ := strings.Cut(line, " "); kind {
			case "record":
				records[what] = true
			case "tree":
				trees[what] = true
			}
		}
		checkAcknowledged(t, dir, records, trees)
	}
	t.Logf("%d rounds, %d records and %d versions of a tree acknowledged", rounds, len(records), len(trees))
}

func writeAndKill(t *testing.T, dir string, round int) (lines []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=writer", "STORE_DIR="+dir, "STORE_ROUND="+strconv.Itoa(round))
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(time.Duration(rand.IntN(300))*time.Millisecond, func() { cmd.Process.Kill() }).Stop()
	scan := bufio.NewReader(out)
	for {
		line, err := scan.ReadString('\n')
		if err != nil { // a line without its end counts for nothing
			cmd.Wait()
			return lines
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
}

func checkAcknowledged(t *testing.T, dir string, records, trees map[string]bool) {
	t.Helper()
	s, err := OpenEmbedded(t.Context(), EmbeddedConfig{Dir: dir, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	recs, _, _, err := s.List(t.Context(), Prefix+"r/", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, r := range recs {
		found[r.Key] = string(r.Value) == r.Key
	}
	for key := range records {
		if !found[key] {
			t.Fatalf("%s was acknowledged and is lost", key)
		}
	}
	b := base(Prefix + "tree/")
	tree, err := s.ReadTree(t.Context(), b)
	if errors.Is(err, ErrNotFound) && len(trees) == 0 {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	values, err := s.Values(t.Context(), b, tree)
	if err != nil {
		t.Fatal(err)
	}
	for id := range trees {
		if values[EntryKey{"mark", id}] == nil {
			t.Fatalf("version %s of the tree was acknowledged and is lost", id)
		}
	}
}

// runOpener opens a data folder and says how that went.
func runOpener() error {
	s, err := OpenEmbedded(context.Background(), EmbeddedConfig{Dir: os.Getenv("STORE_DIR")})
	if err != nil {
		return err
	}
	return s.Close()
}

// TestLocked: a second process, and a second store of one process, get
// ErrLocked with the folder and the owner's process ID.
func TestLocked(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	_, err := OpenEmbedded(t.Context(), EmbeddedConfig{Dir: filepath.Join(dir, ".")})
	wantError(t, err, ErrLocked)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=opener", "STORE_DIR="+dir)
	out, err := cmd.CombinedOutput()
	want := fmt.Sprintf("%v: %s (process %d)", ErrLocked, dir, os.Getpid())
	if err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v: %s", err, out)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=opener", "STORE_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestNewer(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, formatFile), []byte(`{"format":7,"oldestReader":7}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := OpenEmbedded(t.Context(), EmbeddedConfig{Dir: dir})
	t.Log(err)
	wantError(t, err, ErrNewer)
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("the folder was touched: %v", files)
	}
	// A newer format that this version may still read.
	if err := os.WriteFile(filepath.Join(dir, formatFile), []byte(`{"format":7,"oldestReader":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	openTest(t, dir)
}
