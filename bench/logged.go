package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// logged is the scenario with an access log, in the common log format with
// latencies, written in batches by both: nginx besides with limit_req, which
// counts every request, Gatehouse with its metrics and a throttle of the same
// rate.
const logged = "logged"

// nginxLogged is the server of that scenario.
const nginxLogged = `
  log_format common_latency '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent $request_id $request_time $upstream_response_time';
  limit_req_zone $binary_remote_addr zone=clients:1m rate=1000000r/s;
  server {
    listen <logged>; access_log <dir>/access.log common_latency buffer=256k flush=1s;
    location / { limit_req zone=clients burst=100000 nodelay;
      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header Host $host; }
  }
`

const gatehouseFormat = `$context.identity.sourceIp - $context.identity.user [$context.requestTime] "$context.httpMethod $context.path $context.protocol" ` +
	`$context.status $context.responseLength $context.requestId $context.responseLatency $context.integrationLatency`

// addLogged gives the API a stage that has an access log, detailed metrics and
// a throttle.
func addLogged(control, api string) error {
	return addStage(control, api, logged,
		patch{"replace", "/accessLogSettings/destinationArn", "arn:aws:logs:us-east-1:000000000000:log-group:bench"},
		patch{"replace", "/accessLogSettings/format", gatehouseFormat},
		patch{"replace", "/*/*/metrics/enabled", "true"},
		patch{"replace", "/*/*/throttling/rateLimit", "1000000"},
		patch{"replace", "/*/*/throttling/burstLimit", "100000"},
	)
}

// patch is one change of a stage.
type patch struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value string `json:"value"`
}

// addStage gives the API another stage of its deployment.
func addStage(control, api, name string, settings ...patch) error {
	var stages struct {
		Item []struct{ DeploymentID string }
	}
	path := "/restapis/" + api + "/stages"
	if err := manage("GET", control, path, nil, &stages); err != nil {
		return err
	}
	create := map[string]any{"stageName": name, "deploymentId": stages.Item[0].DeploymentID}
	if err := manage("POST", control, path, create, nil); err != nil {
		return err
	}
	return manage("PATCH", control, path+"/"+name, map[string]any{"patchOperations": settings}, nil)
}

// manage makes a management call.
func manage(method, control, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		doc, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(doc)
	}
	request, err := http.NewRequest(method, "http://"+control+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", anyCredentials)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// anyCredentials is an Authorization field: while no identities are
// configured, the control address asks for one and takes any.
const anyCredentials = "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0"
