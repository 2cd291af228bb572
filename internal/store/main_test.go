package store

import (
	"fmt"
	"os"
	"testing"
)

// roleVariable makes the test binary another process that tests need.
const roleVariable = "GATEHOUSE_STORE_TEST_ROLE"

func TestMain(m *testing.M) {
	roles := map[string]func() error{"etcd": runEtcd, "writer": runWriter, "opener": runOpener, "reader": runReader, "counter": runCounter}
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := roles[role](); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
