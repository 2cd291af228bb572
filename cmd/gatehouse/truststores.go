package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/clientcert"
	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// truststoreTime is how long an object store has to answer.
const truststoreTime = 10 * time.Second

// readTruststore reads the trust store of a domain name: an object of S3, or a
// file in the one folder that the operator opened to whoever may make domain
// names.
func (p *program) readTruststore(ctx context.Context, uri, version string) ([]byte, error) {
	if path, ok := strings.CutPrefix(uri, "file://"); ok {
		return p.truststoreFile(path, version)
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
	return p.truststoreObject(ctx, bucket, key, version)
}

// truststoreFile reads path, absolute or in the folder. A file has no versions
// but its content's, so a version that isn't that is refused.
func (p *program) truststoreFile(path, version string) ([]byte, error) {
	dir := p.config.TrustStores
	if dir == "" {
		return nil, errors.New("trustStores in the configuration file names no folder that file:// may read")
	}
	if filepath.IsAbs(path) {
		within, err := filepath.Rel(dir, path)
		if err != nil {
			return nil, errors.New("it isn't in the folder of trustStores")
		}
		path = within
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, errors.New("the folder of trustStores can't be opened")
	}
	defer root.Close()
	if info, err := root.Stat(path); err != nil || !info.Mode().IsRegular() { // a pipe would keep its reader waiting
		return nil, errors.New("there is no such file in the folder of trustStores")
	}
	f, err := root.Open(path)
	if err != nil {
		return nil, errors.New("the file can't be opened")
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, clientcert.MaxBytes+1))
	if err != nil {
		return nil, errors.New("the file can't be read")
	}
	if is := clientcert.Version(content); version != "" && version != is {
		return nil, fmt.Errorf("truststoreVersion %.100q: the file's version is %s, the beginning of its SHA-256", version, is)
	}
	return content, nil
}

// truststoreObject reads an object as the process itself.
func (p *program) truststoreObject(ctx context.Context, bucket, key, version string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, truststoreTime)
	defer cancel()
	base := p.parts.env.Services.Endpoint(&integration.AWSURI{Service: "s3"})
	onAWS := base == "" || credentials.IsAWSHost(base)
	if base == "" {
		base = "https://s3." + p.config.Region + ".amazonaws.com"
	}
	target := base + "/" + bucket + "/" + (&url.URL{Path: key}).EscapedPath()
	if version != "" {
		target += "?versionId=" + url.QueryEscape(version)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, errors.New("its address can't be written as a URL")
	}
	own, err := p.parts.own(ctx)
	if err != nil {
		if onAWS {
			return nil, fmt.Errorf("there are no credentials to read it with: %w", err)
		}
		own = credentials.Local(p.config.Account)
	}
	none := sha256.Sum256(nil)
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(none[:]))
	new(sigv4.Signer).SignHTTP(r, none, own, p.config.Region, "s3", time.Now())
	return fetchTruststore(r)
}

func fetchTruststore(r *http.Request) ([]byte, error) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return nil, apigw.Errorf(apigw.BadRequest, "The object store can't be reached: %v", errors.Unwrap(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the object store answered %d", answer.StatusCode)
	}
	content, err := io.ReadAll(io.LimitReader(answer.Body, clientcert.MaxBytes+1))
	if err != nil {
		return nil, errors.New("the object store broke off")
	}
	return content, nil
}
