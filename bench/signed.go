package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The identity that calls of this mode are signed by.
const benchKey, benchSecret = "AKIABENCH", "bench-secret"

func keyed(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	io.WriteString(h, text)
	return h.Sum(nil)
}

// canonicalPath is the path as it was sent, escaped once more, as all services
// but S3 sign it.
func canonicalPath(r *http.Request) string {
	segments := strings.Split(r.URL.EscapedPath(), "/")
	for i, segment := range segments {
		segments[i] = url.QueryEscape(segment)
	}
	return strings.Join(segments, "/")
}

// sign signs a request without a query, for service.
func sign(r *http.Request, service string, body []byte) {
	now := time.Now().UTC()
	date, day := now.Format("20060102T150405Z"), now.Format("20060102")
	scope := day + "/us-east-1/" + service + "/aws4_request"
	canonical := fmt.Sprintf("%s\n%s\n\nhost:%s\nx-amz-date:%s\n\nhost;x-amz-date\n%x", r.Method, canonicalPath(r), r.Host, date, sha256.Sum256(body))
	key := keyed(keyed(keyed(keyed([]byte("AWS4"+benchSecret), day), "us-east-1"), service), "aws4_request")
	signature := keyed(key, fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s\n%x", date, scope, sha256.Sum256([]byte(canonical))))
	r.Header.Set("X-Amz-Date", date)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+benchKey+"/"+scope+", SignedHeaders=host;x-amz-date, Signature="+hex.EncodeToString(signature))
}

// call makes a signed management call.
func (s *socketShop) call(method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(method, "http://"+s.control+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	sign(r, "apigateway", body)
	text, err := do(http.DefaultClient, r)
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(text, out)
}

func do(client *http.Client, r *http.Request) ([]byte, error) {
	response, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", r.Method, r.URL, response.Status, text)
	}
	return text, err
}
