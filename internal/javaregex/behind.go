package javaregex

// reach is what Java works out about a look-behind: the longest text that it
// takes, in 32 bits, as long as that is known, and whether a choice is left.
type reach struct {
	most         int32
	known, fixed bool
}

// hasEnd says whether Java sees an end to n. Where it doesn't, or loses count,
// it refuses the look-behind; .* it takes.
func hasEnd(n *node) bool {
	r := reach{known: true, fixed: true}
	r.add(n)
	return r.known
}

func (r *reach) add(n *node) {
	switch n.kind {
	case literal, class:
		r.most++
	case concat:
		for _, sub := range n.subs {
			r.add(sub)
		}
	case alternate:
		r.choose(n)
	case repeat:
		r.repeat(n)
	case group, atomic:
		r.add(n.subs[0])
	case backref:
		r.known = false
	}
}

func (r *reach) choose(n *node) {
	longest := int32(0)
	for _, sub := range n.subs {
		one := reach{known: true}
		one.add(sub)
		longest = max(longest, one.most)
		r.known = r.known && one.known
	}
	r.most += longest
	r.fixed = false
}

func (r *reach) repeat(n *node) {
	sub := n.subs[0]
	one := reach{known: true, fixed: true}
	one.add(sub)
	single := sub.kind == literal || sub.kind == class
	switch {
	case n.max == 1 && n.min == 0:
		r.most += one.most
	case single && n.mode == greedy && n.max == unbounded:
	case sub.kind == group && n.mode != possessive && !one.fixed:
		r.known = false
	default:
		most := r.most + one.most*int32(n.max)
		r.known = r.known && one.known && most >= r.most
		r.most = most
	}
	r.fixed = r.fixed && one.fixed && n.min == n.max
}
