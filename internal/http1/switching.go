package http1

// AppendSwitching appends the head of a 101 that ends HTTP/1.1 on the
// connection, with h's fields. It adds "Connection: Upgrade"; h has Upgrade,
// and neither Connection, Date nor framing fields. The error says that a field
// of h can't be sent, and nothing was appended.
func AppendSwitching(dst []byte, h *Header) ([]byte, error) {
	out := append(dst, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"...)
	out, err := appendFields(out, h, &answerFraming)
	if err != nil {
		return dst, err
	}
	return append(out, "\r\n"...), nil
}
