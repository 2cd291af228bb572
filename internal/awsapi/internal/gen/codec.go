package main

import (
	"fmt"
	"strings"
	"unicode"
)

func (g *generator) imports(extra ...string) {
	g.p("package %s\n\nimport (", g.pkg)
	for _, e := range extra {
		g.p("%q", e)
	}
	g.p("\n\"github.com/gatehouse/gatehouse/internal/awsapi/wire\"\n)\n")
}

// memberName is how records call a member.
func (g *generator) memberName(m member) string {
	if camel[g.service] {
		return lowerFirst(m.Name)
	}
	return m.Name
}

func (g *generator) isInput(s *shape) string {
	for _, n := range g.operationNames() {
		if g.Operations[n].Input == s.Name {
			return n
		}
	}
	return ""
}

// inputName is how AWS calls the body of an operation in a constraint's text.
func inputName(op string) string {
	r := []rune(op)
	r[0] = unicode.ToLower(r[0])
	return string(r) + "Input"
}

func (g *generator) decoders() {
	g.imports()
	for _, s := range g.structures(g.in) {
		if op := g.isInput(s); op != "" {
			g.decodeInput(s, op)
		} else {
			g.decodeNested(s)
		}
	}
}

func (g *generator) decodeInput(s *shape, op string) {
	g.p("// Decode reads the shape from a request.")
	g.p("func (s *%s) Decode(r *wire.Request) {", s.Name)
	body := false
	for _, m := range s.Members {
		switch {
		case m.Name == s.Payload:
			g.p("s.%s = r.Body", m.field())
		case m.In == "uri":
			g.p("s.%s = r.Label(%q, %q)", m.field(), m.Wire, g.memberName(m))
		case m.In == "header":
			g.p("s.%s = r.HeaderString(%q)", m.field(), m.Wire)
		case m.In == "":
			body = true
		}
	}
	g.decodeQuery(s)
	if body {
		g.p("o := r.Object(%q)", inputName(op))
		g.decodeMembers(s)
		g.p("o.Done()")
	}
	g.p("}\n")
}

// decodeQuery reads maps last: they take the parameters that nothing else has.
func (g *generator) decodeQuery(s *shape) {
	for _, maps := range []bool{false, true} {
		for _, m := range s.Members {
			kind := g.Shapes[m.Shape].Type
			if m.In != "querystring" || (kind == "map") != maps {
				continue
			}
			switch kind {
			case "map":
				g.p("s.%s = r.QueryMap()", m.field())
			case "list":
				g.p("s.%s = r.QueryList(%q)", m.field(), m.Wire)
			case "boolean":
				g.p("s.%s = r.QueryBool(%q)", m.field(), m.Wire)
			case "integer":
				g.p("s.%s = r.QueryInt(%q)", m.field(), m.Wire)
			default:
				g.p("s.%s = r.QueryString(%q)", m.field(), m.Wire)
			}
		}
	}
}

func (g *generator) decodeNested(s *shape) {
	g.p("func read%s(o *wire.Object) *%s {", s.Name, s.Name)
	g.p("if o == nil {\nreturn nil\n}")
	g.p("s := new(%s)", s.Name)
	g.decodeMembers(s)
	g.p("o.Done()\nreturn s\n}\n")
}

func (g *generator) decodeMembers(s *shape) {
	for _, m := range s.Members {
		if m.In != "" || m.Name == s.Payload {
			continue
		}
		if sparse[s.Name+"."+m.Name] {
			g.p("s.%s, s.%sOrder = o.SparseMap(%q)", m.field(), m.field(), m.Wire)
			continue
		}
		g.p("s.%s = %s", m.field(), g.readExpr(m))
	}
}

func (g *generator) readExpr(m member) string {
	s := g.Shapes[m.Shape]
	switch s.Type {
	case "string":
		return fmt.Sprintf("o.String(%q)", m.Wire)
	case "boolean":
		return fmt.Sprintf("o.Bool(%q)", m.Wire)
	case "integer":
		return fmt.Sprintf("o.Int(%q)", m.Wire)
	case "long":
		return fmt.Sprintf("o.Long(%q)", m.Wire)
	case "double":
		return fmt.Sprintf("o.Float(%q)", m.Wire)
	case "structure":
		return fmt.Sprintf("read%s(o.Object(%q))", s.Name, m.Wire)
	case "timestamp":
		return fmt.Sprintf("o.DateTime(%q)", m.Wire)
	case "blob":
		return fmt.Sprintf("o.Blob(%q)", m.Wire)
	case "list":
		if g.Shapes[s.Member].Type == "structure" {
			return fmt.Sprintf("wire.List(o, %q, read%s)", m.Wire, s.Member)
		}
		return fmt.Sprintf("o.Strings(%q)", m.Wire)
	case "map":
		switch v := g.Shapes[s.Value]; v.Type {
		case "structure":
			return fmt.Sprintf("wire.Map(o, %q, read%s)", m.Wire, s.Value)
		case "boolean":
			return fmt.Sprintf("o.BoolMap(%q)", m.Wire)
		case "double":
			return fmt.Sprintf("o.FloatMap(%q)", m.Wire)
		case "list":
			return fmt.Sprintf("o.StringsMap(%q)", m.Wire)
		case "string":
			return fmt.Sprintf("o.StringMap(%q)", m.Wire)
		case "map":
			return fmt.Sprintf("o.StringMapMap(%q)", m.Wire)
		}
	}
	panic("no reader for " + m.Shape)
}

func (g *generator) encoders() {
	g.imports()
	for _, s := range g.structures(g.out) {
		g.p("// Encode writes the shape.")
		g.p("func (s *%s) Encode(w *wire.Response) {", s.Name)
		if s.Payload == "" {
			g.p("w.Begin()")
		}
		for _, m := range s.Members {
			switch {
			case m.Name == s.Payload && g.Shapes[m.Shape].Type == "stream":
				g.p("w.Stream = s.%s", m.field())
			case m.Name == s.Payload:
				g.p("w.Body = s.%s", m.field())
			case m.In == "header":
				g.p("w.SetHeader(%q, s.%s)", m.Wire, m.field())
			case m.In == "statusCode":
				g.p("w.SetStatus(s.%s)", m.field())
			default:
				g.p("%s", g.writeStatement(s, m))
			}
		}
		if s.Payload == "" {
			g.p("w.End()")
		}
		g.p("}\n")
	}
}

func (g *generator) writeStatement(of *shape, m member) string {
	s := g.Shapes[m.Shape]
	call := func(name string) string { return fmt.Sprintf("%s(%q, s.%s)", name, m.Wire, m.field()) }
	generic := func(name string) string { return fmt.Sprintf("%s(w, %q, s.%s)", name, m.Wire, m.field()) }
	if sparse[of.Name+"."+m.Name] {
		return call("w.SparseMap")
	}
	switch s.Type {
	case "structure":
		return generic("wire.WriteObject")
	case "list":
		if g.Shapes[s.Member].Type == "structure" {
			return generic("wire.WriteList")
		}
		return call("w.Strings")
	case "map":
		switch g.Shapes[s.Value].Type {
		case "structure":
			return generic("wire.WriteMap")
		case "map":
			if g.Shapes[g.Shapes[s.Value].Value].Type == "string" {
				return call("w.StringMapMap")
			}
			return generic("wire.WriteMapMap")
		case "boolean":
			return call("w.BoolMap")
		case "double":
			return call("w.FloatMap")
		case "list":
			if g.Shapes[g.Shapes[s.Value].Member].Type == "list" {
				return call("w.UsageMap")
			}
			return call("w.StringsMap")
		}
		return call("w.StringMap")
	}
	if s.Timestamp == "iso8601" {
		return call("w.DateTime")
	}
	return call(map[string]string{"string": "w.String", "boolean": "w.Bool", "integer": "w.Int", "long": "w.Long",
		"double": "w.Float", "timestamp": "w.Time"}[s.Type])
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
