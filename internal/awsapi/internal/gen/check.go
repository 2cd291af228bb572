package main

import "strings"

// checks writes what AWS's framework checks before an operation runs: members
// that are required, enums and patterns.
func (g *generator) checks() {
	var imports []string
	if g.checksPatterns() {
		imports = append(imports, "regexp")
	}
	if g.checksLists() {
		imports = append(imports, "strconv")
	}
	g.imports(imports...)
	g.constraintValues()
	for _, s := range g.structures(g.in) {
		if op := g.isInput(s); op != "" {
			g.p("// Check notes the constraints that the input breaks.")
			g.p("func (s *%s) Check(v *wire.Violations) {", s.Name)
			for _, body := range []bool{true, false} { // the body's members come first
				for _, m := range s.Members {
					if (m.In == "") == body {
						g.checkMember(s, m, op)
					}
				}
			}
			g.p("}\n")
		} else if g.constrained(s) {
			g.p("func (s *%s) check(v *wire.Violations, path string) {", s.Name)
			for _, m := range s.Members {
				g.checkMember(s, m, "")
			}
			g.p("}\n")
		}
	}
}

// checksPatterns says whether an input has a text with a pattern.
func (g *generator) checksPatterns() bool {
	for name := range g.in {
		if g.Shapes[name].Pattern != "" {
			return true
		}
	}
	return false
}

// checksLists says whether a list of structures is checked.
func (g *generator) checksLists() bool {
	for _, s := range g.structures(g.in) {
		for _, m := range s.Members {
			if t := g.Shapes[m.Shape]; t.Type == "list" && len(g.Shapes[t.Member].Enum) == 0 && g.Shapes[t.Member].Type == "structure" && g.constrained(g.Shapes[t.Member]) {
				return true
			}
		}
	}
	return false
}

// constraintValues writes the enums and patterns that inputs use.
func (g *generator) constraintValues() {
	g.p("var (")
	for _, name := range sortedKeys(g.in) {
		s := g.Shapes[name]
		if len(s.Enum) > 0 {
			g.p("%sValues = []string{%s}", lowerFirst(name), `"`+strings.Join(s.Enum, `", "`)+`"`)
		}
		if s.Pattern != "" {
			pattern, ok := goPatterns[s.Pattern]
			if !ok {
				pattern = s.Pattern
			}
			g.p("%sPattern = regexp.MustCompile(`^(?:%s)$`)", lowerFirst(name), pattern)
		}
	}
	g.p(")\n")
}

// constrainedMap says whether a shape is a map of structures to check.
func (g *generator) constrainedMap(t *shape) bool {
	return t.Type == "map" && g.Shapes[t.Value].Type == "structure" && g.constrained(g.Shapes[t.Value])
}

func (g *generator) constrained(s *shape) bool {
	for _, m := range s.Members {
		t := g.Shapes[m.Shape]
		if g.constrainedMap(t) || m.Required || len(t.Enum) > 0 || t.Pattern != "" || t.Type == "structure" && g.constrained(t) || bounded[g.service] && g.bounds(m.Shape) {
			return true
		}
	}
	return false
}

// checkMember writes the checks of one member. A raw body is never null.
func (g *generator) checkMember(s *shape, m member, op string) {
	if m.Name == s.Payload {
		return
	}
	var path string
	switch {
	case op == "":
		path = `path + ".` + m.Name + `"`
		if plainPaths[g.service] {
			path = `path + ".` + lowerFirst(m.Name) + `"`
		}
	case plainPaths[g.service]:
		path = `"` + lowerFirst(m.Name) + `"`
	case m.In == "":
		path = `"` + inputName(op) + `.` + m.Name + `"`
	default:
		path = `"` + m.Name + `"`
	}
	value := "s." + m.field()
	if m.In == "uri" {
		value = "&" + value // a label is always there
	}
	if m.Required && m.In != "uri" {
		g.p("v.Required(%s, s.%s == nil)", path, m.field())
	}
	t := g.Shapes[m.Shape]
	if bounded[g.service] {
		g.checkBounds(s, path, value, m)
	}
	switch {
	case sensitive[t.Name] && t.Pattern != "":
		g.p("v.SecretPattern(%s, %s, %sPattern, `%s`)", path, value, lowerFirst(t.Name), t.Pattern)
	case checkedLater[t.Name]:
	case len(t.Enum) > 0:
		g.p("v.Enum(%s, %s, %sValues)", path, value, lowerFirst(t.Name))
	case t.Pattern != "":
		g.p("v.Pattern(%s, %s, %sPattern, `%s`)", path, value, lowerFirst(t.Name), t.Pattern)
	case t.Type == "list" && len(g.Shapes[t.Member].Enum) > 0:
		g.p("v.EnumList(%s, s.%s, %sValues)", path, m.field(), lowerFirst(t.Member))
	case t.Type == "list" && g.Shapes[t.Member].Type == "structure" && g.constrained(g.Shapes[t.Member]):
		g.p("for i, e := range s.%s {", m.field())
		g.p("e.check(v, %s+\".\"+strconv.Itoa(i+1)+\".member\")\n}", path)
	case g.constrainedMap(t):
		g.p("for _, name := range wire.Names(s.%s) {", m.field())
		g.p("s.%s[name].check(v, %s+\".\"+name+\".member\")\n}", m.field(), path)
	case t.Type == "structure" && g.constrained(t):
		g.p("if s.%s != nil {\ns.%s.check(v, %s)\n}", m.field(), m.field(), path)
	}
}

// bounds says whether a shape, or what it holds, has a length or a range.
func (g *generator) bounds(name string) bool {
	t := g.Shapes[name]
	if t == nil {
		return false
	}
	return t.Min != nil || t.Max != nil || t.Type == "list" && g.Shapes[t.Member].Type == "string" && (g.bounds(t.Member) || g.Shapes[t.Member].Pattern != "") ||
		t.Type == "map" && (g.bounds(t.Key) || g.bounds(t.Value))
}

// checkBounds writes the checks of a member's lengths and ranges. What isn't
// bounded is -1.
func (g *generator) checkBounds(s *shape, path, value string, m member) {
	if !g.bounds(m.Shape) {
		return
	}
	t := g.Shapes[m.Shape]
	low, high := limits(t)
	if longest, ok := longer[s.Name+"."+m.Name]; ok {
		high = longest
	}
	if camel[g.service] && !m.Required && t.Type == "string" {
		low = -1
	}
	switch t.Type {
	case "string":
		g.p("v.Length(%s, %s, %d, %d, %t)", path, value, low, high, sensitive[t.Name])
	case "integer":
		g.p("v.Range(%s, %s, %d, %d)", path, value, low, high)
	case "long":
		g.p("v.LongRange(%s, %s, %d, %d)", path, value, low, high)
	case "list":
		e := g.Shapes[t.Member]
		low, high := limits(e)
		pattern := "nil, ``"
		if e.Pattern != "" {
			pattern = lowerFirst(e.Name) + "Pattern, `" + e.Pattern + "`"
		}
		g.p("v.Elements(%s, s.%s, %d, %d, %s)", path, m.field(), low, high, pattern)
	case "map":
		if inner := g.Shapes[t.Value]; inner.Type == "map" {
			_, high := limits(g.Shapes[inner.Value])
			g.p("for _, name := range wire.Names(s.%s) {", m.field())
			g.p("v.Entries(%s+\".\"+name, s.%s[name], -1, -1, -1, %d)\n}", path, m.field(), high)
			return
		}
		keyLow, keyHigh := limits(g.Shapes[t.Key])
		low, high := limits(g.Shapes[t.Value])
		if camel[g.service] {
			low = -1
		}
		g.p("v.Entries(%s, s.%s, %d, %d, %d, %d)", path, m.field(), keyLow, keyHigh, low, high)
	}
}

func limits(s *shape) (low, high int) {
	low, high = -1, -1
	if s.Min != nil {
		low = int(*s.Min)
	}
	if s.Max != nil {
		high = int(*s.Max)
	}
	return low, high
}
