package store

import (
	"context"
	"log/slog"
	"testing"
)

func openTest(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := OpenEmbedded(context.Background(), EmbeddedConfig{Dir: dir, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func testLogger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

func TestEmbedded(t *testing.T) {
	suite(t, openTest(t, t.TempDir()))
}
