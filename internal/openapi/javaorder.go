package openapi

import (
	"cmp"
	"maps"
	"slices"
	"unicode/utf16"
)

// javaOrder are the keys of m in the order in which a Java HashMap has them:
// exports show it (recorded on AWS). Keys of one bucket, whose order depends
// on how they came there, are sorted.
func javaOrder[V any](m map[string]V) []string {
	size := 16
	for len(m) > size*3/4 {
		size *= 2
	}
	bucket := func(key string) uint32 {
		var h uint32
		for _, unit := range utf16.Encode([]rune(key)) {
			h = 31*h + uint32(unit)
		}
		return (h ^ h>>16) & uint32(size-1)
	}
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(bucket(a), bucket(b)), cmp.Compare(a, b))
	})
}
