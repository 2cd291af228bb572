"""Walks all operations of custom domain names with boto3; prints what it saw as JSON."""
import json
import sys

import boto3

api = boto3.client("apigateway")
rest, certificate = sys.argv[1], boto3.client("acm").request_certificate(DomainName="*.example.com")["CertificateArn"]
regional = {"endpointConfiguration": {"types": ["REGIONAL"]}, "regionalCertificateArn": certificate}
saw = {}

for i in range(5):
    api.create_domain_name(domainName=f"n{i}.example.com", **regional)
pages = api.get_paginator("get_domain_names").paginate(PaginationConfig={"PageSize": 2})
saw["names"] = [d["domainName"] for page in pages for d in page["items"]]

for path in ["", "a", "b"]:
    api.create_base_path_mapping(domainName="n0.example.com", basePath=path, restApiId=rest, stage="dev")
pages = api.get_paginator("get_base_path_mappings").paginate(domainName="n0.example.com", PaginationConfig={"PageSize": 1})
saw["paths"] = [m["basePath"] for page in pages for m in page["items"]]
replace = lambda path, value: [{"op": "replace", "path": path, "value": value}]
saw["moved"] = api.update_base_path_mapping(domainName="n0.example.com", basePath="a", patchOperations=replace("/basePath", "c"))["basePath"]
saw["root"] = api.get_base_path_mapping(domainName="n0.example.com", basePath="(none)")["stage"]
for call, error in [
    (lambda: api.create_base_path_mapping(domainName="n0.example.com", basePath="b", restApiId=rest), api.exceptions.ConflictException),
    (lambda: api.create_domain_name(domainName="n0.example.com", **regional), api.exceptions.BadRequestException),
    (lambda: api.delete_stage(restApiId=rest, stageName="dev"), api.exceptions.BadRequestException),
    (lambda: api.get_domain_name(domainName="none.example.com"), api.exceptions.NotFoundException),
]:
    try:
        call()
        sys.exit("not refused")
    except error:
        pass
api.delete_base_path_mapping(domainName="n0.example.com", basePath="(none)")

saw["policy"] = api.update_domain_name(domainName="n1.example.com", patchOperations=replace("/securityPolicy", "TLS_1_0"))["securityPolicy"]
private = api.create_domain_name(domainName="p.example.com", endpointConfiguration={"types": ["PRIVATE"]}, certificateArn=certificate)
made = api.create_domain_name_access_association(
    domainNameArn=private["domainNameArn"], accessAssociationSourceType="VPCE", accessAssociationSource="vpce-1")
saw["associations"] = len(api.get_domain_name_access_associations()["items"])
api.reject_domain_name_access_association(
    domainNameAccessAssociationArn=made["domainNameAccessAssociationArn"], domainNameArn=private["domainNameArn"])
made = api.create_domain_name_access_association(
    domainNameArn=private["domainNameArn"], accessAssociationSourceType="VPCE", accessAssociationSource="vpce-1")
api.delete_domain_name_access_association(domainNameAccessAssociationArn=made["domainNameAccessAssociationArn"])
saw["left"] = len(api.get_domain_name_access_associations()["items"])

api.delete_domain_name(domainName="p.example.com", domainNameId=private["domainNameId"])
for name in saw["names"]:
    api.delete_domain_name(domainName=name)
saw["gone"] = api.get_domain_names()["items"]
print(json.dumps(saw))
