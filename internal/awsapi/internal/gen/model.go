package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// model is the compact table of a service.
type model struct {
	Operations map[string]*operation `json:"operations"`
	Shapes     map[string]*shape     `json:"shapes"`
}

type operation struct {
	Name   string `json:"-"`
	Method string `json:"method"`
	URI    string `json:"uri"`
	Status int    `json:"status"`
	Input  string `json:"input"`
	Output string `json:"output"`
}

type shape struct {
	Name      string   `json:"-"`
	Type      string   `json:"type"`
	Timestamp string   `json:"timestampFormat"` // iso8601; empty: seconds since 1970
	Members   members  `json:"members"`
	Member    string   `json:"member"` // of a list
	Key       string   `json:"key"`    // of a map
	Value     string   `json:"value"`  // of a map
	Enum      []string `json:"enum"`
	Pattern   string   `json:"pattern"`
	Min       *float64 `json:"min"` // of a text's characters, or of a number
	Max       *float64 `json:"max"`
	Exception bool     `json:"exception"`
	Payload   string   `json:"payload"`
}

type member struct {
	Name     string `json:"-"`
	Shape    string `json:"shape"`
	Wire     string `json:"wire"`
	In       string `json:"in"` // "", uri, querystring, header
	Required bool   `json:"required"`
}

// field is the member's name in Go.
func (m member) field() string { return strings.ToUpper(m.Name[:1]) + m.Name[1:] }

// members keeps the order of the table: constraint texts and results follow it.
type members []member

func (ms *members) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		m := member{Name: name.(string)}
		if err := d.Decode(&m); err != nil {
			return err
		}
		*ms = append(*ms, m)
	}
	return nil
}

func readModel(file string) (*model, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m := new(model)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	orders := enumOrders[strings.TrimSuffix(filepath.Base(file), ".json")]
	for name, s := range m.Shapes {
		s.Name = name
		if order, ok := orders[name]; ok {
			if err := sameSet(order, s.Enum); err != nil {
				return nil, fmt.Errorf("enum order of %s: %w", name, err)
			}
			s.Enum = order
		}
	}
	m.streamsAsWriters()
	m.lengthsOfNames()
	m.typedExports()
	for name, o := range m.Operations {
		o.Name = name
		if o.Status == 0 {
			o.Status = 200
		}
	}
	return m, nil
}

// streamsAsWriters makes a payload that is an event stream what writes it: the
// operation frames it itself.
func (m *model) streamsAsWriters() {
	const stream = "EventStreamWriter"
	for _, s := range m.Shapes {
		for i := range s.Members {
			if at := &s.Members[i]; at.Name == s.Payload && m.Shapes[at.Shape].Type == "structure" {
				m.Shapes[stream] = &shape{Name: stream, Type: "stream"}
				at.Shape = stream
			}
		}
	}
}

// lengthName is how API Gateway V2 names shapes that have no other bounds.
var lengthName = regexp.MustCompile(`WithLengthBetween(\d+)And(\d+)(K?)$`)

// lengthsOfNames gives texts the bounds that their shapes' names tell.
func (m *model) lengthsOfNames() {
	for name, s := range m.Shapes {
		found := lengthName.FindStringSubmatch(name)
		if s.Type != "string" || found == nil {
			continue
		}
		low, _ := strconv.ParseFloat(found[1], 64)
		high, _ := strconv.ParseFloat(found[2], 64)
		if found[3] == "K" {
			high *= 1024
		}
		s.Min, s.Max = &low, &high
	}
}

// typedExports lets an export say what it is: the model has no member for it.
func (m *model) typedExports() {
	if s := m.Shapes["ExportApiResponse"]; s != nil {
		s.Members = append(s.Members, member{Name: "ContentType", Shape: "__string", Wire: "Content-Type", In: "header"})
	}
}

func sameSet(a, b []string) error {
	x, y := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	if !slices.Equal(x, y) {
		return fmt.Errorf("%v is not %v", x, y)
	}
	return nil
}

func (m *model) operationNames() []string {
	names := make([]string, 0, len(m.Operations))
	for n := range m.Operations {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// reach is every structure that the shapes named in roots lead to.
func (m *model) reach(roots []string) map[string]bool {
	seen := map[string]bool{}
	for len(roots) > 0 {
		name := roots[len(roots)-1]
		roots = roots[:len(roots)-1]
		if name == "" || seen[name] {
			continue
		}
		seen[name] = true
		s := m.Shapes[name]
		roots = append(roots, s.Member, s.Value)
		for _, member := range s.Members {
			roots = append(roots, member.Shape)
		}
	}
	return seen
}

func sortedKeys(m map[string]bool) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
