package control

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// newSealed is a world whose private keys are sealed with key.
func newSealed(t *testing.T) (*world, *store.Sealer) {
	t.Helper()
	sealer := must[*store.Sealer](t)(store.NewSealer(make([]byte, 32)))
	return newWorldWith(t, Options{Sealer: func() (*store.Sealer, error) { return sealer, nil }}), sealer
}

func TestClientCertificate(t *testing.T) {
	w, sealer := newSealed(t)
	made := must[*apigw.ClientCertificate](t)(w.GenerateClientCertificate(t.Context(), w.scope, "to billing", map[string]string{"k": "v"}))
	block, _ := pem.Decode([]byte(made.PEM))
	cert := must[*x509.Certificate](t)(x509.ParseCertificate(block.Bytes))
	if got := made.Expires.Sub(made.Created); got != 365*24*time.Hour || !cert.NotAfter.Equal(made.Expires) || cert.NotBefore.After(made.Created) {
		t.Errorf("valid for %v, until %v", got, cert.NotAfter)
	}
	if err := cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature); err != nil {
		t.Error(err)
	}

	shown := must[*apigw.StageCertificate](t)(w.StageCertificate(t.Context(), w.scope, made.ID))
	private := must[[]byte](t)(sealer.Open(shown.Record, shown.Key))
	if _, err := tls.X509KeyPair([]byte(made.PEM), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})); err != nil {
		t.Error(err)
	}
	raw := must[store.Record](t)(shared.Get(t.Context(), shown.Record))
	if bytes.Contains(raw.Value, private[32:64]) || bytes.Contains(shown.Key, private[32:64]) {
		t.Error("the private key is stored as it is")
	}

	changed := must[*apigw.ClientCertificate](t)(w.UpdateClientCertificate(t.Context(), w.scope, made.ID, func(c *apigw.ClientCertificate) error {
		c.Description = "to nobody"
		return nil
	}))
	list := must[[]*apigw.ClientCertificate](t)(w.ClientCertificates(t.Context(), w.scope))
	if len(list) != 1 || list[0].Description != "to nobody" || changed.PEM != made.PEM {
		t.Errorf("%+v", list)
	}
	if err := w.DeleteClientCertificate(t.Context(), w.scope, made.ID); err != nil {
		t.Fatal(err)
	}
	_, err := w.ClientCertificate(t.Context(), w.scope, made.ID)
	wantError(t, err, apigw.NotFound, "Invalid Client Certificate identifier specified")
}

func TestClientCertificateOfStage(t *testing.T) {
	w, _ := newSealed(t)
	api := w.newAPI()
	w.newMock(api)
	w.deploy(api, "prod")
	cert := must[*apigw.ClientCertificate](t)(w.GenerateClientCertificate(t.Context(), w.scope, "", nil))
	set := func(id string) (*apigw.Stage, error) {
		return w.UpdateStage(t.Context(), w.scope, api.ID, "prod", func(s *apigw.Stage) error {
			s.ClientCertificateID = id
			return nil
		})
	}
	_, err := set("nobody")
	wantError(t, err, apigw.BadRequest, "Invalid Client Certificate identifier specified")
	if s := must[*apigw.Stage](t)(set(cert.ID)); s.ClientCertificate == nil || s.ClientCertificate.PEM != cert.PEM {
		t.Fatalf("the stage has %+v", s.ClientCertificate)
	}
	wantError(t, w.DeleteClientCertificate(t.Context(), w.scope, cert.ID), apigw.BadRequest,
		"Client certificate "+cert.ID+" is in use by stage prod of API "+string(api.ID))
	if s := must[*apigw.Stage](t)(set("")); s.ClientCertificate != nil {
		t.Error("the stage keeps its certificate")
	}
	if err := w.DeleteClientCertificate(t.Context(), w.scope, cert.ID); err != nil {
		t.Error(err)
	}
}

// TestClientCertificateWithoutMasterKey: nothing is kept unsealed.
func TestClientCertificateWithoutMasterKey(t *testing.T) {
	w := newWorld(t)
	_, err := w.GenerateClientCertificate(t.Context(), w.scope, "", nil)
	wantError(t, err, apigw.BadRequest, "The private key can't be kept: there is no master key")
}
