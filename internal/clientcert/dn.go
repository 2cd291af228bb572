package clientcert

import (
	"encoding/asn1"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// attributeNames are the short names of a name's attributes, as OpenSSL writes
// them; any other is written by its number.
var attributeNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.13": "description", "2.5.4.15": "businessCategory", "2.5.4.17": "postalCode",
	"2.5.4.41": "name", "2.5.4.42": "GN", "2.5.4.43": "initials", "2.5.4.44": "generationQualifier", "2.5.4.46": "dnQualifier",
	"2.5.4.65": "pseudonym", "2.5.4.97": "organizationIdentifier",
	"0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "emailAddress",
	"1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL", "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST", "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}

// attribute is an AttributeTypeAndValue.
type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

type attributeSET []attribute

// DN writes a distinguished name as AWS shows it: in the order in which the
// certificate has its parts, joined by commas, their values escaped as RFC
// 2253 does ("C=US,ST=Washington,L=Seattle,O=Amazon Web Services,OU=Security,
// CN=My Client": AWS Compute Blog, "Introducing mutual TLS authentication for
// Amazon API Gateway"). What that page doesn't show is OpenSSL's: the parts of
// one level are joined by +, what is no text is #hexadecimal, a control
// character \hexadecimal. Text stays UTF-8. Unlike in OpenSSL's, what isn't
// well-formed is #hexadecimal, too, and Unicode's control characters and line
// ends are escaped.
func DN(raw []byte) string {
	var levels []attributeSET
	if rest, err := asn1.Unmarshal(raw, &levels); err != nil || len(rest) > 0 {
		return "#" + hex.EncodeToString(raw)
	}
	var text strings.Builder
	for i, level := range levels {
		for j := range level {
			switch {
			case j > 0:
				text.WriteByte('+')
			case i > 0:
				text.WriteByte(',')
			}
			appendAttribute(&text, &level[j])
		}
	}
	return text.String()
}

// shownOfDN bounds a name in messages, in bytes.
const shownOfDN = 200

// shortDN is a name for messages.
func shortDN(raw []byte) string {
	name := DN(raw)
	if len(name) <= shownOfDN {
		return name
	}
	cut := shownOfDN
	for !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + "…"
}

func appendAttribute(to *strings.Builder, a *attribute) {
	number := a.Type.String()
	name, known := attributeNames[number]
	if !known {
		name = number
	}
	to.WriteString(name)
	to.WriteByte('=')
	value, ok := attributeText(&a.Value)
	if !known || !ok {
		to.WriteByte('#')
		to.WriteString(strings.ToUpper(hex.EncodeToString(a.Value.FullBytes)))
		return
	}
	escape(to, value)
}

// attributeText is a value that is a text, as UTF-8.
func attributeText(v *asn1.RawValue) (string, bool) {
	if v.Class != asn1.ClassUniversal || v.IsCompound {
		return "", false
	}
	switch v.Tag {
	case asn1.TagUTF8String:
		return string(v.Bytes), utf8.Valid(v.Bytes)
	case asn1.TagPrintableString, asn1.TagIA5String, asn1.TagNumericString:
		for _, c := range v.Bytes {
			if c >= utf8.RuneSelf {
				return "", false
			}
		}
		return string(v.Bytes), true
	case asn1.TagT61String: // read as Latin-1, as everybody does
		runes := make([]rune, len(v.Bytes))
		for i, c := range v.Bytes {
			runes[i] = rune(c)
		}
		return string(runes), true
	case asn1.TagBMPString:
		var s string
		_, err := asn1.Unmarshal(v.FullBytes, &s)
		return s, err == nil
	}
	return "", false
}

const hexDigits = "0123456789ABCDEF"

// escape writes s so that no character of it ends a value or a line.
func escape(to *strings.Builder, s string) {
	for i, c := range s {
		switch {
		case unicode.IsControl(c) || c == '\u2028' || c == '\u2029':
			for _, b := range []byte(string(c)) {
				to.Write([]byte{'\\', hexDigits[b>>4], hexDigits[b&15]})
			}
			continue
		case strings.ContainsRune(`,+"\<>;`, c), c == ' ' && (i == 0 || i == len(s)-1), c == '#' && i == 0:
			to.WriteByte('\\')
		}
		to.WriteRune(c)
	}
}
