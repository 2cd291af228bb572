package vtl

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

func (r *Run) numberMethod(v Value, m method, args []Value) (Value, error) {
	if len(args) == 0 {
		switch m {
		case methodIntValue:
			return IntegerValue(int64(toInt32(v))), nil
		case methodLongValue:
			return IntegerValue(toInt64(v)), nil
		case methodDoubleValue:
			return decimalValue(v.float()), nil
		case methodFloatValue:
			return decimalValue(float64(float32(v.float()))), nil
		}
		return Value{}, nil
	}
	arg := args[0]
	switch m {
	case methodCompareTo:
		if len(args) == 1 && arg.kind == v.kind {
			return IntegerValue(int64(compareNumbers(v, arg))), nil
		}
	case methodParseInt, methodParseLong, methodParseDouble, methodValueOf:
		return staticNumber(v, m, args)
	case methodToString:
		if len(args) == 1 && arg.kind == v.kind {
			text, err := r.TextOf(arg)
			return StringValue(text), err
		}
	}
	return Value{}, nil
}

// staticNumber is a static method reached through a number: after
// #set($Integer = 0), $Integer.parseInt("12").
func staticNumber(v Value, m method, args []Value) (Value, error) {
	if m == methodParseDouble && v.kind != Decimal || (m == methodParseInt || m == methodParseLong) && v.kind != Integer {
		return Value{}, nil
	}
	if args[0].isNumber() && m == methodValueOf && args[0].kind == v.kind {
		return args[0], nil
	}
	if args[0].kind != String || len(args) > 2 {
		return Value{}, nil
	}
	if v.kind == Decimal {
		if len(args) == 2 {
			return Value{}, nil
		}
		return parseDouble(args[0].s)
	}
	radix := 10
	if len(args) == 2 {
		n, ok := args[1].Int()
		if !ok || n < 2 || n > 36 {
			return Value{}, nil
		}
		radix = int(n)
	}
	bits := 32
	if m == methodParseLong {
		bits = 64
	}
	return parseInteger(args[0].s, radix, bits)
}

func parseInteger(s string, radix, bits int) (Value, error) {
	n, err := strconv.ParseInt(s, radix, bits)
	if err != nil || strings.Contains(s, "_") {
		return Value{}, fmt.Errorf("for input string: %q", clip(s))
	}
	return IntegerValue(n), nil
}

func parseDouble(s string) (Value, error) {
	text := strings.Trim(s, " \t\r\n")
	f, err := strconv.ParseFloat(strings.TrimRight(text, "dDfF"), 64)
	if (err != nil && !math.IsInf(f, 0)) || strings.ContainsAny(text, "_xX") {
		return Value{}, fmt.Errorf("for input string: %q", clip(s))
	}
	return decimalValue(f), nil
}

// clip shortens a string for an error.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
