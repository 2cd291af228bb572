package lambda

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The Runtime API, version 2018-06-01: a function's process asks for the next
// event, which blocks, and posts its answer or its error under the event's
// request ID. AWS Lambda developer guide, page "Using the Lambda runtime API
// for custom runtimes"; statuses and documents of refusals as AWS's runtime
// interface emulator gives them.

const (
	runtimePrefix = "/2018-06-01/runtime/"
	// maxConnections bounds what one process may hold open to its Runtime API.
	maxConnections = 64
	// maxDrain bounds what is read of an answer that is too large, so that its
	// sender sees our refusal and not a broken connection.
	maxDrain = 64 * 1024 * 1024
)

func newRuntimeServer(e *environment) *http.Server {
	return &http.Server{
		Handler:           http.HandlerFunc(e.serve),
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 * 1024,
		ErrorLog:          log.New(io.Discard, "", 0), // a process's bad requests are answered, not logged
	}
}

func (e *environment) serve(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, runtimePrefix)
	if !ok {
		refuse(w, http.StatusNotFound, "NotFound", "only the Runtime API 2018-06-01 is served here")
		return
	}
	switch {
	case path == "invocation/next":
		if method(w, r, http.MethodGet) {
			e.next(w, r)
		}
	case path == "init/error":
		if method(w, r, http.MethodPost) {
			e.initFailed(w, r)
		}
	default:
		id, verb, _ := strings.Cut(strings.TrimPrefix(path, "invocation/"), "/")
		if verb != "response" && verb != "error" || !strings.HasPrefix(path, "invocation/") {
			refuse(w, http.StatusNotFound, "NotFound", "no such path in the Runtime API")
		} else if method(w, r, http.MethodPost) {
			e.answer(w, r, id, verb == "error")
		}
	}
}

// next blocks until there is a job, then hands it out.
func (e *environment) next(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	busy := e.current != nil
	if !e.began {
		e.began = true
		close(e.asked)
	}
	e.mu.Unlock()
	if busy {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the current invocation has no response yet")
		return
	}
	var j *job
	select {
	case j = <-e.jobs:
	case <-r.Context().Done():
		return
	}
	e.mu.Lock()
	e.current = j
	e.mu.Unlock()
	e.output.begin(j)

	h := w.Header()
	set := func(name, value string) {
		if value != "" {
			h[name] = []string{value}
		}
	}
	set("Lambda-Runtime-Aws-Request-Id", j.id)
	set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(e.timeout).UnixMilli(), 10))
	set("Lambda-Runtime-Invoked-Function-Arn", j.arn)
	set("Lambda-Runtime-Trace-Id", j.trace)
	set("Lambda-Runtime-Client-Context", j.context)
	set("Content-Type", "application/json")
	set("Content-Length", strconv.Itoa(len(j.payload)))
	w.Write(j.payload) // a process that doesn't read it runs into its timeout
}

// answer takes the response to the current job, or its error.
func (e *environment) answer(w http.ResponseWriter, r *http.Request, id string, isError bool) {
	j := e.claim(id)
	if j == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	if j.stream != nil && !isError && j.stream.started.Load() {
		e.unclaim()
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the response has begun already")
		return
	}
	payload, limit, err := []byte(nil), int64(maxPayload), error(nil)
	if j.stream != nil && !isError {
		limit, err = pass(r, j.stream)
	} else {
		payload, err = readPayload(j.buf, r.Body, r.ContentLength)
	}
	o := outcome{payload: payload}
	switch {
	case errors.Is(err, errTooLarge):
		e.settle(j, responseTooLarge(limit))
		io.CopyN(io.Discard, r.Body, maxDrain)
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge",
			fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", limit))
		return
	case err != nil:
		e.unclaim()
		refuse(w, http.StatusBadRequest, "TruncatedHTTPRequest", "HTTP request detected as truncated")
		return
	case isError:
		o.functionError = unhandled
	case r.Trailer.Get("Lambda-Runtime-Function-Error-Type") != "":
		// A streamed answer that failed on its way tells so behind it.
		o.functionError = unhandled
		if body, err := base64.StdEncoding.DecodeString(r.Trailer.Get("Lambda-Runtime-Function-Error-Body")); err == nil {
			o.payload = body
		}
	}
	e.settle(j, o)
	accept(w)
}

// pass hands an answer on as it comes, as fast as it is read. One that its
// sender calls a streamed one may be longer than another (developer guide,
// "Using the Lambda runtime API for custom runtimes").
func pass(r *http.Request, to *answerStream) (limit int64, err error) {
	limit = maxPayload
	if strings.EqualFold(r.Header.Get("Lambda-Runtime-Function-Response-Mode"), "streaming") {
		limit = maxStream
	}
	if r.ContentLength > limit {
		return limit, errTooLarge
	}
	to.started.Store(true)
	to.begin(r.Header.Get("Content-Type"))
	n, err := io.Copy(to, io.LimitReader(r.Body, limit))
	if err == nil && n == limit {
		if more, _ := io.CopyN(io.Discard, r.Body, 1); more > 0 {
			err = errTooLarge
		}
	}
	return limit, err
}

// claim returns the current job if id is its ID and nobody is answering it.
func (e *environment) claim(id string) *job {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current == nil || e.current.id != id || e.receiving {
		return nil
	}
	e.receiving = true
	return e.current
}

func (e *environment) unclaim() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.receiving = false
}

func (e *environment) settle(j *job, o outcome) {
	e.mu.Lock()
	e.current, e.receiving = nil, false
	e.mu.Unlock()
	j.done <- o
}

// initFailed takes the reason why the process can't serve events. The process
// is expected to end by itself.
func (e *environment) initFailed(w http.ResponseWriter, r *http.Request) {
	payload, err := readPayload(nil, r.Body, r.ContentLength)
	e.mu.Lock()
	late := e.began
	e.mu.Unlock()
	if late {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "initialisation is over")
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "TruncatedHTTPRequest", "HTTP request detected as truncated")
		return
	}
	select {
	case e.initErr <- outcome{payload: payload, functionError: unhandled}:
	default: // the first report counts
	}
	accept(w)
}

var errTooLarge = errors.New("payload too large")

// readPayload appends what r holds to buf's memory. It grows with what
// arrives, not with what is announced.
func readPayload(buf []byte, r io.Reader, announced int64) ([]byte, error) {
	const step = 64 * 1024
	if announced > maxPayload {
		return nil, errTooLarge
	}
	buf = buf[:0]
	if want := min(max(announced, 512), step); int64(cap(buf)) < want {
		buf = make([]byte, 0, want+1) // one more, so that the read at the end needs no growth
	}
	for {
		if len(buf) > maxPayload {
			return nil, errTooLarge
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF && len(buf) <= maxPayload {
			return buf, nil
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
	}
}

func method(w http.ResponseWriter, r *http.Request, want string) bool {
	if r.Method == want {
		return true
	}
	w.Header().Set("Allow", want)
	refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "the method is "+want)
	return false
}

var accepted = []byte(`{"status":"OK"}`)

func accept(w http.ResponseWriter) {
	w.Header()["Content-Type"] = []string{"application/json"}
	w.WriteHeader(http.StatusAccepted)
	w.Write(accepted)
}

func refuse(w http.ResponseWriter, status int, errorType, message string) {
	body, _ := json.Marshal(map[string]string{"errorMessage": message, "errorType": errorType})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}
