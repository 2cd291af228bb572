package throttle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// Report is what a node tells the others of its use of buckets.
type Report struct {
	Uses []Use
}

// Use is a node's use of one bucket.
type Use struct {
	ID     uint64
	Taken  int64         // tokens
	Age    time.Duration // since when they were counted; in milliseconds when told
	Demand float64       // requests a second, also those that were refused; in thousandths when told
}

// reportForm is the first byte of a report. One of another form, of a newer
// version's, isn't understood.
const reportForm = 1

// ErrForm: a newer version's report.
var ErrForm = errors.New("a report on throttles in a form that this version doesn't know")

// Append appends r as it is told.
func (r *Report) Append(to []byte) []byte {
	to = append(to, reportForm)
	for _, u := range r.Uses {
		to = binary.BigEndian.AppendUint64(to, u.ID)
		to = binary.AppendUvarint(to, uint64(max(0, u.Taken)))
		to = binary.AppendUvarint(to, uint64(max(0, u.Age.Milliseconds())))
		to = binary.AppendUvarint(to, uint64(math.Ceil(min(max(0, u.Demand), maxDemand)*1000)))
	}
	return to
}

// The largest values that a report may have: what is beyond is no node's.
const (
	maxTaken  = 1 << 53
	maxAge    = 100 * 365 * 24 * time.Hour
	maxDemand = 1e9
)

// ParseReport reads what another node told. ErrForm, or an error when it is
// damaged.
func ParseReport(data []byte) (*Report, error) {
	if len(data) == 0 || data[0] != reportForm {
		return nil, ErrForm
	}
	r := &Report{}
	for data = data[1:]; len(data) > 0; {
		if len(r.Uses) == maxUses {
			return nil, fmt.Errorf("a report on throttles has more than %d buckets", maxUses)
		}
		if len(data) < 8 {
			return nil, errDamaged
		}
		u := Use{ID: binary.BigEndian.Uint64(data)}
		data = data[8:]
		for i, most := range [...]uint64{maxTaken, uint64(maxAge.Milliseconds()), maxDemand * 1000} {
			v, n := binary.Uvarint(data)
			if n <= 0 || v > most {
				return nil, errDamaged
			}
			data = data[n:]
			switch i {
			case 0:
				u.Taken = int64(v)
			case 1:
				u.Age = time.Duration(v) * time.Millisecond
			case 2:
				u.Demand = float64(v) / 1000
			}
		}
		r.Uses = append(r.Uses, u)
	}
	return r, nil
}

var errDamaged = errors.New("a report on throttles is damaged")
