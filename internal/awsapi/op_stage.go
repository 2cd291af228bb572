package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

func (o rest) createStage(ctx context.Context, c *Call, in *apigateway.CreateStageRequest) (*apigateway.Stage, error) {
	s := apigw.Stage{
		Name: apigw.StageName(val(in.StageName)), DeploymentID: apigw.DeploymentID(val(in.DeploymentId)),
		Description: val(in.Description), Variables: in.Variables, CacheClusterEnabled: val(in.CacheClusterEnabled),
		CacheClusterSize: val(in.CacheClusterSize), DocumentationVersion: val(in.DocumentationVersion),
		TracingEnabled: val(in.TracingEnabled), Tags: in.Tags,
	}
	if k := in.CanarySettings; k != nil {
		s.Canary = &apigw.CanarySettings{
			DeploymentID: apigw.DeploymentID(val(k.DeploymentId)), PercentTraffic: val(k.PercentTraffic),
			StageVariableOverrides: k.StageVariableOverrides, UseStageCache: val(k.UseStageCache),
		}
	}
	made, err := o.c.CreateStage(ctx, c.Scope, apiID(in.RestApiId), s)
	return stageView(made), err
}

func (o rest) getStage(ctx context.Context, c *Call, in *apigateway.GetStageRequest) (*apigateway.Stage, error) {
	s, err := o.c.Stage(ctx, c.Scope, apiID(in.RestApiId), apigw.StageName(in.StageName))
	return stageView(s), err
}

// getStages isn't paginated on AWS either.
func (o rest) getStages(ctx context.Context, c *Call, in *apigateway.GetStagesRequest) (*apigateway.Stages, error) {
	list, err := o.c.Stages(ctx, c.Scope, apiID(in.RestApiId), apigw.DeploymentID(val(in.DeploymentId)))
	out := &apigateway.Stages{Item: []*apigateway.Stage{}}
	for _, s := range list {
		out.Item = append(out.Item, stageView(s))
	}
	return out, err
}

func (o rest) updateStage(ctx context.Context, c *Call, in *apigateway.UpdateStageRequest) (*apigateway.Stage, error) {
	s, err := o.c.UpdateStage(ctx, c.Scope, apiID(in.RestApiId), apigw.StageName(in.StageName), patchStage(Patch(in.PatchOperations)))
	return stageView(s), err
}

func (o rest) deleteStage(ctx context.Context, c *Call, in *apigateway.DeleteStageRequest) error {
	return o.c.DeleteStage(ctx, c.Scope, apiID(in.RestApiId), apigw.StageName(in.StageName))
}

func (o rest) flushStageCache(ctx context.Context, c *Call, in *apigateway.FlushStageCacheRequest) error {
	return o.c.FlushStageCache(ctx, c.Scope, apiID(in.RestApiId), apigw.StageName(in.StageName))
}

func stageView(s *apigw.Stage) *apigateway.Stage {
	if s == nil {
		return nil
	}
	out := &apigateway.Stage{
		DeploymentId: set(s.DeploymentID), ClientCertificateId: set(s.ClientCertificateID), StageName: set(s.Name),
		Description: set(s.Description), CacheClusterEnabled: new(s.CacheClusterEnabled), CacheClusterSize: set(s.CacheClusterSize),
		CacheClusterStatus: new("NOT_AVAILABLE"), MethodSettings: map[string]*apigateway.MethodSetting{},
		Variables: shown(s.Variables), DocumentationVersion: set(s.DocumentationVersion), TracingEnabled: new(s.TracingEnabled),
		WebAclArn: set(s.WebACLARN), Tags: shown(s.Tags), CreatedDate: &s.Created, LastUpdatedDate: &s.Updated,
	}
	if s.CacheClusterEnabled {
		out.CacheClusterStatus = new("AVAILABLE")
	}
	for key, m := range s.MethodSettings {
		out.MethodSettings[key] = methodSettingView(m)
	}
	if l := s.AccessLog; l != nil {
		out.AccessLogSettings = &apigateway.AccessLogSettings{Format: set(l.Format), DestinationArn: set(l.DestinationARN)}
	}
	if k := s.Canary; k != nil {
		out.CanarySettings = &apigateway.CanarySettings{
			PercentTraffic: new(k.PercentTraffic), DeploymentId: set(k.DeploymentID),
			StageVariableOverrides: shown(k.StageVariableOverrides), UseStageCache: new(k.UseStageCache),
		}
	}
	return out
}

func methodSettingView(m *apigw.MethodSetting) *apigateway.MethodSetting {
	return &apigateway.MethodSetting{
		MetricsEnabled: new(m.MetricsEnabled), LoggingLevel: set(m.LoggingLevel), DataTraceEnabled: new(m.DataTraceEnabled),
		ThrottlingBurstLimit: new(m.ThrottlingBurstLimit), ThrottlingRateLimit: new(m.ThrottlingRateLimit),
		CachingEnabled: new(m.CachingEnabled), CacheTtlInSeconds: new(m.CacheTTLSeconds), CacheDataEncrypted: new(m.CacheDataEncrypted),
		RequireAuthorizationForCacheControl:    new(m.RequireAuthorizationForCacheControl),
		UnauthorizedCacheControlHeaderStrategy: set(m.UnauthorizedCacheControlHeaderStrategy),
	}
}
