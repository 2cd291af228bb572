package main

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// askingBackend is an HTTPS server that answers with the certificate its
// client shows, and talks to nobody without one.
func askingBackend(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: r.TLS.PeerCertificates[0].Raw})
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// TestClientCertificate shows a backend who calls, also after the power was cut.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	c, ctx := s.sdk(), context.Background()
	api := proxyAPI(t, c, askingBackend(t))
	if a := call(t, "GET", s.invoke+"/prod", api+".execute-api.localhost", ""); a.status < 500 {
		t.Errorf("without a certificate: %v", a)
	}
	cert, err := c.GenerateClientCertificate(ctx, &apigateway.GenerateClientCertificateInput{Description: aws.String("gateway")})
	if err != nil {
		t.Fatal(err)
	}
	patch := func(id string) error {
		_, err := c.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: &api, StageName: aws.String("prod"),
			PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: aws.String("/clientCertificateId"), Value: &id}}})
		return err
	}
	if err := patch(*cert.ClientCertificateId); err != nil {
		t.Fatal(err)
	}
	for _, moment := range []string{"at once", "after a restart"} {
		if a := call(t, "GET", s.invoke+"/prod", api+".execute-api.localhost", ""); a.status != 200 || a.body != *cert.PemEncodedCertificate {
			t.Errorf("%s: %v", moment, a)
		}
		s.kill()
		s.restart()
		c = s.sdk()
	}
	remove := func() error {
		_, err := c.DeleteClientCertificate(ctx, &apigateway.DeleteClientCertificateInput{ClientCertificateId: cert.ClientCertificateId})
		return err
	}
	if remove() == nil {
		t.Error("a certificate in use was deleted")
	}
	if err := patch(""); err != nil {
		t.Error(err)
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
}

// proxyAPI deploys to prod an API whose root is backend's, whose certificate
// nobody knows.
func proxyAPI(t *testing.T, c *apigateway.Client, backend string) string {
	t.Helper()
	body := `{"openapi":"3.0.1","info":{"title":"proxy","version":"1"},"paths":{"/":{"get":{"x-amazon-apigateway-integration":
		{"type":"HTTP_PROXY","httpMethod":"GET","uri":"` + backend + `","tlsConfig":{"insecureSkipVerification":true}}}}}}`
	api, err := c.ImportRestApi(context.Background(), &apigateway.ImportRestApiInput{Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateDeployment(context.Background(), &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("prod")}); err != nil {
		t.Fatal(err)
	}
	return *api.Id
}
