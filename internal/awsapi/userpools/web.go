package userpools

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/gatehouse/gatehouse/internal/userpool"
)

// maxForm bounds a request for tokens, in bytes.
const maxForm = 64 << 10

// web serves what pools have beside their API.
type web struct {
	pools *userpool.Service
	log   *slog.Logger
}

// NewWeb serves, for every pool, /{pool}/.well-known/jwks.json,
// /{pool}/.well-known/openid-configuration and /{pool}/oauth2/token; the last
// without a pool, too, of the client's, and of the domain's where Host names
// one. Nothing of it is for one site alone: pages of every origin may read it.
func NewWeb(pools *userpool.Service, log *slog.Logger) http.Handler {
	return &web{pools, log}
}

// ServeHTTP implements http.Handler.
func (h *web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	pool, rest := "", strings.TrimPrefix(r.URL.Path, "/") // "" of CONNECT, and of http://host
	if first, last, ok := strings.Cut(rest, "/"); ok && first != ".well-known" && first != "oauth2" {
		pool, rest = first, last
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	switch rest {
	case "oauth2/token":
		h.token(w, r, userpool.PoolID(pool))
	case ".well-known/jwks.json", ".well-known/openid-configuration":
		h.discovery(w, r, userpool.PoolID(pool), rest)
	case "oauth2/authorize", "oauth2/userInfo", "oauth2/revoke", "oauth2/idpresponse":
		answer(w, http.StatusNotImplemented, map[string]string{"error": "unsupported", "error_description": "Gatehouse has no hosted pages: /" + rest + " isn't served"})
	default:
		http.NotFound(w, r)
	}
}

// discovery answers with a pool's keys or with what it is. Addresses are under
// the name by which the pool was asked: AWS's own lead elsewhere.
func (h *web) discovery(w http.ResponseWriter, r *http.Request, id userpool.PoolID, what string) {
	d, err := h.pools.Discovery(id)
	switch {
	case err != nil:
		h.failed(w, err)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	case d == nil:
		answer(w, http.StatusBadRequest, map[string]string{"message": "User pool " + string(id) + " does not exist."})
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	if what == ".well-known/jwks.json" {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(d.KeySet) // a client that left is told nothing
		return
	}
	base := "http://"
	if r.TLS != nil {
		base = "https://"
	}
	base += r.Host + "/" + string(id)
	answer(w, http.StatusOK, map[string]any{
		"issuer": d.Issuer, "jwks_uri": base + "/.well-known/jwks.json", "token_endpoint": base + "/oauth2/token",
		"grant_types_supported": []string{"client_credentials", "refresh_token"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		"subject_types_supported": []string{"public"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"response_types_supported": []string{}, "scopes_supported": []string{"openid", "email", "phone", "profile"},
	})
}

// token answers a request for tokens (RFC 6749; developer guide, "Token
// endpoint").
func (h *web) token(w http.ResponseWriter, r *http.Request, pool userpool.PoolID) {
	w.Header().Set("Cache-Control", "no-store")
	g, err := h.grant(r, pool)
	if err != nil {
		h.failed(w, err)
		return
	}
	t, err := h.pools.Token(r.Context(), *g)
	if err != nil {
		h.failed(w, err)
		return
	}
	out := map[string]any{"access_token": t.Access, "expires_in": t.Life(), "token_type": "Bearer"}
	if t.ID != "" {
		out["id_token"] = t.ID
	}
	answer(w, http.StatusOK, out)
}

func invalid(text string) error {
	return &userpool.OAuthError{Code: "invalid_request", Description: text}
}

// grant reads what is asked for. A parameter that is given twice, or that none
// of the grants has, is refused (RFC 6749, section 3.2).
func (h *web) grant(r *http.Request, pool userpool.PoolID) (*userpool.Grant, error) {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return nil, invalid("The token endpoint takes POST with application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if err != nil || len(body) > maxForm {
		return nil, invalid("The form is too long")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || r.URL.RawQuery != "" {
		return nil, invalid("The form can't be read")
	}
	g := &userpool.Grant{Pool: pool}
	client := ""
	for name, to := range map[string]*string{"grant_type": &g.Type, "client_id": &client, "client_secret": &g.Secret, "scope": &g.Scope, "refresh_token": &g.Refresh} {
		if len(form[name]) > 1 {
			return nil, invalid(name + " is given twice")
		}
		*to = form.Get(name)
		delete(form, name)
	}
	for name := range form {
		if g.Type != "authorization_code" {
			return nil, invalid("A parameter means nothing here: " + clip(name))
		}
	}
	g.Client = userpool.ClientID(client)
	if err := basic(r, g); err != nil {
		return nil, err
	}
	if name := domainOf(r.Host); name != "" && pool == "" {
		if g.Pool = h.pools.DomainOf(name); g.Pool == "" {
			return nil, invalid("No user pool has the domain " + clip(name))
		}
	}
	return g, nil
}

func clip(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.ToValidUTF8(s, "?")
}

// basic takes the client's ID and secret from Authorization, where they go
// before the form's.
func basic(r *http.Request, g *userpool.Grant) error {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil
	}
	scheme, rest, _ := strings.Cut(header, " ")
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	id, secret, ok := strings.Cut(string(raw), ":")
	if !strings.EqualFold(scheme, "Basic") || err != nil || !ok || g.Client != "" && string(g.Client) != id || g.Secret != "" {
		return invalid("Authorization isn't Basic with the client's ID and secret, or contradicts the form")
	}
	g.Client, g.Secret = userpool.ClientID(id), secret
	return nil
}

// domainOf is the prefix of a pool's domain in a Host like
// {domain}.auth.{region}.amazoncognito.com or ….localhost; empty: it is none.
func domainOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	labels := strings.Split(strings.ToLower(host), ".")
	if len(labels) < 4 || labels[1] != "auth" {
		return ""
	}
	if rest := strings.Join(labels[3:], "."); rest != "amazoncognito.com" && rest != "localhost" {
		return ""
	}
	return labels[0]
}

func (h *web) failed(w http.ResponseWriter, err error) {
	if e, ok := errors.AsType[*userpool.OAuthError](err); ok {
		answer(w, http.StatusBadRequest, map[string]string{"error": e.Code, "error_description": e.Description})
		return
	}
	h.log.Error("a token endpoint failed", "error", err)
	answer(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
}

func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that left is told nothing
}
