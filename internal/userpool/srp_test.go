package userpool

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"testing"
	"time"
)

// hexClient is the client's side as AWS's libraries for JavaScript write it
// down: numbers as hexadecimal texts, padded, hashed as what they spell. It
// shares nothing with the server's side but the group.
type hexClient struct {
	a    *big.Int
	A    string
	pool string
}

func padHex(s string) string {
	if len(s)%2 == 1 {
		return "0" + s
	}
	if s[0] >= '8' {
		return "00" + s
	}
	return s
}

func hexHash(t *testing.T, s string) string {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func fromHex(s string) *big.Int { n, _ := new(big.Int).SetString(s, 16); return n }

func newHexClient(pool PoolID) *hexClient {
	a, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 1024))
	return &hexClient{a, new(big.Int).Exp(big.NewInt(2), a, srpN).Text(16), pool.Short()}
}

func (c *hexClient) answer(t *testing.T, p map[string]string, password string, at time.Time) map[string]string {
	n := srpN.Text(16)
	k := fromHex(hexHash(t, padHex(n)+"02"))
	u := fromHex(hexHash(t, padHex(c.A)+padHex(fromHex(p["SRP_B"]).Text(16))))
	inner := sha256.Sum256([]byte(c.pool + p["USER_ID_FOR_SRP"] + ":" + password))
	x := fromHex(hexHash(t, padHex(fromHex(p["SALT"]).Text(16))+hex.EncodeToString(inner[:])))
	base := new(big.Int).Sub(fromHex(p["SRP_B"]), new(big.Int).Mul(k, new(big.Int).Exp(big.NewInt(2), x, srpN)))
	s := new(big.Int).Exp(base.Mod(base, srpN), new(big.Int).Add(c.a, new(big.Int).Mul(u, x)), srpN)
	salt, _ := hex.DecodeString(padHex(u.Text(16)))
	secret, _ := hex.DecodeString(padHex(s.Text(16)))
	mac := func(key []byte, parts ...[]byte) []byte {
		m := hmac.New(sha256.New, key)
		for _, p := range parts {
			m.Write(p)
		}
		return m.Sum(nil)
	}
	key := mac(mac(salt, secret), []byte("Caldera Derived Key"), []byte{1})[:16]
	block, err := base64.StdEncoding.DecodeString(p["SECRET_BLOCK"])
	if err != nil {
		t.Fatal(err)
	}
	stamp := at.Format("Mon Jan 2 15:04:05 UTC 2006")
	return map[string]string{
		"USERNAME": p["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"], "TIMESTAMP": stamp,
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(mac(key, []byte(c.pool), []byte(p["USER_ID_FOR_SRP"]), block, []byte(stamp))),
	}
}

func (w *world) srp(pool PoolID, app ClientID, name, password string) (*Result, error) {
	w.t.Helper()
	c := newHexClient(pool)
	r, err := w.InitiateAuth(w.t.Context(), app, "USER_SRP_AUTH", map[string]string{"USERNAME": name, "SRP_A": c.A})
	if err != nil {
		return nil, err
	}
	return w.RespondToAuthChallenge(w.t.Context(), app, r.Challenge, "", c.answer(w.t.(*testing.T), r.Parameters, password, w.clock))
}

// TestSRP signs in often, so that numbers of every first digit come up.
func TestSRP(t *testing.T) {
	w := newWorld(t)
	pool := w.pool()
	app := w.app(pool)
	w.ann(pool)
	for range 20 {
		r, err := w.srp(pool, app, "ann", goodPassword)
		if err != nil || r.Tokens == nil {
			t.Fatal(r, err)
		}
	}
	_, err := w.srp(pool, app, "ann", goodPassword+"x")
	w.refuses(err, "NotAuthorizedException: Incorrect username or password.")
	_, err = w.srp(pool, app, "eve", goodPassword)
	w.refuses(err, "UserNotFoundException: User does not exist.")
}

// TestSRPMultiplier: k is the one that AWS's libraries compute from the group.
func TestSRPMultiplier(t *testing.T) {
	if got := srpK.Text(16); got != "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6" {
		t.Errorf("k = %s", got)
	}
}

// TestSRPAttacks: what would let in anybody is refused, and an answer is good
// once, for its client, for a while.
func TestSRPAttacks(t *testing.T) {
	w := newWorld(t)
	pool := w.pool()
	app, other := w.app(pool), w.app(pool)
	w.ann(pool)
	for name, a := range map[string]string{"zero": "0", "N": srpN.Text(16), "2N": new(big.Int).Lsh(srpN, 1).Text(16), "no number": "xyz", "negative": "-1", "empty": ""} {
		_, err := w.InitiateAuth(t.Context(), app, "USER_SRP_AUTH", map[string]string{"USERNAME": "ann", "SRP_A": a})
		if codeOf(err) != invalidParameter {
			t.Errorf("%s: %v", name, err)
		}
	}
	begin := func() (map[string]string, *hexClient) {
		c := newHexClient(pool)
		r := must[*Result](t)(w.InitiateAuth(t.Context(), app, "USER_SRP_AUTH", map[string]string{"USERNAME": "ann", "SRP_A": c.A}))
		return r.Parameters, c
	}
	respond := func(by ClientID, answers map[string]string) error {
		_, err := w.RespondToAuthChallenge(t.Context(), by, passwordVerifier, "", answers)
		return err
	}
	p, c := begin()
	good := c.answer(t, p, goodPassword, w.clock)
	w.refuses(respond(other, good), "NotAuthorizedException: Invalid session for the user.")
	w.ok(respond(app, good))
	w.refuses(respond(app, good), "NotAuthorizedException: Invalid session for the user, session can only be used once.")

	p, c = begin()
	late := c.answer(t, p, goodPassword, w.clock)
	w.clock = w.clock.Add(3 * time.Minute)
	w.refuses(respond(app, late), "NotAuthorizedException: Invalid session for the user, session is expired.")

	p, c = begin()
	stamped := c.answer(t, p, goodPassword, w.clock)
	stamped["TIMESTAMP"] = w.clock.Add(time.Second).Format("Mon Jan 2 15:04:05 UTC 2006")
	w.refuses(respond(app, stamped), "NotAuthorizedException: Incorrect username or password.")
	stamped["TIMESTAMP"] = "2026-05-31T12:00:00Z"
	w.refuses(respond(app, stamped), "InvalidParameterException: TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")

	p, c = begin()
	changed := c.answer(t, p, goodPassword, w.clock)
	w.ok(w.SetPassword(t.Context(), testScope, pool, "ann", "Another-Horse-2", true))
	w.refuses(respond(app, changed), "NotAuthorizedException: Incorrect username or password.")
}
