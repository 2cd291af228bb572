package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/freeport"
	"github.com/google/go-cmp/cmp"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
)

// runEtcd is an etcd server of its own process, with TLS.
func runEtcd() error {
	client, err := url.Parse("https://" + os.Getenv("ETCD_ADDRESS"))
	if err != nil {
		return err
	}
	peer, err := url.Parse("unix://" + filepath.Join(os.Getenv("ETCD_DIR"), "peer:1"))
	if err != nil {
		return err
	}
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(os.Getenv("ETCD_DIR"), "data")
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{*peer}, []url.URL{*peer}
	cfg.InitialCluster = cfg.InitialClusterFromName("")
	cfg.TickMs, cfg.ElectionMs = 10, 100
	certs := os.Getenv("ETCD_CERTS")
	cfg.ClientTLSInfo = transport.TLSInfo{CertFile: filepath.Join(certs, "server.crt"), KeyFile: filepath.Join(certs, "server.key"),
		TrustedCAFile: filepath.Join(certs, "ca.crt"), ClientCertAuth: true}
	cfg.LogLevel = "fatal"
	cfg.BcryptCost = 4 // the least; logging in is slow otherwise
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return err
	}
	<-e.Server.ReadyNotify()
	fmt.Println("ready")
	return <-e.Err()
}

// cluster is an etcd server that a test starts and kills.
type cluster struct {
	t              *testing.T
	address, certs string
	dir            string
	cmd            *exec.Cmd
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t, address: freeport.Address(t), certs: t.TempDir(), dir: shortDir(t)}
	writeCertificates(t, c.certs)
	t.Cleanup(c.kill)
	return c
}

// shortDir is for unix sockets, whose path is short.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (c *cluster) start() {
	c.t.Helper()
	c.cmd = exec.Command(os.Args[0])
	c.cmd.Env = append(os.Environ(), roleVariable+"=etcd", "ETCD_ADDRESS="+c.address, "ETCD_DIR="+c.dir, "ETCD_CERTS="+c.certs)
	c.cmd.Stderr = c.t.Output()
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		c.t.Fatalf("etcd said %q, %v", line, err)
	}
}

func (c *cluster) kill() {
	if c.cmd != nil {
		c.cmd.Process.Kill()
		c.cmd.Wait()
		c.cmd = nil
	}
}

func (c *cluster) config() ExternalConfig {
	return ExternalConfig{
		Endpoints: []string{"https://" + c.address},
		CAFile:    filepath.Join(c.certs, "ca.crt"),
		CertFile:  filepath.Join(c.certs, "client.crt"),
		KeyFile:   filepath.Join(c.certs, "client.key"),
		Logger:    testLogger(c.t),

		DialTimeout: 20 * time.Second, // a loaded machine may need long to log in
	}
}

func (c *cluster) open(cfg ExternalConfig) *Store {
	c.t.Helper()
	s, err := OpenExternal(c.t.Context(), cfg)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { s.Close() })
	return s
}

func writeCertificates(t *testing.T, dir string) {
	t.Helper()
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour)}
	caKey := writeCertificate(t, dir, "ca", ca, ca, nil)
	for i, name := range []string{"server", "client"} {
		cert := &x509.Certificate{SerialNumber: big.NewInt(int64(i) + 2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
		writeCertificate(t, dir, name, cert, ca, caKey)
	}
}

func writeCertificate(t *testing.T, dir, name string, cert, parent *x509.Certificate, signer *ecdsa.PrivateKey) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".crt": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return key
}

func TestExternal(t *testing.T) {
	c := newCluster(t)
	c.start()
	suite(t, c.open(c.config()))
}

// TestExternalAway: calls fail fast while the cluster is away, and everything
// goes on when it is back, watches too.
func TestExternalAway(t *testing.T) {
	c := newCluster(t)
	begin := time.Now()
	s := c.open(c.config())
	_, err := s.Get(t.Context(), Prefix+"a")
	wantError(t, err, ErrDead)
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("opening and asking took %v", took)
	}
	watch := s.Watch(t.Context(), Prefix, 0)
	c.start()
	if b := next(t, watch); !b.Reset || len(b.Events) != 0 {
		t.Errorf("got %+v", b)
	}
	for i := range 3 {
		rev := eventually(t, s, put(Prefix+"a", fmt.Sprint(i)))
		if b := next(t, watch); b.Revision != rev || b.Reset {
			t.Fatalf("round %d: got %+v, want revision %d", i, b, rev)
		}
		c.kill()
		begin := time.Now()
		_, err := s.Commit(t.Context(), Txn{Ops: []Op{put(Prefix+"b", "x")}})
		wantError(t, err, ErrDead)
		_, err = s.Get(t.Context(), Prefix+"a")
		wantError(t, err, ErrDead)
		wantError(t, s.Err(), ErrDead)
		t.Logf("failed in %v: %v", time.Since(begin), err)
		c.start()
	}
	c.kill()
	if err := os.RemoveAll(filepath.Join(c.dir, "data")); err != nil {
		t.Fatal(err)
	}
	c.start() // with other data
	if b := next(t, watch); !b.Reset || len(b.Events) != 0 {
		t.Errorf("after the data was replaced: %+v", b)
	}
}

// eventually commits as soon as the cluster is back.
func eventually(t *testing.T, s *Store, ops ...Op) int64 {
	t.Helper()
	for {
		rev, err := s.Commit(t.Context(), Txn{Ops: ops})
		if err == nil {
			return rev
		}
		if !errors.Is(err, ErrDead) {
			t.Fatal(err)
		}
		_, _, changed := s.health.state()
		if s.Err() == nil {
			continue
		}
		select {
		case <-changed:
		case <-time.After(20 * time.Second):
			t.Fatal("the cluster isn't found again: ", err)
		}
	}
}

// TestExternalAuth: a user who may only use our keys is enough.
func TestExternalAuth(t *testing.T) {
	c := newCluster(t)
	c.start()
	admin := c.open(c.config())
	if _, err := admin.Get(t.Context(), Prefix); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	ctx, api := t.Context(), admin.client
	grant := func(prefix string) error {
		_, err := api.RoleGrantPermission(ctx, "gatehouse", prefix, clientv3.GetPrefixRangeEnd(prefix), clientv3.PermissionType(clientv3.PermReadWrite))
		return err
	}
	_, e1 := api.UserAdd(ctx, "root", "root secret")
	_, e2 := api.UserGrantRole(ctx, "root", "root")
	_, e3 := api.RoleAdd(ctx, "gatehouse")
	_, e4 := api.UserAdd(ctx, "gatehouse", "secret")
	_, e5 := api.UserGrantRole(ctx, "gatehouse", "gatehouse")
	e6, e7 := grant(Prefix), grant(ownPrefix)
	_, e8 := api.AuthEnable(ctx)
	if err := errors.Join(e1, e2, e3, e4, e5, e6, e7, e8); err != nil {
		t.Fatal(err)
	}
	cfg := c.config()
	cfg.Username, cfg.Password = "gatehouse", "secret"
	suite(t, c.open(cfg), "watch after compaction") // which root alone may do
	cfg.Password = "wrong"
	_, err := c.open(cfg).Get(ctx, Prefix+"a")
	t.Log(err)
	wantError(t, err, ErrDead)
}

func TestExternalConfig(t *testing.T) {
	c := newCluster(t)
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(*ExternalConfig){
		"no endpoint":          func(cfg *ExternalConfig) { cfg.Endpoints = nil },
		"no authorities":       func(cfg *ExternalConfig) { cfg.CAFile = empty },
		"authorities missing":  func(cfg *ExternalConfig) { cfg.CAFile = empty + "2" },
		"certificate missing":  func(cfg *ExternalConfig) { cfg.CertFile = "" },
		"key of another owner": func(cfg *ExternalConfig) { cfg.KeyFile = filepath.Join(c.certs, "server.key") },
	}
	for name, change := range cases {
		cfg := c.config()
		change(&cfg)
		if s, err := OpenExternal(t.Context(), cfg); err == nil {
			s.Close()
			t.Errorf("%s: opened", name)
		}
	}
	c.start()
	cfg := c.config()
	cfg.CAFile = "" // the system's authorities, which don't know this server
	_, err := c.open(cfg).Get(t.Context(), Prefix+"a")
	t.Log(err)
	wantError(t, err, ErrDead)
}

func TestExternalNewer(t *testing.T) {
	c := newCluster(t)
	c.start()
	s := c.open(c.config())
	if _, err := s.Get(t.Context(), Prefix+"a"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	newer := clientv3.OpPut(formatKey, `{"format":3,"oldestReader":2}`)
	if _, err := s.commit(t.Context(), nil, []clientv3.Op{newer}); err != nil {
		t.Fatal(err)
	}
	_, err := OpenExternal(t.Context(), c.config())
	wantError(t, err, ErrNewer)
}

func TestExternalRestore(t *testing.T) {
	embedded := openTest(t, t.TempDir())
	want := filled(t, embedded)
	var b bytes.Buffer
	if err := Backup(t.Context(), embedded, &b); err != nil {
		t.Fatal(err)
	}
	c := newCluster(t)
	c.start()
	ctx, cancel := context.WithCancel(t.Context())
	r := &cancelling{Reader: bytes.NewReader(b.Bytes()), cancel: cancel, after: b.Len() * 3 / 2}
	wantError(t, RestoreExternal(ctx, r, c.config()), context.Canceled)
	if err := RestoreExternal(t.Context(), bytes.NewReader(b.Bytes()), c.config()); err != nil {
		t.Fatal(err)
	}
	s := c.open(c.config())
	if diff := cmp.Diff(want, content(t, s)); diff != "" {
		t.Error("the content differs")
	}
	wantError(t, RestoreExternal(t.Context(), bytes.NewReader(b.Bytes()), c.config()), ErrNotEmpty)
	var again bytes.Buffer
	if err := Backup(t.Context(), s, &again); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := Restore(t.Context(), &again, dir); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, content(t, openTest(t, dir))); diff != "" {
		t.Error("the content differs")
	}
}
