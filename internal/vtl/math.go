package vtl

import (
	"cmp"
	"math"
	"math/big"
)

// op is a binary operator.
type op uint8

const (
	opOr op = iota
	opAnd
	opEqual
	opUnequal
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opAdd
	opSubtract
	opMultiply
	opDivide
	opModulo
)

type binaryExpr struct {
	op          op
	left, right expr
	at          position
}

func (e *binaryExpr) eval(r *Run) (Value, error) {
	if err := r.step(); err != nil {
		return Value{}, placed(err, e.at)
	}
	left, err := e.left.eval(r)
	if err != nil {
		return Value{}, err
	}
	switch {
	case e.op == opOr && left.truth():
		return BoolValue(true), nil
	case e.op == opAnd && !left.truth():
		return BoolValue(false), nil
	}
	right, err := e.right.eval(r)
	if err != nil {
		return Value{}, err
	}
	v, err := r.operate(e.op, left, right)
	return v, placed(err, e.at)
}

func (r *Run) operate(o op, left, right Value) (Value, error) {
	if left.kind == Integer && right.kind == Integer && left.ref == nil && right.ref == nil {
		if v, ok := operateIntegers(o, left.n, right.n); ok {
			return v, nil
		}
	}
	switch o {
	case opOr, opAnd:
		return BoolValue(right.truth()), nil
	case opEqual, opUnequal:
		equal, err := r.same(left, right)
		return BoolValue(equal == (o == opEqual)), err
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		return BoolValue(ordered(o, left, right)), nil
	case opAdd:
		if isString(left) || isString(right) {
			return r.concat(left, right)
		}
	}
	if !left.isNumber() || !right.isNumber() {
		return Value{}, nil
	}
	return r.calculate(o, left, right)
}

// operateIntegers is the fast way for what templates do most; false leaves it
// to the others.
func operateIntegers(o op, a, b int64) (Value, bool) {
	switch o {
	case opEqual:
		return BoolValue(a == b), true
	case opUnequal:
		return BoolValue(a != b), true
	case opLess:
		return BoolValue(a < b), true
	case opLessEqual:
		return BoolValue(a <= b), true
	case opGreater:
		return BoolValue(a > b), true
	case opGreaterEqual:
		return BoolValue(a >= b), true
	case opOr, opAnd:
		return Value{}, false
	}
	return calculateInteger(o, a, b)
}

// same is ==: numbers of any types by their value, others of one class by
// equals, the rest by their texts. Null equals null and, unlike in Velocity,
// the empty string (recorded on AWS).
func (r *Run) same(a, b Value) (bool, error) {
	switch {
	case a.IsNull() || b.IsNull():
		return isBlank(a) && isBlank(b), nil
	case a.isNumber() && b.isNumber():
		return compareNumbers(a, b) == 0, nil
	case a.kind == String && b.kind == String:
		return r.equalStrings(a.s, b.s), nil
	case a.kind == b.kind && a.kind != Host:
		return r.equal(a, b), nil
	case a.kind == Host && b.kind == Host:
		return a.ref == b.ref, nil
	}
	x, err := r.TextOf(a)
	if err != nil {
		return false, err
	}
	y, err := r.TextOf(b)
	return x == y, err
}

func isString(v Value) bool { return v.kind == String && v.n != character }

// isBlank says whether v is null or "".
func isBlank(v Value) bool {
	return v.IsNull() || (v.kind == String && v.s == "")
}

// TextOf is v as Append has it, and "" for null, which is paid for. The error
// is that of a limit.
func (r *Run) TextOf(v Value) (string, error) {
	if v.kind == String {
		return v.s, nil
	}
	text, err := v.AppendTo(r, nil)
	if err == nil {
		err = r.charge(len(text) >> 6)
	}
	return string(text), err
}

// ordered is < <= > >=, which compare numbers only; with anything else they are
// false.
func ordered(o op, a, b Value) bool {
	if !a.isNumber() || !b.isNumber() {
		return false
	}
	c := compareNumbers(a, b)
	switch o {
	case opLess:
		return c < 0
	case opLessEqual:
		return c <= 0
	case opGreater:
		return c > 0
	}
	return c >= 0
}

func compareNumbers(a, b Value) int {
	if a.kind == Integer && b.kind == Integer {
		if a.ref == nil && b.ref == nil {
			return cmp.Compare(a.n, b.n)
		}
		return bigOf(a).Cmp(bigOf(b))
	}
	return cmp.Compare(a.float(), b.float())
}

// concat is + with a String on a side; null adds nothing.
func (r *Run) concat(a, b Value) (Value, error) {
	x, err := r.TextOf(a)
	if err != nil {
		return Value{}, err
	}
	y, err := r.TextOf(b)
	if err != nil {
		return Value{}, err
	}
	if err := r.made(len(x) + len(y)); err != nil {
		return Value{}, err
	}
	return StringValue(x + y), nil
}

// calculate is arithmetic as Velocity's MathUtils does it: integers stay
// integers and grow to BigInteger, the rest is Double; what divides by zero is
// null.
func (r *Run) calculate(o op, a, b Value) (Value, error) {
	if a.kind == Decimal || b.kind == Decimal {
		return calculateDecimal(o, a.float(), b.float()), nil
	}
	if a.ref == nil && b.ref == nil {
		if v, ok := calculateInteger(o, a.n, b.n); ok {
			return v, nil
		}
	}
	return r.calculateBig(o, bigOf(a), bigOf(b))
}

func calculateDecimal(o op, a, b float64) Value {
	switch o {
	case opAdd:
		return decimalValue(a + b)
	case opSubtract:
		return decimalValue(a - b)
	case opMultiply:
		return decimalValue(a * b)
	}
	if b == 0 {
		return Value{}
	}
	if o == opDivide {
		return decimalValue(a / b)
	}
	return decimalValue(math.Mod(a, b))
}

// calculateInteger is false where the result has more than 64 bits.
func calculateInteger(o op, a, b int64) (Value, bool) {
	switch o {
	case opAdd:
		c := a + b
		return IntegerValue(c), (c > a) == (b > 0)
	case opSubtract:
		c := a - b
		return IntegerValue(c), (c < a) == (b > 0)
	case opMultiply:
		c := a * b
		fits := a == 0 || (c/a == b && !(a == -1 && b == math.MinInt64))
		return IntegerValue(c), fits
	}
	if b == 0 {
		return Value{}, true
	}
	if o == opDivide {
		return IntegerValue(a / b), true
	}
	return IntegerValue(a % b), true
}

// maxBits bounds BigIntegers, which a loop could square again and again.
const maxBits = 1 << 14

func (r *Run) calculateBig(o op, a, b *big.Int) (Value, error) {
	if err := r.charge((a.BitLen() + b.BitLen()) >> 6); err != nil {
		return Value{}, err
	}
	c := new(big.Int)
	switch o {
	case opAdd:
		c.Add(a, b)
	case opSubtract:
		c.Sub(a, b)
	case opMultiply:
		c.Mul(a, b)
	default:
		if b.Sign() == 0 {
			return Value{}, nil
		}
		if o == opDivide {
			c.Quo(a, b)
		} else {
			c.Mod(a, b)
		}
	}
	if c.BitLen() > maxBits {
		return Value{}, errTooMuch
	}
	return bigValue(c), nil
}

func bigOf(v Value) *big.Int {
	if n, ok := v.ref.(*big.Int); ok {
		return n
	}
	return big.NewInt(v.n)
}

// toInt32 is Java's Number.intValue.
func toInt32(v Value) int32 {
	if v.kind == Decimal {
		f := v.float()
		switch {
		case math.IsNaN(f):
			return 0
		case f >= math.MaxInt32:
			return math.MaxInt32
		case f <= math.MinInt32:
			return math.MinInt32
		}
		return int32(f)
	}
	return int32(toInt64(v))
}

// toInt64 is Java's Number.longValue.
func toInt64(v Value) int64 {
	if v.kind == Decimal {
		f := v.float()
		switch {
		case math.IsNaN(f):
			return 0
		case f >= math.MaxInt64:
			return math.MaxInt64
		case f <= math.MinInt64:
			return math.MinInt64
		}
		return int64(f)
	}
	if n, ok := v.ref.(*big.Int); ok {
		return int64(new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64)).Uint64())
	}
	return v.n
}
