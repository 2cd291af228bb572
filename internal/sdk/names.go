package sdk

import (
	"slices"
	"strconv"
	"strings"
)

// words are the runs of ASCII letters and digits in a name: all that goes
// from a definition into an identifier.
func words(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	})
}

// split cuts words where the case changes, too, for languages that write
// names with underscores: petId is pet, Id.
func split(parts []string) (out []string) {
	for _, w := range parts {
		from := 0
		for i := 1; i < len(w); i++ {
			ends := isUpper(w[i]) && (!isUpper(w[i-1]) || i+1 < len(w) && !isUpper(w[i+1]) && !isDigit(w[i+1]))
			if ends {
				out, from = append(out, w[from:i]), i
			}
		}
		out = append(out, w[from:])
	}
	return out
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// camel is UpperCamel.
func camel(parts []string) string {
	var b strings.Builder
	for _, w := range parts {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

// snake is lower_case.
func snake(parts []string) string { return strings.ToLower(strings.Join(split(parts), "_")) }

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// namer hands out identifiers of one scope: never one twice, in whichever
// case (some become file names), and none of the reserved ones.
type namer struct {
	taken map[string]bool
	last  map[string]int // number of the latest of those that would be the same
}

func newNamer(reserved ...string) *namer {
	n := &namer{map[string]bool{}, map[string]int{}}
	for _, r := range reserved {
		n.taken[strings.ToLower(r)] = true
	}
	return n
}

// name is want, or want with the lowest number that makes it new. What can't
// begin an identifier gets prefix before it.
func (n *namer) name(want, prefix string) string {
	if want == "" || isDigit(want[0]) {
		want = prefix + want
	}
	same := strings.ToLower(want)
	for i := n.last[same] + 1; ; i++ {
		got := want
		if i > 1 {
			got += "_" + strconv.Itoa(i)
		}
		if key := strings.ToLower(got); !n.taken[key] {
			n.taken[key], n.last[same] = true, i
			return got
		}
	}
}

// reservedOf joins lists of words that a language keeps for itself.
func reservedOf(lists ...string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, strings.Fields(l)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
