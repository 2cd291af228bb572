package http1

import (
	"sync/atomic"
	"time"
)

// dateCache is the Date header line of the current second, made by whoever
// first needs it.
type dateCache struct{ line atomic.Pointer[dateLine] }

type dateLine struct {
	second int64
	text   []byte
}

// append appends "Date: ...\r\n" for t.
func (d *dateCache) append(dst []byte, t time.Time) []byte {
	line, second := d.line.Load(), t.Unix()
	if line == nil || line.second != second {
		line = &dateLine{second, t.UTC().AppendFormat(nil, "Date: Mon, 02 Jan 2006 15:04:05 GMT\r\n")}
		d.line.Store(line)
	}
	return append(dst, line.text...)
}
