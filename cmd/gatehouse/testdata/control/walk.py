"""Walks the operations of the REST control plane with boto3, whose own model
checks every answer's shape, and prints "called" and the name of each operation
that succeeded. Every paginator that botocore has is read in pages of one item.
The arguments: the address, and the operations that aren't served."""
import datetime, sys

import boto3
from botocore import xform_name

from client import same

endpoint, not_served = sys.argv[1], set(sys.argv[2:])
client = boto3.client("apigateway", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any")
names = {xform_name(o): o for o in client.meta.service_model.operation_names}
paged = set()
assert not client.waiter_names, "boto3 has waiters now: walk them"


def call(operation, **members):
    out = getattr(client, operation)(**members)
    print("called", names[operation])
    return out


def pages(operation, want, at_least=False, **members):
    """How many items the paginator finds, one or none in each page."""
    paged.add(operation)
    sizes = []
    paginator = client.get_paginator(operation)
    for page in paginator.paginate(PaginationConfig={"PageSize": 1}, **members):
        sizes.append(len(page["items"]))
    print("called", names[operation])
    assert max(sizes, default=0) <= 1, (operation, sizes)
    assert sum(sizes) >= want if at_least else sum(sizes) == want, (operation, sizes)


def patch(*triples):
    return [dict(op=op, path=path, value=value) for op, path, value in triples]


# APIs, and their tags.
made = call("create_rest_api", name="walk", tags={"team": "blue"}, binaryMediaTypes=["image/png"], minimumCompressionSize=100)
api, root = made["id"], made["rootResourceId"]
other = call("import_rest_api", body=b'{"swagger":"2.0","info":{"title":"imported","version":"1"},"paths":{}}', parameters={"endpointConfigurationTypes": "REGIONAL"})
same(other["endpointConfiguration"]["types"], ["REGIONAL"])
same(call("put_rest_api", restApiId=other["id"], mode="overwrite", body=b'{"openapi":"3.0.1","info":{"title":"put","version":"2"},"paths":{}}')["name"], "put")
call("update_rest_api", restApiId=api, patchOperations=patch(("replace", "/description", "d")))
same(call("get_rest_api", restApiId=api)["description"], "d")
pages("get_rest_apis", 2)
same(len(call("get_rest_apis")["items"]), 2)
call("delete_rest_api", restApiId=other["id"])
arn = f"arn:aws:apigateway:us-east-1::/restapis/{api}"
call("tag_resource", resourceArn=arn, tags={"gone": "x", "a b": "c/d"})
call("untag_resource", resourceArn=arn, tagKeys=["gone", "team"])
same(call("get_tags", resourceArn=arn)["tags"], {"a b": "c/d"})

# Resources, methods, integrations.
hello = call("create_resource", restApiId=api, parentId=root, pathPart="hi")["id"]
same(call("update_resource", restApiId=api, resourceId=hello, patchOperations=patch(("replace", "/pathPart", "hello")))["path"], "/hello")
gone = call("create_resource", restApiId=api, parentId=hello, pathPart="{gone}")["id"]
same(call("get_resource", restApiId=api, resourceId=gone)["path"], "/hello/{gone}")
pages("get_resources", 3, restApiId=api)
call("delete_resource", restApiId=api, resourceId=gone)
get = dict(restApiId=api, resourceId=hello, httpMethod="GET")
call("put_method", authorizationType="NONE", requestParameters={"method.request.querystring.q": False}, **get)
call("update_method", patchOperations=patch(("replace", "/operationName", "Hello")), **get)
same(call("get_method", **get)["operationName"], "Hello")
for status in "200", "400":
    call("put_method_response", statusCode=status, responseParameters={"method.response.header.X": False}, **get)
call("update_method_response", statusCode="200", patchOperations=patch(("add", "/responseModels/application~1json", "Empty")), **get)
same(call("get_method_response", statusCode="200", **get)["responseModels"], {"application/json": "Empty"})
call("put_integration", type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}, **get)
call("update_integration", patchOperations=patch(("replace", "/passthroughBehavior", "NEVER")), **get)
same(call("get_integration", **get)["passthroughBehavior"], "NEVER")
call("put_integration_response", statusCode="200", responseTemplates={"application/json": "hello"}, **get)
call("put_integration_response", statusCode="400", selectionPattern="4..", **get)
call("update_integration_response", statusCode="200", patchOperations=patch(("add", "/responseParameters/method.response.header.X", "'y'")), **get)
same(call("get_integration_response", statusCode="200", **get)["responseParameters"], {"method.response.header.X": "'y'"})
tested = call("test_invoke_method", pathWithQueryString="/hello?q=1", **get)
same((tested["status"], tested["body"], tested["headers"]["X"]), (200, "hello", "y"))
call("delete_integration_response", statusCode="400", **get)
call("delete_method_response", statusCode="400", **get)
post = dict(get, httpMethod="POST")
call("put_method", authorizationType="AWS_IAM", **post)
call("put_integration", type="HTTP_PROXY", integrationHttpMethod="POST", uri="http://example.com", **post)
call("delete_integration", **post)
call("delete_method", **post)

# Models, validators, gateway responses, authorizers.
call("create_model", restApiId=api, name="Walk", contentType="application/json", schema='{"type":"object","properties":{"a":{"type":"string"}}}')
call("update_model", restApiId=api, modelName="Walk", patchOperations=patch(("replace", "/description", "d")))
same(call("get_model", restApiId=api, modelName="Walk", flatten=True)["description"], "d")
assert '"a"' in call("get_model_template", restApiId=api, modelName="Walk")["value"]
pages("get_models", 3, restApiId=api)  # with Empty and Error
call("delete_model", restApiId=api, modelName="Walk")
validators = [call("create_request_validator", restApiId=api, name=name, validateRequestBody=True)["id"] for name in "vw"]
call("update_request_validator", restApiId=api, requestValidatorId=validators[0], patchOperations=patch(("replace", "/validateRequestParameters", "true")))
same(call("get_request_validator", restApiId=api, requestValidatorId=validators[0])["validateRequestParameters"], True)
pages("get_request_validators", 2, restApiId=api)
call("delete_request_validator", restApiId=api, requestValidatorId=validators[0])
call("put_gateway_response", restApiId=api, responseType="THROTTLED", statusCode="429", responseTemplates={"application/json": "{}"})
call("update_gateway_response", restApiId=api, responseType="THROTTLED", patchOperations=patch(("replace", "/statusCode", "503")))
shown = call("get_gateway_response", restApiId=api, responseType="THROTTLED")
same((shown["statusCode"], shown["defaultResponse"]), ("503", False))
pages("get_gateway_responses", 15, at_least=True, restApiId=api)
call("delete_gateway_response", restApiId=api, responseType="THROTTLED")
uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:allow/invocations"
authorizers = [call("create_authorizer", restApiId=api, name=name, type="TOKEN", authorizerUri=uri, identitySource="method.request.header.Authorization")["id"] for name in "ab"]
call("update_authorizer", restApiId=api, authorizerId=authorizers[0], patchOperations=patch(("replace", "/authorizerResultTtlInSeconds", "60")))
same(call("get_authorizer", restApiId=api, authorizerId=authorizers[0])["authorizerResultTtlInSeconds"], 60)
pages("get_authorizers", 2, restApiId=api)
same(call("test_invoke_authorizer", restApiId=api, authorizerId=authorizers[0], headers={"Authorization": "t"})["principalId"], "ann")
call("delete_authorizer", restApiId=api, authorizerId=authorizers[0])

# Documentation.
part = call("create_documentation_part", restApiId=api, location={"type": "RESOURCE", "path": "/hello"}, properties='{"description":"a"}')["id"]
call("update_documentation_part", restApiId=api, documentationPartId=part, patchOperations=patch(("replace", "/properties", '{"description":"b"}')))
same(call("get_documentation_part", restApiId=api, documentationPartId=part)["properties"], '{"description":"b"}')
ids = call("import_documentation_parts", restApiId=api, mode="merge", body=b"swagger: '2.0'\ninfo: {description: d}\n")["ids"]
pages("get_documentation_parts", 2, restApiId=api)
call("delete_documentation_part", restApiId=api, documentationPartId=ids[0])
for version in "v1", "v2":
    call("create_documentation_version", restApiId=api, documentationVersion=version)
call("update_documentation_version", restApiId=api, documentationVersion="v1", patchOperations=patch(("replace", "/description", "d")))
same(call("get_documentation_version", restApiId=api, documentationVersion="v1")["description"], "d")
pages("get_documentation_versions", 2, restApiId=api)
call("delete_documentation_version", restApiId=api, documentationVersion="v1")

# Deployments, stages, exports.
deployments = [call("create_deployment", restApiId=api, description="d")["id"] for _ in range(2)]
call("update_deployment", restApiId=api, deploymentId=deployments[0], patchOperations=patch(("replace", "/description", "e")))
same(call("get_deployment", restApiId=api, deploymentId=deployments[0])["description"], "e")
pages("get_deployments", 2, restApiId=api)
for stage in "prod", "gone":
    call("create_stage", restApiId=api, stageName=stage, deploymentId=deployments[0], variables={"a": "1"}, cacheClusterEnabled=True, cacheClusterSize="0.5")
call("delete_deployment", restApiId=api, deploymentId=deployments[1])
call("update_stage", restApiId=api, stageName="prod", patchOperations=patch(("replace", "/*/*/throttling/rateLimit", "5.5")))
same(call("get_stage", restApiId=api, stageName="prod")["methodSettings"]["*/*"]["throttlingRateLimit"], 5.5)
same(len(call("get_stages", restApiId=api)["item"]), 2)
call("flush_stage_cache", restApiId=api, stageName="prod")
call("flush_stage_authorizers_cache", restApiId=api, stageName="prod")
assert b"/hello" in call("get_export", restApiId=api, stageName="prod", exportType="swagger", accepts="application/yaml", parameters={"extensions": "apigateway"})["body"].read()
call("delete_stage", restApiId=api, stageName="gone")
pages("get_sdk_types", 1, at_least=True)
same(call("get_sdk_type", id="javascript")["id"], "javascript")
assert call("get_sdk", restApiId=api, stageName="prod", sdkType="javascript")["body"].read().startswith(b"PK")

# What belongs to the account.
certificates = [call("generate_client_certificate")["clientCertificateId"] for _ in range(2)]
call("update_client_certificate", clientCertificateId=certificates[0], patchOperations=patch(("replace", "/description", "d")))
same(call("get_client_certificate", clientCertificateId=certificates[0])["description"], "d")
pages("get_client_certificates", 2)
call("delete_client_certificate", clientCertificateId=certificates[0])
key = call("create_api_key", name="k", enabled=True)
keys = [key["id"]] + call("import_api_keys", format="csv", body=b"name,key\nn,0123456789012345678901234567890123456789\n")["ids"]
call("update_api_key", apiKey=keys[0], patchOperations=patch(("replace", "/enabled", "false")))
same(call("get_api_key", apiKey=keys[0], includeValue=True)["value"], key["value"])
pages("get_api_keys", 2)
plans = [call("create_usage_plan", name=name, throttle={"burstLimit": 5, "rateLimit": 2.5}, quota={"limit": 10, "period": "MONTH"})["id"] for name in "pq"]
call("update_usage_plan", usagePlanId=plans[0], patchOperations=patch(("add", "/apiStages", f"{api}:prod")))
same(call("get_usage_plan", usagePlanId=plans[0])["apiStages"], [{"apiId": api, "stage": "prod"}])
pages("get_usage_plans", 2)
for key in keys:
    call("create_usage_plan_key", usagePlanId=plans[0], keyId=key, keyType="API_KEY")
same(call("get_usage_plan_key", usagePlanId=plans[0], keyId=keys[0])["id"], keys[0])
pages("get_usage_plan_keys", 2, usagePlanId=plans[0])
call("update_usage", usagePlanId=plans[0], keyId=keys[0], patchOperations=patch(("replace", "/remaining", "7")))
today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
pages("get_usage", 2, usagePlanId=plans[0], startDate=today, endDate=today)
call("delete_usage_plan_key", usagePlanId=plans[0], keyId=keys[0])
call("delete_api_key", apiKey=keys[0])
call("delete_usage_plan", usagePlanId=plans[1])
# Domain names.
certificate = boto3.client("acm", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any").request_certificate(DomainName="*.example.com")["CertificateArn"]
for name in "a.example.com", "b.example.com":
    call("create_domain_name", domainName=name, certificateArn=certificate)
call("update_domain_name", domainName="a.example.com", patchOperations=patch(("replace", "/securityPolicy", "TLS_1_0")))
same(call("get_domain_name", domainName="a.example.com")["securityPolicy"], "TLS_1_0")
pages("get_domain_names", 2)
for path in "", "v1":
    call("create_base_path_mapping", domainName="a.example.com", basePath=path, restApiId=api, stage="prod")
call("update_base_path_mapping", domainName="a.example.com", basePath="v1", patchOperations=patch(("replace", "/basePath", "v2")))
same(call("get_base_path_mapping", domainName="a.example.com", basePath="(none)")["stage"], "prod")
pages("get_base_path_mappings", 2, domainName="a.example.com")
call("delete_base_path_mapping", domainName="a.example.com", basePath="v2")
call("delete_domain_name", domainName="a.example.com")
private = call("create_domain_name", domainName="p.example.com", certificateArn=certificate, endpointConfiguration={"types": ["PRIVATE"]})
arns = [call("create_domain_name_access_association", domainNameArn=private["domainNameArn"], accessAssociationSourceType="VPCE", accessAssociationSource=source)["domainNameAccessAssociationArn"] for source in ("vpce-1", "vpce-2")]
same(len(call("get_domain_name_access_associations")["items"]), 2)
call("delete_domain_name_access_association", domainNameAccessAssociationArn=arns[0])
call("reject_domain_name_access_association", domainNameAccessAssociationArn=arns[1], domainNameArn=private["domainNameArn"])

links = [call("create_vpc_link", name=name, targetArns=["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"])["id"] for name in "ab"]
call("update_vpc_link", vpcLinkId=links[0], patchOperations=patch(("replace", "/description", "d")))
same(call("get_vpc_link", vpcLinkId=links[0])["status"], "AVAILABLE")
pages("get_vpc_links", 2)
call("delete_vpc_link", vpcLinkId=links[0])
role = "arn:aws:iam::000000000000:role/logs"
call("update_account", patchOperations=patch(("replace", "/cloudwatchRoleArn", role)))
same(call("get_account")["cloudwatchRoleArn"], role)

pageable = {o for o in names if client.can_paginate(o)}
unpaged = {o for o in pageable - paged if names[o] not in not_served}
assert not unpaged, f"paginators that aren't walked: {unpaged}"
