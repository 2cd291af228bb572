package main

import (
	"errors"
	"os"
	"path/filepath"
)

// cached is the scenario in which the proxy answers out of its cache: nginx
// with proxy_cache, Gatehouse with a stage's cache. Every request is a hit but
// the first of the warm-up.
const cached = "cached"

// nginxCached is the server of that scenario.
const nginxCached = `
  proxy_cache_path <dir>/cache keys_zone=items:1m max_size=100m use_temp_path=off;
  server {
    listen <cached>;
    location / { proxy_cache items; proxy_cache_valid 200 1h; proxy_cache_key $uri;
      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
`

// makeCache makes the folder of nginx's cache, for workers that run as another
// user.
func makeCache(dir string) error {
	cache := filepath.Join(dir, "cache")
	if err := os.Mkdir(cache, 0o700); err != nil {
		return err
	}
	return errors.Join(os.Chmod(cache, 0o777), os.Chmod(dir, 0o711))
}

// addCached gives the API a stage that has a cache.
func addCached(control, api string) error {
	return addStage(control, api, cached,
		patch{"replace", "/cacheClusterEnabled", "true"},
		patch{"replace", "/cacheClusterSize", "0.5"},
		patch{"replace", "/*/*/caching/enabled", "true"},
		patch{"replace", "/*/*/caching/ttlInSeconds", "3600"},
	)
}
