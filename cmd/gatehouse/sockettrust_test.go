package main

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/gobwas/ws"
)

// TestSocketsAndTrust: a WebSocket connection by a custom domain name lasts as
// long as the name would take another request from its client: it is cut when a
// new trust store doesn't vouch for the client, and when the name begins to ask
// for certificates. Those of others stay.
func TestSocketsAndTrust(t *testing.T) {
	t.Parallel()
	first, second := newTestAuthority(t, "First"), newTestAuthority(t, "Second")
	dir := t.TempDir()
	for name, text := range map[string][]byte{"both.pem": append(first.pem(), second.pem()...), "second.pem": second.pem()} {
		must(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	b, s := converse(t), serveListening(t, securely+"trustStores: "+dir+"\n")
	a := s.socketsTo(b.url)
	certificate := s.certificate("*.example.com")
	store := func(file string) *types.MutualTlsAuthenticationInput {
		return &types.MutualTlsAuthenticationInput{TruststoreUri: aws.String("file://" + filepath.Join(dir, file))}
	}
	domain := func(name string, trust *types.MutualTlsAuthenticationInput) {
		t.Helper()
		_, err := a.c.CreateDomainName(t.Context(), &apigatewayv2.CreateDomainNameInput{DomainName: &name, MutualTlsAuthentication: trust,
			DomainNameConfigurations: []types.DomainNameConfiguration{{CertificateArn: &certificate, EndpointType: types.EndpointTypeRegional}}})
		must(t, err)
		_, err = a.c.CreateApiMapping(t.Context(), &apigatewayv2.CreateApiMappingInput{DomainName: &name, ApiId: &a.id, Stage: aws.String("prod")})
		must(t, err)
	}
	domain("mtls.example.com", store("both.pem"))
	domain("open.example.com", nil)
	domain("other.example.com", nil)

	dial := func(name string, who *authority) (*person, error) {
		cfg := &tls.Config{InsecureSkipVerify: true, ServerName: name}
		if who != nil {
			cert, key := who.pair("ann")
			pair, err := tls.X509KeyPair(cert, key)
			must(t, err)
			cfg.Certificates = []tls.Certificate{pair}
		}
		d := ws.Dialer{TLSConfig: cfg, Timeout: 20 * time.Second, NetDial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address(t, s.invoke))
		}}
		nc, _, _, err := d.Dial(t.Context(), "wss://"+name+"/")
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { nc.Close() })
		nc.SetDeadline(time.Now().Add(30 * time.Second))
		p := &person{chatter: &chatter{t, nc}}
		p.say("id")
		p.id = p.next()
		return p, nil
	}
	connect := func(name string, who *authority) *person {
		t.Helper()
		p, err := dial(name, who)
		must(t, err)
		return p
	}
	ann, bob := connect("mtls.example.com", first), connect("mtls.example.com", second)
	open, other := connect("open.example.com", nil), connect("other.example.com", nil)
	if _, err := dial("mtls.example.com", nil); err == nil {
		t.Fatal("a client without a certificate is let in")
	}

	update := func(name, file string) {
		t.Helper()
		_, err := a.c.UpdateDomainName(t.Context(), &apigatewayv2.UpdateDomainNameInput{DomainName: &name, MutualTlsAuthentication: store(file)})
		must(t, err)
	}
	update("mtls.example.com", "second.pem")
	ann.isCut()
	bob.say("still here")
	bob.hears("/ still here")
	update("open.example.com", "second.pem")
	open.isCut()
	for _, p := range []*person{bob, other} {
		p.say("hello")
		p.hears("/ hello")
	}
	told := map[string]bool{receive(t, "$disconnect", b.gone): true, receive(t, "$disconnect", b.gone): true}
	if !told[ann.id] || !told[open.id] {
		t.Errorf("$disconnect told of %v", told)
	}
}
