#!/bin/sh
# Deploys the API, and gives it names of its own with the AWS CLI: on AWS, with
# a certificate and names that are yours, the same commands do. Prints the names.
set -eu
cd "$(dirname "$0")"
aws="aws apigateway --output text"
certificate=arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000

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
