#!/bin/sh
# Makes a user pool with a user, and an API for its users, with the AWS CLI.
# Prints what login.mjs needs. The same commands work on AWS.
set -eu
cd "$(dirname "$0")"
idp="aws cognito-idp --output text"

pool=$($idp create-user-pool --pool-name notes --auto-verified-attributes email --query UserPool.Id)
arn=$($idp describe-user-pool --user-pool-id "$pool" --query UserPool.Arn)
app=$($idp create-user-pool-client --user-pool-id "$pool" --client-name web --query UserPoolClient.ClientId \
	--explicit-auth-flows ALLOW_USER_SRP_AUTH ALLOW_REFRESH_TOKEN_AUTH --prevent-user-existence-errors ENABLED)

$idp create-group --user-pool-id "$pool" --group-name editors >/dev/null
$idp admin-create-user --user-pool-id "$pool" --username ann --message-action SUPPRESS \
	--user-attributes Name=email,Value=ann@example.com Name=email_verified,Value=true >/dev/null
$idp admin-set-user-password --user-pool-id "$pool" --username ann --password 'Correct-Horse-1' --permanent
$idp admin-add-user-to-group --user-pool-id "$pool" --username ann --group-name editors

# A machine that acts for itself, with a scope of the API.
$idp create-resource-server --user-pool-id "$pool" --identifier notes --name notes \
	--scopes ScopeName=read,ScopeDescription='Read notes' >/dev/null
machine=$($idp create-user-pool-client --user-pool-id "$pool" --client-name machine --generate-secret \
	--allowed-o-auth-flows client_credentials --allowed-o-auth-scopes notes/read --allowed-o-auth-flows-user-pool-client \
	--query 'UserPoolClient.[ClientId,ClientSecret]')

definition=$(mktemp)
trap 'rm -f "$definition"' EXIT
sed "s|POOL_ARN|$arn|" openapi.yaml >"$definition"
api=$(aws apigateway import-rest-api --body "fileb://$definition" --query id --output text)
aws apigateway create-deployment --rest-api-id "$api" --stage-name dev >/dev/null

set -- $machine
echo "export POOL=$pool APP=$app API=$api MACHINE=$1 MACHINE_SECRET=$2"
