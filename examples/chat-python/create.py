"""Makes the chat's WebSocket API by AWS's SDK, and prints its ID. AWS_ENDPOINT_URL says where."""
import boto3

v2 = boto3.client("apigatewayv2", region_name="us-east-1")
function = "arn:aws:lambda:us-east-1:000000000000:function:chat"
api = v2.create_api(Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")["ApiId"]
chat = v2.create_integration(
    ApiId=api, IntegrationType="AWS_PROXY", IntegrationMethod="POST",
    IntegrationUri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations")["IntegrationId"]
for key in ("$connect", "$disconnect", "say"):
    v2.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{chat}")
# join answers the one who joins: it has a route response.
join = v2.create_route(ApiId=api, RouteKey="join", Target=f"integrations/{chat}", RouteResponseSelectionExpression="$default")["RouteId"]
v2.create_route_response(ApiId=api, RouteId=join, RouteResponseKey="$default")
deployment = v2.create_deployment(ApiId=api)["DeploymentId"]
v2.create_stage(ApiId=api, StageName="prod", DeploymentId=deployment)
print(api)
