package mapping

import (
	"slices"
	"unicode/utf16"
)

// hashOrder brings names into the order in which a java.util.HashMap of them
// is gone through: what templates see of $context's maps (recorded on AWS).
// Names that share a bucket stay in the order they have.
func hashOrder(names []string) {
	size := uint32(16)
	for uint32(len(names)) > size/4*3 {
		size *= 2
	}
	slices.SortStableFunc(names, func(a, b string) int {
		return int(javaHash(a)&(size-1)) - int(javaHash(b)&(size-1))
	})
}

// javaHash is String.hashCode as HashMap spreads it.
func javaHash(s string) uint32 {
	var h uint32
	for _, c := range s {
		if c <= 0xFFFF {
			h = 31*h + uint32(c)
			continue
		}
		high, low := utf16.EncodeRune(c)
		h = 31*(31*h+uint32(high)) + uint32(low)
	}
	return h ^ h>>16
}
