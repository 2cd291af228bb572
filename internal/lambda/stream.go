package lambda

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Streamer calls functions whose answers are passed on while they are written.
type Streamer interface {
	// InvokeStream runs a function and returns once its answer begins, or it
	// has failed without one. ctx bounds the answer to its last byte. An error
	// is an *Error: the call did not reach the function, or nothing came in
	// time. in.Type is RequestResponse or DryRun.
	InvokeStream(ctx context.Context, in *Invocation) (*Stream, error)
}

// Stream is a function's answer while the function writes it. A function
// whose answer is read slowly waits. Close it in any case: a function whose
// answer nobody reads any more goes on to its end, as on Lambda (developer
// guide, "Response streaming": an invocation isn't stopped when the client's
// connection breaks).
type Stream struct {
	Status          int    // of the Lambda service: 200, or 204 for a dry run
	RequestID       string // Lambda's own
	ExecutedVersion string
	ContentType     string // that the function's runtime announced; may be empty

	// Log is the last 4 KB of the function's log, when that was wanted, once
	// Read has returned an error; nil: there is none.
	Log func() []byte

	// ReadCloser is the answer. Read returns io.EOF at its end, a *Failure when
	// the function failed, before it answered or on its way, and an *Error when
	// the answer broke off for another reason. Close gives up what was not read
	// yet.
	io.ReadCloser
}

// Failure is a function that failed.
type Failure struct {
	FunctionError string // X-Amz-Function-Error: Unhandled or Handled
	Payload       []byte // the error document
}

func (f *Failure) Error() string {
	o := outcome{payload: f.Payload}
	return "the function failed: " + o.words()
}

// maxStream bounds a streamed answer (developer guide, "Response streaming").
const maxStream = 200 << 20

// answerStream is what a job's answer goes through from the process's request
// to whoever reads it. It holds nothing: what the reader doesn't take, the
// process keeps.
type answerStream struct {
	reader *io.PipeReader
	writer *io.PipeWriter

	once        sync.Once
	begun       chan struct{} // closed when the answer began, or nothing will come
	contentType string        // valid after begun
	started     atomic.Bool   // by the process
	log         []byte        // set before writer is closed
}

func newAnswerStream() *answerStream {
	s := &answerStream{begun: make(chan struct{})}
	s.reader, s.writer = io.Pipe()
	return s
}

func (s *answerStream) begin(contentType string) {
	s.once.Do(func() {
		s.contentType = contentType
		close(s.begun)
	})
}

// end says how the invocation ended.
func (s *answerStream) end(o outcome, err error) {
	switch {
	case err != nil:
		s.writer.CloseWithError(err)
	case o.functionError != "":
		s.writer.CloseWithError(&Failure{o.functionError, o.payload})
	default:
		s.writer.Close()
	}
	s.begin("")
}

// Write passes p on; nobody's loss when nobody reads any more.
func (s *answerStream) Write(p []byte) (int, error) {
	_, _ = s.writer.Write(p)
	return len(p), nil
}

// stream runs the function for in and returns when its answer begins.
func (l *local) stream(ctx context.Context, in *Invocation, arn string) (*Stream, error) {
	out := &Stream{Status: http.StatusOK, RequestID: newRequestID(), ExecutedVersion: l.version}
	if err := checkPayload(in); err != nil {
		return nil, err.of(in.Function)
	}
	switch in.Type {
	case "", RequestResponse:
	case DryRun:
		out.Status, out.ReadCloser = http.StatusNoContent, http.NoBody
		return out, nil
	default:
		return nil, &Error{Kind: BadRequest, Function: in.Function, Status: 400, Type: "InvalidParameterValueException",
			Message: fmt.Sprintf("the invocation type %s can't be streamed", in.Type)}
	}
	j := newJob(in, arn, out.RequestID, nil)
	j.stream = newAnswerStream()
	began, release := time.Now(), func() {}
	if l.debug {
		ctx, release = unbound(ctx)
	}
	refused := make(chan *Error, 1)
	go func() {
		defer release()
		o, err := l.do(ctx, j)
		if j.tail != nil {
			j.stream.log = l.logOf(j, time.Since(began))
		}
		if err != nil {
			refused <- err
			j.stream.end(o, err.of(in.Function))
			return
		}
		j.stream.end(o, nil)
	}()
	<-j.stream.begun
	select {
	case err := <-refused:
		if !j.stream.started.Load() {
			return nil, err.of(in.Function)
		}
	default:
	}
	out.ContentType, out.ReadCloser = j.stream.contentType, j.stream.reader
	out.Log = func() []byte { return j.stream.log }
	return out, nil
}
