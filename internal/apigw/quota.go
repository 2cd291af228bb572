package apigw

import (
	"math"
	"time"
)

// Day is a day in UTC, counted from 1 January 1970.
type Day int32

const secondsOfDay = 24 * 60 * 60

// DayOf is the day of a time.
func DayOf(at time.Time) Day { return DayOfUnix(at.Unix()) }

// DayOfUnix is the day of a time in seconds since 1 January 1970.
func DayOfUnix(seconds int64) Day { return Day(seconds / secondsOfDay) }

// Unix is the day's first second.
func (d Day) Unix() int64 { return int64(d) * secondsOfDay }

// Time is the beginning of the day.
func (d Day) Time() time.Time { return time.Unix(d.Unix(), 0).UTC() }

// Days are the first day of the quota's period that has d, and the first day
// after it. Periods begin at midnight UTC, weeks on Sunday, months on their
// first day; when AWS's begin isn't documented. Without a quota, it is d alone.
func (q *Quota) Days(d Day) (first, after Day) {
	if q == nil {
		return d, d + 1
	}
	at := d.Time()
	switch q.Period {
	case "WEEK":
		first = d - Day(at.Weekday())
		return first, first + 7
	case "MONTH":
		first = d - Day(at.Day()-1)
		return first, DayOf(first.Time().AddDate(0, 1, 0))
	}
	return d, d + 1
}

// UsageGrant is how many requests a key may have in the period of a day, as
// somebody set it instead of the quota.
type UsageGrant struct {
	Day   Day
	Limit int64 // of the whole period: what was used before, and what is left
}

// LimitOn is how many requests the quota allows in the period that has d. The
// first period, which has the day the plan got its quota, has the offset less
// (API reference, QuotaSettings). Without a quota there is no limit.
func (q *Quota) LimitOn(d Day, g *UsageGrant) int64 {
	if q == nil {
		return math.MaxInt64
	}
	first, after := q.Days(d)
	if g != nil && first <= g.Day && g.Day < after {
		return g.Limit
	}
	if since := DayOf(q.Since); !q.Since.IsZero() && first <= since && since < after {
		return int64(q.Limit) - int64(q.Offset)
	}
	return int64(q.Limit)
}
