package http2

import (
	"errors"
	"os"
	"sync/atomic"
	"time"
)

// instant is nanoseconds since the process began, monotonic. Zero is unset.
type instant int64

var began = time.Now().Add(-time.Second) // so that no instant is zero

func now() instant { return instant(time.Since(began)) }

func (i instant) add(d time.Duration) instant { return i + instant(d) }

// time is the deadline to arm for i.
func (i instant) time() time.Time { return began.Add(time.Duration(i)) }

// past is a deadline that wakes whoever reads or writes.
var past = time.Unix(1, 0)

// isTimeout says whether err is a deadline that fired.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// dateCache is the Date of the current second, made by whoever first needs it.
type dateCache struct{ last atomic.Pointer[date] }

type date struct {
	second int64
	text   []byte
}

func (d *dateCache) at(t time.Time) []byte {
	last, second := d.last.Load(), t.Unix()
	if last == nil || last.second != second {
		last = &date{second, t.UTC().AppendFormat(nil, "Mon, 02 Jan 2006 15:04:05 GMT")}
		d.last.Store(last)
	}
	return last.text
}
