package vpclink

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// The cookies of Application Load Balancers ("Sticky sessions").
const (
	cookieTarget     = "AWSALB"
	cookieTargetCORS = "AWSALBCORS"
	cookieApp        = "AWSALBAPP-0"
	cookieGroup      = "AWSALBTG"
	cookieGroupCORS  = "AWSALBTGCORS"
)

// cookieLife is how long clients keep the cookies, however long they are heeded.
const cookieLife = 7 * 24 * time.Hour

// stickiness is how clients stay with a target.
type stickiness struct {
	lasts time.Duration
	app   string // the application's cookie that it takes; empty: none is needed
}

// stickinessOf is what the attributes of a group for HTTP say.
func stickinessOf(g *apigw.TargetGroup) *stickiness {
	if g.Attribute("stickiness.enabled") != "true" || isNetwork(g) || g.TargetType == apigw.TargetLambda {
		return nil
	}
	if g.Attribute("stickiness.type") == "app_cookie" {
		return &stickiness{time.Duration(g.Number("stickiness.app_cookie.duration_seconds")) * time.Second, g.Attribute("stickiness.app_cookie.cookie_name")}
	}
	return &stickiness{lasts: time.Duration(g.Number("stickiness.lb_cookie.duration_seconds")) * time.Second}
}

// stuck is the target that v's client has been with; nil: none that counts.
func (s *groupSpec) stuck(v *visit) *balance.Target {
	if s.sticky == nil {
		return nil
	}
	sealer := v.place.book.cookies()
	names := []string{cookieTargetCORS, cookieTarget} // the first wins when both come
	if s.sticky.app != "" {
		if cookieOf(&v.req.Header, s.sticky.app) == nil {
			return nil
		}
		names = []string{cookieApp}
	}
	for _, name := range names {
		if key, ok := sealer.open(string(s.ARN), cookieOf(&v.req.Header, name), v.place.book.config.Now()); ok {
			return v.group.set.Find(key)
		}
	}
	return nil
}

// stick has v's client come back to m: the time that it stays begins anew with
// every answer. An application's cookie must come from the target, or have come
// from the client.
func (s *groupSpec) stick(v *visit, m *member) {
	if m.group.arn != s.ARN {
		return // of the overflow group
	}
	if app := s.sticky.app; app != "" {
		if !setsCookie(&v.resp.Header, app) && cookieOf(&v.req.Header, app) == nil {
			return
		}
		v.setCookie(cookieApp, string(s.ARN), m.taking.Key, s.sticky.lasts, "")
		return
	}
	v.setCookie(cookieTarget, string(s.ARN), m.taking.Key, s.sticky.lasts, "")
	v.setCookie(cookieTargetCORS, string(s.ARN), m.taking.Key, s.sticky.lasts, "; SameSite=None; Secure")
}

// stuck is the group that v's client has been with; nil: none that counts.
func (f *forward) stuck(v *visit) *group {
	if f.sticky == 0 {
		return nil
	}
	for _, name := range []string{cookieGroupCORS, cookieGroup} {
		arn, ok := v.place.book.cookies().open(string(f.balancer.spec.ARN), cookieOf(&v.req.Header, name), v.place.book.config.Now())
		if !ok {
			continue
		}
		for _, g := range f.groups {
			if string(g.arn) == arn {
				return g
			}
		}
	}
	return nil
}

// stick has v's client come back to g.
func (f *forward) stick(v *visit, g *group) {
	if f.sticky == 0 || len(f.groups) == 1 {
		return
	}
	of, lasts := string(f.balancer.spec.ARN), time.Duration(f.sticky)*time.Second
	v.setCookie(cookieGroup, of, string(g.arn), lasts, "")
	v.setCookie(cookieGroupCORS, of, string(g.arn), lasts, "; SameSite=None; Secure")
}

func (v *visit) setCookie(name, of, what string, lasts time.Duration, attributes string) {
	now := v.place.book.config.Now()
	value := v.place.book.cookies().seal(of, what, now.Add(lasts))
	v.resp.Header.Add("Set-Cookie", name+"="+value+"; Expires="+now.Add(cookieLife).UTC().Format(http.TimeFormat)+"; Path=/"+attributes)
}

// cookieOf is the value of a request's cookie; nil: there is none.
func cookieOf(h *http1.Header, name string) []byte {
	for i := h.IndexKnown(http1.NameCookie, 0); i >= 0; i = h.IndexKnown(http1.NameCookie, i+1) {
		_, rest := h.At(i)
		for len(rest) > 0 {
			var one []byte
			one, rest, _ = bytes.Cut(rest, []byte(";"))
			if key, value, ok := bytes.Cut(bytes.TrimSpace(one), []byte("=")); ok && string(key) == name {
				return value
			}
		}
	}
	return nil
}

// setsCookie says whether an answer sets a cookie.
func setsCookie(h *http1.Header, name string) bool {
	for i := h.Index("Set-Cookie", 0); i >= 0; i = h.Index("Set-Cookie", i+1) {
		_, value := h.At(i)
		if key, _, ok := strings.Cut(string(value), "="); ok && strings.TrimSpace(key) == name {
			return true
		}
	}
	return false
}

// sealer makes cookies that nobody else can make or read.
type sealer struct{ aead cipher.AEAD }

// newSealer seals with the configured secret.
func (b *Book) newSealer() *sealer {
	var secret []byte
	if b.config.Secret != nil {
		var err error
		if secret, err = b.config.Secret(); err != nil {
			b.config.Log.Warn("cookies of stickiness are heeded by this process alone", "error", err)
		}
	}
	if len(secret) == 0 {
		secret = make([]byte, 32)
		_, _ = rand.Read(secret) // never fails
	}
	key := sha256.Sum256(secret)
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("vpclink: " + err.Error()) // AES takes every key of 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("vpclink: " + err.Error()) // GCM takes every AES
	}
	return &sealer{aead}
}

// seal is a value that says what until then; of is what it belongs to.
func (s *sealer) seal(of, what string, until time.Time) string {
	nonce := make([]byte, s.aead.NonceSize(), 128)
	_, _ = rand.Read(nonce) // never fails
	plain := binary.BigEndian.AppendUint64(nil, uint64(until.Unix()))
	plain = append(plain, what...)
	return base64.StdEncoding.EncodeToString(s.aead.Seal(nonce, nonce, plain, []byte(of)))
}

// open reads what seal made; not ok for anything else, and when it is over.
func (s *sealer) open(of string, value []byte, now time.Time) (what string, ok bool) {
	if len(value) == 0 || len(value) > 1024 {
		return "", false
	}
	raw, err := base64.StdEncoding.AppendDecode(nil, value)
	if n := s.aead.NonceSize(); err == nil && len(raw) > n {
		raw, err = s.aead.Open(nil, raw[:n], raw[n:], []byte(of))
		if err == nil && len(raw) >= 8 && now.Unix() < int64(binary.BigEndian.Uint64(raw)) {
			return string(raw[8:]), true
		}
	}
	return "", false
}
