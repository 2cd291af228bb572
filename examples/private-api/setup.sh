#!/bin/sh
# The provider deploys a private API with an alias for its office, and gives it a
# private name that it shares with the partner, who associates it with an endpoint
# of its own. On AWS the same commands do. Prints the API's ID.
set -eu
cd "$(dirname "$0")"
provider() { AWS_ACCESS_KEY_ID=AKIAPROVIDER00000001 AWS_SECRET_ACCESS_KEY=provider-secret aws --output text "$@"; }
partner() { AWS_ACCESS_KEY_ID=AKIAPARTNER000000001 AWS_SECRET_ACCESS_KEY=partner-secret aws --output text "$@"; }

api=$(provider apigateway import-rest-api --parameters endpointConfigurationTypes=PRIVATE --body fileb://openapi.yaml --query id)
provider apigateway update-rest-api --rest-api-id "$api" \
	--patch-operations op=add,path=/endpointConfiguration/vpcEndpointIds,value=vpce-0ffice00000000000 >/dev/null
provider apigateway create-deployment --rest-api-id "$api" --stage-name prod >/dev/null

certificate=$(provider acm request-certificate --domain-name orders.internal --validation-method DNS --query CertificateArn)
anyone='{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}}'
set -- $(provider apigateway create-domain-name --domain-name orders.internal --certificate-arn "$certificate" \
	--endpoint-configuration types=PRIVATE --policy "$anyone" --query '[domainNameId, domainNameArn]')
id=$1 arn=$2
provider apigateway create-base-path-mapping --domain-name orders.internal --domain-name-id "$id" --base-path v1 --rest-api-id "$api" --stage prod >/dev/null
cat >"${TMPDIR:-/tmp}/share.$$.json" <<END
[{"op": "replace", "path": "/managementPolicy", "value": "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"222222222222\"}, \"Action\": \"apigateway:CreateAccessAssociation\", \"Resource\": \"$arn\"}}"}]
END
provider apigateway update-domain-name --domain-name orders.internal --domain-name-id "$id" --patch-operations "file://${TMPDIR:-/tmp}/share.$$.json" >/dev/null
rm "${TMPDIR:-/tmp}/share.$$.json"
provider apigateway create-domain-name-access-association --domain-name-arn "$arn" --access-association-source-type VPCE --access-association-source vpce-0ffice00000000000 >/dev/null
partner apigateway create-domain-name-access-association --domain-name-arn "$arn" --access-association-source-type VPCE --access-association-source vpce-0partner000000000 >/dev/null
echo "$api"
