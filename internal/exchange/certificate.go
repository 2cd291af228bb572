package exchange

// AppendCertificate appends the value of a variable of VarClientCertPEM to
// VarClientCertNotAfter; false without mutual TLS.
func (c *Client) AppendCertificate(dst []byte, v VariableName) ([]byte, bool) {
	shown := c.Cert
	if shown == nil {
		return dst, false
	}
	switch v {
	case VarClientCertPEM:
		dst = append(dst, shown.PEM...)
	case VarClientCertSubjectDN:
		dst = append(dst, shown.SubjectDN...)
	case VarClientCertIssuerDN:
		dst = append(dst, shown.IssuerDN...)
	case VarClientCertSerialNumber:
		dst = append(dst, shown.SerialNumber...)
	case VarClientCertNotBefore:
		dst = append(dst, shown.Validity.NotBefore...)
	case VarClientCertNotAfter:
		dst = append(dst, shown.Validity.NotAfter...)
	}
	return dst, true
}
