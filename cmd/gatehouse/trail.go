package main

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/awsapi"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// The logs of management calls, without .log: of callers who are known, and of
// clients of user pools, who sign nothing. However many calls those make, they
// don't drive out what the others did.
const (
	trailName        = "management"
	trailClientsName = "clients"
)

// trail writes a record of each management call, before the call is answered.
type trail struct {
	log    *slog.Logger
	stdout io.Writer // nil: records go to the file alone
	lost   atomic.Int64

	mu         sync.Mutex // guards what follows
	file       telemetry.Directory
	complained time.Time
}

func newTrail(c config.Audit, stdout io.Writer, log *slog.Logger) *trail {
	t := &trail{log: log, file: telemetry.Directory{Path: c.Directory, Size: int64(c.Rotate.Size), Keep: *c.Rotate.Keep}}
	if c.Stdout {
		t.stdout = stdout
	}
	return t
}

// record writes r. A call isn't refused because its record can't be written:
// that is counted, and complained of once a minute.
func (t *trail) record(r *awsapi.AuditRecord) {
	if entry, ok := r.Trail(); ok {
		t.add(entry)
	}
}

func (t *trail) add(entry *awsapi.TrailRecord) {
	line, err := json.Marshal(entry)
	if err == nil {
		name := trailName
		if entry.UserIdentity.Type == "Unknown" {
			name = trailClientsName
		}
		err = t.write(name, append(line, '\n'))
	}
	if err == nil {
		return
	}
	t.lost.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); now.Sub(t.complained) > time.Minute {
		t.complained = now
		t.log.Error("management calls aren't recorded", "folder", t.file.Path, "error", err, "lost", t.lost.Load())
	}
}

func (t *trail) write(name string, line []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.file.Write(name, line)
	if t.stdout != nil {
		_, also := t.stdout.Write(line)
		err = errors.Join(err, also)
	}
	return err
}

func (t *trail) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.file.Close()
}

// audit takes the record of a management call.
func (p *program) audit(r awsapi.AuditRecord) {
	p.parts.trail.record(&r)
	if r.ReadOnly && r.ErrorCode == "" {
		return
	}
	p.log.Info("management call", "operation", r.Operation, "caller", r.Caller.ARN, "accessKey", r.Caller.AccessKeyID, "resource", r.Resource,
		"source", r.Source, "status", r.Status, "error", r.ErrorCode, "request", r.RequestID)
}
