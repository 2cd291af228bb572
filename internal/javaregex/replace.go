package javaregex

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrOutput is the error of a result that is longer than it may be.
var ErrOutput = errors.New("the result is longer than it may be")

func indexLiteral(s []byte, literal string) int { return bytes.Index(s, []byte(literal)) }

// ReplaceAll is String.replaceAll, with $1 and ${name} in the replacement.
// limit bounds the bytes of the result, b the steps (nil: those of any match).
// The error is ErrLimit, ErrOutput, or that of the replacement, in Java's words.
func (p *Pattern) ReplaceAll(s, replacement string, limit int, b *Budget) (string, error) {
	return p.replace(s, replacement, limit, -1, b)
}

// ReplaceFirst is String.replaceFirst, like ReplaceAll.
func (p *Pattern) ReplaceFirst(s, replacement string, limit int, b *Budget) (string, error) {
	return p.replace(s, replacement, limit, 1, b)
}

func (p *Pattern) replace(s, replacement string, limit, count int, b *Budget) (string, error) {
	var out strings.Builder
	text, last := []byte(s), 0
	err := p.each(text, b, 1+len(replacement)/8, func(slots []int) (bool, error) {
		out.WriteString(s[last:slots[0]])
		last = slots[1]
		if err := p.expand(&out, replacement, s, slots, limit); err != nil {
			return false, err
		}
		count--
		return count != 0, nil
	})
	switch {
	case err != nil:
		return "", err
	case last == 0 && out.Len() == 0:
		return s, nil
	case out.Len()+len(s)-last > limit:
		return "", ErrOutput
	}
	out.WriteString(s[last:])
	return out.String(), nil
}

// Split is String.split(pattern, limit): with a limit of 0 the empty strings at
// the end are left out, with a positive one there are at most so many, with a
// negative one all. An empty match at the beginning doesn't count. b is as for
// ReplaceAll. The error is ErrLimit.
func (p *Pattern) Split(s string, limit int, b *Budget) ([]string, error) {
	var parts []string
	last, found := 0, false
	err := p.each([]byte(s), b, 1, func(slots []int) (bool, error) {
		if slots[1] == 0 {
			return true, nil
		}
		if limit > 0 && len(parts) == limit-1 {
			return false, nil
		}
		found = true
		parts = append(parts, s[last:slots[0]])
		last = slots[1]
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return []string{s}, nil
	}
	parts = append(parts, s[last:])
	for limit == 0 && len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts, nil
}

// each calls use, which costs a number of steps, for every match as
// Matcher.find finds them, until it returns false: behind an empty match the
// search goes on one character later.
func (p *Pattern) each(text []byte, b *Budget, cost int, use func(slots []int) (bool, error)) error {
	var m *machine
	if p.literal == nil {
		m = p.machine(text)
		defer p.release(m)
	} else {
		m = &machine{}
		m.begin(text)
	}
	if b != nil {
		defer b.lend(m)()
	}
	paid := func(slots []int) (bool, error) {
		if err := m.spend(cost); err != nil {
			return false, err
		}
		return use(slots)
	}
	if p.literal != nil {
		m.steps -= len(text) / stepsPerByte
		return eachLiteral(text, *p.literal, paid)
	}
	for from := 0; from <= len(text); {
		ok, err := m.find(from)
		if !ok || err != nil {
			return err
		}
		if more, err := paid(m.slots); !more || err != nil {
			return err
		}
		from, m.lastMatch = m.slots[1], m.slots[1]
		if m.slots[0] == m.slots[1] {
			from += nextSize(text, from)
		}
	}
	return nil
}

func nextSize(text []byte, at int) int {
	_, size := utf8.DecodeRune(text[at:])
	return max(size, 1)
}

func eachLiteral(text []byte, literal string, use func(slots []int) (bool, error)) error {
	var slots [2]int
	for from := 0; from <= len(text); {
		i := indexLiteral(text[from:], literal)
		if i < 0 {
			return nil
		}
		slots[0], slots[1] = from+i, from+i+len(literal)
		if more, err := use(slots[:]); !more || err != nil {
			return err
		}
		from = slots[1]
		if literal == "" {
			from += nextSize(text, from)
		}
	}
	return nil
}

// expand appends the replacement for a match.
func (p *Pattern) expand(out *strings.Builder, replacement, s string, slots []int, limit int) error {
	for i := 0; i < len(replacement); i++ {
		switch c := replacement[i]; c {
		case '\\':
			if i++; i == len(replacement) {
				return errors.New("character to be escaped is missing")
			}
			out.WriteByte(replacement[i])
		case '$':
			group, size, err := p.groupReference(replacement[i+1:])
			if err != nil {
				return err
			}
			i += size
			if slots[2*group] >= 0 && slots[2*group+1] >= 0 {
				out.WriteString(s[slots[2*group]:slots[2*group+1]])
			}
		default:
			out.WriteByte(c)
		}
		if out.Len() > limit {
			return ErrOutput
		}
	}
	if out.Len() > limit {
		return ErrOutput
	}
	return nil
}

// groupReference reads what follows a $: the group, and how many bytes.
func (p *Pattern) groupReference(rest string) (group, size int, err error) {
	if rest == "" {
		return 0, 0, errors.New("Illegal group reference: group index is missing")
	}
	if rest[0] == '{' {
		return p.nameReference(rest)
	}
	if rest[0] < '0' || rest[0] > '9' {
		return 0, 0, errors.New("Illegal group reference")
	}
	group, size = int(rest[0]-'0'), 1
	if group > p.groups {
		return 0, 0, fmt.Errorf("No group %d", group)
	}
	for size < len(rest) && '0' <= rest[size] && rest[size] <= '9' {
		longer := group*10 + int(rest[size]-'0')
		if longer > p.groups {
			break
		}
		group = longer
		size++
	}
	return group, size, nil
}

func (p *Pattern) nameReference(rest string) (group, size int, err error) {
	end := 1
	for end < len(rest) && isNameChar(rune(rest[end])) {
		end++
	}
	name := rest[1:end]
	switch {
	case name == "":
		return 0, 0, errors.New("named capturing group has 0 length name")
	case end == len(rest) || rest[end] != '}':
		return 0, 0, errors.New("named capturing group is missing trailing '}'")
	case '0' <= name[0] && name[0] <= '9':
		return 0, 0, fmt.Errorf("capturing group name {%s} starts with digit character", name)
	}
	group, ok := p.names[name]
	if !ok {
		return 0, 0, fmt.Errorf("No group with name {%s}", name)
	}
	return group, end + 1, nil
}
