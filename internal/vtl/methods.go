package vtl

import "errors"

// method is a Java method that templates may call.
type method uint8

const (
	noMethod method = iota
	methodAdd
	methodAddAll
	methodCharAt
	methodClear
	methodCompareTo
	methodCompareToIgnoreCase
	methodConcat
	methodContains
	methodContainsAll
	methodContainsKey
	methodContainsValue
	methodCount
	methodDoubleValue
	methodEndsWith
	methodEntrySet
	methodEquals
	methodEqualsIgnoreCase
	methodFloatValue
	methodFormat
	methodGet
	methodGetOrDefault
	methodHasNext
	methodHashCode
	methodIndexOf
	methodIntValue
	methodIsEmpty
	methodIterator
	methodJoin
	methodKeySet
	methodLastIndexOf
	methodLength
	methodLongValue
	methodMatches
	methodNext
	methodParseDouble
	methodParseInt
	methodParseLong
	methodPut
	methodPutAll
	methodPutIfAbsent
	methodRemove
	methodRemoveAll
	methodReplace
	methodReplaceAll
	methodReplaceFirst
	methodRetainAll
	methodSet
	methodSize
	methodSplit
	methodStartsWith
	methodSubList
	methodSubstring
	methodToLowerCase
	methodToString
	methodToUpperCase
	methodTrim
	methodValueOf
	methodValues
)

// methodNamed is the method of a name; noMethod for what API Gateway's
// templates don't reach (getClass and all that follows from it) or don't need.
func methodNamed(name string) method { return methods[name] }

var methods = map[string]method{
	"add":                 methodAdd,
	"addAll":              methodAddAll,
	"charAt":              methodCharAt,
	"clear":               methodClear,
	"compareTo":           methodCompareTo,
	"compareToIgnoreCase": methodCompareToIgnoreCase,
	"concat":              methodConcat,
	"contains":            methodContains,
	"containsAll":         methodContainsAll,
	"containsKey":         methodContainsKey,
	"containsValue":       methodContainsValue,
	"count":               methodCount,
	"doubleValue":         methodDoubleValue,
	"endsWith":            methodEndsWith,
	"entrySet":            methodEntrySet,
	"equals":              methodEquals,
	"equalsIgnoreCase":    methodEqualsIgnoreCase,
	"floatValue":          methodFloatValue,
	"format":              methodFormat,
	"get":                 methodGet,
	"getOrDefault":        methodGetOrDefault,
	"hasNext":             methodHasNext,
	"hashCode":            methodHashCode,
	"indexOf":             methodIndexOf,
	"intValue":            methodIntValue,
	"isEmpty":             methodIsEmpty,
	"iterator":            methodIterator,
	"join":                methodJoin,
	"keySet":              methodKeySet,
	"lastIndexOf":         methodLastIndexOf,
	"length":              methodLength,
	"longValue":           methodLongValue,
	"matches":             methodMatches,
	"next":                methodNext,
	"parseDouble":         methodParseDouble,
	"parseInt":            methodParseInt,
	"parseLong":           methodParseLong,
	"put":                 methodPut,
	"putAll":              methodPutAll,
	"putIfAbsent":         methodPutIfAbsent,
	"remove":              methodRemove,
	"removeAll":           methodRemoveAll,
	"replace":             methodReplace,
	"replaceAll":          methodReplaceAll,
	"replaceFirst":        methodReplaceFirst,
	"retainAll":           methodRetainAll,
	"set":                 methodSet,
	"size":                methodSize,
	"split":               methodSplit,
	"startsWith":          methodStartsWith,
	"subList":             methodSubList,
	"substring":           methodSubstring,
	"toLowerCase":         methodToLowerCase,
	"toString":            methodToString,
	"toUpperCase":         methodToUpperCase,
	"trim":                methodTrim,
	"valueOf":             methodValueOf,
	"values":              methodValues,
}

// errNull is Java's NullPointerException for a null that a method can't take.
var errNull = errors.New("an argument is null")

// invokeMethod calls a method of a value. Null (Undefined) is the answer where
// there is no such method with such arguments; an error is Java's exception.
func (r *Run) invokeMethod(v Value, m method, args []Value) (Value, error) {
	texts := len(v.s)
	for i := range args {
		texts += len(args[i].s)
	}
	if err := r.charge(texts >> 6); err != nil {
		return Value{}, err
	}
	switch m {
	case methodEquals:
		if len(args) != 1 {
			return Value{}, nil
		}
		return BoolValue(sameClass(v, args[0]) && r.equal(v, args[0])), nil
	case methodToString:
		if len(args) == 0 {
			text, err := r.TextOf(v)
			return StringValue(text), err
		}
	case methodHashCode:
		if len(args) == 0 {
			return IntegerValue(int64(r.hashCode(v, 0))), nil
		}
	}
	if m == methodCompareTo && len(args) == 1 && !comparable(v, args[0]) {
		return Value{}, errClass
	}
	switch v.kind {
	case String:
		if v.n == character {
			return characterMethod(v, m, args), nil
		}
		return r.stringMethod(v.s, m, args)
	case List:
		return r.listMethod(v, m, args)
	case Map:
		return r.mapMethod(v, m, args)
	case Integer, Decimal:
		return r.numberMethod(v, m, args)
	case Bool:
		if m == methodCompareTo && len(args) == 1 && args[0].kind == Bool {
			return IntegerValue(v.n - args[0].n), nil
		}
	}
	return Value{}, nil
}

// errClass is Java's ClassCastException.
var errClass = errors.New("values of two classes can't be compared")

// comparable says whether compareTo takes b: a String, number or Boolean is
// compared with its own class only.
func comparable(a, b Value) bool {
	switch a.kind {
	case String, Bool:
		return a.kind == b.kind && a.n == character == (b.n == character) || a.kind == Bool && b.kind == Bool
	case Integer, Decimal:
		return sameClass(a, b)
	}
	return true
}

// sameClass is false for numbers of different Java classes, which equals never
// takes for equal.
func sameClass(a, b Value) bool {
	if a.kind != b.kind || a.kind != Integer {
		return a.kind == b.kind
	}
	return integerClass(a) == integerClass(b)
}

// integerClass is 0 for an Integer, 1 for a Long, 2 for a BigInteger.
func integerClass(v Value) int {
	switch {
	case v.ref != nil:
		return 2
	case v.n != int64(int32(v.n)):
		return 1
	}
	return 0
}

func characterMethod(v Value, m method, args []Value) Value {
	if m == methodCompareTo && len(args) == 1 {
		return IntegerValue(int64(compareStrings(v.s, args[0].s)))
	}
	return Value{}
}
