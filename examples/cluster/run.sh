#!/usr/bin/env bash
# Three nodes on one etcd cluster serve one API: a key of a plan with a quota of
# 20 requests calls them in turn. ETCD says where etcd is, VALKEY (may be empty)
# where a Valkey server is, GATEHOUSE which program to run.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${GATEHOUSE:=gatehouse}" "${ETCD:=127.0.0.1:2379}" "${VALKEY:=}"
: "${MASTER_KEY:=1111111111111111111111111111111111111111111111111111111111111111}" # make one of your own: openssl rand -hex 32
export MASTER_KEY AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1 AWS_PAGER=

dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait; rm -rf "$dir"' EXIT

cat >"$dir/gatehouse.yaml" <<END
store:
  etcd: {endpoints: ["$ETCD"]}
  masterKey: env:MASTER_KEY
${VALKEY:+valkey: "$VALKEY"}
END

start() { # start NODE [DEFINITION]
	"$GATEHOUSE" serve --config "$dir/gatehouse.yaml" --data "$dir/$1" --invoke 127.0.0.1:0 --control 127.0.0.1:0 "${@:2}" >"$dir/$1.out" 2>"$dir/$1.log" &
	pids+=($!)
	until grep -q '^ready ' "$dir/$1.out"; do
		kill -0 $! 2>/dev/null || { cat "$dir/$1.log" >&2; exit 1; }
		sleep 0.1
	done
	cat "$dir/$1.out"
}
invoke() { sed -n 's/^ready invoke=\([^ ]*\) .*/\1/p' "$dir/$1.out"; }
control() { sed -n 's/^ready .*control=//p' "$dir/$1.out"; }

start one "$here/openapi.yaml"
start two
start three

# What one node is told, all serve.
export AWS_ENDPOINT_URL
AWS_ENDPOINT_URL=$(control two)
API=$(aws apigateway get-rest-apis --query 'items[?name==`Metered hello`].id' --output text)
PLAN=$(aws apigateway create-usage-plan --name twenty --api-stages "apiId=$API,stage=dev" --quota limit=20,period=MONTH --query id --output text)
AWS_ENDPOINT_URL=$(control three)
read -r KEY VALUE < <(aws apigateway create-api-key --name alice --enabled --query '[id,value]' --output text)
aws apigateway create-usage-plan-key --usage-plan-id "$PLAN" --key-id "$KEY" --key-type API_KEY >/dev/null
sleep 0.5

let_in=0
for i in $(seq 10); do
	for node in one two three; do
		status=$(curl -s -o /dev/null -w '%{http_code}' -H "x-api-key: $VALUE" "$(invoke $node)/_aws/execute-api/$API/dev/hello")
		[ "$status" = 200 ] && let_in=$((let_in + 1))
	done
done
echo "$let_in of 30 requests were let in"
"$GATEHOUSE" doctor --config "$dir/gatehouse.yaml" --data "$dir/one" --invoke 127.0.0.1:0 --control 127.0.0.1:0 | grep ' nodes ' || true
