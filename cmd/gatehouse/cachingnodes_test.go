//go:build unix

package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/gatehouse/gatehouse/internal/valkey/valkeytest"
)

// TestCachingNodes: with a Valkey server, nodes share answers; a flush, and who
// asks anew, hold for all. Whatever becomes of the server, no request fails.
func TestCachingNodes(t *testing.T) {
	etcd, there := startEtcd(t), valkeytest.Start(t)
	config := write(t, "gatehouse.yaml", "store: {masterKey: '"+strings.Repeat("1", 64)+"', etcd: {endpoints: ["+etcd.endpoint+"]}}\nvalkey: "+there.Address+"\n")
	a := serveCaching(t, "--config", config)
	b := &cachingServer{server: serveWith(t, "--config", config), t: t, api: a.api}
	b.c = b.sdk()
	a.enable()
	up := func(s *cachingServer, want string) {
		t.Helper()
		eventually(t, "answers are shared: "+want, func() bool {
			return strings.Contains(call(t, "GET", s.control+"/_gatehouse/metrics", "", "").body, "\ngatehouse_response_cache_shared_up "+want+"\n")
		})
	}
	up(a, "1")
	up(b, "1")
	eventually(t, "the other node has the cache", func() bool {
		first := b.ask("GET", "/pets/0")
		return first.body == b.ask("GET", "/pets/0").body
	})

	kept := a.ask("GET", "/clock")
	if other := b.ask("GET", "/clock"); other.body != kept.body {
		t.Errorf("the nodes answer %s and %s", kept, other)
	}
	b.patch("/*/*/caching/requireAuthorizationForCacheControl", "false")
	anew := b.ask("GET", "/clock", "Cache-Control", "max-age=0")
	if other := a.ask("GET", "/clock"); other.body != anew.body || anew.body == kept.body {
		t.Errorf("after %s was asked anew, the other node answers %s", anew, other)
	}
	must1(a.c.FlushStageCache(t.Context(), &apigateway.FlushStageCacheInput{RestApiId: aws.String(a.api), StageName: aws.String("dev")}))(t)
	eventually(t, "the other node is flushed", func() bool { return b.ask("GET", "/clock").body != anew.body })

	var failed, asked atomic.Int64
	stop := make(chan struct{})
	var crowd sync.WaitGroup
	for i := range 4 {
		crowd.Go(func() {
			node := []*cachingServer{a, b}[i%2]
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				got, err := try("GET", fmt.Sprintf("%s/_aws/execute-api/%s/dev/pets/%d", node.invoke, a.api, n%50), "", "")
				if asked.Add(1); err != nil || got.status != http.StatusOK {
					failed.Add(1)
				}
			}
		})
	}
	pause := func() { time.Sleep(300 * time.Millisecond) }
	pause()
	there.Pause()
	pause()
	there.Resume()
	pause()
	there.Kill()
	pause()
	there.Start()
	up(a, "1")
	up(b, "1")
	close(stop)
	crowd.Wait()
	if failed.Load() > 0 || asked.Load() < 100 {
		t.Errorf("%d of %d requests failed", failed.Load(), asked.Load())
	}
	kept = a.ask("GET", "/clock")
	if other := b.ask("GET", "/clock"); other.body != kept.body {
		t.Errorf("the nodes answer %s and %s after the server was away", kept, other)
	}
}

// TestCachingDies: answers are no state: a node that died has none, and keeps
// its settings.
func TestCachingDies(t *testing.T) {
	data := t.TempDir()
	s := serveCaching(t, "--data", data)
	s.enable()
	kept := s.ask("GET", "/clock")
	s.kill()
	again := &cachingServer{server: serveWith(t, "--data", data), t: t, api: s.api}
	first := again.ask("GET", "/clock")
	if second := again.ask("GET", "/clock"); first.body == kept.body || first.body != second.body {
		t.Errorf("%s; after a restart %s and %s", kept, first, second)
	}
}
