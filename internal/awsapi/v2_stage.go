package awsapi

import (
	"context"
	"maps"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

func (o routed) createStage(ctx context.Context, c *Call, in *v2.CreateStageRequest) (*v2.CreateStageResponse, error) {
	s := apigw.Stage{
		Name: apigw.StageName(val(in.StageName)), DeploymentID: apigw.DeploymentID(val(in.DeploymentId)), Description: val(in.Description),
		Variables: in.StageVariables, ClientCertificateID: val(in.ClientCertificateId), Tags: in.Tags,
		AccessLog: changedAccessLog(nil, in.AccessLogSettings),
		Routes: &apigw.RouteStage{
			AutoDeploy: val(in.AutoDeploy), DefaultSettings: changedSettings(nil, in.DefaultRouteSettings), Settings: mergedSettings(nil, in.RouteSettings),
		},
	}
	made, err := o.c.CreateRouteStage(ctx, c.Scope, apiID(in.ApiId), s)
	return (*v2.CreateStageResponse)(routeStageView(o.protocol(ctx, c, in.ApiId), made)), err
}

func (o routed) getStage(ctx context.Context, c *Call, in *v2.GetStageRequest) (*v2.GetStageResponse, error) {
	s, err := o.c.RouteStage(ctx, c.Scope, apiID(in.ApiId), apigw.StageName(in.StageName))
	return (*v2.GetStageResponse)(routeStageView(o.protocol(ctx, c, in.ApiId), s)), err
}

func (o routed) getStages(ctx context.Context, c *Call, in *v2.GetStagesRequest) (*v2.GetStagesResponse, error) {
	list, err := o.c.RouteStages(ctx, c.Scope, apiID(in.ApiId))
	if err != nil {
		return nil, err
	}
	protocol := o.protocol(ctx, c, in.ApiId)
	view := func(s *apigw.Stage) *v2.Stage { return routeStageView(protocol, s) }
	items, next, err := onPage(in.NextToken, in.MaxResults, list, func(s *apigw.Stage) string { return string(s.Name) }, view)
	return &v2.GetStagesResponse{Items: items, NextToken: next}, err
}

func (o routed) updateStage(ctx context.Context, c *Call, in *v2.UpdateStageRequest) (*v2.UpdateStageResponse, error) {
	s, err := o.c.UpdateRouteStage(ctx, c.Scope, apiID(in.ApiId), apigw.StageName(in.StageName), func(s *apigw.Stage) error {
		putText(&s.DeploymentID, in.DeploymentId)
		putText(&s.Description, in.Description)
		putText(&s.ClientCertificateID, in.ClientCertificateId)
		put(&s.Routes.AutoDeploy, in.AutoDeploy)
		s.Variables = merged(s.Variables, in.StageVariables)
		s.AccessLog = changedAccessLog(s.AccessLog, in.AccessLogSettings)
		s.Routes.DefaultSettings = changedSettings(s.Routes.DefaultSettings, in.DefaultRouteSettings)
		s.Routes.Settings = mergedSettings(s.Routes.Settings, in.RouteSettings)
		return nil
	})
	return (*v2.UpdateStageResponse)(routeStageView(o.protocol(ctx, c, in.ApiId), s)), err
}

func (o routed) deleteStage(ctx context.Context, c *Call, in *v2.DeleteStageRequest) error {
	return o.c.DeleteRouteStage(ctx, c.Scope, apiID(in.ApiId), apigw.StageName(in.StageName))
}

func (o routed) deleteRouteSettings(ctx context.Context, c *Call, in *v2.DeleteRouteSettingsRequest) error {
	return o.c.DeleteRouteSettings(ctx, c.Scope, apiID(in.ApiId), apigw.StageName(in.StageName), in.RouteKey)
}

func (o routed) deleteAccessLogSettings(ctx context.Context, c *Call, in *v2.DeleteAccessLogSettingsRequest) error {
	_, err := o.c.UpdateRouteStage(ctx, c.Scope, apiID(in.ApiId), apigw.StageName(in.StageName), func(s *apigw.Stage) error {
		s.AccessLog = nil
		return nil
	})
	return err
}

// protocol is that of an API, on which it depends what its stages show; empty
// when the API is gone.
func (o routed) protocol(ctx context.Context, c *Call, api string) string {
	a, err := o.c.RouteAPI(ctx, c.Scope, apiID(api))
	if err != nil {
		return ""
	}
	return a.Protocol
}

// changedAccessLog is a copy with what was sent; {} turns the access log off.
func changedAccessLog(have *apigw.AccessLogSettings, sent *v2.AccessLogSettings) *apigw.AccessLogSettings {
	if sent == nil {
		return have
	}
	if sent.DestinationArn == nil && sent.Format == nil {
		return nil
	}
	out := new(apigw.AccessLogSettings)
	put(out, have)
	putText(&out.DestinationARN, sent.DestinationArn)
	putText(&out.Format, sent.Format)
	return out
}

// changedSettings is a copy with what was sent.
func changedSettings(have *apigw.RouteSettings, sent *v2.RouteSettings) *apigw.RouteSettings {
	if sent == nil {
		return have
	}
	out := new(apigw.RouteSettings)
	put(out, have)
	put(&out.DetailedMetrics, sent.DetailedMetricsEnabled)
	put(&out.DataTrace, sent.DataTraceEnabled)
	put(&out.LoggingLevel, sent.LoggingLevel)
	if sent.ThrottlingBurstLimit != nil {
		out.ThrottlingBurstLimit = sent.ThrottlingBurstLimit
	}
	if sent.ThrottlingRateLimit != nil {
		out.ThrottlingRateLimit = sent.ThrottlingRateLimit
	}
	return out
}

// mergedSettings is a copy with what was sent, route by route; nothing takes a
// route out but DeleteRouteSettings.
func mergedSettings(have map[string]*apigw.RouteSettings, sent map[string]*v2.RouteSettings) map[string]*apigw.RouteSettings {
	if len(sent) == 0 {
		return have
	}
	out := maps.Clone(have)
	if out == nil {
		out = map[string]*apigw.RouteSettings{}
	}
	for key, settings := range sent {
		out[key] = changedSettings(out[key], settings)
	}
	return out
}
