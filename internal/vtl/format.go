package vtl

import (
	"fmt"
	"strings"
)

// format is String.format with %s %d %x %X %o %c %b %f %e %% and the flags,
// widths and precisions that Go's fmt has in common with Java's Formatter.
func (r *Run) format(args []Value) (Value, error) {
	if args[0].kind != String {
		return Value{}, nil
	}
	pattern, rest := args[0].s, args[1:]
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			b.WriteByte(pattern[i])
			continue
		}
		spec, n, err := verb(pattern[i:])
		if err != nil {
			return Value{}, err
		}
		i += n - 1
		if rest, err = r.formatOne(&b, spec, rest); err != nil {
			return Value{}, err
		}
		if b.Len() > r.limits.Output {
			return Value{}, errTooMuch
		}
	}
	return r.newString(b.String())
}

// verb is one format specifier: %-5d, %.2f.
func verb(s string) (string, int, error) {
	digits := 0
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case strings.IndexByte("-+ 0#.", c) >= 0:
		case isDigit(c):
			digits++
		case strings.IndexByte("sSdxXocbfeEn%", c) >= 0 && digits <= 4:
			return s[:i+1], i + 1, nil
		default:
			return "", 0, fmt.Errorf("format %q isn't available", clip(s[:i+1]))
		}
	}
	return "", 0, fmt.Errorf("format %q isn't complete", clip(s))
}

func (r *Run) formatOne(b *strings.Builder, spec string, args []Value) ([]Value, error) {
	kind := spec[len(spec)-1]
	switch kind {
	case '%':
		b.WriteByte('%')
		return args, nil
	case 'n':
		b.WriteByte('\n')
		return args, nil
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("format %q has no argument", spec)
	}
	v := args[0]
	switch kind {
	case 'd', 'x', 'X', 'o':
		if v.kind != Integer {
			return nil, fmt.Errorf("format %q wants an integer", spec)
		}
		fmt.Fprintf(b, spec, bigOf(v))
	case 'f', 'e', 'E':
		if v.kind != Decimal {
			return nil, fmt.Errorf("format %q wants a decimal number", spec)
		}
		fmt.Fprintf(b, spec, v.float())
	default:
		if err := r.formatText(b, spec, kind, v); err != nil {
			return nil, err
		}
	}
	return args[1:], nil
}

func (r *Run) formatText(b *strings.Builder, spec string, kind byte, v Value) error {
	text, err := r.textOf(v)
	if err != nil {
		return err
	}
	if v.IsNull() {
		text = "null"
	}
	if kind == 'b' {
		text = BoolValue(v.truth()).Text()
	}
	if kind == 'S' {
		text = strings.ToUpper(text)
	}
	fmt.Fprintf(b, spec[:len(spec)-1]+"s", text)
	return nil
}
