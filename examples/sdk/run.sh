#!/bin/sh
# Generates SDKs of a served API and runs a program with each:
# run.sh API_ID [INVOKE_URL]
set -eu
api=$1
url=${2:-http://127.0.0.1:8080}/_aws/execute-api/$api/dev
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for type in javascript python; do
	aws apigateway get-sdk --rest-api-id "$api" --stage-name dev --sdk-type "$type" "$type.zip" >/dev/null
	unzip -q "$type.zip"
done
cp "$here/greet.js" .
node greet.js "$url"
PYTHONPATH=apigateway-python-sdk python3 "$here/greet.py" "$url"
