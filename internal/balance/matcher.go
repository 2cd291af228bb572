package balance

import (
	"fmt"
	"strconv"
	"strings"
)

// Matcher is the statuses that pass a check.
type Matcher struct{ ranges [][2]int }

// ParseMatcher reads "200", "200,202" or "200-299", or several of them.
func ParseMatcher(text string) (Matcher, error) {
	var m Matcher
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		low, err1 := status(from)
		high, err2 := status(to)
		if err1 != nil || err2 != nil || low > high {
			return Matcher{}, fmt.Errorf("%q says no statuses: give one, like 200, several, like 200,202, or a range, like 200-299", text)
		}
		m.ranges = append(m.ranges, [2]int{low, high})
	}
	return m, nil
}

func status(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && (n < 100 || n > 599 || len(text) != 3) {
		err = strconv.ErrRange
	}
	return n, err
}

// Match says whether a status passes.
func (m Matcher) Match(status int) bool {
	for _, r := range m.ranges {
		if r[0] <= status && status <= r[1] {
			return true
		}
	}
	return false
}
