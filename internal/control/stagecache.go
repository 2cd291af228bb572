package control

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// defaultCacheSize is the size of a cache whose stage names none, in GB.
const defaultCacheSize = "0.5"

// renewCache names the cache of s as it is to be; old is the stage before, nil
// for a new one. A cache that is made, or made of another size, is an empty one
// (Amazon API Gateway developer guide, "Cache settings for REST APIs").
func (c *Control) renewCache(s, old *apigw.Stage) (err error) {
	if !s.CacheClusterEnabled {
		s.CacheCluster = ""
		return nil
	}
	if s.CacheClusterSize == "" {
		s.CacheClusterSize = defaultCacheSize
	}
	if old == nil || !old.CacheClusterEnabled || old.CacheClusterSize != s.CacheClusterSize {
		s.CacheCluster, err = c.newID(10)
	}
	return err
}

// FlushStageCache makes the cache of a stage an empty one, on every node.
func (c *Control) FlushStageCache(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.StageName) error {
	_, err := c.UpdateStage(ctx, scope, api, name, func(s *apigw.Stage) (err error) {
		if !s.CacheClusterEnabled {
			return apigw.Errorf(apigw.BadRequest, "Stage %s has no cache cluster to flush", name)
		}
		s.CacheCluster, err = c.newID(10)
		return err
	})
	return err
}
