package restapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
)

var signatureScheme = []byte("AWS4-HMAC-SHA256")

// isSignature says that an Authorization field is one of Signature Version 4.
func isSignature(v []byte) bool { return bytes.HasPrefix(v, signatureScheme) }

// incompleteSignature is AWS's complaint about an Authorization field that it
// tried to read as a signature. The field itself is shown as a hash, as AWS
// does since 2023, so that no token comes back in a body.
func incompleteSignature(v []byte) string {
	sum := sha256.Sum256(v)
	hash := base64.StdEncoding.EncodeToString(sum[:])
	if _, params, ok := bytes.Cut(v, []byte{' '}); ok && !allPairs(params) {
		return "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" + hash + "'."
	}
	return "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
		"Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " +
		"(Hashed with SHA-256 and encoded with Base64) Authorization=" + hash
}

// allPairs says that each comma-separated part has an equals sign.
func allPairs(params []byte) bool {
	for part := range bytes.SplitSeq(params, []byte{','}) {
		if !bytes.ContainsRune(part, '=') {
			return false
		}
	}
	return true
}
