package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// newEtcdLogger bridges etcd's log to ours. What etcd calls fatal, or panics
// over, reaches die as an error and ends the goroutine instead of the process.
func newEtcdLogger(log *slog.Logger, die func(error)) *zap.Logger {
	hook := dyingHook{die}
	return zap.New(slogCore{log: log}, zap.WithFatalHook(hook), zap.WithPanicHook(hook))
}

type dyingHook struct{ die func(error) }

// OnWrite never returns: etcd relies on not going on after a fatal entry.
func (h dyingHook) OnWrite(entry *zapcore.CheckedEntry, fields []zap.Field) {
	h.die(entryError(entry.Entry, fields))
	runtime.Goexit()
}

func entryError(entry zapcore.Entry, fields []zap.Field) error {
	for _, f := range fields {
		if err, ok := f.Interface.(error); ok {
			return fmt.Errorf("%s: %w", entry.Message, err)
		}
		if f.Key == "panic" {
			return fmt.Errorf("%s: %v", entry.Message, f.Interface)
		}
	}
	return errors.New(entry.Message)
}

// slogCore is quiet: etcd's errors are our warnings and the rest is for
// debugging. What it calls fatal is reported by die.
type slogCore struct {
	log    *slog.Logger
	fields []zap.Field
}

func (c slogCore) Enabled(level zapcore.Level) bool {
	return level >= zapcore.WarnLevel && c.log.Enabled(context.Background(), slogLevel(level, ""))
}

// firstStart is what etcd logs as an error at every first start.
const firstStart = "failed to update storage version"

func slogLevel(level zapcore.Level, message string) slog.Level {
	if level == zapcore.ErrorLevel && message != firstStart {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

func (c slogCore) With(fields []zap.Field) zapcore.Core {
	c.fields = append(c.fields[:len(c.fields):len(c.fields)], fields...)
	return c
}

func (c slogCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

func (c slogCore) Write(entry zapcore.Entry, fields []zap.Field) error {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range append(c.fields[:len(c.fields):len(c.fields)], fields...) {
		f.AddTo(enc)
	}
	attrs := make([]slog.Attr, 0, len(enc.Fields))
	for k, v := range enc.Fields {
		attrs = append(attrs, slog.Any(k, v))
	}
	c.log.LogAttrs(context.Background(), slogLevel(entry.Level, entry.Message), "etcd: "+entry.Message, attrs...)
	return nil
}

func (c slogCore) Sync() error { return nil }
