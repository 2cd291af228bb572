package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/clientcert"
)

// trustStore is a trust store and the clients that were let in by it: a file
// of a listener, or what a domain name was given. A file is read again when its
// content changes; content that can't be used is reported, and what was read
// before stays. A client that a new content doesn't vouch for, and one whose
// certificate has expired meanwhile, loses its connection with what is in flight
// on it.
type trustStore struct {
	file    string // or the domain name
	log     *slog.Logger
	now     func() time.Time
	current atomic.Pointer[clientcert.Store]
	failed  atomic.Bool // the file can't be used as it is now
	refused *refusals

	looking sync.Mutex // guards what follows: one looks at a time
	seen    string     // version of what was looked at last
	problem string     // told last

	mu  sync.Mutex // guards what follows
	let map[*peer]admittance
}

// admittance is a connection that a store let in.
type admittance struct {
	conn  net.Conn
	shown []*x509.Certificate
	until time.Time
}

func newTrustStore(name string, refused *refusals, log *slog.Logger) *trustStore {
	return &trustStore{file: name, log: log, now: time.Now, refused: refused, let: map[*peer]admittance{}}
}

// openTrustStore reads file.
func openTrustStore(file string, log *slog.Logger) (*trustStore, error) {
	t := newTrustStore(file, &refusals{log: log}, log)
	content, err := ReadTrustStore(file)
	if err != nil {
		return nil, fmt.Errorf("trust store: %w", err)
	}
	if err := t.use(content); err != nil {
		return nil, fmt.Errorf("trust store %s: %w", file, err)
	}
	return t, nil
}

// ReadTrustStore reads file, of one that is too large a byte more than a trust
// store may have.
func ReadTrustStore(file string) ([]byte, error) {
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() { // a pipe would keep its reader waiting
		return nil, fmt.Errorf("%s is no file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, clientcert.MaxBytes+1))
}

// use makes content the store in force.
func (t *trustStore) use(content []byte) error {
	store, err := clientcert.Parse(content, t.now())
	if err != nil {
		return err
	}
	before := t.current.Swap(store)
	t.seen = store.Version
	what := "the trust store is in use"
	if before != nil {
		what = "the trust store was renewed"
	}
	t.log.Info(what, "trustStore", t.file, "version", store.Version, "certificates", store.Trusted)
	for _, w := range store.Warnings {
		t.log.Warn("the trust store passes over what vouches for nobody", "trustStore", t.file, "warning", w)
	}
	return nil
}

// vouching is what let a client in.
type vouching struct {
	by    *trustStore
	as    *clientcert.Store // of its versions
	until time.Time
}

// requireClient has a handshake of p fail unless all stores vouch for the client;
// the first one's names tell it which certificate to show. They are asked, too,
// when a session is resumed.
func requireClient(cfg *tls.Config, p *peer, stores ...*trustStore) {
	p.vouched = make([]vouching, len(stores))
	for i, t := range stores {
		p.vouched[i].by = t
	}
	cfg.ClientAuth = tls.RequireAnyClientCert
	cfg.ClientCAs = stores[0].current.Load().CAs()
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		for i := range p.vouched {
			v := &p.vouched[i]
			v.as = v.by.current.Load()
			var err error
			if v.until, err = v.as.Verify(state.PeerCertificates, v.by.now()); err != nil {
				return err
			}
		}
		return nil
	}
}

// admit notes that p was let in on nc, and has its certificate shown.
func (p *peer) admit(nc net.Conn, shown []*x509.Certificate) error {
	p.shown = clientcert.Show(shown[0])
	if p.listener.trust != nil { // else to requests for the domain name alone
		p.client.Cert = p.shown
	}
	for i := range p.vouched {
		v := &p.vouched[i]
		if err := v.by.admit(p, v, nc, shown); err != nil {
			return err
		}
	}
	return nil
}

func (t *trustStore) admit(p *peer, v *vouching, nc net.Conn, shown []*x509.Certificate) error {
	t.mu.Lock()
	t.let[p] = admittance{nc, shown, v.until}
	t.mu.Unlock()
	by := v.as
	v.as = nil                            // not to be kept by a long connection
	if in := t.current.Load(); in != by { // renewed during the handshake
		if _, err := in.Verify(shown, t.now()); err != nil {
			return err
		}
	}
	return nil
}

// leave has all stores forget p.
func (p *peer) leave() {
	for _, v := range p.vouched {
		v.by.leave(p)
	}
}

// vouchedBy says whether t let p in.
func (p *peer) vouchedBy(t *trustStore) bool {
	return slices.ContainsFunc(p.vouched, func(v vouching) bool { return v.by == t })
}

// leave forgets p.
func (t *trustStore) leave(p *peer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.let, p)
}

// watch looks at the file until stopped is closed.
func (t *trustStore) watch(stopped <-chan struct{}) {
	tick := time.NewTicker(recheck)
	defer tick.Stop()
	for {
		select {
		case <-stopped:
			return
		case <-tick.C:
			t.look()
		}
	}
}

// look takes up new content once it is the same in two looks, because a file
// that is being written may look whole; then it ends the connections of
// clients that aren't trusted any more.
func (t *trustStore) look() {
	t.looking.Lock()
	defer t.looking.Unlock()
	content, err := ReadTrustStore(t.file)
	if err != nil {
		t.fail(err)
		t.expel(false)
		return
	}
	version, renewed := clientcert.Version(content), false
	switch stable := version == t.seen; {
	case version == t.current.Load().Version:
		t.seen = version
		t.recovered()
	case !stable:
		t.seen = version
	default:
		if err := t.use(content); err != nil {
			t.fail(err)
			break
		}
		renewed = true
		t.recovered()
	}
	t.expel(renewed)
}

// fail tells once why the file can't be used.
func (t *trustStore) fail(err error) {
	t.failed.Store(true)
	if t.problem == err.Error() {
		return
	}
	t.problem = err.Error()
	t.log.Error("the trust store changed and can't be used; the former version stays in force", "trustStore", t.file,
		"version", t.current.Load().Version, "error", err)
}

func (t *trustStore) recovered() {
	t.failed.Store(false)
	t.problem = ""
}

// expel cuts the connections of clients whose time is over and, when the store
// was renewed, of those that it doesn't vouch for.
func (t *trustStore) expel(renewed bool) {
	in, now := t.current.Load(), t.now()
	cut := 0
	for p, a := range t.suspects(renewed, now) {
		if renewed {
			if until, err := in.Verify(a.shown, now); err == nil {
				t.prolong(p, until)
				continue
			}
		}
		a.conn.Close() // its own goroutine forgets it
		cut++
	}
	if cut > 0 {
		t.log.Info("connections of clients that aren't trusted any more were ended", "trustStore", t.file, "connections", cut, "version", in.Version)
	}
}

// suspects are the connected clients whose time is over, or all of them;
// handshakes don't wait for what is done with them.
func (t *trustStore) suspects(all bool, now time.Time) map[*peer]admittance {
	t.mu.Lock()
	defer t.mu.Unlock()
	if all {
		return maps.Clone(t.let)
	}
	var over map[*peer]admittance
	for p, a := range t.let {
		if now.Before(a.until) {
			continue
		}
		if over == nil {
			over = map[*peer]admittance{}
		}
		over[p] = a
	}
	return over
}

// prolong notes that p, if it is still there, is trusted until then.
func (t *trustStore) prolong(p *peer, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a, ok := t.let[p]; ok {
		a.until = until
		t.let[p] = a
	}
}

// refusals counts the clients that a trust store kept out.
type refusals struct {
	log    *slog.Logger
	counts [16]atomic.Int64 // by place in clientcert.Reasons
	told   shedding
}

// count counts a handshake that failed with err, unless that was for another
// reason than the client's certificate, and tells of it, at most every
// tellEvery.
func (r *refusals) count(p *peer, err error) {
	refusal := refusalOf(err)
	if refusal == nil {
		return
	}
	r.counts[slices.Index(clientcert.Reasons, refusal.Reason)].Add(1)
	if n := r.told.count(time.Now()); n > 0 {
		r.log.Warn("a client was refused at the handshake: mutual TLS", "listener", p.listener.cfg.String(), "remote", p.info.Remote.String(),
			"reason", string(refusal.Reason), "error", refusal.Text, "refused", n)
	}
}

// tlsRefusals are crypto/tls's own words for what is wrong with a client's
// certificate.
var tlsRefusals = []struct {
	text string
	clientcert.Refusal
}{
	{"client didn't provide a certificate", clientcert.Refusal{Reason: clientcert.Missing, Text: "it shows none"}},
	{"failed to parse certificate from client", clientcert.Refusal{Reason: clientcert.Malformed, Text: "it can't be read"}},
	{"client sent certificate containing RSA key larger", clientcert.Refusal{Reason: clientcert.Malformed, Text: "its RSA key is too large"}},
	{"unsupported certificate", clientcert.Refusal{Reason: clientcert.Malformed, Text: "its key is of a kind that TLS doesn't have"}},
	{"client certificate contains an unsupported public key", clientcert.Refusal{Reason: clientcert.Malformed, Text: "its key is of a kind that TLS doesn't have"}},
	{"invalid signature by the client certificate", clientcert.Refusal{Reason: clientcert.Malformed, Text: "the client doesn't have its key"}},
}

// refusalOf is why the client's certificate made a handshake fail; nil: it
// didn't.
func refusalOf(err error) *clientcert.Refusal {
	if own, ok := errors.AsType[*clientcert.Refusal](err); ok {
		return own
	}
	for i := range tlsRefusals {
		if strings.Contains(err.Error(), tlsRefusals[i].text) {
			return &tlsRefusals[i].Refusal
		}
	}
	return nil
}

// TrustStore is the state of a listener's trust store.
type TrustStore struct {
	Listener, File, Version string
	Certificates            int  // that vouch for clients
	Failed                  bool // the file has changed and can't be used
}

// TrustStores are those of the listeners, in the order of the configuration.
func (g *Gateway) TrustStores() []TrustStore {
	var list []TrustStore
	for _, l := range g.listeners {
		if t := l.trust; t != nil {
			in := t.current.Load()
			list = append(list, TrustStore{l.cfg.String(), t.file, in.Version, in.Trusted, t.failed.Load()})
		}
	}
	return list
}

// RefusedClients is how many clients were refused at the handshake, by the
// reason.
func (g *Gateway) RefusedClients() map[clientcert.Reason]int64 {
	sum := map[clientcert.Reason]int64{}
	add := func(r *refusals) {
		for i, reason := range clientcert.Reasons {
			sum[reason] += r.counts[i].Load()
		}
	}
	add(&g.domainTrust.refused)
	for _, l := range g.listeners {
		if l.trust != nil {
			add(l.trust.refused)
		}
	}
	return sum
}
