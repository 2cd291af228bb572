package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signature is a request's claim of who signed it, not yet believed.
type Signature struct {
	Scope        Scope
	SessionToken string
	Time         time.Time
	Presigned    bool
	Expires      time.Duration // of a presigned request

	algorithm  string
	credential string
	terminator string
	names      []string // signed headers, sorted
	signature  string   // hex in lower case, when it is one
}

// parse reads the claim from the header or the query string, and refuses it
// in AWS's order and words as far as that needs no secret.
func parse(r *Request) (*Signature, error) {
	authorization := r.header("authorization")
	_, inQuery := queryValue(r.Query, "X-Amz-Algorithm")
	switch {
	case authorization == "" && !inQuery:
		return nil, &Error{MissingToken, "Missing Authentication Token"}
	case authorization != "" && inQuery:
		return nil, &Error{Invalid, "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."}
	case inQuery:
		return parseQuery(r)
	}
	return parseHeader(r, authorization)
}

func parseHeader(r *Request, authorization string) (*Signature, error) {
	if len(authorization) > maxHeader {
		return nil, &Error{Incomplete, "Authorization header is longer than " + strconv.Itoa(maxHeader) + " bytes."}
	}
	s := &Signature{SessionToken: r.header("x-amz-security-token")}
	var rest string
	s.algorithm, rest, _ = strings.Cut(strings.TrimSpace(authorization), " ")
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return nil, &Error{Incomplete, "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" + hashed(authorization) + "'."}
		}
		if _, twice := parts[name]; twice {
			return nil, &Error{Incomplete, "Authorization header has the '" + name + "' parameter twice."}
		}
		parts[name] = value
	}
	date := r.header("x-amz-date")
	if date == "" {
		date = r.header("date")
	}
	if missing := missingParts(parts, date); missing != "" {
		return nil, &Error{Incomplete, missing + "(Hashed with SHA-256 and encoded with Base64) Authorization=" + hashed(authorization)}
	}
	s.credential, s.signature = parts["Credential"], parts["Signature"]
	s.names = signedNames(parts["SignedHeaders"])
	return s, s.setTime(date)
}

func missingParts(parts map[string]string, date string) string {
	var b strings.Builder
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if parts[name] == "" {
			b.WriteString("Authorization header requires '" + name + "' parameter. ")
		}
	}
	if date == "" {
		b.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	return b.String()
}

func parseQuery(r *Request) (*Signature, error) {
	s := &Signature{Presigned: true}
	var missing strings.Builder
	get := func(name string, required bool) string {
		v, _ := queryValue(r.Query, name)
		if v == "" && required {
			missing.WriteString("AWS query-string parameters must include '" + name + "'. ")
		}
		return v
	}
	s.algorithm = get("X-Amz-Algorithm", true)
	s.credential = get("X-Amz-Credential", true)
	s.signature = get("X-Amz-Signature", true)
	names := get("X-Amz-SignedHeaders", true)
	date := get("X-Amz-Date", true)
	expires := get("X-Amz-Expires", false)
	s.SessionToken = get("X-Amz-Security-Token", false)
	if missing.Len() > 0 {
		return nil, &Error{Incomplete, missing.String() + "Re-examine the query-string parameters."}
	}
	s.names = signedNames(names)
	s.Expires = MaxSkew
	if expires != "" {
		n, err := strconv.Atoi(expires)
		if err != nil || n < 1 || time.Duration(n)*time.Second > MaxExpires {
			return nil, &Error{Incomplete, "X-Amz-Expires must be a number of seconds from 1 to 604800."}
		}
		s.Expires = time.Duration(n) * time.Second
	}
	return s, s.setTime(date)
}

func (s *Signature) setTime(text string) error {
	t, err := time.Parse(timeFormat, text)
	if err != nil {
		t, err = http.ParseTime(text)
	}
	if err != nil {
		return &Error{Incomplete, "Date must be in ISO-8601 'basic format'. Got '" + clip(text) + "'. See http://en.wikipedia.org/wiki/ISO_8601"}
	}
	s.Time = t.UTC()
	return nil
}

// clip bounds what an error repeats of the request.
func clip(s string) string {
	if len(s) > 100 {
		return s[:100]
	}
	return s
}

// signedNames are the names in their one spelling: those that aren't in lower
// case are refused later as none.
func signedNames(list string) []string {
	names := strings.SplitN(list, ";", maxSigned+1)
	slices.Sort(names)
	return names
}

// isName keeps line ends and separators out of the canonical request, so that
// it can be read in one way only.
func isName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return name != ""
}

// check goes on in AWS's order: time, host, algorithm, credential, scope.
func (s *Signature) check(now time.Time, region, service string) error {
	if err := s.checkTime(now); err != nil {
		return err
	}
	if !slices.Contains(s.names, "host") {
		return &Error{Invalid, "'Host' must be a 'SignedHeader' in the AWS Authorization."}
	}
	if len(s.names) > maxSigned {
		return &Error{Invalid, "More than " + strconv.Itoa(maxSigned) + " signed headers."}
	}
	for _, name := range s.names {
		if !isName(name) {
			return &Error{Invalid, "A signed header has no valid name: '" + clip(name) + "'."}
		}
	}
	if s.algorithm != Algorithm {
		return &Error{Incomplete, "Unsupported AWS 'algorithm': '" + clip(s.algorithm) + "' (only AWS4-HMAC-SHA256 for now). "}
	}
	parts, ok := splitCredential(s.credential)
	if !ok {
		return &Error{Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + clip(s.credential) + "'"}
	}
	s.Scope = Scope{parts[0], parts[1], parts[2], parts[3]}
	s.terminator = parts[4]
	return s.checkScope(region, service)
}

func (s *Signature) checkTime(now time.Time) error {
	now = now.UTC()
	valid := MaxSkew
	if s.Presigned {
		valid = s.Expires
	}
	at := s.Time.Format(timeFormat)
	if oldest := now.Add(-valid); s.Time.Before(oldest) {
		return &Error{Invalid, "Signature expired: " + at + " is now earlier than " + oldest.Format(timeFormat) + " (" + now.Format(timeFormat) + " - " + span(valid) + ")"}
	}
	if newest := now.Add(MaxSkew); s.Time.After(newest) {
		return &Error{Invalid, "Signature not yet current: " + at + " is still later than " + newest.Format(timeFormat) + " (" + now.Format(timeFormat) + " + " + span(MaxSkew) + ")"}
	}
	return nil
}

func span(d time.Duration) string {
	if d%time.Minute == 0 {
		return strconv.Itoa(int(d/time.Minute)) + " min."
	}
	return strconv.Itoa(int(d/time.Second)) + " sec."
}

// checkScope refuses a credential that is bound to something else. An empty
// region or service is not compared.
func (s *Signature) checkScope(region, service string) error {
	var b strings.Builder
	if s.Scope.Region == "" || region != "" && s.Scope.Region != region {
		b.WriteString("Credential should be scoped to a valid region. ")
	}
	if service != "" && s.Scope.Service != service {
		b.WriteString("Credential should be scoped to correct service: '" + service + "'. ")
	}
	if s.terminator != terminator {
		b.WriteString("Credential should be scoped with a valid terminator: 'aws4_request', not '" + clip(s.terminator) + "'. ")
	}
	if date := s.Time.Format(dateFormat); s.Scope.Date != date {
		b.WriteString("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" + clip(s.Scope.Date) + "' != '" + date + "', from '" + s.Time.Format(timeFormat) + "'.")
	}
	if b.Len() > 0 {
		return &Error{Invalid, b.String()}
	}
	return nil
}
