package control

import (
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestStageCacheNames: the name of a stage's cache changes when the cache is to
// be an empty one, and with nothing else.
func TestStageCacheNames(t *testing.T) {
	w := newWorld(t)
	made := w.newAPI()
	w.newMock(made)
	api := made.ID
	must[*apigw.Deployment](t)(w.CreateDeployment(t.Context(), w.scope, api, NewDeployment{Stage: new(apigw.StageName("s")), CacheClusterEnabled: new(true)}))
	s, err := w.Stage(t.Context(), w.scope, api, "s")
	if err != nil || s.CacheCluster == "" || s.CacheClusterSize != "0.5" {
		t.Fatalf("%+v, %v", s, err)
	}
	last := s.CacheCluster
	update := func(f func(*apigw.Stage)) func() error {
		return func() error {
			_, err := w.UpdateStage(t.Context(), w.scope, api, "s", func(s *apigw.Stage) error { f(s); return nil })
			return err
		}
	}
	for _, step := range []struct {
		name    string
		do      func() error
		renewed bool
	}{
		{"another setting", update(func(s *apigw.Stage) { s.Description = "x" }), false},
		{"a deployment", func() error {
			_, err := w.CreateDeployment(t.Context(), w.scope, api, NewDeployment{Stage: new(apigw.StageName("s"))})
			return err
		}, false},
		{"flushed", func() error { return w.FlushStageCache(t.Context(), w.scope, api, "s") }, true},
		{"resized", update(func(s *apigw.Stage) { s.CacheClusterSize = "6.1" }), true},
		{"off", update(func(s *apigw.Stage) { s.CacheClusterEnabled = false }), true},
		{"on", update(func(s *apigw.Stage) { s.CacheClusterEnabled = true }), true},
		{"resized by a deployment", func() error {
			_, err := w.CreateDeployment(t.Context(), w.scope, api, NewDeployment{Stage: new(apigw.StageName("s")), CacheClusterSize: new("0.5")})
			return err
		}, true},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		s, err := w.Stage(t.Context(), w.scope, api, "s")
		if err != nil || (s.CacheCluster != last) != step.renewed || (s.CacheCluster == "") == s.CacheClusterEnabled {
			t.Errorf("%s: %q after %q, %v", step.name, s.CacheCluster, last, err)
		}
		last = s.CacheCluster
	}
}
