package awsapi

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// stagePaths is AWS's list of what can be patched, with its missing commas
// (recorded on AWS).
const stagePaths = "[/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, /{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, /{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, /*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled]"

func patchStage(ops []PatchOp) func(*apigw.Stage) error {
	return func(s *apigw.Stage) error {
		return applyEach(ops, func(op PatchOp) error {
			switch op.Op {
			case "copy":
				return copyInStage(s, op)
			case "remove":
				return removeFromStage(s, op)
			case "replace":
				return replaceInStage(s, op)
			case "add":
				return addToStage(s, op)
			}
			return op.stageOpError()
		})
	}
}

func (p PatchOp) stageOpError() error {
	return apigw.Errorf(apigw.BadRequest, "Invalid %s operation with path: %s", p.Op, p.Path)
}

func (p PatchOp) stagePathError() error {
	return apigw.Errorf(apigw.BadRequest, "Invalid method setting path: %s. Must be one of: %s", p.Path, stagePaths)
}

// notThere is AWS's answer to the removal of anything that isn't there. Its
// last blank is AWS's; tools look for the words before it.
func (p PatchOp) notThere() error {
	return apigw.Errorf(apigw.BadRequest, "Cannot remove method setting %s because there is no method setting for this method ", strings.TrimPrefix(p.Path, "/"))
}

// copyInStage promotes a canary; the canary stays (recorded on AWS).
func copyInStage(s *apigw.Stage, op PatchOp) error {
	from := val(op.From)
	deployment := op.Path == "/deploymentId" && from == "/canarySettings/deploymentId"
	variables := op.Path == "/variables" && from == "/canarySettings/stageVariableOverrides"
	switch {
	case !deployment && !variables:
		return apigw.Errorf(apigw.BadRequest, "Invalid copy operation with path: %s and from %s. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]", op.Path, from)
	case s.Canary == nil:
		return apigw.Errorf(apigw.BadRequest, "Promotion not available. Canary does not exist.")
	case deployment:
		s.DeploymentID = s.Canary.DeploymentID
		return nil
	}
	if s.Variables == nil {
		s.Variables = map[string]string{}
	}
	maps.Copy(s.Variables, s.Canary.StageVariableOverrides)
	return nil
}

func removeFromStage(s *apigw.Stage, op PatchOp) error {
	if name, ok := op.Key("variables"); ok {
		delete(s.Variables, name)
		return nil
	}
	if len(op.Segments) == 3 && op.Segments[0] == "canarySettings" && op.Segments[1] == "stageVariableOverrides" && s.Canary != nil {
		delete(s.Canary.StageVariableOverrides, op.Segments[2])
		return nil
	}
	switch op.Path {
	case "/variables":
		s.Variables = nil
		return nil
	case "/accessLogSettings":
		s.AccessLog = nil
		return nil
	case "/canarySettings":
		s.Canary = nil
		return nil
	}
	key, ok := methodKey(s, strings.TrimPrefix(op.Path, "/"))
	if !ok {
		return op.notThere()
	}
	delete(s.MethodSettings, key)
	return nil
}

// methodKey finds the entry of a method: keys are kept as they were typed,
// and the same method can be typed with its slashes escaped or not.
func methodKey(s *apigw.Stage, typed string) (string, bool) {
	if _, ok := s.MethodSettings[typed]; ok {
		return typed, true
	}
	for _, key := range slices.Sorted(maps.Keys(s.MethodSettings)) {
		if plainMethodKey(key) == plainMethodKey(typed) {
			return key, true
		}
	}
	return typed, false
}

func plainMethodKey(key string) string {
	return strings.TrimPrefix(strings.NewReplacer("~1", "/", "~0", "~").Replace(key), "/")
}

// addToStage: an add sets what a replace would, but nothing of a canary
// (recorded on AWS).
func addToStage(s *apigw.Stage, op PatchOp) error {
	if len(op.Segments) > 0 && op.Segments[0] == "canarySettings" {
		return op.stageOpError()
	}
	op.Op = "replace"
	return replaceInStage(s, op)
}

func isAccessLog(op PatchOp) bool {
	return len(op.Segments) > 0 && op.Segments[0] == "accessLogSettings"
}

func replaceAccessLog(s *apigw.Stage, op PatchOp) error {
	log := apigw.AccessLogSettings{}
	if s.AccessLog != nil {
		log = *s.AccessLog
	}
	switch op.Path {
	case "/accessLogSettings/destinationArn":
		log.DestinationARN = op.Text()
	case "/accessLogSettings/format":
		log.Format = op.Text()
	default:
		return apigw.Errorf(apigw.BadRequest, "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]")
	}
	if op.Text() == "" {
		return apigw.Errorf(apigw.BadRequest, "Access Log value must not be empty")
	}
	s.AccessLog = &log
	return nil
}

func replaceInStage(s *apigw.Stage, op PatchOp) error {
	if name, ok := op.Key("variables"); ok {
		if s.Variables == nil {
			s.Variables = map[string]string{}
		}
		s.Variables[name] = op.Text()
		return nil
	}
	if isAccessLog(op) {
		return replaceAccessLog(s, op)
	}
	switch op.Path {
	case "/deploymentId":
		return op.replaceText((*string)(&s.DeploymentID))
	case "/description":
		return op.replaceText(&s.Description)
	case "/cacheClusterEnabled":
		return op.replaceBool(&s.CacheClusterEnabled)
	case "/cacheClusterSize":
		return patchChoice(&s.CacheClusterSize, op, "0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")
	case "/clientCertificateId":
		return op.replaceText(&s.ClientCertificateID)
	case "/documentationVersion":
		return op.replaceText(&s.DocumentationVersion)
	case "/tracingEnabled":
		return op.replaceBool(&s.TracingEnabled)
	case "/variables":
		return replaceVariables(&s.Variables, op)
	}
	if len(op.Segments) > 0 && op.Segments[0] == "canarySettings" {
		return replaceCanary(s, op)
	}
	return replaceMethodSetting(s, op)
}

// replaceVariables takes a JSON object of texts.
func replaceVariables(m *map[string]string, op PatchOp) error {
	var variables map[string]string
	if err := json.Unmarshal([]byte(op.Text()), &variables); err != nil {
		return apigw.Errorf(apigw.BadRequest, "Invalid value for path %s: a JSON object of strings is needed", op.Path)
	}
	*m = variables
	return nil
}

// replaceCanary makes the canary that isn't there: of the stage's own
// deployment, with no traffic (recorded on AWS).
func replaceCanary(s *apigw.Stage, op PatchOp) error {
	canary := apigw.CanarySettings{DeploymentID: s.DeploymentID}
	if s.Canary != nil {
		canary = *s.Canary
	}
	switch {
	case op.Path == "/canarySettings/deploymentId":
		canary.DeploymentID = apigw.DeploymentID(op.Text())
	case op.Path == "/canarySettings/percentTraffic":
		percent, err := strconv.ParseFloat(op.Text(), 64)
		if err != nil || percent != percent {
			return apigw.Errorf(apigw.BadRequest, "Invalid value '%s' for path %s: a number is needed", op.Text(), op.Path)
		}
		canary.PercentTraffic = percent
	case op.Path == "/canarySettings/useStageCache":
		canary.UseStageCache = op.True()
	case op.Path == "/canarySettings/stageVariableOverrides":
		if err := replaceVariables(&canary.StageVariableOverrides, op); err != nil {
			return err
		}
	case len(op.Segments) == 3 && op.Segments[1] == "stageVariableOverrides":
		overrides := maps.Clone(canary.StageVariableOverrides)
		if overrides == nil {
			overrides = map[string]string{}
		}
		overrides[op.Segments[2]] = op.Text()
		canary.StageVariableOverrides = overrides
	default:
		return op.stagePathError()
	}
	s.Canary = &canary
	return nil
}

// replaceMethodSetting changes one setting of /{resourcePath}/{METHOD}/{group}/{name}.
// The resource path may hold slashes, so the path is cut from its right end
// and the entry's key is the text as typed (recorded on AWS).
func replaceMethodSetting(s *apigw.Stage, op PatchOp) error {
	parts := strings.Split(strings.TrimPrefix(op.Path, "/"), "/")
	if len(parts) < 4 || !strings.HasPrefix(op.Path, "/") {
		return op.stagePathError()
	}
	name := strings.Join(parts[len(parts)-2:], "/")
	key, known := methodKey(s, strings.Join(parts[:len(parts)-2], "/"))
	setting := defaultSetting()
	if known {
		setting = *s.MethodSettings[key]
	} else if all := s.MethodSettings["*/*"]; all != nil {
		setting = *all
		setting.CachingEnabled = all.CachingEnabled && cachedByAll(key)
	}
	if err := applySetting(&setting, name, op); err != nil {
		return err
	}
	if s.MethodSettings == nil {
		s.MethodSettings = map[string]*apigw.MethodSetting{}
	}
	s.MethodSettings[key] = &setting
	return nil
}

// cachedByAll says whether caching for all methods means the one with that key:
// GET alone. Another that is given its first setting, a log level say, isn't
// cached by it: nobody asked for that.
func cachedByAll(key string) bool {
	return strings.HasSuffix(key, "/GET") || strings.HasSuffix(key, "/ANY")
}

// defaultSetting is what the first setting of a method brings along (recorded
// on AWS); the logging level is absent until it is set.
func defaultSetting() apigw.MethodSetting {
	return apigw.MethodSetting{
		ThrottlingBurstLimit: 5000, ThrottlingRateLimit: 10000, CacheTTLSeconds: 300,
		RequireAuthorizationForCacheControl:    true,
		UnauthorizedCacheControlHeaderStrategy: "SUCCEED_WITH_RESPONSE_HEADER",
	}
}

// limitError refuses a throttling limit; -1 is none.
func (p PatchOp) limitError() error {
	return apigw.Errorf(apigw.BadRequest, "Invalid value '%s' for path %s: a number that isn't negative is needed, or -1 for no limit", p.Text(), p.Path)
}

func applySetting(m *apigw.MethodSetting, name string, op PatchOp) (err error) {
	switch name {
	case "metrics/enabled":
		m.MetricsEnabled = op.True()
	case "logging/dataTrace":
		m.DataTraceEnabled = op.True()
	case "logging/loglevel":
		m.LoggingLevel, err = op.oneOf("OFF", "ERROR", "INFO")
	case "throttling/burstLimit":
		m.ThrottlingBurstLimit, err = op.integer()
		if err == nil && m.ThrottlingBurstLimit < -1 {
			err = op.limitError()
		}
	case "throttling/rateLimit":
		m.ThrottlingRateLimit, err = strconv.ParseFloat(op.Text(), 64)
		if err != nil || math.IsNaN(m.ThrottlingRateLimit) || math.IsInf(m.ThrottlingRateLimit, 0) || m.ThrottlingRateLimit < 0 && m.ThrottlingRateLimit != -1 {
			err = op.limitError()
		}
	case "caching/enabled":
		m.CachingEnabled = op.True()
	case "caching/dataEncrypted":
		m.CacheDataEncrypted = op.True()
	case "caching/ttlInSeconds":
		m.CacheTTLSeconds, err = op.integer()
		if err == nil && (m.CacheTTLSeconds < 0 || m.CacheTTLSeconds > 3600) {
			err = apigw.Errorf(apigw.BadRequest, "Invalid value '%s' for path %s: 0 to 3600 seconds", op.Text(), op.Path)
		}
	case "caching/requireAuthorizationForCacheControl":
		m.RequireAuthorizationForCacheControl = op.True()
	case "caching/unauthorizedCacheControlHeaderStrategy":
		m.UnauthorizedCacheControlHeaderStrategy, err = op.oneOf("FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER")
	default:
		return op.stagePathError()
	}
	return err
}
