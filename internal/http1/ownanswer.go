package http1

import "io"

// Answer makes r an answer that no backend gave, with body and without fields:
// the caller adds them to r.Header. body isn't changed, and must stay as it is
// until Close. One to HEAD has no body; its length can be told by a field.
func (r *ClientResponse) Answer(status int, body []byte) {
	r.Status, r.Minor, r.Reason = status, 1, []byte(Reason(status))
	r.Header.Reset()
	r.Length = int64(len(body))
	r.clientBody = clientBody{own: body}
}

func (r *ClientResponse) readOwn(p []byte) (int, error) {
	if len(r.own) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.own)
	r.own = r.own[n:]
	return n, nil
}

func (r *ClientResponse) readAllOwn(dst []byte, limit int64) ([]byte, error) {
	if int64(len(r.own)) > limit {
		return dst, ErrBodyTooLarge
	}
	dst = append(dst, r.own...)
	r.own = nil
	return dst, nil
}
