package serving

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
)

// NewIDs gives x its request and extended request IDs: a version 4 UUID, and
// base64 of 11 bytes as AWS's are. They come from the runtime's ChaCha8
// generators, one for each thread, which the operating system seeds: without
// a lock, not to be guessed from one another, and meant to name requests, not
// to be secrets.
func NewIDs(x *exchange.Exchange) {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(b[8:], rand.Uint64())
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	id := &x.RequestID
	hex.Encode(id[0:8], b[0:4])
	hex.Encode(id[9:13], b[4:6])
	hex.Encode(id[14:18], b[6:8])
	hex.Encode(id[19:23], b[8:10])
	hex.Encode(id[24:36], b[10:16])
	id[8], id[13], id[18], id[23] = '-', '-', '-', '-'
	binary.LittleEndian.PutUint64(b[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(b[8:], rand.Uint64())
	base64.StdEncoding.Encode(x.ExtendedID[:], b[:11])
}

// appendRoot appends a new trace root, "1-{8 hex of time}-{24 hex}".
func appendRoot(dst []byte, now time.Time) []byte {
	var b [16]byte
	binary.BigEndian.PutUint32(b[:4], uint32(now.Unix()))
	binary.LittleEndian.PutUint32(b[4:8], rand.Uint32())
	binary.LittleEndian.PutUint64(b[8:], rand.Uint64())
	dst = append(dst, "1-"...)
	dst = hex.AppendEncode(dst, b[:4])
	dst = append(dst, '-')
	return hex.AppendEncode(dst, b[4:])
}

// appendParent appends a new trace segment ID, 16 hex digits.
func appendParent(dst []byte) []byte {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], rand.Uint64())
	return hex.AppendEncode(dst, b[:])
}
