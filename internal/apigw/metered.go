package apigw

import "time"

// MeteredPlace is a stage whose use is counted apart.
type MeteredPlace struct {
	Scope Scope
	API   APIID
	Stage StageName
}

// MeteredAmount is how much was served.
type MeteredAmount struct {
	Calls int64 `json:"calls"` // that AWS would charge for
	Bytes int64 `json:"bytes"` // of the bodies of their answers, and of the messages to clients

	// Of WebSocket APIs.
	Messages  int64 `json:"messages,omitempty"`        // from clients and to them, one for every 32 KB that were begun
	Connected int64 `json:"connectedMillis,omitempty"` // milliseconds of all connections
}

// Plus is both amounts together.
func (a MeteredAmount) Plus(b MeteredAmount) MeteredAmount {
	return MeteredAmount{a.Calls + b.Calls, a.Bytes + b.Bytes, a.Messages + b.Messages, a.Connected + b.Connected}
}

// MeteredCount is what a place served to the holder of a key; to everybody,
// with keys or without, when Key is empty.
type MeteredCount struct {
	Place  MeteredPlace
	Key    APIKeyID
	Amount MeteredAmount
}

// MeteredStage is what a stage came to in a month.
type MeteredStage struct {
	API   APIID
	Stage StageName
	MeteredAmount
	Keys       map[APIKeyID]MeteredAmount
	CacheHours map[string]int // by the cache's size in GB
}

// Month is a calendar month in UTC, such as 2026-11.
type Month string

const monthForm = "2006-01"

// MonthOf is the month of a time.
func MonthOf(at time.Time) Month { return Month(at.UTC().Format(monthForm)) }

// Begin is the month's first moment; an error means that it is no month.
func (m Month) Begin() (time.Time, error) { return time.Parse(monthForm, string(m)) }
