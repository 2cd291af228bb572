package restapi

import (
	"bytes"
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
	c, ok := r.stage.env.compressors.Get().(*compressor)
	if !ok {
		c = newCompressor()
	}
	resp.Body = c.compress(resp.Body, coding)
	r.stage.env.compressors.Put(c)
	resp.Header.Add("Content-Encoding", coding)
	return nil
}

// compressor is the memory of both codings, hundreds of kilobytes: it is used
// again.
type compressor struct {
	out  bytes.Buffer
	gzip *gzip.Writer
	zlib *zlib.Writer
}

func newCompressor() *compressor {
	return &compressor{gzip: gzip.NewWriter(nil), zlib: zlib.NewWriter(nil)}
}

// compress puts body's compressed form in its place. Writing to memory does
// not fail.
func (c *compressor) compress(body []byte, coding string) []byte {
	c.out.Reset()
	if coding == "gzip" {
		c.gzip.Reset(&c.out)
		_, _ = c.gzip.Write(body)
		_ = c.gzip.Close()
	} else {
		c.zlib.Reset(&c.out)
		_, _ = c.zlib.Write(body)
		_ = c.zlib.Close()
	}
	body = append(body[:0], c.out.Bytes()...)
	if c.out.Cap() > keepMemory {
		c.out = bytes.Buffer{}
	}
	return body
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

var (
	semicolon = []byte{';'}
	equals    = []byte{'='}
)
