package vtl

// equal is Java's equals: of one class and of one content. It takes steps for
// what it compares; once there are none left it is false, and the next step
// fails.
func (r *Run) equal(a, b Value) bool { return r.equalDeep(a, b, 0) }

func (r *Run) equalDeep(a, b Value, depth int) bool {
	r.steps--
	if a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	if a.kind != b.kind || depth > maxDepth || r.steps < 0 {
		return false
	}
	switch a.kind {
	case String:
		return a.n == b.n && r.equalStrings(a.s, b.s)
	case Bool:
		return a.n == b.n
	case Integer, Decimal:
		return compareNumbers(a, b) == 0
	}
	a, b = r.resolve(a), r.resolve(b)
	switch {
	case a.ref == b.ref:
		return true
	case a.kind == List:
		return r.equalLists(a, b, depth)
	case a.kind == Map:
		return r.equalMaps(a, b, depth)
	}
	return false
}

func (r *Run) equalStrings(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	r.steps -= len(a) >> 6
	return a == b
}

func (r *Run) equalLists(a, b Value, depth int) bool {
	size := r.size(a)
	if size != r.size(b) {
		return false
	}
	for i := range size {
		if !r.equalDeep(r.at(a, i), r.at(b, i), depth+1) {
			return false
		}
	}
	return true
}

func (r *Run) equalMaps(a, b Value, depth int) bool {
	size := r.size(a)
	if size != r.size(b) {
		return false
	}
	for i := range size {
		key := r.keyAt(a, i)
		if !r.hasMember(b, key) || !r.equalDeep(r.valueAt(a, i), r.memberOf(b, key), depth+1) {
			return false
		}
	}
	return true
}

// hashCode is Java's, of strings, numbers, lists and maps. It takes steps as
// equal does.
func (r *Run) hashCode(v Value, depth int) int32 {
	if r.steps--; depth > maxDepth || r.steps < 0 {
		return 0
	}
	switch v.kind {
	case String:
		return hashString(v.s)
	case Bool:
		if v.n != 0 {
			return 1231
		}
		return 1237
	case Integer, Decimal:
		return int32(v.n ^ int64(uint64(v.n)>>32))
	case List:
		h := int32(1)
		for i := 0; i < r.size(v) && r.steps >= 0; i++ {
			h = 31*h + r.hashCode(r.at(v, i), depth+1)
		}
		return h
	case Map:
		h := int32(0)
		for i := 0; i < r.size(v) && r.steps >= 0; i++ {
			h += r.hashCode(r.keyAt(v, i), depth+1) ^ r.hashCode(r.valueAt(v, i), depth+1)
		}
		return h
	}
	return 0
}
