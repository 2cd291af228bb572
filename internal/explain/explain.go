// Package explain keeps what was decided about the latest requests, for those
// who ask why one was answered as it was. It must not know an API kind.
package explain

import (
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
)

// The bounds of what is kept of one request.
const (
	maxSteps = 64
	maxText  = 1024 // bytes
)

// Report is how one request went. Times are in milliseconds.
type Report struct {
	RequestID   string    `json:"requestId"`
	ExtendedID  string    `json:"extendedRequestId"`
	Received    time.Time `json:"received"`
	Method      string    `json:"method"`
	Host        string    `json:"host"`
	Path        string    `json:"path"` // without the query, which may hold secrets
	Client      string    `json:"client"`
	API         string    `json:"api,omitempty"`
	Stage       string    `json:"stage,omitempty"`
	Resource    string    `json:"resource,omitempty"`
	Status      int       `json:"status"`
	Sent        int64     `json:"sent"` // bytes of the body
	Aborted     bool      `json:"aborted,omitempty"`
	Total       float64   `json:"total"`
	Steps       []Step    `json:"steps"`
	Fault       *Fault    `json:"fault,omitempty"`
	Integration *Call     `json:"integration,omitempty"`
}

// Step is one thing that was decided, and when, counted from the first byte.
type Step struct {
	At     float64 `json:"at"`
	Name   string  `json:"step"`
	Result string  `json:"result"`
	Why    string  `json:"why,omitempty"`
}

// Fault is why a request ended early.
type Fault struct {
	Kind    string `json:"kind"`
	Message string `json:"message,omitempty"`
	Cause   string `json:"cause,omitempty"`
}

// Call is what the call of an integration came to.
type Call struct {
	Type      string  `json:"type"`
	Target    string  `json:"target,omitempty"`
	Began     float64 `json:"began"`
	Took      float64 `json:"took"`
	Status    int     `json:"status,omitempty"`
	RequestID string  `json:"requestId,omitempty"`
	Error     string  `json:"error,omitempty"`
}

// Recorder keeps the reports of the latest requests. It is safe for
// concurrent use.
type Recorder struct {
	mu   sync.Mutex // guards what follows
	ring []*Report
	next int
	byID map[string]*Report
}

// NewRecorder keeps the latest n reports.
func NewRecorder(n int) *Recorder {
	return &Recorder{ring: make([]*Report, n), byID: make(map[string]*Report, n)}
}

// Record keeps the report of x, which has been answered. ended is when.
func (r *Recorder) Record(x *exchange.Exchange, ended time.Time) {
	report := newReport(x, ended)
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.ring[r.next]; old != nil && r.byID[old.RequestID] == old {
		delete(r.byID, old.RequestID)
	}
	r.ring[r.next] = report
	r.next = (r.next + 1) % len(r.ring)
	r.byID[report.RequestID] = report
}

// Find is the report of a request, or nil. It must not be changed. Either of the
// request's IDs names it: clients of HTTP APIs are told the extended one alone.
func (r *Recorder) Find(requestID string) *Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	if report := r.byID[requestID]; report != nil {
		return report
	}
	for _, report := range r.ring {
		if report != nil && report.ExtendedID == requestID {
			return report
		}
	}
	return nil
}

func newReport(x *exchange.Exchange, ended time.Time) *Report {
	at := func(t time.Time) float64 { return milliseconds(t.Sub(x.Received)) }
	o := &x.Outcome
	r := &Report{
		RequestID: string(x.RequestID[:]), ExtendedID: string(x.ExtendedID[:]), Received: x.Received.UTC(),
		Method: clip(x.Method), Host: clip(string(x.Host)), Path: clip(string(x.Path)), Client: x.Client.IP.String(),
		API: x.Address.APIID, Stage: x.Address.Stage, Resource: o.Resource,
		Status: x.Response.Status, Sent: x.Response.Sent, Aborted: x.Response.Aborted, Total: at(ended),
	}
	for i, d := range x.Decisions() {
		if i == maxSteps {
			break
		}
		r.Steps = append(r.Steps, Step{at(d.At), d.Step, clip(d.Result), clip(d.Why)})
	}
	if f := o.Fault; f != nil {
		r.Fault = &Fault{Kind: string(f.Kind), Message: clip(f.Message)}
		if f.Cause != nil {
			r.Fault.Cause = clip(f.Cause.Error())
		}
	}
	if c := &o.Integration; c.Type != "" {
		r.Integration = &Call{Type: c.Type, Target: clip(c.Target), Status: c.Status, RequestID: clip(c.RequestID), Error: clip(c.Error)}
		if !c.Began.IsZero() {
			r.Integration.Began = at(c.Began)
			if c.Ended.IsZero() {
				r.Integration.Took = milliseconds(ended.Sub(c.Began))
			} else {
				r.Integration.Took = milliseconds(c.Ended.Sub(c.Began))
			}
		}
	}
	return r
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// clip bounds what is kept of a text, and copies it out of a larger one.
func clip(s string) string {
	if len(s) > maxText {
		return s[:maxText-len("…")] + "…"
	}
	return s
}
