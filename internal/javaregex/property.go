package javaregex

import (
	"fmt"
	"strings"
	"unicode"
)

// predefined reads \d, \w, \s, \h, \v, \p{...} and their opposites, from
// behind the backslash; nil, with nothing read, for any other escape.
func (p *parser) predefined(c rune) *set {
	var s *set
	switch c {
	case 'd', 'D':
		s = p.digits()
	case 'w', 'W':
		s = p.words()
	case 's', 'S':
		s = p.spaces()
	case 'h', 'H':
		s = newSet(' ', ' ', '\t', '\t', 0xA0, 0xA0, 0x1680, 0x1680, 0x180E, 0x180E, 0x2000, 0x200A, 0x202F, 0x202F, 0x205F, 0x205F, 0x3000, 0x3000)
	case 'v', 'V':
		s = verticalSpace()
	case 'p', 'P':
		if p.dialect.script {
			return nil
		}
		p.pos++
		s = p.property()
		p.pos--
	}
	if s == nil || p.dialect.script && (c == 'h' || c == 'H' || c == 'v' || c == 'V') {
		return nil
	}
	p.pos++
	if 'A' <= c && c <= 'Z' {
		p.account(s)
		return s.not()
	}
	return s
}

func verticalSpace() *set { return newSet('\n', '\r', 0x85, 0x85, 0x2028, 0x2029) }

func (p *parser) digits() *set {
	if p.flags&unicodeClass != 0 {
		return p.table("digits", func() *set { return tableSet(unicode.Nd) })
	}
	return newSet('0', '9')
}

func (p *parser) words() *set {
	if p.flags&unicodeClass != 0 {
		return p.table("words", unicodeWords)
	}
	return newSet('0', '9', 'A', 'Z', '_', '_', 'a', 'z')
}

// unicodeWords is \w in (?U): Alphabetic, marks, digits, connectors, joiners.
func unicodeWords() *set {
	return tableSet(unicode.L, unicode.Nl, unicode.Other_Alphabetic, unicode.M, unicode.Nd, unicode.Pc, unicode.Join_Control)
}

func (p *parser) spaces() *set {
	switch {
	case p.dialect.script:
		return p.table("spaces", scriptSpaces)
	case p.flags&unicodeClass != 0:
		return tableSet(unicode.White_Space)
	}
	return newSet('\t', '\r', ' ', ' ')
}

// property reads the name behind \p.
func (p *parser) property() *set {
	name := p.propertyName()
	s := p.table(name, func() *set { return p.namedSet(name) })
	if s == nil {
		p.fail("Unknown character property name {%s}", name)
	}
	return s
}

// table looks a set up that was made with the same flags, or makes it.
func (p *parser) table(name string, make func() *set) *set {
	key := fmt.Sprint(p.flags&(unicodeClass|ignoreCase), name)
	s, ok := p.tables[key]
	if !ok {
		s = make()
		p.tables[key] = s
	}
	return s
}

func (p *parser) propertyName() string {
	if p.pos >= len(p.in) {
		p.fail("Unknown character property name { }")
	}
	if p.at(p.pos) != '{' {
		c := p.in[p.pos].char
		p.pos++
		return string(c)
	}
	p.pos++
	var b strings.Builder
	for {
		if p.pos >= len(p.in) {
			p.fail("Unclosed character family")
		}
		c := p.in[p.pos].char
		p.pos++
		if c == '}' {
			return b.String()
		}
		b.WriteRune(c)
	}
}

// namedSet is what a property's name stands for; nil for an unknown one.
func (p *parser) namedSet(name string) *set {
	if key, value, ok := strings.Cut(name, "="); ok {
		switch strings.ToLower(key) {
		case "sc", "script":
			return scriptSet(value)
		case "blk", "block":
			return blockSet(value)
		case "gc", "general_category":
			return categorySet(value)
		}
		return nil
	}
	if rest, ok := strings.CutPrefix(name, "In"); ok {
		return blockSet(rest)
	}
	if rest, ok := strings.CutPrefix(name, "Is"); ok {
		if s := binarySet(rest); s != nil {
			return s
		}
		if s := categorySet(rest); s != nil {
			return s
		}
		return scriptSet(rest)
	}
	if p.flags&unicodeClass != 0 {
		if s := wideSet(name); s != nil {
			return s
		}
	}
	if s := p.caseless(name); s != nil {
		return s
	}
	if s := asciiSet(name); s != nil {
		return s
	}
	if rest, ok := strings.CutPrefix(name, "java"); ok {
		return javaSet(rest)
	}
	return categorySet(name)
}

// caseless is what (?i) makes of the properties that tell cases apart.
func (p *parser) caseless(name string) *set {
	if p.flags&ignoreCase == 0 {
		return nil
	}
	switch name {
	case "Lower", "Upper":
		return asciiSet("Alpha")
	case "Lu", "Ll", "Lt":
		return categorySet("LC")
	case "javaLowerCase", "javaUpperCase", "javaTitleCase":
		return lowercase().or(uppercase()).or(tableSet(unicode.Lt))
	}
	return nil
}

// asciiSet is a POSIX class, of ASCII characters.
func asciiSet(name string) *set {
	switch name {
	case "Lower":
		return newSet('a', 'z')
	case "Upper":
		return newSet('A', 'Z')
	case "ASCII":
		return newSet(0, 127)
	case "Alpha":
		return newSet('a', 'z', 'A', 'Z')
	case "Digit":
		return newSet('0', '9')
	case "Alnum":
		return newSet('0', '9', 'a', 'z', 'A', 'Z')
	case "Punct":
		return newSet('!', '/', ':', '@', '[', '`', '{', '~')
	case "Graph":
		return newSet('!', '~')
	case "Print":
		return newSet(' ', '~')
	case "Blank":
		return newSet(' ', ' ', '\t', '\t')
	case "Cntrl":
		return newSet(0, 31, 127, 127)
	case "XDigit":
		return newSet('0', '9', 'a', 'f', 'A', 'F')
	case "Space":
		return newSet('\t', '\r', ' ', ' ')
	case "L1":
		return newSet(0, 255)
	case "all":
		return newSet(0, unicode.MaxRune)
	}
	return nil
}

// wideSet is a POSIX class in (?U).
func wideSet(name string) *set {
	switch name {
	case "Lower":
		return lowercase()
	case "Upper":
		return uppercase()
	case "Alpha":
		return alphabetic()
	case "Digit":
		return tableSet(unicode.Nd)
	case "Alnum":
		return alphabetic().or(tableSet(unicode.Nd))
	case "Punct":
		return tableSet(unicode.P)
	case "Graph":
		return graph()
	case "Print":
		return graph().or(blank()).minus(tableSet(unicode.Cc))
	case "Blank":
		return blank()
	case "Cntrl":
		return tableSet(unicode.Cc)
	case "XDigit":
		return tableSet(unicode.Nd, unicode.Hex_Digit)
	case "Space":
		return tableSet(unicode.White_Space)
	}
	return nil
}

func lowercase() *set  { return tableSet(unicode.Ll, unicode.Other_Lowercase) }
func uppercase() *set  { return tableSet(unicode.Lu, unicode.Other_Uppercase) }
func alphabetic() *set { return tableSet(unicode.L, unicode.Nl, unicode.Other_Alphabetic) }
func assigned() *set {
	return tableSet(unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C)
}
func blank() *set {
	return tableSet(unicode.Zs).or(newSet('\t', '\t'))
}
func graph() *set {
	return assigned().minus(tableSet(unicode.Z, unicode.Cc, unicode.Cs, unicode.White_Space))
}

// binarySet is a binary property of Unicode: \p{IsAlphabetic}.
func binarySet(name string) *set {
	switch strings.ToUpper(name) {
	case "ALPHABETIC":
		return alphabetic()
	case "LETTER":
		return tableSet(unicode.L)
	case "IDEOGRAPHIC":
		return tableSet(unicode.Ideographic)
	case "LOWERCASE":
		return lowercase()
	case "UPPERCASE":
		return uppercase()
	case "TITLECASE":
		return tableSet(unicode.Lt)
	case "WHITE_SPACE", "WHITESPACE":
		return tableSet(unicode.White_Space)
	case "CONTROL":
		return tableSet(unicode.Cc)
	case "PUNCTUATION":
		return tableSet(unicode.P)
	case "HEX_DIGIT", "HEXDIGIT":
		return tableSet(unicode.Nd, unicode.Hex_Digit)
	case "ASSIGNED":
		return assigned()
	case "NONCHARACTER_CODE_POINT", "NONCHARACTERCODEPOINT":
		return tableSet(unicode.Noncharacter_Code_Point)
	case "DIGIT":
		return tableSet(unicode.Nd)
	case "JOIN_CONTROL", "JOINCONTROL":
		return tableSet(unicode.Join_Control)
	case "WORD":
		return unicodeWords()
	}
	return nil
}

// categorySet is a general category: Lu, L, and Java's LC and LD.
func categorySet(name string) *set {
	switch name {
	case "LC":
		return tableSet(unicode.Lu, unicode.Ll, unicode.Lt)
	case "LD":
		return tableSet(unicode.L, unicode.Nd)
	case "Cn":
		return assigned().not()
	case "C":
		return tableSet(unicode.C).or(assigned().not())
	}
	if t, ok := unicode.Categories[name]; ok && len(name) <= 2 {
		return tableSet(t)
	}
	return nil
}

// javaSet is a method of java.lang.Character: \p{javaLowerCase}.
func javaSet(name string) *set {
	switch name {
	case "LowerCase":
		return lowercase()
	case "UpperCase":
		return uppercase()
	case "Alphabetic":
		return alphabetic()
	case "Ideographic":
		return tableSet(unicode.Ideographic)
	case "TitleCase":
		return tableSet(unicode.Lt)
	case "Digit":
		return tableSet(unicode.Nd)
	case "Defined":
		return assigned()
	case "Letter":
		return tableSet(unicode.L)
	case "LetterOrDigit":
		return tableSet(unicode.L, unicode.Nd)
	case "SpaceChar":
		return tableSet(unicode.Z)
	case "Whitespace":
		return tableSet(unicode.Z).or(newSet('\t', '\r', 0x1C, 0x1F)).minus(newSet(0xA0, 0xA0, 0x2007, 0x2007, 0x202F, 0x202F))
	case "ISOControl":
		return newSet(0, 0x1F, 0x7F, 0x9F)
	}
	return nil
}

// scriptSet is a script by its Unicode name, or the short name of a common one.
func scriptSet(name string) *set {
	long, ok := map[string]string{
		"latn": "Latin", "grek": "Greek", "cyrl": "Cyrillic", "arab": "Arabic", "hebr": "Hebrew", "hani": "Han",
		"hira": "Hiragana", "kana": "Katakana", "hang": "Hangul", "thai": "Thai", "deva": "Devanagari", "zyyy": "Common",
	}[strings.ToLower(name)]
	if !ok {
		long = name
	}
	for script, table := range unicode.Scripts {
		if strings.EqualFold(script, long) {
			return tableSet(table)
		}
	}
	return nil
}

// blockSet is one of the blocks that patterns are seen to use.
func blockSet(name string) *set {
	plain := strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(name))
	r, ok := map[string][2]rune{
		"basiclatin": {0, 0x7F}, "latin1supplement": {0x80, 0xFF}, "latinextendeda": {0x100, 0x17F}, "latinextendedb": {0x180, 0x24F},
		"ipaextensions": {0x250, 0x2AF}, "combiningdiacriticalmarks": {0x300, 0x36F}, "greek": {0x370, 0x3FF}, "greekandcoptic": {0x370, 0x3FF},
		"cyrillic": {0x400, 0x4FF}, "armenian": {0x530, 0x58F}, "hebrew": {0x590, 0x5FF}, "arabic": {0x600, 0x6FF},
		"devanagari": {0x900, 0x97F}, "thai": {0xE00, 0xE7F}, "hanguljamo": {0x1100, 0x11FF}, "latinextendedadditional": {0x1E00, 0x1EFF},
		"greekextended": {0x1F00, 0x1FFF}, "generalpunctuation": {0x2000, 0x206F}, "currencysymbols": {0x20A0, 0x20CF},
		"letterlikesymbols": {0x2100, 0x214F}, "arrows": {0x2190, 0x21FF}, "mathematicaloperators": {0x2200, 0x22FF},
		"boxdrawing": {0x2500, 0x257F}, "cjksymbolsandpunctuation": {0x3000, 0x303F}, "hiragana": {0x3040, 0x309F},
		"katakana": {0x30A0, 0x30FF}, "cjkunifiedideographs": {0x4E00, 0x9FFF}, "hangulsyllables": {0xAC00, 0xD7AF},
		"halfwidthandfullwidthforms": {0xFF00, 0xFFEF}, "emoticons": {0x1F600, 0x1F64F},
	}[plain]
	if !ok {
		return nil
	}
	return newSet(r[0], r[1])
}
