package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// scanned is what sslscan found a server to accept for a name.
type scanned struct{ Versions, Suites []string }

var acceptedSuite = regexp.MustCompile(`<cipher status="(?:preferred|accepted)" sslversion="([^"]+)"[^>]* cipher="([^"]+)"`)

func scan(t *testing.T, at, name string) (found scanned) {
	t.Helper()
	need(t, "sslscan")
	out, err := exec.CommandContext(t.Context(), "sslscan", "--no-colour", "--xml=-", "--no-heartbleed", "--no-renegotiation", "--no-fallback", "--no-groups", "--sni-name="+name, at).Output()
	if err != nil {
		t.Fatalf("sslscan: %v\n%s", err, out)
	}
	for _, m := range acceptedSuite.FindAllStringSubmatch(string(out), -1) {
		found.Versions, found.Suites = append(found.Versions, m[1]), append(found.Suites, m[2])
	}
	for _, list := range []*[]string{&found.Versions, &found.Suites} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return found
}

// TestSecurityPoliciesScanned: what an independent scanner is let in with is what
// each name's policy says, whatever the other names of the listener have.
func TestSecurityPoliciesScanned(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	s := serveListening(t, securely, file)
	api, certificate := s.api(file), s.certificate("*.example.com") // with an RSA key
	tls13 := []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
	gcm := []string{"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"}
	with := func(versions []string, lists ...[]string) scanned {
		all := slices.Concat(append(lists, tls13)...)
		slices.Sort(all)
		return scanned{versions, all}
	}
	from12 := []string{"TLSv1.2", "TLSv1.3"}
	legacy := []string{"ECDHE-RSA-AES128-SHA256", "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256"}
	for policy, want := range map[string]scanned{
		"TLS_1_2": with(from12, gcm, legacy),
		"TLS_1_0": with([]string{"TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"}, gcm, legacy,
			[]string{"ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA", "AES128-SHA", "AES256-SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"}),
		"SecurityPolicy_TLS13_1_3_2025_09":        with([]string{"TLSv1.3"}),
		"SecurityPolicy_TLS13_1_2_2021_06":        with(from12, gcm, []string{"ECDHE-RSA-AES128-SHA256"}),
		"SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09": with(from12, gcm),
	} {
		name := strings.ToLower(strings.ReplaceAll(policy, "_", "-")) + ".example.com"
		s.mapped(api, name, certificate, func(in *apigateway.CreateDomainNameInput) {
			in.SecurityPolicy = types.SecurityPolicy(policy)
			if strings.HasPrefix(policy, "SecurityPolicy") {
				in.EndpointAccessMode = types.EndpointAccessModeBasic
			}
		})
		got := scan(t, address(t, s.invoke), name)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", policy, diff)
		}
	}
}

// TestStrictAccess: a name with STRICT takes requests of connections that were
// made for it alone.
func TestStrictAccess(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	s := serveListening(t, securely, file)
	api, certificate := s.api(file), s.certificate("*.example.com")
	s.mapped(api, "strict.example.com", certificate, func(in *apigateway.CreateDomainNameInput) {
		in.SecurityPolicy, in.EndpointAccessMode = "SecurityPolicy_TLS13_1_3_2025_09", types.EndpointAccessModeStrict
	})
	s.mapped(api, "basic.example.com", certificate, nil)
	for _, c := range []struct {
		server, host string
		want         int
	}{{"strict.example.com", "strict.example.com", 200}, {"basic.example.com", "strict.example.com", 421}, {"strict.example.com", "basic.example.com", 200}, {"strict.example.com", "STRICT.example.com.", 200}} {
		client := clientOf(t, s, &tls.Config{InsecureSkipVerify: true, ServerName: c.server})
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+c.server+"/hello", nil)
		r.Host = c.host
		answer, err := client.Do(r)
		if err != nil || answer.StatusCode != c.want {
			t.Errorf("%s at %s: %v %v, want %d", c.host, c.server, answer, err, c.want)
			continue
		}
		answer.Body.Close()
	}
}

// TestDomainMutualTLS: only clients that the name's trust store vouches for come
// in, by no other way either; the store is an object of S3, in the version asked
// for, and a new version lets in and throws out.
func TestDomainMutualTLS(t *testing.T) {
	t.Parallel()
	first, second := newTestAuthority(t, "First"), newTestAuthority(t, "Second")
	versions := map[string][]byte{"1": first.pem(), "2": second.pem(), "3": []byte("nothing")}
	var signed atomic.Bool
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed.Store(strings.Contains(r.Header.Get("Authorization"), "/us-east-1/s3/aws4_request"))
		content := versions[r.URL.Query().Get("versionId")]
		if r.URL.Path != "/trust/clients.pem" || content == nil {
			http.NotFound(w, r)
			return
		}
		w.Write(content)
	}))
	t.Cleanup(s3.Close)
	plainly := "invoke: [{address: '127.0.0.1:0', tls: development}]\nendpoints: {s3: '" + s3.URL + "'}\n"
	file := write(t, "api.yaml", strings.Replace(subjectAPI, "NAME", "x", 1))
	s := serveListening(t, plainly, file)
	api, certificate := s.api(file), s.certificate("*.example.com")
	s.mapped(api, "mtls.example.com", certificate, func(in *apigateway.CreateDomainNameInput) {
		in.MutualTlsAuthentication = &types.MutualTlsAuthenticationInput{TruststoreUri: aws.String("s3://trust/clients.pem"), TruststoreVersion: aws.String("1")}
	})
	s.mapped(api, "open.example.com", certificate, nil)
	if !signed.Load() {
		t.Error("the object store was asked without a signature")
	}
	of := func(a *authority, server string) *http.Client {
		cfg := &tls.Config{InsecureSkipVerify: true, ServerName: server}
		if a != nil {
			cert, key := a.pair("ann")
			pair, err := tls.X509KeyPair(cert, key)
			if err != nil {
				t.Fatal(err)
			}
			cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
		return clientOf(t, s, cfg)
	}
	get := func(c *http.Client, host string) string {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://ignored/hello", nil)
		r.Host = host
		answer, err := c.Do(r)
		if err != nil {
			return "refused"
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		return fmt.Sprintf("%d %s", answer.StatusCode, body)
	}
	held := of(first, "mtls.example.com")
	for _, c := range []struct {
		what, want string
		client     *http.Client
		host       string
	}{
		{"trusted", `200 "CN=ann"`, held, "mtls.example.com"},
		{"no certificate", "refused", of(nil, "mtls.example.com"), "mtls.example.com"},
		{"another authority's", "refused", of(second, "mtls.example.com"), "mtls.example.com"},
		{"by another name", `421 {"message":"Misdirected Request"}`, of(first, "open.example.com"), "mtls.example.com"},
		{"by no name", `421 {"message":"Misdirected Request"}`, of(nil, "elsewhere.example.org"), "mtls.example.com"},
		{"its certificate, for another name", `200 ""`, held, "open.example.com"},
	} {
		if got := get(c.client, c.host); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	update := func(version string) error {
		_, err := s.sdk().UpdateDomainName(t.Context(), &apigateway.UpdateDomainNameInput{DomainName: aws.String("mtls.example.com"), PatchOperations: []types.PatchOperation{
			{Op: types.OpReplace, Path: aws.String("/mutualTlsAuthentication/truststoreVersion"), Value: &version}}})
		return err
	}
	for _, bad := range []string{"3", "4"} {
		if e, ok := errors.AsType[smithy.APIError](update(bad)); !ok || e.ErrorCode() != "BadRequestException" {
			t.Errorf("version %s: %v", bad, e)
		}
	}
	if got := get(held, "mtls.example.com"); got != `200 "CN=ann"` {
		t.Errorf("after refused versions: %s", got)
	}
	if err := update("2"); err != nil {
		t.Fatal(err)
	}
	if got := get(held, "mtls.example.com"); got != "refused" {
		t.Errorf("the former authority's client: %s", got)
	}
	if got := get(of(second, "mtls.example.com"), "mtls.example.com"); got != `200 "CN=ann"` {
		t.Errorf("the new authority's client: %s", got)
	}
	// Without the store of objects: what was read is the name's own.
	s3.Close()
	s.kill()
	s.restart()
	if got := get(of(second, "mtls.example.com"), "mtls.example.com"); got != `200 "CN=ann"` {
		t.Errorf("after a power cut: %s", got)
	}
	if got := get(of(first, "mtls.example.com"), "mtls.example.com"); got != "refused" {
		t.Errorf("the former authority's client after a power cut: %s", got)
	}
}

// subjectAPI says whose certificate it was called with.
const subjectAPI = `{"openapi":"3.0.1","info":{"title":"NAME","version":"1"},"paths":{"/hello":{"get":{"responses":{"200":{"description":"whose"}},"x-amazon-apigateway-integration":{"type":"mock",
"requestTemplates":{"application/json":"{\"statusCode\":200}"},"responses":{"default":{"statusCode":"200","responseTemplates":{"application/json":"\"$!context.identity.clientCert.subjectDN\""}}}}}}}}`

// TestTruststoreFiles: a caller of the management API reads no file but those of
// the one folder that the operator opened.
func TestTruststoreFiles(t *testing.T) {
	t.Parallel()
	dir, a := t.TempDir(), newTestAuthority(t, "Clients")
	os.WriteFile(filepath.Join(dir, "trust.pem"), a.pem(), 0o600)
	outside := write(t, "outside.pem", string(a.pem()))
	os.Symlink(outside, filepath.Join(dir, "link.pem"))
	s := serveListening(t, securely+"trustStores: "+dir+"\n")
	certificate := s.certificate("mtls.example.com")
	for uri, want := range map[string]string{
		"file://" + outside:                    "there is no such file in the folder of trustStores",
		"file://" + dir + "/../etc/passwd":     "there is no such file in the folder of trustStores",
		"file://" + dir + "/link.pem":          "there is no such file in the folder of trustStores",
		"file:///etc/passwd":                   "there is no such file in the folder of trustStores",
		"file://" + dir:                        "there is no such file in the folder of trustStores",
		"http://127.0.0.1/trust.pem":           "Invalid truststoreUri",
		"file://" + dir + "/trust.pem#version": "there is no such file in the folder of trustStores",
		"s3://bucket/../../latest/meta-data/x": "can't be read",
	} {
		_, err := s.sdk().CreateDomainName(t.Context(), &apigateway.CreateDomainNameInput{DomainName: aws.String("mtls.example.com"), RegionalCertificateArn: &certificate,
			EndpointConfiguration:   &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}},
			MutualTlsAuthentication: &types.MutualTlsAuthenticationInput{TruststoreUri: aws.String(uri)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// TestCertificatesByCLI: AWS's command line and its waiter, and nothing that is
// written down shows a private key.
func TestCertificatesByCLI(t *testing.T) {
	t.Parallel()
	need(t, "aws")
	s := serveWith(t)
	a := newTestAuthority(t, "Root")
	cert, key := a.pair("cli.example.com")
	dir := t.TempDir()
	for name, content := range map[string][]byte{"c": cert, "k": key, "a": a.pem()} {
		os.WriteFile(filepath.Join(dir, name), content, 0o600)
	}
	cli := func(args ...string) (map[string]any, error) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "aws", append([]string{"acm", "--output", "json"}, args...)...)
		cmd.Env = s.clientEnv()
		out, err := cmd.CombinedOutput()
		var v map[string]any
		_ = json.Unmarshal(out, &v)
		if err != nil {
			return v, fmt.Errorf("%s", out)
		}
		return v, nil
	}
	made, err := cli("import-certificate", "--certificate", "fileb://"+dir+"/c", "--private-key", "fileb://"+dir+"/k", "--certificate-chain", "fileb://"+dir+"/a", "--tags", "Key=team,Value=web")
	if err != nil {
		t.Fatal(err)
	}
	arn := made["CertificateArn"].(string)
	requested, err := cli("request-certificate", "--domain-name", "asked.example.com", "--validation-method", "DNS", "--key-algorithm", "EC_secp384r1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cli("wait", "certificate-validated", "--certificate-arn", requested["CertificateArn"].(string)); err != nil {
		t.Error(err)
	}
	if list, err := cli("list-certificates", "--includes", "keyTypes=EC_prime256v1"); err != nil || len(list["CertificateSummaryList"].([]any)) != 1 {
		t.Errorf("%v %v", list, err)
	}
	if list, err := cli("list-certificates"); err != nil || len(list["CertificateSummaryList"].([]any)) != 0 {
		t.Errorf("%v %v", list, err)
	}
	if _, err := cli("export-certificate", "--certificate-arn", arn, "--passphrase", "c2VjcmV0"); err == nil || !strings.Contains(err.Error(), "is not a private certificate") {
		t.Error(err)
	}
	if _, err := cli("import-certificate", "--certificate", "fileb://"+dir+"/c", "--private-key", "fileb://"+dir+"/k"); err == nil || !strings.Contains(err.Error(), "not a valid self signed") {
		t.Error(err)
	}
	if _, err := cli("describe-certificate", "--certificate-arn", arn[:len(arn)-4]+"0000"); err == nil || !strings.Contains(err.Error(), "ResourceNotFoundException") {
		t.Error(err)
	}
	if _, err := cli("delete-certificate", "--certificate-arn", arn); err != nil {
		t.Error(err)
	}
	_, other := a.pair("other.example.com")
	if _, err := s.acm().ImportCertificate(t.Context(), &acm.ImportCertificateInput{Certificate: cert, PrivateKey: other, CertificateChain: a.pem()}); err == nil || !strings.Contains(err.Error(), "doesn't match") {
		t.Errorf("another key: %v", err)
	}
	secret := strings.Split(string(key), "\n")[1]
	filepath.WalkDir(s.data, func(path string, d os.DirEntry, err error) error {
		if content, _ := os.ReadFile(path); err == nil && !d.IsDir() && strings.Contains(string(content), secret) {
			t.Errorf("%s holds the private key", path)
		}
		return nil
	})
	if strings.Contains(s.log.String(), secret) {
		t.Error("the log holds the private key")
	}
}
