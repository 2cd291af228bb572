"""Walks version 2 of the management API, of HTTP and WebSocket APIs, and prints
"called" and the name of each operation that succeeded. The arguments: the
address, the client (boto3, or cli for the AWS CLI, whose program runs in this
process where it can), and an issuer of tokens. Lists are read with every paginator that botocore has, in pages of
one item."""
import json, sys, tempfile

import boto3
from botocore import xform_name

from client import run, same

endpoint, kind, issuer = sys.argv[1:]
client = boto3.client("apigatewayv2", endpoint_url=endpoint, region_name="us-east-1")
names = {xform_name(o): o for o in client.meta.service_model.operation_names}


def by_boto3(operation, members):
    out = getattr(client, operation)(**members)
    body = out.get("body")
    return {"body": body.read().decode()} if hasattr(body, "read") else out


def by_cli(operation, members, *options):
    args = ["apigatewayv2", operation.replace("_", "-"), "--endpoint-url", endpoint, "--output", "json", *options]
    with tempfile.NamedTemporaryFile() as file:
        if operation == "export_api":  # the document goes to a file
            for name, value in members.items():
                args += ["--" + xform_name(name, "-"), value]
            args.append(file.name)
        else:
            args += ["--cli-input-json", json.dumps(members)]
        text = run(args)
        if operation == "export_api":
            return {"body": file.read().decode()}
    return json.loads(text) if text.strip() else {}


def call(operation, **members):
    out = by_boto3(operation, members) if kind == "boto3" else by_cli(operation, members)
    print("called", names[operation])
    return out


def pages(operation, want, **members):
    """The paginator finds so many items, one or none in each page."""
    if kind == "cli":
        found = len(by_cli(operation, members, "--page-size", "1")["Items"])
    else:
        sizes = [len(page["Items"]) for page in client.get_paginator(operation).paginate(PaginationConfig={"PageSize": "1"}, **members)]
        assert max(sizes, default=0) <= 1, (operation, sizes)
        found = sum(sizes)
    print("called", names[operation])
    same(found, want)


# APIs, and what they show.
made = call("create_api", Name="walk", ProtocolType="HTTP")
same("Tags" in made, False)
http = dict(ApiId=made["ApiId"])
call("update_api", Description="d", CorsConfiguration=dict(AllowOrigins=["https://a.example"], AllowHeaders=["*"], AllowCredentials=True), **http)
same(call("get_api", **http)["CorsConfiguration"], dict(AllowOrigins=["https://a.example"], AllowHeaders=["*"], AllowCredentials=True))
call("delete_cors_configuration", **http)
read = call("get_api", **http)
same([read["Description"], read["Tags"], "CorsConfiguration" in read], ["d", {}, False])
socket = dict(ApiId=call("create_api", Name="socket", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")["ApiId"])
pages("get_apis", 2)

# Integrations.
integration = call("create_integration", IntegrationType="HTTP_PROXY", IntegrationMethod="ANY", IntegrationUri="https://backend.example", **http)
same([integration[m] for m in ("ConnectionType", "PayloadFormatVersion", "TimeoutInMillis")], ["INTERNET", "1.0", 30000])
gone = dict(IntegrationId=call("create_integration", IntegrationType="HTTP_PROXY", IntegrationMethod="GET", IntegrationUri="https://backend.example",
                               RequestParameters={"append:header.a": "1", "append:header.b": "2"}, ResponseParameters={"404": {"overwrite:statuscode": "403"}, "500": {"append:header.a": "1"}}, **http)["IntegrationId"], **http)
call("update_integration", RequestParameters={"append:header.a": ""}, ResponseParameters={"500": {}}, **gone)
read = call("get_integration", **gone)
same([read["RequestParameters"], read["ResponseParameters"]], [{"append:header.b": "2"}, {"404": {"overwrite:statuscode": "403"}}])
pages("get_integrations", 2, **http)
call("delete_integration", **gone)

# Routes.
target = "integrations/" + integration["IntegrationId"]
route = dict(RouteId=call("create_route", RouteKey="GET /pets/{id}", Target=target, **http)["RouteId"], **http)
call("update_route", RouteKey="ANY /pets/{id}", OperationName="pet", **route)
read = call("get_route", **route)
same([read["RouteKey"], read["OperationName"], read["Target"], read["AuthorizationType"]], ["ANY /pets/{id}", "pet", target, "NONE"])
call("create_route", RouteKey="$default", Target=target, **http)
pages("get_routes", 2, **http)

# Authorizers.
jwt = dict(AuthorizerId=call("create_authorizer", Name="jwt", AuthorizerType="JWT", IdentitySource=["$request.header.Authorization"],
                             JwtConfiguration=dict(Issuer=issuer, Audience=["a"]), **http)["AuthorizerId"], **http)
call("update_authorizer", JwtConfiguration=dict(Audience=["b", "c"]), **jwt)
same(call("get_authorizer", **jwt)["JwtConfiguration"], dict(Issuer=issuer, Audience=["b", "c"]))
pages("get_authorizers", 1, **http)
call("delete_authorizer", **jwt)

# Models, and responses, of WebSocket APIs.
model = dict(ModelId=call("create_model", Name="Message", ContentType="application/json", Schema='{"type":"object","properties":{"a":{"type":"string"}}}', **socket)["ModelId"], **socket)
call("update_model", Description="d", **model)
same(call("get_model", **model)["Description"], "d")
assert '"a"' in call("get_model_template", **model)["Value"]
pages("get_models", 1, **socket)
call("delete_model", **model)
mock = dict(IntegrationId=call("create_integration", IntegrationType="MOCK", **socket)["IntegrationId"], **socket)
answer = dict(IntegrationResponseId=call("create_integration_response", IntegrationResponseKey="$default", **mock)["IntegrationResponseId"], **mock)
call("update_integration_response", ResponseTemplates={"$default": "hello"}, **answer)
same(call("get_integration_response", **answer)["ResponseTemplates"], {"$default": "hello"})
pages("get_integration_responses", 1, **mock)
call("delete_integration_response", **answer)
connect = dict(RouteId=call("create_route", RouteKey="$connect", RequestParameters={"route.request.querystring.q": dict(Required=True)}, **socket)["RouteId"], **socket)
call("delete_route_request_parameter", RequestParameterKey="route.request.querystring.q", **connect)
response = dict(RouteResponseId=call("create_route_response", RouteResponseKey="$default", **connect)["RouteResponseId"], **connect)
call("update_route_response", ModelSelectionExpression="$integration.response.body.a", **response)
same(call("get_route_response", **response)["ModelSelectionExpression"], "$integration.response.body.a")
pages("get_route_responses", 1, **connect)
call("delete_route_response", **response)

# Deployments and stages.
dev = dict(StageName="dev", **http)
made = call("create_stage", StageVariables={"a": "1", "b": "2"}, **dev)
same([made["DefaultRouteSettings"], made["RouteSettings"], made["Tags"], "AutoDeploy" in made], [dict(DetailedMetricsEnabled=False), {}, {}, False])
first = call("create_deployment", **dev)
same([first["DeploymentStatus"], first["AutoDeployed"]], ["DEPLOYED", False])
first = dict(DeploymentId=first["DeploymentId"], **http)
call("update_deployment", Description="d", **first)
same(call("get_deployment", **first)["Description"], "d")
second = call("create_deployment", **http)
pages("get_deployments", 2, **http)
call("delete_deployment", DeploymentId=second["DeploymentId"], **http)
call("update_stage", StageVariables={"a": ""}, DefaultRouteSettings=dict(ThrottlingBurstLimit=1, ThrottlingRateLimit=2.5), RouteSettings={"ANY /pets/{id}": dict(DetailedMetricsEnabled=True)},
     AccessLogSettings=dict(DestinationArn="arn:aws:logs:us-east-1:000000000000:log-group:g", Format="$context.requestId"), **dev)
read = call("get_stage", **dev)
same([read["StageVariables"], read["DefaultRouteSettings"], read["RouteSettings"], read["AccessLogSettings"]["Format"]],
     [{"b": "2"}, dict(DetailedMetricsEnabled=False, ThrottlingBurstLimit=1, ThrottlingRateLimit=2.5), {"ANY /pets/{id}": dict(DetailedMetricsEnabled=True)}, "$context.requestId"])
call("delete_route_settings", RouteKey="ANY /pets/{id}", **dev)
call("delete_access_log_settings", **dev)
call("reset_authorizers_cache", **dev)
read = call("get_stage", **dev)
same([read["RouteSettings"], "AccessLogSettings" in read], [{}, False])
call("create_stage", StageName="$default", AutoDeploy=True, **http)
pages("get_stages", 2, **http)
same(call("get_stage", StageName="$default", **http)["AutoDeploy"], True)
call("delete_stage", **dev)

# Documents.
document = '{"openapi":"3.0.1","info":{"title":"%s","version":"1"},"paths":{"/pets":{"get":{"x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"GET","payloadFormatVersion":"1.0","uri":"https://backend.example"}}}}}'
imported = dict(ApiId=call("import_api", Body=document % "imported")["ApiId"])
same(call("reimport_api", Body=document % "again", Basepath="prepend", FailOnWarnings=True, **imported)["Name"], "again")
assert "/pets" in call("export_api", Specification="OAS30", OutputType="JSON", **imported)["body"]
assert "/pets/{id}" in call("export_api", Specification="OAS30", OutputType="YAML", StageName="$default", **http)["body"]

# Domain names and their mappings, for which botocore has no paginator.
name = dict(DomainName="walk.example.com")
certificate = boto3.client("acm", endpoint_url=endpoint, region_name="us-east-1").request_certificate(DomainName="*.example.com")["CertificateArn"]
configuration = call("create_domain_name", DomainNameConfigurations=[dict(CertificateArn=certificate, EndpointType="REGIONAL")], **name)["DomainNameConfigurations"][0]
same([configuration["DomainNameStatus"], configuration["SecurityPolicy"]], ["AVAILABLE", "TLS_1_2"])
call("update_domain_name", DomainNameConfigurations=[dict(IpAddressType="dualstack")], **name)
same(call("get_domain_name", **name)["DomainNameConfigurations"][0]["IpAddressType"], "dualstack")
pages("get_domain_names", 1)
mapping = dict(ApiMappingId=call("create_api_mapping", Stage="$default", ApiMappingKey="shop/v1", **name, **http)["ApiMappingId"], **name)
call("update_api_mapping", ApiMappingKey="shop/v2", **mapping, **http)
same(call("get_api_mapping", **mapping)["ApiMappingKey"], "shop/v2")
same(len(call("get_api_mappings", **name)["Items"]), 1)
call("delete_api_mapping", **mapping)

# VPC links, for which botocore has no paginator.
link = dict(VpcLinkId=call("create_vpc_link", Name="walk", SubnetIds=["subnet-1", "subnet-2"], SecurityGroupIds=["sg-1"])["VpcLinkId"])
call("update_vpc_link", Name="link", **link)
read = call("get_vpc_link", **link)
same([read["Name"], read["VpcLinkStatus"], read["VpcLinkVersion"], read["SubnetIds"]], ["link", "AVAILABLE", "V2", ["subnet-1", "subnet-2"]])
same(len(call("get_vpc_links")["Items"]), 1)
call("delete_vpc_link", **link)

# Routing rules, which lead to REST APIs only.
rest = boto3.client("apigateway", endpoint_url=endpoint, region_name="us-east-1")
body = {"swagger": "2.0", "info": {"title": "rest", "version": "1"}, "paths": {"/": {"get": {"responses": {}, "x-amazon-apigateway-integration": {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}}}}}
restAPI = rest.import_rest_api(body=json.dumps(body))["id"]
rest.create_deployment(restApiId=restAPI, stageName="dev")
to = [dict(InvokeApi=dict(ApiId=restAPI, Stage="dev"))]
rule = dict(RoutingRuleId=call("create_routing_rule", Priority=2, Conditions=[], Actions=to, **name)["RoutingRuleId"], **name)
call("put_routing_rule", Priority=5, Conditions=[dict(MatchBasePaths=dict(AnyOf=["v2"]))], Actions=to, **rule)
same(call("get_routing_rule", **rule)["Priority"], 5)
same(len(call("list_routing_rules", **name)["RoutingRules"]), 1)
call("delete_routing_rule", **rule)
call("delete_domain_name", **name)

# Tags.
for part in "", "/stages/$default":
    arn = f"arn:aws:apigateway:us-east-1::/apis/{http['ApiId']}{part}"
    call("tag_resource", ResourceArn=arn, Tags={"gone": "x", "a b": "c/d"})
    call("untag_resource", ResourceArn=arn, TagKeys=["gone", "team"])
    same(call("get_tags", ResourceArn=arn)["Tags"], {"a b": "c/d"})

# Away with it.
call("delete_route", **route)
for api in http, socket, imported:
    call("delete_api", **api)
same(call("get_apis")["Items"], [])
