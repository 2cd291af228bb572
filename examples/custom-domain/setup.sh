#!/bin/sh
# Deploys the API, and gives it names of its own with the AWS CLI: on AWS, with
# names that are yours, the same commands do. Prints the names. With an argument,
# the certificate is written to that file, for clients to trust it.
set -eu
case ${1:-/} in /*) ;; *) set -- "$PWD/$1" ;; esac
cd "$(dirname "$0")"
aws="aws apigateway --output text"
# On AWS, it is issued once the names' owner has said so; here, at once, and it
# vouches for itself.
certificate=$(aws acm request-certificate --domain-name api.shop.localhost --subject-alternative-names '*.shop.localhost' \
	--validation-method DNS --output text --query CertificateArn)

api=$($aws import-rest-api --body fileb://openapi.yaml --query id)
$aws create-deployment --rest-api-id "$api" --stage-name prod >/dev/null
$aws create-deployment --rest-api-id "$api" --stage-name beta >/dev/null

for name in api.shop.localhost '*.shop.localhost'; do
	$aws create-domain-name --domain-name "$name" --endpoint-configuration types=REGIONAL \
		--regional-certificate-arn "$certificate" --query domainName
done
# api.shop.localhost/v1/... is prod, /any/{stage}/... the stage that is asked for;
# what begins with neither has no mapping. Every other name is beta as a whole.
$aws create-base-path-mapping --domain-name api.shop.localhost --base-path v1 --rest-api-id "$api" --stage prod >/dev/null
$aws create-base-path-mapping --domain-name api.shop.localhost --base-path any --rest-api-id "$api" >/dev/null
$aws create-base-path-mapping --domain-name '*.shop.localhost' --rest-api-id "$api" --stage beta >/dev/null
if [ $# -gt 0 ]; then
	aws acm get-certificate --certificate-arn "$certificate" --output text --query Certificate >"$1"
fi
