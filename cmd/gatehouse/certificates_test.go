package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go"
)

// serveListening serves definitions with a configuration that has the listeners.
func serveListening(t testing.TB, config string, definitions ...string) *server {
	t.Helper()
	s := &server{t: t, data: filepath.Join(t.TempDir(), "data")}
	s.args = append([]string{"serve", "--data", s.data, "--control", "127.0.0.1:0", "--config", write(t, "gatehouse.yaml", config)}, definitions...)
	s.start()
	t.Cleanup(s.kill)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the log of process %d:\n%s", s.process.Pid, s.log.String())
		}
	})
	return s
}

const securely = "invoke: [{address: '127.0.0.1:0', tls: development}]\n"

// authority issues certificates.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  crypto.Signer
	made int64
}

func newTestAuthority(t testing.TB, name string) *authority {
	t.Helper()
	a := &authority{t: t}
	a.cert, a.key = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// sign signs a certificate; the first one by itself.
func (a *authority) sign(c *x509.Certificate) (*x509.Certificate, crypto.Signer) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	a.made++
	c.SerialNumber, c.BasicConstraintsValid = big.NewInt(a.made), true
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	by, with := a.cert, a.key
	if by == nil {
		by, with = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by, key.Public(), with)
	if err != nil {
		a.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return made, key
}

// pair is a certificate for names in PEM, and its key.
func (a *authority) pair(names ...string) (cert, key []byte) {
	a.t.Helper()
	c, k := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: names[0]}, DNSNames: names})
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	return pemOf("CERTIFICATE", c.Raw), pemOf("PRIVATE KEY", der)
}

func (a *authority) pem() []byte { return pemOf("CERTIFICATE", a.cert.Raw) }

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// roots are the certificates that a client trusts.
func roots(list ...[]byte) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, text := range list {
		pool.AppendCertsFromPEM(text)
	}
	return pool
}

// clientOf calls s by whatever name, as cfg has it.
func clientOf(t testing.TB, s *server, cfg *tls.Config) *http.Client {
	t.Helper()
	return clientAt(t, address(t, s.invoke), cfg)
}

// clientAt calls an address by whatever name.
func clientAt(t testing.TB, addr string, cfg *tls.Config) *http.Client {
	c := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		TLSClientConfig: cfg, MaxIdleConnsPerHost: 100,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		},
	}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// askTLS is the status of a GET and the serial number of the certificate shown.
func askTLS(c *http.Client, url string) (status int, serial string, err error) {
	answer, err := c.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.TLS.PeerCertificates[0].SerialNumber.String(), err
}

// mapped makes a domain name with a certificate and leads it to api's stage dev.
func (s *server) mapped(api, name, certificate string, change func(*apigateway.CreateDomainNameInput)) {
	s.t.Helper()
	in := &apigateway.CreateDomainNameInput{DomainName: &name, RegionalCertificateArn: &certificate,
		EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}}}
	if change != nil {
		change(in)
	}
	must1(s.sdk().CreateDomainName(s.t.Context(), in))(s.t)
	must1(s.sdk().CreateBasePathMapping(s.t.Context(), &apigateway.CreateBasePathMappingInput{DomainName: &name, RestApiId: &api, Stage: aws.String("dev")}))(s.t)
}

func (s *server) imported(a *authority, arn string, names ...string) string {
	s.t.Helper()
	cert, key := a.pair(names...)
	in := &acm.ImportCertificateInput{Certificate: cert, PrivateKey: key, CertificateChain: a.pem()}
	if arn != "" {
		in.CertificateArn = &arn
	}
	return *must1(s.acm().ImportCertificate(s.t.Context(), in))(s.t).CertificateArn
}

// TestServedBySNI: each name gets its certificate, also after a power cut and
// without the store; who names none, or an unknown name, gets the listener's.
func TestServedBySNI(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	a := newTestAuthority(t, "Example Root")
	filesCert, filesKey := a.pair("files.example.com")
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "f.pem"), filesCert, 0o600)
	os.WriteFile(filepath.Join(dir, "f.key"), filesKey, 0o600)
	const declared = "arn:aws:acm:us-east-1:111122223333:certificate/0b5a1c3e-0000-4000-8000-000000000000"
	s := serveListening(t, securely+"certificates: [{arn: '"+declared+"', cert: "+dir+"/f.pem, key: "+dir+"/f.key}]\n", file)
	api := s.api(file)
	arn := s.imported(a, "", "api.example.com", "*.wild.example.com")
	s.mapped(api, "api.example.com", arn, nil)
	s.mapped(api, "*.wild.example.com", arn, nil)
	s.mapped(api, "files.example.com", declared, nil)
	own := s.certificate("own.example.com")
	s.mapped(api, "own.example.com", own, nil)
	requested := must1(s.acm().GetCertificate(t.Context(), &acm.GetCertificateInput{CertificateArn: &own}))(t)

	check := func(when string) {
		t.Helper()
		c := clientOf(t, s, &tls.Config{RootCAs: roots(a.pem(), []byte(*requested.Certificate))})
		for _, name := range []string{"api.example.com", "any.wild.example.com", "files.example.com", "own.example.com"} {
			if status, _, err := askTLS(c, "https://"+name+"/hello"); err != nil || status != 200 {
				t.Errorf("%s: %s: %d %v", when, name, status, err)
			}
		}
		if _, _, err := askTLS(c, "https://other.example.com/hello"); err == nil || !strings.Contains(err.Error(), "other.example.com") && !strings.Contains(err.Error(), "unknown authority") {
			t.Errorf("%s: an unknown name: %v", when, err)
		}
	}
	check("at first")
	s.kill()
	s.restart()
	check("after a power cut")

	// In use, a certificate stays; and its ARN must be known.
	_, err := s.acm().DeleteCertificate(t.Context(), &acm.DeleteCertificateInput{CertificateArn: &arn})
	if _, ok := errors.AsType[*acmtypes.ResourceInUseException](err); !ok {
		t.Errorf("deleted in use: %v", err)
	}
	detail := must1(s.acm().DescribeCertificate(t.Context(), &acm.DescribeCertificateInput{CertificateArn: &arn}))(t).Certificate
	if len(detail.InUseBy) != 2 || detail.Status != acmtypes.CertificateStatusIssued || detail.Type != acmtypes.CertificateTypeImported || *detail.Issuer != "Example Root" {
		t.Errorf("%+v", detail)
	}
	for name, certificate := range map[string]string{"none.example.com": strings.TrimSuffix(arn, arn[len(arn)-4:]) + "0000", "not.covered.example.org": arn} {
		_, err := s.sdk().CreateDomainName(t.Context(), &apigateway.CreateDomainNameInput{DomainName: &name, CertificateArn: &certificate})
		if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "BadRequestException" {
			t.Errorf("%s: %v", name, err)
		}
	}

	s.keeps(api)
	if code := s.terminate(); code != 0 {
		t.Errorf("ended with %d", code)
	}
	damage(t, filepath.Join(s.data, "store"), "*.wal")
	s.restart()
	check("without the store")
}

// TestRotationUnderLoad: while clients shake hands as fast as they can, the
// certificate is imported again, one in files is replaced, and the trust store
// grows: no trusted client's handshake or request fails, and both take effect.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	a, clients := newTestAuthority(t, "Servers"), newTestAuthority(t, "Clients")
	dir := t.TempDir()
	keep := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name+".new"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, name+".new"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	cert, key := a.pair("files.example.com")
	keep("pair.pem", append(cert, key...)) // both in one file: no handshake sees half of a change
	keep("trust.pem", clients.pem())
	const declared = "arn:aws:acm:us-east-1:000000000000:certificate/files"
	s := serveListening(t, securely+"trustStores: "+dir+"\ncertificates: [{arn: '"+declared+"', cert: "+dir+"/pair.pem, key: "+dir+"/pair.pem}]\n", file)
	api := s.api(file)
	arn := s.imported(a, "", "api.example.com", "mtls.example.com")
	s.mapped(api, "api.example.com", arn, nil)
	s.mapped(api, "files.example.com", declared, nil)
	s.mapped(api, "mtls.example.com", arn, func(in *apigateway.CreateDomainNameInput) {
		in.MutualTlsAuthentication = &types.MutualTlsAuthenticationInput{TruststoreUri: aws.String("file:///" + dir + "/trust.pem")}
	})
	ann, annKey := clients.pair("ann")
	shown, err := tls.X509KeyPair(ann, annKey)
	if err != nil {
		t.Fatal(err)
	}
	var asked, failed atomic.Int64
	var saw sync.Map
	stop := make(chan struct{})
	var load sync.WaitGroup
	for _, name := range []string{"api.example.com", "files.example.com", "mtls.example.com"} {
		load.Go(func() {
			held := clientOf(t, s, &tls.Config{RootCAs: roots(a.pem()), Certificates: []tls.Certificate{shown}})
			for {
				select {
				case <-stop:
					return
				default:
				}
				fresh := clientOf(t, s, &tls.Config{RootCAs: roots(a.pem()), Certificates: []tls.Certificate{shown}})
				for _, c := range []*http.Client{held, fresh} {
					status, serial, err := askTLS(c, "https://"+name+"/hello")
					asked.Add(1)
					saw.Store(name+" "+serial, true)
					if err != nil || status != 200 {
						failed.Add(1)
						t.Errorf("%s: %d %v", name, status, err)
					}
				}
				fresh.CloseIdleConnections()
			}
		})
	}
	trust := clients.pem()
	for range 6 {
		s.imported(a, arn, "api.example.com", "mtls.example.com")
		cert, key := a.pair("files.example.com")
		keep("pair.pem", append(cert, key...))
		trust = append(trust, newTestAuthority(t, "Others "+time.Now().String()).pem()...)
		keep("trust.pem", trust)
		must1(s.sdk().UpdateDomainName(t.Context(), &apigateway.UpdateDomainNameInput{DomainName: aws.String("mtls.example.com"), PatchOperations: []types.PatchOperation{
			{Op: types.OpReplace, Path: aws.String("/mutualTlsAuthentication/truststoreVersion"), Value: aws.String("")}}}))(t)
		time.Sleep(700 * time.Millisecond)
	}
	close(stop)
	load.Wait()
	shownBy := map[string]int{}
	saw.Range(func(k, _ any) bool { name, _, _ := strings.Cut(k.(string), " "); shownBy[name]++; return true })
	t.Logf("%d requests, %d failed; certificates seen: %v", asked.Load(), failed.Load(), shownBy)
	if shownBy["api.example.com"] < 6 || shownBy["mtls.example.com"] < 6 || shownBy["files.example.com"] < 2 {
		t.Errorf("certificates seen: %v", shownBy)
	}
	if trustedNow := s.domainTrusts("mtls.example.com"); trustedNow != "" {
		t.Error(trustedNow)
	}
}

// domainTrusts says what is odd about the mutual TLS of a domain name.
func (s *server) domainTrusts(name string) string {
	d := must1(s.sdk().GetDomainName(s.t.Context(), &apigateway.GetDomainNameInput{DomainName: &name}))(s.t)
	if m := d.MutualTlsAuthentication; m == nil || !strings.HasSuffix(*m.TruststoreUri, "/trust.pem") || len(m.TruststoreWarnings) > 0 {
		return "the domain name shows another trust store than it was given"
	}
	return ""
}
