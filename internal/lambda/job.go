package lambda

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
)

// job is one invocation on its way through a local environment. It isn't
// recycled: a process may answer before it has read all of its event, so who
// holds the job last isn't known.
type job struct {
	id      string // Lambda's request ID
	arn     string // as invoked, with the qualifier
	trace   string
	context string // client context: JSON in one line
	payload []byte // a copy: the caller may leave before the process has read it

	// done receives the outcome once; it never blocks the sender.
	done chan outcome
	// buf is memory for the answer. It is the caller's, until the caller
	// leaves early.
	buf []byte
	// stream takes the answer as it comes, instead of done's payload; nil: it
	// is collected.
	stream *answerStream
	tail   *logTail // takes what the function writes; nil: nobody wants it
}

func newJob(in *Invocation, arn, id string, buf []byte) *job {
	context, _ := clientContext(in.ClientContext)
	j := &job{
		id:      id,
		arn:     arn,
		trace:   in.TraceID,
		context: context,
		payload: append([]byte(nil), in.Payload...),
		done:    make(chan outcome, 1),
		buf:     buf,
	}
	if in.LogTail {
		j.tail = new(logTail)
	}
	if len(j.payload) == 0 {
		j.payload = []byte("{}") // what a function is given when the caller sends nothing
	}
	return j
}

// clientContext decodes what X-Amz-Client-Context carries to what a function's
// process is given: JSON, on one line as it goes into a header. False: it is no
// JSON in base64.
func clientContext(encoded string) (string, bool) {
	if encoded == "" {
		return "", true
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", false
	}
	var line bytes.Buffer
	if json.Compact(&line, text) != nil {
		return "", false
	}
	return line.String(), true
}

// newRequestID is a random UUID, the form of Lambda's request IDs.
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, by its contract
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[0:8], b[0:4])
	s[8] = '-'
	hex.Encode(s[9:13], b[4:6])
	s[13] = '-'
	hex.Encode(s[14:18], b[6:8])
	s[18] = '-'
	hex.Encode(s[19:23], b[8:10])
	s[23] = '-'
	hex.Encode(s[24:36], b[10:16])
	return string(s[:])
}
