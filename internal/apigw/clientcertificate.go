package apigw

import "time"

// ClientCertificate is what stages show to backends that ask who calls. Its
// private key never leaves Gatehouse.
type ClientCertificate struct {
	ID          string            `json:"id"`
	Description string            `json:"description,omitempty"`
	PEM         string            `json:"pem"` // the certificate
	Created     time.Time         `json:"created"`
	Expires     time.Time         `json:"expires"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// StageCertificate is a stage's client certificate with its private key, so
// that a node serves it from the stage alone. It never changes.
type StageCertificate struct {
	ID  string `json:"id"`
	PEM string `json:"pem"`
	// Record and Key are the private key (PKCS #8), sealed for the record that
	// Record names.
	Record string `json:"record"`
	Key    []byte `json:"key"`
}
