package lambda

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	deadLetterFile = "dead-letters.jsonl"
	waitingFile    = "waiting.jsonl"
	// maxDeadLetters bounds the file of dead letters, in bytes; the file before
	// it is kept under its name with .1, and those before that are dropped.
	maxDeadLetters = 64 << 20
)

// deadLetter is an asynchronous invocation that was given up, in the form that
// Lambda sends to an on-failure destination. AWS Lambda developer guide, page
// "Capturing records of Lambda asynchronous invocations".
type deadLetter struct {
	Version         string          `json:"version"`
	Timestamp       string          `json:"timestamp"`
	RequestContext  deadContext     `json:"requestContext"`
	RequestPayload  json.RawMessage `json:"requestPayload"`
	ResponseContext *deadResponse   `json:"responseContext,omitempty"`
	ResponsePayload json.RawMessage `json:"responsePayload,omitempty"`
}

type deadContext struct {
	RequestID   string `json:"requestId"`
	FunctionARN string `json:"functionArn"`
	Condition   string `json:"condition"`
	Count       int    `json:"approximateInvokeCount"`
}

type deadResponse struct {
	Status        int    `json:"statusCode"`
	Version       string `json:"executedVersion"`
	FunctionError string `json:"functionError"`
}

// Conditions under which an invocation is given up.
const (
	retriesExhausted = "RetriesExhausted"
	eventAgeExceeded = "EventAgeExceeded"
	functionGone     = "FunctionNotFound" // ours: Lambda has no restart to come back from
)

// newDeadLetter is the record of an event whose last attempt came to o, or
// failed before it reached the function.
func newDeadLetter(e *event, now time.Time, version, condition string, o outcome, err error) *deadLetter {
	d := &deadLetter{
		Version:        "1.0",
		Timestamp:      stamp(now),
		RequestContext: deadContext{e.ID, e.ARN, condition, e.Attempts},
		RequestPayload: e.Payload,
	}
	switch {
	case err != nil:
		d.ResponsePayload, _ = json.Marshal(map[string]string{"errorMessage": err.Error()})
	case json.Valid(o.payload):
		d.ResponseContext = &deadResponse{200, version, o.functionError}
		d.ResponsePayload = o.payload
	}
	return d
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// eventFiles keeps asynchronous invocations on disk.
type eventFiles struct {
	folder string // empty: none are kept
	limit  int64  // of the file of dead letters

	mu sync.Mutex
}

// bury appends a dead letter.
func (f *eventFiles) bury(d *deadLetter) error {
	if f.folder == "" {
		return nil
	}
	line, err := asLine(d)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	path := filepath.Join(f.folder, deadLetterFile)
	if info, err := os.Stat(path); err == nil && info.Size()+int64(len(line)) > f.limit {
		if err := os.Rename(path, path+".1"); err != nil {
			return err
		}
	}
	return f.appendTo(path, line)
}

// keep appends an invocation that the process has no time left to run.
func (f *eventFiles) keep(e *event) error {
	if f.folder == "" {
		return errors.New("no folder for it")
	}
	line, err := asLine(e)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.appendTo(filepath.Join(f.folder, waitingFile), line)
}

// asLine is v as JSON and a line break. A payload stays as long as it is: what
// json.Marshal escapes for HTML would take six bytes for each.
func asLine(v any) ([]byte, error) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return line.Bytes(), err
}

func (f *eventFiles) appendTo(path string, line []byte) error {
	if err := os.MkdirAll(f.folder, 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(line)
	return errors.Join(err, file.Close())
}

// take returns the invocations that were kept, and forgets them: one that
// makes the process fail isn't met again.
func (f *eventFiles) take() (list []*event, err error) {
	if f.folder == "" {
		return nil, nil
	}
	path := filepath.Join(f.folder, waitingFile)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 2*maxEvent+64*1024)
	damaged := 0
	for lines.Scan() {
		e := &event{}
		if json.Unmarshal(lines.Bytes(), e) != nil || e.ID == "" {
			damaged++
			continue
		}
		list = append(list, e)
	}
	err = errors.Join(lines.Err(), os.Remove(path))
	if damaged > 0 {
		err = errors.Join(err, fmt.Errorf("%s: %d damaged lines", path, damaged))
	}
	return list, err
}
