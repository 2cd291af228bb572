// Package javaregex runs the patterns of java.util.regex: by RE2 where it
// means the same, else by a backtracker that counts its steps.
package javaregex

// Pattern is a compiled pattern, for any number of goroutines.
type Pattern struct{}

// Compile reads a pattern as java.util.regex.Pattern does (no flags). The
// error says where and why.
func Compile(pattern string) (*Pattern, error) { panic("contract") }

// Match is Java's String.matches: the whole of s. The error is that of the
// step limit.
func (p *Pattern) Match(s []byte) (bool, error) { panic("contract") }

// Find says whether some part of s matches, as Matcher.find.
func (p *Pattern) Find(s []byte) (bool, error) { panic("contract") }

// ReplaceAll and ReplaceFirst are String.replaceAll and replaceFirst, with
// $1 and ${name} in the replacement; Split is String.split. limit bounds the
// bytes of the result.
func (p *Pattern) ReplaceAll(s, replacement string, limit int) (string, error)   { panic("contract") }
func (p *Pattern) ReplaceFirst(s, replacement string, limit int) (string, error) { panic("contract") }
func (p *Pattern) Split(s string) ([]string, error)                              { panic("contract") }
