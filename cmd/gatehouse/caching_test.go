package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const cachingFile = "examples/caching/openapi.yaml"

// cachingServer serves the example, whose answers name the request that the
// backend was asked for.
type cachingServer struct {
	*server
	t   testing.TB
	c   *apigateway.Client
	api string
}

func serveCaching(t testing.TB, args ...string) *cachingServer {
	t.Helper()
	s := &cachingServer{server: serveWith(t, append(args, filepath.Join(repository(t), cachingFile))...), t: t}
	s.c = s.sdk()
	s.api = *must1(s.c.GetRestApis(t.Context(), &apigateway.GetRestApisInput{}))(t).Items[0].Id
	return s
}

// patch changes the stage: pairs of a path and a value.
func (s *cachingServer) patch(pairs ...string) *apigateway.UpdateStageOutput {
	s.t.Helper()
	var ops []types.PatchOperation
	for i := 0; i < len(pairs); i += 2 {
		ops = append(ops, types.PatchOperation{Op: types.OpReplace, Path: aws.String(pairs[i]), Value: aws.String(pairs[i+1])})
	}
	return must1(s.c.UpdateStage(s.t.Context(), &apigateway.UpdateStageInput{RestApiId: aws.String(s.api), StageName: aws.String("dev"), PatchOperations: ops}))(s.t)
}

func (s *cachingServer) enable() *apigateway.UpdateStageOutput {
	return s.patch("/cacheClusterEnabled", "true", "/*/*/caching/enabled", "true")
}

func (s *cachingServer) ask(method, path string, header ...string) answer {
	s.t.Helper()
	a := call(s.t, method, s.invoke+"/_aws/execute-api/"+s.api+"/dev"+path, "", "", header...)
	if a.status != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return a
}

// TestCachingExample does what the example's README does.
func TestCachingExample(t *testing.T) {
	s := serveCaching(t)
	same := func(what string, a, b answer, want bool) {
		t.Helper()
		if (a.body == b.body) != want {
			t.Errorf("%s: %s and %s", what, a.body, b.body)
		}
	}
	same("no cache", s.ask("GET", "/clock"), s.ask("GET", "/clock"), false)
	st := s.enable()
	if st.CacheClusterStatus != types.CacheClusterStatusAvailable || st.CacheClusterSize != types.CacheClusterSizeSize0Point5Gb {
		t.Errorf("the cache is %s, of %s GB", st.CacheClusterStatus, st.CacheClusterSize)
	}
	first := s.ask("GET", "/clock")
	same("a cache", first, s.ask("GET", "/clock"), true)
	same("POST", s.ask("POST", "/clock"), s.ask("POST", "/clock"), false)
	pet := s.ask("GET", "/pets/1")
	same("another pet", pet, s.ask("GET", "/pets/2"), false)
	same("another language", pet, s.ask("GET", "/pets/1?lang=de"), false)
	same("what is no key", pet, s.ask("GET", "/pets/1?colour=red"), true)

	ignored := s.ask("GET", "/clock", "Cache-Control", "max-age=0")
	same("max-age=0 of anyone", first, ignored, true)
	if w := ignored.header.Get("Warning"); !strings.HasPrefix(w, "199 ") {
		t.Errorf("the warning is %q", w)
	}
	s.patch("/*/*/caching/requireAuthorizationForCacheControl", "false")
	anew := s.ask("GET", "/clock", "Cache-Control", "max-age=0")
	same("max-age=0", first, anew, false)
	same("after max-age=0", anew, s.ask("GET", "/clock"), true)

	must1(s.c.FlushStageCache(t.Context(), &apigateway.FlushStageCacheInput{RestApiId: aws.String(s.api), StageName: aws.String("dev")}))(t)
	flushed := s.ask("GET", "/clock")
	same("flushed", anew, flushed, false)
	same("kept again", flushed, s.ask("GET", "/clock"), true)

	for _, want := range []string{`aws_apigateway_cache_hit_count_total{ApiName="caching",Stage="dev"} 5`, `aws_apigateway_cache_miss_count_total{ApiName="caching",Stage="dev"} 6`} {
		eventually(t, want, func() bool { // a request is counted once its last byte is out
			return strings.Contains(call(t, "GET", s.control+"/_gatehouse/metrics", "", "", "Authorization", "any").body, want+"\n")
		})
	}
}
