package iam

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// compare says whether a key's value and one of a policy's compare: wanted is
// the policy's as a pattern, parsed what operator.parse made of it.
type compare func(value string, wanted pattern, parsed any) bool

// operator is one family of condition operators in one sense.
type operator struct {
	compare   compare
	parse     func(text string) (any, error) // nil: the pattern is enough
	negated   bool
	wildcards bool
	variables bool
}

// operators are all but Null (IAM user guide, "Condition operators").
var operators = map[string]operator{
	"StringEquals":              {compare: equal, variables: true},
	"StringNotEquals":           {compare: equal, variables: true, negated: true},
	"StringEqualsIgnoreCase":    {compare: equalFold, variables: true},
	"StringNotEqualsIgnoreCase": {compare: equalFold, variables: true, negated: true},
	"StringLike":                {compare: like, variables: true, wildcards: true},
	"StringNotLike":             {compare: like, variables: true, wildcards: true, negated: true},

	"NumericEquals":            {compare: number(func(c int) bool { return c == 0 }), parse: parseNumber},
	"NumericNotEquals":         {compare: number(func(c int) bool { return c == 0 }), parse: parseNumber, negated: true},
	"NumericLessThan":          {compare: number(func(c int) bool { return c < 0 }), parse: parseNumber},
	"NumericLessThanEquals":    {compare: number(func(c int) bool { return c <= 0 }), parse: parseNumber},
	"NumericGreaterThan":       {compare: number(func(c int) bool { return c > 0 }), parse: parseNumber},
	"NumericGreaterThanEquals": {compare: number(func(c int) bool { return c >= 0 }), parse: parseNumber},

	"DateEquals":            {compare: date(func(c int) bool { return c == 0 }), parse: parseDate},
	"DateNotEquals":         {compare: date(func(c int) bool { return c == 0 }), parse: parseDate, negated: true},
	"DateLessThan":          {compare: date(func(c int) bool { return c < 0 }), parse: parseDate},
	"DateLessThanEquals":    {compare: date(func(c int) bool { return c <= 0 }), parse: parseDate},
	"DateGreaterThan":       {compare: date(func(c int) bool { return c > 0 }), parse: parseDate},
	"DateGreaterThanEquals": {compare: date(func(c int) bool { return c >= 0 }), parse: parseDate},

	"Bool":         {compare: equalFold, parse: parseBool},
	"BinaryEquals": {compare: equal, parse: parseBinary},
	"IpAddress":    {compare: inside, parse: parseNetwork},
	"NotIpAddress": {compare: inside, parse: parseNetwork, negated: true},

	"ArnEquals":    {compare: arnLike, variables: true, wildcards: true},
	"ArnLike":      {compare: arnLike, variables: true, wildcards: true},
	"ArnNotEquals": {compare: arnLike, variables: true, wildcards: true, negated: true},
	"ArnNotLike":   {compare: arnLike, variables: true, wildcards: true, negated: true},
}

func equal(value string, wanted pattern, _ any) bool { return value == string(wanted) }
func equalFold(value string, wanted pattern, _ any) bool {
	return strings.EqualFold(value, string(wanted))
}
func like(value string, wanted pattern, _ any) bool { return glob(string(wanted), value) }

// arnLike compares ARNs part by part (IAM user guide, "Amazon Resource Name
// (ARN) condition operators").
func arnLike(value string, wanted pattern, _ any) bool {
	m, ok := newARNMatcher(wanted)
	got, isARN := splitARN(value)
	return ok && isARN && m.match(&got)
}

// number compares decimals exactly. A value that is no number compares with
// none.
func number(ok func(order int) bool) compare {
	return func(value string, _ pattern, parsed any) bool {
		v, err := parseNumber(value)
		return err == nil && ok(v.(*big.Rat).Cmp(parsed.(*big.Rat)))
	}
}

func parseNumber(text string) (any, error) {
	// big.Rat also reads fractions, and exponents that take memory.
	if len(text) > 64 || strings.Trim(text, "+-.0123456789") != "" {
		return nil, fmt.Errorf("%q is no number", clip(text))
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, fmt.Errorf("%q is no number", text)
	}
	return n, nil
}

func date(ok func(order int) bool) compare {
	return func(value string, _ pattern, parsed any) bool {
		v, err := parseDate(value)
		return err == nil && ok(v.(time.Time).Compare(parsed.(time.Time)))
	}
}

// dateLayouts are W3C's profile of ISO 8601.
var dateLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006"}

// parseDate reads seconds since 1970, or a date. A year alone is a year, as
// far as anyone writes it.
func parseDate(text string) (any, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) > 4 {
		return time.Unix(n, 0), nil
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return nil, fmt.Errorf("%q is no date: write 2026-01-31T23:59:59Z or seconds since 1970", clip(text))
}

func parseBool(text string) (any, error) {
	if !strings.EqualFold(text, "true") && !strings.EqualFold(text, "false") {
		return nil, fmt.Errorf("%q is neither true nor false", clip(text))
	}
	return nil, nil
}

func parseBinary(text string) (any, error) {
	if _, err := base64.StdEncoding.DecodeString(text); err != nil {
		return nil, errors.New("is no base64")
	}
	return nil, nil
}

// inside says whether an address lies in a network; IPv4 in IPv6 counts as
// IPv4.
func inside(value string, _ pattern, parsed any) bool {
	address, err := netip.ParseAddr(value)
	return err == nil && parsed.(netip.Prefix).Contains(address.Unmap().WithZone(""))
}

func parseNetwork(text string) (any, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no address and no network such as 203.0.113.0/24", clip(text))
	}
	return network.Masked(), nil
}

// clip keeps an error short.
func clip(text string) string {
	if len(text) > 80 {
		return text[:80] + "…"
	}
	return text
}
