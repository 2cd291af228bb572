package restapi

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// clientCertificate is what the stage shows to HTTP backends (developer guide,
// "Generate and configure an SSL certificate for backend authentication"); nil
// without. It is opened once.
func (c *compiler) clientCertificate() (*integration.ClientCertificate, error) {
	switch {
	case c.stage == nil || c.stage.ClientCertificate == nil && c.stage.ClientCertificateID == "":
		return nil, nil
	case c.stage.ClientCertificate == nil:
		return nil, fmt.Errorf("client certificate %s: it isn't kept with the stage", c.stage.ClientCertificateID)
	}
	if c.shown == nil && c.shownErr == nil {
		c.shown, c.shownErr = openCertificate(c.stage.ClientCertificate, c.env.OpenKey)
	}
	return c.shown, c.shownErr
}

func openCertificate(from *apigw.StageCertificate, open func(record string, sealed []byte) ([]byte, error)) (*integration.ClientCertificate, error) {
	fail := func(err error) (*integration.ClientCertificate, error) {
		return nil, fmt.Errorf("client certificate %s: %w", from.ID, err)
	}
	if open == nil {
		return fail(errors.New("there is no master key"))
	}
	private, err := open(from.Record, from.Key)
	if err != nil {
		return fail(err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	pair, err := tls.X509KeyPair([]byte(from.PEM), key)
	if err != nil {
		return fail(err)
	}
	return &integration.ClientCertificate{ID: from.Record, Certificate: pair}, nil
}
