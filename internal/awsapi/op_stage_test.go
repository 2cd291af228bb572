package awsapi

import (
	"fmt"
	"testing"
)

const defaultSettingJSON = `{"cacheDataEncrypted":false,"cacheTtlInSeconds":300,"cachingEnabled":false,"dataTraceEnabled":false,"metricsEnabled":true,"requireAuthorizationForCacheControl":true,"throttlingBurstLimit":5000,"throttlingRateLimit":10000,"unauthorizedCacheControlHeaderStrategy":"SUCCEED_WITH_RESPONSE_HEADER"}`

// cachedSettingJSON are a method's settings after those of TestPatchStage.
func cachedSettingJSON(ttl int, enabled bool, level string) string {
	logging := ""
	if level != "" {
		logging = `"loggingLevel":"` + level + `",`
	}
	return fmt.Sprintf(`{%s"cacheDataEncrypted":false,"cacheTtlInSeconds":%d,"cachingEnabled":%t,"dataTraceEnabled":false,"metricsEnabled":false,"requireAuthorizationForCacheControl":true,"throttlingBurstLimit":5000,"throttlingRateLimit":-1,"unauthorizedCacheControlHeaderStrategy":"SUCCEED_WITH_RESPONSE_HEADER"}`,
		logging, ttl, enabled)
}

// TestFlushStageCache: each flush names the cache anew, which empties it on
// every node.
func TestFlushStageCache(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.ok("POST /restapis/{api}/deployments", `{"stageName":"s"}`)
	h.refused("DELETE /restapis/{api}/stages/s/cache/data", "", 400, "Stage s has no cache cluster to flush")
	h.refused("DELETE /restapis/{api}/stages/none/cache/data", "", 404, "Invalid stage identifier specified")
	h.ok("PATCH /restapis/{api}/stages/s", `{"patchOperations":[{"op":"replace","path":"/cacheClusterEnabled","value":"true"}]}`)
	if status, _ := h.call("DELETE /restapis/{api}/stages/s/cache/data", ""); status != 202 {
		t.Error(status)
	}
}

func TestPatchStage(t *testing.T) {
	h := newHouse(t)
	h.api()
	made := h.ok("POST /restapis/{api}/deployments", `{"stageName":"dev","variables":{"a":"1","b":"2"}}`)
	h.vars = append(h.vars, "{dep}", made["id"].(string))
	unknown := func(path string) string {
		return "Invalid method setting path: " + path + ". Must be one of: " + stagePaths
	}
	absent := func(path string) string {
		return "Cannot remove method setting " + path + " because there is no method setting for this method "
	}
	const accessLog = "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]"
	h.patches("/restapis/{api}/stages/dev", 200, []patch{
		{name: "nothing", want: `{"stageName":"dev","deploymentId":"{dep}","cacheClusterEnabled":false,"cacheClusterStatus":"NOT_AVAILABLE","methodSettings":{},"tracingEnabled":false,"variables":{"a":"1","b":"2"},"tags":null,"canarySettings":null}`},
		{name: "variables", ops: `{"op":"replace","path":"/variables/c","value":"3"},{"op":"remove","path":"/variables/a"}`, want: `{"variables":{"b":"2","c":"3"}}`},
		{name: "remove settings that aren't", ops: `{"op":"remove","path":"/*/*"}`, status: 400, text: absent("*/*")},
		{name: "first setting", ops: `{"op":"replace","path":"/*/*/metrics/enabled","value":"true"}`, want: `{"methodSettings":{"*/*":` + defaultSettingJSON + `}}`},
		{name: "a method begins as a copy", ops: `{"op":"replace","path":"/~1a~1b/GET/caching/ttlInSeconds","value":"300"},{"op":"replace","path":"/*/*/metrics/enabled","value":"false"},{"op":"remove","path":"/*/*"}`,
			want: `{"methodSettings":{"~1a~1b/GET":` + defaultSettingJSON + `}}`},
		{name: "the same method unescaped", ops: `{"op":"replace","path":"/a/b/GET/metrics/enabled","value":"true"}`, want: `{"methodSettings":{"~1a~1b/GET":` + defaultSettingJSON + `}}`},
		{name: "remove unescaped", ops: `{"op":"remove","path":"/a/b/GET"}`, want: `{"methodSettings":{}}`},
		{name: "unknown setting", ops: `{"op":"replace","path":"/*/*/metrics/colour","value":"true"}`, status: 400, text: unknown("/*/*/metrics/colour")},
		{name: "unknown path", ops: `{"op":"replace","path":"/documentation_version","value":"1"}`, status: 400, text: unknown("/documentation_version")},
		{name: "tags", ops: `{"op":"replace","path":"/tags/x","value":"1"}`, status: 400, text: unknown("/tags/x")},
		{name: "canary as a whole", ops: `{"op":"replace","path":"/canarySettings","value":"1"}`, status: 400, text: unknown("/canarySettings")},
		{name: "bad canary path", ops: `{"op":"replace","path":"/canarySettings/badPath","value":"1"}`, status: 400, text: unknown("/canarySettings/badPath")},
		{name: "remove bad canary path", ops: `{"op":"remove","path":"/canarySettings/badPath"}`, status: 400, text: absent("canarySettings/badPath")},
		{name: "remove overrides", ops: `{"op":"remove","path":"/canarySettings/stageVariableOverrides"}`, status: 400, text: absent("canarySettings/stageVariableOverrides")},
		{name: "remove a log's target", ops: `{"op":"remove","path":"/accessLogSettings/destinationArn"}`, status: 400, text: absent("accessLogSettings/destinationArn")},
		{name: "log", ops: `{"op":"add","path":"/accessLogSettings/*","value":"x"}`, status: 400, text: accessLog},
		{name: "log as a whole", ops: `{"op":"replace","path":"/accessLogSettings","value":"x"}`, status: 400, text: accessLog},
		{name: "empty log", ops: `{"op":"replace","path":"/accessLogSettings/format","value":""}`, status: 400, text: "Access Log value must not be empty"},
		{name: "add a canary's deployment", ops: `{"op":"add","path":"/canarySettings/deploymentId","value":"x"}`, status: 400, text: "Invalid add operation with path: /canarySettings/deploymentId"},
		{name: "copy the wrong way", ops: `{"op":"copy","path":"/canarySettings/stageVariableOverrides","from":"/variables"}`, status: 400,
			text: "Invalid copy operation with path: /canarySettings/stageVariableOverrides and from /variables. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"},
		{name: "copy without a canary", ops: `{"op":"copy","path":"/variables","from":"/canarySettings/stageVariableOverrides"}`, status: 400, text: "Promotion not available. Canary does not exist."},
		{name: "canary of the stage's deployment", ops: `{"op":"replace","path":"/canarySettings/percentTraffic","value":"50"}`, want: `{"canarySettings":{"deploymentId":"{dep}","percentTraffic":50,"useStageCache":false}}`},
		{name: "override", ops: `{"op":"replace","path":"/canarySettings/stageVariableOverrides/b","value":"9"}`, want: `{"canarySettings":{"deploymentId":"{dep}","percentTraffic":50,"useStageCache":false,"stageVariableOverrides":{"b":"9"}}}`},
		{name: "promote", ops: `{"op":"copy","path":"/variables","from":"/canarySettings/stageVariableOverrides"},{"op":"copy","path":"/deploymentId","from":"/canarySettings/deploymentId"}`,
			want: `{"variables":{"b":"9","c":"3"},"deploymentId":"{dep}"}`},
		{name: "no canary", ops: `{"op":"remove","path":"/canarySettings"}`, want: `{"canarySettings":null}`},
		{name: "unknown deployment", ops: `{"op":"replace","path":"/deploymentId","value":"nothing"}`, status: 400, text: "Deployment id does not exist"},
		{name: "rate limit as Terraform writes it", ops: `{"op":"replace","path":"/*/*/throttling/rateLimit","value":"10000.000000"}`, want: `{"stageName":"dev"}`},
		{name: "no rate limit", ops: `{"op":"replace","path":"/*/*/throttling/rateLimit","value":"-1"}`, want: `{"stageName":"dev"}`},
		{name: "negative rate", ops: `{"op":"replace","path":"/*/*/throttling/rateLimit","value":"-5"}`, status: 400, text: "Invalid value '-5' for path /*/*/throttling/rateLimit: a number that isn't negative is needed, or -1 for no limit"},
		{name: "endless rate", ops: `{"op":"replace","path":"/*/*/throttling/rateLimit","value":"inf"}`, status: 400, text: "Invalid value 'inf' for path /*/*/throttling/rateLimit: a number that isn't negative is needed, or -1 for no limit"},
		{name: "negative burst", ops: `{"op":"replace","path":"/*/*/throttling/burstLimit","value":"-2"}`, status: 400, text: "Invalid value '-2' for path /*/*/throttling/burstLimit: a number that isn't negative is needed, or -1 for no limit"},
		{name: "move", ops: `{"op":"move","path":"/description","from":"/variables"}`, status: 400, text: "Invalid move operation with path: /description"},
		{name: "cache", ops: `{"op":"replace","path":"/cacheClusterEnabled","value":"true"}`, want: `{"cacheClusterEnabled":true,"cacheClusterSize":"0.5","cacheClusterStatus":"AVAILABLE"}`},
		{name: "larger cache", ops: `{"op":"replace","path":"/cacheClusterSize","value":"1.6"}`, want: `{"cacheClusterEnabled":true,"cacheClusterSize":"1.6","cacheClusterStatus":"AVAILABLE"}`},
		{name: "cached reads", ops: `{"op":"replace","path":"/*/*/caching/enabled","value":"true"},{"op":"replace","path":"/a/GET/caching/ttlInSeconds","value":"60"},{"op":"replace","path":"/a/POST/logging/loglevel","value":"INFO"}`,
			want: `{"methodSettings":{"*/*":` + cachedSettingJSON(300, true, "") + `,"a/GET":` + cachedSettingJSON(60, true, "") + `,"a/POST":` + cachedSettingJSON(300, false, "INFO") + `}}`},
		{name: "cached writes", ops: `{"op":"replace","path":"/a/POST/caching/enabled","value":"true"},{"op":"remove","path":"/*/*"},{"op":"remove","path":"/a/GET"}`,
			want: `{"methodSettings":{"a/POST":` + cachedSettingJSON(300, true, "INFO") + `}}`},
		{name: "old answers", ops: `{"op":"replace","path":"/*/*/caching/ttlInSeconds","value":"3601"}`, status: 400, text: "Invalid value '3601' for path /*/*/caching/ttlInSeconds: 0 to 3600 seconds"},
		{name: "no cache", ops: `{"op":"replace","path":"/cacheClusterEnabled","value":"false"}`, want: `{"cacheClusterEnabled":false,"cacheClusterStatus":"NOT_AVAILABLE"}`},
		{name: "remove a log that isn't", ops: `{"op":"remove","path":"/accessLogSettings"}`, want: `{"accessLogSettings":null}`},
	})
}
