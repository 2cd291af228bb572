package main

// httpAPI is the scenario of an HTTP API: HTTP_PROXY with a throttle, detailed
// metrics and an access log in JSON; nginx writes a log of the same fields, and
// counts every request for limit_req.
const httpAPI = "httpapi"

// nginxHTTPAPI is the server of that scenario.
const nginxHTTPAPI = `
  log_format json escape=json '{"requestId":"$request_id","ip":"$remote_addr","requestTime":"$time_local","httpMethod":"$request_method","routeKey":"$uri",'
    '"status":"$status","protocol":"$server_protocol","responseLength":"$body_bytes_sent","responseLatency":"$request_time","integrationLatency":"$upstream_response_time"}';
  server {
    listen <httpapi>; access_log <dir>/httpapi.log json buffer=256k flush=1s;
    location / { limit_req zone=clients burst=100000 nodelay;
      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Forwarded "for=$remote_addr;host=$host;proto=$scheme"; proxy_set_header Via "HTTP/1.1 nginx"; }
  }
`

const httpAPIFormat = `{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","requestTime":"$context.requestTime","httpMethod":"$context.httpMethod","routeKey":"$context.routeKey",` +
	`"status":"$context.status","protocol":"$context.protocol","responseLength":"$context.responseLength","responseLatency":"$context.responseLatency","integrationLatency":"$context.integrationLatency"}`

// addHTTPAPI makes an HTTP API of one route to the backend, and returns its ID.
func addHTTPAPI(control, backend string) (string, error) {
	type object = map[string]any
	var api struct{ APIID string }
	if err := manage("POST", control, "/v2/apis", object{"name": httpAPI, "protocolType": "HTTP"}, &api); err != nil {
		return "", err
	}
	base := "/v2/apis/" + api.APIID
	var made struct{ IntegrationID string }
	integration := object{"integrationType": "HTTP_PROXY", "integrationMethod": "GET", "integrationUri": "http://" + backend + "/item", "payloadFormatVersion": "1.0"}
	if err := manage("POST", control, base+"/integrations", integration, &made); err != nil {
		return "", err
	}
	if err := manage("POST", control, base+"/routes", object{"routeKey": "GET /item", "target": "integrations/" + made.IntegrationID}, nil); err != nil {
		return "", err
	}
	return api.APIID, manage("POST", control, base+"/stages", object{
		"stageName": "$default", "autoDeploy": true,
		"accessLogSettings":    object{"destinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:" + httpAPI, "format": httpAPIFormat},
		"defaultRouteSettings": object{"throttlingRateLimit": 1000000, "throttlingBurstLimit": 5000, "detailedMetricsEnabled": true},
	}, nil)
}
