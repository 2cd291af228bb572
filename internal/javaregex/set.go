package javaregex

import (
	"slices"
	"sort"
	"unicode"
)

// set is a set of characters: pairs of first and last, in ascending order,
// with gaps between them. A set isn't changed once it is made.
type set struct {
	ranges []rune
	ascii  [2]uint64 // the first 128 again, as bits
}

func newSet(pairs ...rune) *set {
	type pair struct{ lo, hi rune }
	list := make([]pair, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, pair{pairs[i], pairs[i+1]})
	}
	slices.SortFunc(list, func(a, b pair) int { return int(a.lo - b.lo) })
	s := &set{}
	for _, p := range list {
		if n := len(s.ranges); n > 0 && p.lo <= s.ranges[n-1]+1 {
			s.ranges[n-1] = max(s.ranges[n-1], p.hi)
			continue
		}
		s.ranges = append(s.ranges, p.lo, p.hi)
	}
	s.mark()
	return s
}

// mark fills ascii from ranges.
func (s *set) mark() {
	for i := 0; i < len(s.ranges) && s.ranges[i] < 128; i += 2 {
		for c := s.ranges[i]; c <= min(s.ranges[i+1], 127); c++ {
			s.ascii[c>>6] |= 1 << (c & 63)
		}
	}
}

func (s *set) has(c rune) bool {
	if c < 128 {
		return s.ascii[c>>6]>>(c&63)&1 != 0
	}
	pairs := len(s.ranges) / 2
	i := sort.Search(pairs, func(i int) bool { return s.ranges[2*i+1] >= c })
	return i < pairs && s.ranges[2*i] <= c
}

func (s *set) or(t *set) *set {
	if len(s.ranges) == 0 {
		return t
	}
	return newSet(append(slices.Clone(s.ranges), t.ranges...)...)
}

func (s *set) not() *set {
	out, next := &set{}, rune(0)
	for i := 0; i < len(s.ranges); i += 2 {
		if s.ranges[i] > next {
			out.ranges = append(out.ranges, next, s.ranges[i]-1)
		}
		next = s.ranges[i+1] + 1
	}
	if next <= unicode.MaxRune {
		out.ranges = append(out.ranges, next, unicode.MaxRune)
	}
	out.mark()
	return out
}

func (s *set) and(t *set) *set {
	out := &set{}
	for i, j := 0, 0; i < len(s.ranges) && j < len(t.ranges); {
		lo, hi := max(s.ranges[i], t.ranges[j]), min(s.ranges[i+1], t.ranges[j+1])
		if lo <= hi {
			out.ranges = append(out.ranges, lo, hi)
		}
		if s.ranges[i+1] < t.ranges[j+1] {
			i += 2
		} else {
			j += 2
		}
	}
	out.mark()
	return out
}

// minus is what is in s and not in t.
func (s *set) minus(t *set) *set { return s.and(t.not()) }

// tableSet is a set of Unicode tables.
func tableSet(tables ...*unicode.RangeTable) *set {
	var pairs []rune
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			pairs = append(pairs, lo, hi)
			return
		}
		for c := lo; c <= hi; c += stride {
			pairs = append(pairs, c, c)
		}
	}
	for _, t := range tables {
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return newSet(pairs...)
}

// foldedASCII adds to the letters of range lo to hi their other case: (?i).
func foldedASCII(lo, hi rune) *set {
	pairs := []rune{lo, hi}
	for c := max(lo, 'A'); c <= min(hi, 'z'); c++ {
		switch {
		case 'A' <= c && c <= 'Z':
			pairs = append(pairs, c+32, c+32)
		case 'a' <= c && c <= 'z':
			pairs = append(pairs, c-32, c-32)
		}
	}
	return newSet(pairs...)
}

// folds are the characters that have a case, each with what it is compared as
// in (?iu): made upper case, and lower case after that.
type folds []folded

type folded struct{ char, up, low rune }

func newFolds() folds {
	var all folds
	for _, cr := range unicode.CaseRanges {
		for c := rune(cr.Lo); c <= rune(cr.Hi); c++ {
			up := unicode.ToUpper(c)
			all = append(all, folded{c, up, unicode.ToLower(up)})
		}
	}
	slices.SortFunc(all, func(a, b folded) int { return int(a.low - b.low) })
	return all
}

// ofRange is what matches lo to hi in (?iu).
func (f folds) ofRange(lo, hi rune) *set {
	pairs := []rune{lo, hi}
	for _, c := range f {
		if lo <= c.up && c.up <= hi || lo <= c.low && c.low <= hi {
			pairs = append(pairs, c.char, c.char)
		}
	}
	return newSet(pairs...)
}

// ofChar is what matches c alone in (?iu).
func (f folds) ofChar(c rune) *set {
	up := unicode.ToUpper(c)
	low := unicode.ToLower(up)
	if up == low {
		return newSet(c, c) // it has no case, though others may fold to it
	}
	pairs := []rune{c, c, low, low}
	i := sort.Search(len(f), func(i int) bool { return f[i].low >= low })
	for ; i < len(f) && f[i].low == low; i++ {
		pairs = append(pairs, f[i].char, f[i].char)
	}
	return newSet(pairs...)
}
