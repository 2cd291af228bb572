#!/bin/sh
# Makes the chat's WebSocket API, and an HTTP API with the page, with the AWS
# CLI. Prints their IDs. The same commands work on AWS.
set -eu
v2="aws apigatewayv2 --output text"
function="arn:aws:lambda:us-east-1:${ACCOUNT:-000000000000}:function"

chat=$($v2 create-api --name chat --protocol-type WEBSOCKET --route-selection-expression '$request.body.action' --query ApiId)
target=integrations/$($v2 create-integration --api-id "$chat" --integration-type AWS_PROXY --query IntegrationId \
	--integration-uri "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/$function:chat/invocations")
for key in '$connect' '$disconnect'; do
	$v2 create-route --api-id "$chat" --route-key "$key" --target "$target" >/dev/null
done
# What the function returns reaches the client where a route has a response.
for key in join message '$default'; do
	route=$($v2 create-route --api-id "$chat" --route-key "$key" --target "$target" --route-response-selection-expression '$default' --query RouteId)
	$v2 create-route-response --api-id "$chat" --route-id "$route" --route-response-key '$default' >/dev/null
done
$v2 create-stage --api-id "$chat" --stage-name prod --auto-deploy >/dev/null

page=$($v2 create-api --name chat-page --protocol-type HTTP --target "$function:page" --query ApiId)
$v2 update-stage --api-id "$page" --stage-name '$default' --stage-variables chat="$chat" >/dev/null
echo "export CHAT=$chat PAGE=$page"
