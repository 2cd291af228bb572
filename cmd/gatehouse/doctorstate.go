package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gatehouse/gatehouse/internal/clientcert"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/store"
)

// certificates checks the files of TLS listeners.
func (e *examination) certificates() {
	for _, l := range slices.Concat(e.config.Invoke, e.config.Control) {
		switch {
		case l.TLS == nil:
		case l.TLS.Development:
			e.ok("certificate", l.Address+": made for development, by the server itself")
		default:
			e.certificate(l.TLS)
		}
		if l.TLS != nil && l.TLS.TrustStore != "" {
			e.trustStore(l.TLS.TrustStore)
		}
	}
}

// trustStore checks a file of certificates that clients are trusted by.
func (e *examination) trustStore(file string) {
	const subject, mend = "trust store", "correct the file; a running server reads it again, and keeps the former version until then"
	content, err := gateway.ReadTrustStore(file)
	if err != nil {
		e.fail(subject, err.Error(), mend)
		return
	}
	store, err := clientcert.Parse(content, e.now)
	if err != nil {
		e.fail(subject, file+": "+err.Error(), mend)
		return
	}
	for _, w := range store.Warnings {
		e.warn(subject, file+": "+w, "replace the certificate or take it out; clients that it alone vouches for are refused")
	}
	e.ok(subject, fmt.Sprintf("%s: version %s, %d certificates vouch for clients", file, store.Version, store.Trusted))
}

// soonExpired is how long before its end a certificate should be renewed.
const soonExpired = 21 * 24 * time.Hour

func (e *examination) certificate(t *config.TLS) {
	const subject, renew = "certificate", "renew it; the server reads the files again when they change"
	pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		e.fail(subject, t.Cert+": "+err.Error(), "cert is PEM with the chain, leaf first; key is the leaf's, in PEM")
		return
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		e.fail(subject, t.Cert+": "+err.Error(), renew)
		return
	}
	if info, err := os.Stat(t.Key); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		e.warn(subject, t.Key+" can be read by every user", "chmod 600 "+t.Key)
	}
	end := leaf.NotAfter.Format(time.RFC3339)
	switch left := leaf.NotAfter.Sub(e.now); {
	case left <= 0:
		e.fail(subject, t.Cert+" expired on "+end, renew)
	case e.now.Before(leaf.NotBefore):
		e.fail(subject, t.Cert+" isn't valid before "+leaf.NotBefore.Format(time.RFC3339), "correct the clock, or use another certificate")
	case left < soonExpired:
		e.warn(subject, t.Cert+" expires on "+end, renew)
	default:
		e.ok(subject, t.Cert+" is valid until "+end)
	}
}

// littleSpace is when a disk should be looked after, in bytes.
const littleSpace = 1 << 30

// dataFolder checks that the server can write there.
func (e *examination) dataFolder() {
	const subject = "data"
	dir := e.config.Data
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := writableFolder(existing(dir)); err != nil {
			e.fail(subject, dir+" can't be created: "+err.Error(), "create it and give it to the server's user, or name another with --data")
			return
		}
		e.ok(subject, dir+" will be created")
		e.space(existing(dir))
		return
	}
	switch {
	case err != nil:
		e.fail(subject, err.Error(), "let the server's user into "+dir)
	case !info.IsDir():
		e.fail(subject, dir+" is no folder", "name another with --data")
	case writableFolder(dir) != nil:
		e.fail(subject, writableFolder(dir).Error(), "give "+dir+" to the server's user")
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		e.warn(subject, fmt.Sprintf("%s is open to other users (%v)", dir, info.Mode().Perm()), "chmod 700 "+dir)
	default:
		e.ok(subject, dir+" is writable")
	}
	if err == nil {
		e.space(dir)
	}
}

// existing is dir, or the nearest folder above it that is there.
func existing(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "."
	}
	for {
		if _, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

func (e *examination) space(dir string) {
	free, err := store.FreeSpace(dir)
	if err != nil {
		e.warn("disk", err.Error(), "")
		return
	}
	finding := fmt.Sprintf("%d MB are free at %s", free>>20, dir)
	switch {
	case free < store.KeepFree:
		e.fail("disk", finding, fmt.Sprintf("make room: below %d MB nothing is stored, though APIs go on being served", store.KeepFree>>20))
	case free < littleSpace:
		e.warn("disk", finding, fmt.Sprintf("make room before it comes down to %d MB, where nothing is stored any more", store.KeepFree>>20))
	default:
		e.ok("disk", finding)
	}
}

// storeTime bounds the opening of the store.
const storeTime = 20 * time.Second

// store opens the store, unless a server has it: that one told.
func (e *examination) store(ctx context.Context) {
	const subject = "store"
	p := e.program()
	where := "etcd cluster"
	if e.config.Store.Etcd == nil {
		where = p.storeDir()
		if e.running != "" {
			e.ok(subject, where+" is open in the running server, which told how it is")
			return
		}
		if _, err := os.Stat(where); errors.Is(err, fs.ErrNotExist) {
			e.ok(subject, where+" is empty and will be created")
			return
		}
		if belongsToOther(where) {
			e.warn(subject, where+" belongs to another user, and was not opened: what root writes there, that user can't read", "run doctor as that user")
			return
		}
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	s, err := p.openStore(ctx)
	if err == nil {
		defer s.Close()
		_, err = s.Get(ctx, store.Prefix+"doctor") // as good as any: it asks for an answer
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
	}
	if err == nil {
		err = p.checkMasterKey(ctx, s)
	}
	if err != nil {
		e.fail(subject, fmt.Sprintf("%s: %v", where, err), mendStore(err))
		return
	}
	e.ok(subject, where+" opens and answers")
	if e.config.Store.Etcd != nil {
		e.nodes(ctx, s)
	}
}

func mendStore(err error) string {
	switch {
	case errors.Is(err, store.ErrNewer):
		return "run the version that wrote it, or a later one"
	case errors.Is(err, store.ErrLocked):
		return "stop the process that has it; it answers on another control address than the one configured here"
	case errors.Is(err, errMasterKey):
		return "configure the master key that the data was sealed with"
	case errors.Is(err, store.ErrDamaged):
		return "gatehouse restore a backup into another folder; until then APIs are served from the last good state"
	}
	return "see the cause; APIs are served from the last good state meanwhile"
}

// clockBad is a difference that makes signatures fail: AWS allows 5 minutes.
const (
	clockBad = 5 * time.Minute
	clockOdd = 30 * time.Second
)

// clock compares the time with that of the build, of the data's files, and of
// the configured endpoints, by their Date field.
func (e *examination) clock(ctx context.Context) {
	const subject, mend = "clock", "set it: signatures, certificates and tokens depend on it (timedatectl set-ntp true)"
	if built := buildTime(); e.now.Before(built) {
		e.fail(subject, fmt.Sprintf("%s is before this program was built, %s", e.now.Format(time.RFC3339), built.Format(time.RFC3339)), mend)
		return
	}
	if latest := latestFile(e.config.Data); latest.Sub(e.now) > clockOdd {
		e.warn(subject, fmt.Sprintf("the data was written %v in the future: the clock has gone back", latest.Sub(e.now).Round(time.Second)), mend)
		return
	}
	for _, service := range slices.Sorted(maps.Keys(e.config.Endpoints)) {
		endpoint := e.config.Endpoints[service]
		off, ok := dateOf(ctx, endpoint)
		switch finding := fmt.Sprintf("%v off the time of endpoint %s", off.Round(time.Second), service); {
		case !ok:
			e.warn(subject, "endpoint "+service+" ("+endpoint+") doesn't answer with its time", "start it, or correct endpoints in the configuration")
		case off.Abs() > clockBad:
			e.fail(subject, finding, mend)
		case off.Abs() > clockOdd:
			e.warn(subject, finding, mend)
		default:
			e.ok(subject, finding)
		}
	}
	if len(e.config.Endpoints) == 0 {
		e.ok(subject, e.now.Format(time.RFC3339)+" is plausible; there is no endpoint to compare it with")
	}
}

// buildTime is that of the commit this program was built from; zero when Go
// didn't note it.
func buildTime() (t time.Time) {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return t
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			t, _ = time.Parse(time.RFC3339, s.Value)
		}
	}
	return t
}

// latestFile is when the newest file below dir was written.
func latestFile(dir string) (latest time.Time) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.ModTime().After(latest) {
			latest = info.ModTime()
		}
		return nil
	})
	return latest
}

// dateOf is how far this clock is ahead of an HTTP server's.
func dateOf(ctx context.Context, endpoint string) (ahead time.Duration, ok bool) {
	request, err := http.NewRequestWithContext(ctx, "HEAD", endpoint, nil)
	if err != nil {
		return 0, false
	}
	client := &http.Client{Timeout: probeTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return 0, false
	}
	response.Body.Close()
	theirs, err := http.ParseTime(response.Header.Get("Date"))
	return time.Since(theirs), err == nil
}
