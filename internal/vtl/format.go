package vtl

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// format is String.format with %s %S %d %x %X %o %c %b %f %e %n %%, their
// flags, widths and precisions. Other verbs are an error.
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
		v, n, err := readVerb(pattern[i:])
		if err != nil {
			return Value{}, err
		}
		i += n - 1
		if rest, err = r.formatOne(&b, v, rest); err != nil {
			return Value{}, err
		}
		if b.Len() > r.limits.Output {
			return Value{}, errTooMuch
		}
	}
	return r.newString(b.String())
}

// verb is one format specifier: %-5d, %.2f.
type verb struct {
	text      string
	flags     string
	width     int
	precision int // -1: none
	kind      byte
}

func readVerb(s string) (verb, int, error) {
	v := verb{precision: -1}
	i := 1
	for i < len(s) && strings.IndexByte("-+ 0,(#", s[i]) >= 0 {
		i++
	}
	v.flags = s[1:i]
	v.width, i = readDigits(s, i)
	if i < len(s) && s[i] == '.' {
		v.precision, i = readDigits(s, i+1)
	}
	if i >= len(s) || strings.IndexByte("sSdxXocbfeEn%", s[i]) < 0 || v.width > 9999 || v.precision > 999 {
		return v, 0, fmt.Errorf("format %q isn't available", clip(s[:min(len(s), i+1)]))
	}
	v.kind, v.text = s[i], s[:i+1]
	return v, i + 1, nil
}

func readDigits(s string, i int) (n, end int) {
	for i < len(s) && isDigit(s[i]) && n < 10000 {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, i
}

func (v verb) has(flag byte) bool { return strings.IndexByte(v.flags, flag) >= 0 }

// pad brings text to the width.
func (v verb) pad(text string) string {
	blanks := v.width - units(text)
	switch {
	case blanks <= 0:
		return text
	case v.has('-'):
		return text + strings.Repeat(" ", blanks)
	}
	return strings.Repeat(" ", blanks) + text
}

func (r *Run) formatOne(b *strings.Builder, v verb, args []Value) ([]Value, error) {
	switch v.kind {
	case '%':
		b.WriteString(v.pad("%"))
		return args, nil
	case 'n':
		b.WriteByte('\n')
		return args, nil
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("format %q has no argument", v.text)
	}
	text, err := r.formatValue(v, args[0])
	if err != nil {
		return nil, err
	}
	b.WriteString(text)
	return args[1:], nil
}

func (r *Run) formatValue(v verb, arg Value) (string, error) {
	wrong := fmt.Errorf("format %q doesn't fit its argument", v.text)
	switch v.kind {
	case 'b':
		if arg.kind != Bool {
			arg = BoolValue(!arg.IsNull())
		}
		return v.pad(v.cut(arg.Text())), nil
	case 's', 'S':
		text, err := r.TextOf(arg)
		if arg.IsNull() {
			text = "null"
		}
		if v.kind == 'S' {
			text = toUpper(text)
		}
		return v.pad(v.cut(text)), err
	}
	if arg.IsNull() {
		return v.pad("null"), nil
	}
	switch {
	case v.kind == 'c' && arg.kind == String && arg.n == character:
		return v.pad(arg.s), nil
	case v.kind == 'c' && arg.kind == Integer && arg.n >= 0 && arg.n <= 0x10FFFF && arg.ref == nil:
		return v.pad(string(rune(arg.n))), nil
	case strings.IndexByte("dxXo", v.kind) >= 0 && arg.kind == Integer && v.precision < 0:
		return v.integer(bigOf(arg)), nil
	case strings.IndexByte("feE", v.kind) >= 0 && arg.kind == Decimal:
		return v.decimal(arg.float()), nil
	}
	return "", wrong
}

func (v verb) cut(text string) string {
	if v.precision >= 0 && units(text) > v.precision {
		text = text[:unitOffset(text, int64(v.precision))]
	}
	return text
}

func (v verb) integer(n *big.Int) string {
	switch v.kind {
	case 'd':
		return v.number(n.Sign() < 0, new(big.Int).Abs(n).String())
	case 'o':
		return v.number(false, unsigned(n).Text(8))
	}
	text := unsigned(n).Text(16)
	if v.kind == 'X' {
		text = strings.ToUpper(text)
	}
	return v.number(false, text)
}

// unsigned is a negative Integer or Long as its bits.
func unsigned(n *big.Int) *big.Int {
	if n.Sign() >= 0 || !n.IsInt64() {
		return n
	}
	if i := n.Int64(); i >= math.MinInt32 {
		return new(big.Int).SetUint64(uint64(uint32(i)))
	}
	return new(big.Int).SetUint64(uint64(n.Int64()))
}

// number puts sign, groups and zeros around digits.
func (v verb) number(negative bool, digits string) string {
	if v.has(',') {
		digits = grouped(digits)
	}
	sign := ""
	switch {
	case negative && v.has('('):
		return v.pad("(" + digits + ")")
	case negative:
		sign = "-"
	case v.has('+'):
		sign = "+"
	case v.has(' '):
		sign = " "
	}
	if zeros := v.width - len(sign) - len(digits); v.has('0') && zeros > 0 {
		digits = strings.Repeat("0", zeros) + digits
	}
	return v.pad(sign + digits)
}

func grouped(digits string) string {
	whole, fraction, found := strings.Cut(digits, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if found {
		whole += "." + fraction
	}
	return whole
}

// decimal rounds half up what Double.toString shows, as Java's Formatter does:
// 1.005 is 1.01.
func (v verb) decimal(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return v.pad(strings.TrimPrefix(string(appendDouble(nil, f)), "+"))
	}
	precision := v.precision
	if precision < 0 {
		precision = 6
	}
	if v.kind != 'f' {
		text := strconv.FormatFloat(math.Abs(f), 'e', precision, 64)
		if v.kind == 'E' {
			text = strings.ToUpper(text)
		}
		return v.number(math.Signbit(f), text)
	}
	shortest := strconv.FormatFloat(math.Abs(f), 'f', -1, 64)
	return v.number(math.Signbit(f), roundHalfUp(shortest, precision))
}

func roundHalfUp(text string, precision int) string {
	whole, fraction, _ := strings.Cut(text, ".")
	fraction += strings.Repeat("0", precision+1)
	up := fraction[precision] >= '5'
	digits := whole + fraction[:precision]
	if up {
		n, _ := new(big.Int).SetString(digits, 10)
		digits = n.Add(n, big.NewInt(1)).String()
	}
	if pad := precision + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	if precision == 0 {
		return digits
	}
	return digits[:len(digits)-precision] + "." + digits[len(digits)-precision:]
}
