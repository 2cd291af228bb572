package restapi

import (
	"bytes"
	"io"
	"strconv"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// compressBody compresses an integration's answer when the API wants it, the
// client's first choice is a coding we have, the integration did not choose
// one, and the body is large enough (developer guide, "Enable payload
// compression").
func (r *request) compressBody() *exchange.Fault {
	resp := &r.x.Response
	if r.stage.compress < 0 || len(resp.Body) < r.stage.compress || len(resp.Body) == 0 ||
		resp.Header.IndexKnown(http1.NameContentEncoding, 0) >= 0 {
		return nil
	}
	coding := preferredCoding(r.x.Header.GetKnown(http1.NameAcceptEncoding))
	if coding == "" {
		return nil
	}
	out := bytes.NewBuffer(make([]byte, 0, len(resp.Body)/2))
	var w io.WriteCloser
	if coding == "gzip" {
		w = gzip.NewWriter(out)
	} else {
		w = zlib.NewWriter(out)
	}
	// Writing to memory does not fail.
	_, _ = w.Write(resp.Body)
	_ = w.Close()
	resp.Body = append(resp.Body[:0], out.Bytes()...)
	resp.Header.Add("Content-Encoding", coding)
	return nil
}

// preferredCoding is the supported coding with the highest priority in an
// Accept-Encoding, "" when another (identity and "*" too) stands higher.
func preferredCoding(accept []byte) string {
	best, highest := "", 0.0
	for part := range bytes.SplitSeq(accept, []byte{','}) {
		name, params, _ := bytes.Cut(part, semicolon)
		name = bytes.TrimSpace(name)
		q := quality(params)
		coding := ""
		switch {
		case len(name) == 0:
			continue
		case equalFold(name, "gzip"):
			coding = "gzip"
		case equalFold(name, "deflate"):
			coding = "deflate"
		}
		if q > highest || q == highest && q > 0 && best == "" {
			best, highest = coding, q
		}
	}
	return best
}

// quality is the q of an Accept-Encoding entry's parameters.
func quality(params []byte) float64 {
	for part := range bytes.SplitSeq(params, semicolon) {
		key, value, ok := bytes.Cut(bytes.TrimSpace(part), equals)
		if !ok || !equalFold(bytes.TrimSpace(key), "q") {
			continue
		}
		q, err := strconv.ParseFloat(string(bytes.TrimSpace(value)), 64)
		if err != nil || q < 0 || q > 1 {
			return 0
		}
		return q
	}
	return 1
}
