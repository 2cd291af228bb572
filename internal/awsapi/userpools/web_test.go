package userpools

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/userpool"
)

func TestDomainOf(t *testing.T) {
	for host, want := range map[string]string{
		"notes.auth.us-east-1.amazoncognito.com": "notes", "notes.auth.us-east-1.localhost:4566": "notes", "NOTES.auth.eu-west-1.localhost": "notes",
		"localhost:4566": "", "127.0.0.1": "", "notes.auth.us-east-1.evil.example": "", "auth.us-east-1.localhost": "", "": "",
	} {
		if got := domainOf(host); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}

// TestNoPath: a request may have no path at all (CONNECT, GET http://host).
func TestNoPath(t *testing.T) {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://localhost/", nil)
	r.URL.Path = ""
	(&web{}).ServeHTTP(w, r)
	if w.Code != http.StatusNotFound {
		t.Errorf("status %d", w.Code)
	}
}

// FuzzGrant: whatever is sent to a token endpoint is read or refused, and a
// secret is only taken from one place.
func FuzzGrant(f *testing.F) {
	f.Add("grant_type=client_credentials&client_id=a&client_secret=b&scope=x+y", "")
	f.Add("grant_type=refresh_token&refresh_token=x", "Basic YTpi")
	f.Add("client_id=a&client_id=b", "Bearer x")
	f.Add("%zz", "Basic")
	h := &web{}
	f.Fuzz(func(t *testing.T, form, authorization string) {
		r := httptest.NewRequest(http.MethodPost, "http://localhost/oauth2/token", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", authorization)
		g, err := h.grant(r, "us-east-1_abc")
		if err != nil {
			if _, ok := err.(*userpool.OAuthError); !ok {
				t.Fatal(err)
			}
			return
		}
		if authorization != "" && strings.Contains(form, "client_secret=s") {
			t.Errorf("%q with %q: %+v", form, authorization, g)
		}
	})
}
