package http1

import "bytes"

// headScanner takes the head of a message apart line by line as it arrives:
// what was scanned is not scanned again, and a malformed line is refused as
// soon as it is whole. All positions count from the head's first byte.
type headScanner struct {
	line    int // where the unfinished line begins
	scanned int // no LF from line to here
	fields  int // where the field lines begin; 0 before the first line is done
}

// next is the next whole line of head without its CR LF, as a range; ok is
// false while it is incomplete.
func (s *headScanner) next(head []byte) (from, to int, ok bool, err error) {
	i := bytes.IndexByte(head[s.scanned:], '\n')
	if i < 0 {
		s.scanned = len(head)
		return 0, 0, false, nil
	}
	end := s.scanned + i
	if end == s.line || head[end-1] != '\r' {
		return 0, 0, false, errBareLF
	}
	from, to = s.line, end-1
	s.line, s.scanned = end+1, end+1
	return from, to, true, nil
}

// parseFields appends whole field lines of head to h, whose arena must become
// head; done at the blank line.
func (s *headScanner) parseFields(h *Header, head []byte, l *Limits) (done bool, err error) {
	for {
		from, to, ok, err := s.next(head)
		switch {
		case err != nil:
			return false, err
		case s.scanned-s.fields > l.HeaderBytes:
			return false, errHeadTooLarge
		case !ok:
			return false, nil
		case from == to:
			return true, nil
		case len(h.fields) == l.HeaderFields:
			return false, errTooManyFields
		}
		f, err := parseField(head, from, to)
		if err != nil {
			return false, err
		}
		h.fields = append(h.fields, f)
	}
}

// parseField takes the field line head[from:to] apart.
func parseField(head []byte, from, to int) (field, error) {
	line := head[from:to]
	colon := 0
	for colon < len(line) && classes[line[colon]]&inToken != 0 {
		colon++
	}
	if colon == 0 || colon == len(line) || line[colon] != ':' {
		return field{}, nameError(line, colon)
	}
	first, last := colon+1, len(line)
	for first < last && (line[first] == ' ' || line[first] == '\t') {
		first++
	}
	for first < last && (line[last-1] == ' ' || line[last-1] == '\t') {
		last--
	}
	if !validValue(line[first:last]) {
		return field{}, errValue
	}
	return field{
		name:  span{uint32(from), uint32(from + colon)},
		value: span{uint32(from + first), uint32(from + last)},
		known: lookup(line[:colon]),
	}, nil
}

// nameError says what is wrong with a field line whose name ends at at
// without a colon.
func nameError(line []byte, at int) error {
	switch {
	case at == len(line):
		return errNoColon
	case at == 0 && (line[0] == ' ' || line[0] == '\t'):
		return errFolded
	case at == 0 && line[0] == ':':
		return errNameEmpty
	case bytes.HasPrefix(bytes.TrimLeft(line[at:], " \t"), []byte(":")):
		return errNameBlank
	}
	return errNameInvalid
}

// framing is what the fields of a head say about the message's frame.
type framing struct {
	length      int64 // Content-Length; -1 absent
	chunked     bool
	host        int // index of the Host field; -1 absent
	close       bool
	keepAlive   bool
	upgrade     bool // Connection: upgrade
	upgradeName bool // an Upgrade field is there
	expect      []byte
}

// readFraming reads h once. minor is the message's HTTP/1 minor version.
func readFraming(h *Header, minor int) (f framing, err error) {
	f.length, f.host = -1, -1
	var trailer bool
	for i := range h.fields {
		known := h.fields[i].known
		if known == Other {
			if lookalike(h, i) {
				return f, errNameLookal
			}
			continue
		}
		if err := f.take(h, i, known); err != nil {
			return f, err
		}
		trailer = trailer || known == NameTrailer
	}
	switch {
	case f.chunked && f.length >= 0:
		return f, errLengthAndCoding
	case f.chunked && minor == 0:
		return f, errCodingOld
	case f.chunked && trailer:
		return f, checkTrailerNames(h)
	}
	return f, nil
}

// take reads one well-known field.
func (f *framing) take(h *Header, i int, known Known) error {
	_, v := h.At(i)
	switch known {
	case NameContentLength:
		if f.length >= 0 {
			return errLengthSeveral
		}
		var ok bool
		if f.length, ok = parseLength(v); !ok {
			return errLengthInvalid
		}
	case NameTransferEncoding:
		if f.chunked {
			return errCodingSeveral
		}
		if err := checkCoding(h, v); err != nil {
			return err
		}
		f.chunked = true
	case NameHost:
		if f.host >= 0 {
			return errHostSeveral
		}
		f.host = i
	case NameConnection:
		f.close = f.close || HasToken(v, "close")
		f.keepAlive = f.keepAlive || HasToken(v, "keep-alive")
		f.upgrade = f.upgrade || HasToken(v, "upgrade")
	case NameUpgrade:
		f.upgradeName = true
	case NameExpect:
		f.expect = v
		if len(v) == 0 {
			f.expect = []byte{0}
		}
	}
	return nil
}

// lookalike says whether field i is Content_Length or Transfer_Encoding: CGI
// and its heirs turn - and _ into the same character, so a backend might
// frame by it.
func lookalike(h *Header, i int) bool {
	name, _ := h.At(i)
	return equalFold(name, "Content_Length") || equalFold(name, "Transfer_Encoding")
}

// parseLength reads a Content-Length: decimal digits that fit an int64.
func parseLength(v []byte) (int64, bool) {
	if len(v) == 0 || len(v) > 19 {
		return -1, false
	}
	var n uint64
	for _, b := range v {
		if classes[b]&isDigit == 0 {
			return -1, false
		}
		n = n*10 + uint64(b-'0')
	}
	return int64(n), n <= 1<<63-1
}

// checkCoding accepts chunked alone. A list of codings that RFC 9112 knows
// and that ends in chunked is framed clearly, but not supported; anything
// else could be framed differently by somebody else.
func checkCoding(h *Header, v []byte) error {
	if equalFold(v, "chunked") {
		return nil
	}
	if h.IndexKnown(NameContentLength, 0) >= 0 {
		return errLengthAndCoding
	}
	for {
		coding, rest, more := bytes.Cut(v, []byte(","))
		coding = trimBlanks(coding)
		switch {
		case !more && equalFold(coding, "chunked"):
			return errCodingUnknown
		case !more || !knownCoding(coding):
			return errCodingInvalid
		}
		v = rest
	}
}

func knownCoding(c []byte) bool {
	return equalFold(c, "gzip") || equalFold(c, "x-gzip") || equalFold(c, "deflate") ||
		equalFold(c, "compress") || equalFold(c, "x-compress")
}

// checkTrailerNames refuses a Trailer field that announces a field which must
// never come after the body (RFC 9110, 6.5.1).
func checkTrailerNames(h *Header) error {
	for i := h.IndexKnown(NameTrailer, 0); i >= 0; i = h.IndexKnown(NameTrailer, i+1) {
		_, v := h.At(i)
		if HasToken(v, "Content-Length") || HasToken(v, "Transfer-Encoding") || HasToken(v, "Trailer") {
			return errTrailerName
		}
	}
	return nil
}
