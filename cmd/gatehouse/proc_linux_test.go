package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// alive are the processes of a group that haven't ended.
func alive(t *testing.T, group int) (list []int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		_, rest, _ := strings.Cut(string(text), ") ") // state, parent, group
		fields := strings.Fields(rest)
		if fields[0] == "Z" || fields[2] != strconv.Itoa(group) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, pid)
	}
	return list
}
