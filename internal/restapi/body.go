package restapi

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/serving"
)

var (
	unreadable  = serving.Unreadable
	undecodable = &exchange.Fault{Kind: exchange.UnsupportedMediaType}
)

// readBody makes r.body the client's body, once.
func (r *request) readBody() *exchange.Fault {
	if r.bodyRead {
		return nil
	}
	r.bodyRead = true
	var f *exchange.Fault
	r.body, f = serving.ReadBody(r.x, r.body[:0])
	return f
}

// decodeBody reads and decompresses a body that came compressed, whatever it
// is for: one that can't be decompressed is 415 (developer guide, "Enable
// payload compression").
func (r *request) decodeBody() *exchange.Fault {
	coding := r.x.Header.GetKnown(http1.NameContentEncoding)
	if len(coding) == 0 || equalFold(coding, "identity") {
		return nil
	}
	if f := r.readBody(); f != nil || len(r.body) == 0 {
		return f
	}
	reader, err := decompressor(coding, r.body)
	if err != nil {
		return undecodable
	}
	var out bytes.Buffer
	if _, err = io.Copy(&out, io.LimitReader(reader, integration.MaxBody+1)); err != nil {
		return undecodable
	}
	if out.Len() > integration.MaxBody {
		return tooLarge
	}
	r.sentBody, r.body = r.body, out.Bytes()
	return nil
}

var errCoding = errors.New("no content coding that is decoded")

// decompressor reads body by its content coding. "deflate" is RFC 1950's
// format, and the bare one that some clients send.
func decompressor(coding, body []byte) (io.Reader, error) {
	in := bytes.NewReader(body)
	switch {
	case equalFold(coding, "gzip"), equalFold(coding, "x-gzip"):
		return gzip.NewReader(in)
	case equalFold(coding, "deflate") && len(body) >= 2 && body[0]&0x0f == 8 && (int(body[0])<<8|int(body[1]))%31 == 0:
		return zlib.NewReader(in)
	case equalFold(coding, "deflate"):
		return flate.NewReader(in), nil
	}
	return nil, errCoding
}

func equalFold(a []byte, b string) bool {
	return len(a) == len(b) && bytes.EqualFold(a, []byte(b))
}
