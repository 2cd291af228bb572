#!/bin/sh
# Makes the three architectures with AWS's own commands. Targets are given by
# their ports on this machine:
#
#   ORDERS=9001 USERS=9002 AWS_ENDPOINT_URL=http://127.0.0.1:4566 ./setup.sh
set -eu
export AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-us-east-1}" AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-test}" AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-test}"
aws() { command aws --output text "$@"; }

group() { # name protocol port
	arn=$(aws elbv2 create-target-group --name "$1" --protocol "$2" --port 80 --vpc-id vpc-1 --target-type ip --query 'TargetGroups[0].TargetGroupArn')
	aws elbv2 register-targets --target-group-arn "$arn" --targets "Id=127.0.0.1,Port=$3" >/dev/null
	echo "$arn"
}

link=$(aws apigatewayv2 create-vpc-link --name inside --subnet-ids subnet-1 --query VpcLinkId)

http() { # name integration-uri
	api=$(aws apigatewayv2 create-api --name "$1" --protocol-type HTTP --query ApiId)
	integration=$(aws apigatewayv2 create-integration --api-id "$api" --integration-type HTTP_PROXY --integration-method ANY --payload-format-version 1.0 \
		--connection-type VPC_LINK --connection-id "$link" --integration-uri "$2" --query IntegrationId)
	aws apigatewayv2 create-route --api-id "$api" --route-key '$default' --target "integrations/$integration" >/dev/null
	aws apigatewayv2 create-stage --api-id "$api" --stage-name '$default' --auto-deploy >/dev/null
	echo "$1 $api"
}

# 1. An Application Load Balancer leads to two services by path.
orders=$(group orders HTTP "$ORDERS") users=$(group users HTTP "$USERS")
alb=$(aws elbv2 create-load-balancer --name front --scheme internal --subnets subnet-1 subnet-2 --query 'LoadBalancers[0].LoadBalancerArn')
listener=$(aws elbv2 create-listener --load-balancer-arn "$alb" --protocol HTTP --port 80 --query 'Listeners[0].ListenerArn' \
	--default-actions 'Type=fixed-response,FixedResponseConfig={StatusCode=404,ContentType=text/plain,MessageBody=nothing here}')
aws elbv2 create-rule --listener-arn "$listener" --priority 10 --conditions 'Field=path-pattern,Values=/orders*' --actions "Type=forward,TargetGroupArn=$orders" >/dev/null
aws elbv2 create-rule --listener-arn "$listener" --priority 20 --conditions 'Field=path-pattern,Values=/users*' --actions "Type=forward,TargetGroupArn=$users" >/dev/null
http alb "$listener"

# 2. A REST API behind a Network Load Balancer, over a link of version 1.
tcp=$(group orders-tcp TCP "$ORDERS")
nlb=$(aws elbv2 create-load-balancer --name net --type network --scheme internal --subnets subnet-1 --query 'LoadBalancers[0].LoadBalancerArn')
aws elbv2 create-listener --load-balancer-arn "$nlb" --protocol TCP --port 80 --default-actions "Type=forward,TargetGroupArn=$tcp" >/dev/null
old=$(aws apigateway create-vpc-link --name net --target-arns "$nlb" --query id)
rest=$(aws apigateway create-rest-api --name net --query id)
root=$(aws apigateway get-resources --rest-api-id "$rest" --query 'items[0].id')
aws apigateway put-method --rest-api-id "$rest" --resource-id "$root" --http-method ANY --authorization-type NONE >/dev/null
aws apigateway put-integration --rest-api-id "$rest" --resource-id "$root" --http-method ANY --type HTTP_PROXY --integration-http-method ANY \
	--connection-type VPC_LINK --connection-id "$old" --uri http://orders.internal/orders >/dev/null
aws apigateway create-deployment --rest-api-id "$rest" --stage-name prod >/dev/null
echo "nlb $rest"

# 3. Instances of a registered service, chosen by an attribute.
namespace_operation=$(aws servicediscovery create-http-namespace --name shop --query OperationId)
namespace=$(aws servicediscovery get-operation --operation-id "$namespace_operation" --query 'Operation.Targets.NAMESPACE')
service=$(aws servicediscovery create-service --name web --namespace-id "$namespace" --query 'Service.[Id,Arn]')
set -- $service
aws servicediscovery register-instance --service-id "$1" --instance-id blue --attributes "AWS_INSTANCE_IPV4=127.0.0.1,AWS_INSTANCE_PORT=$ORDERS,color=blue" >/dev/null
aws servicediscovery register-instance --service-id "$1" --instance-id green --attributes "AWS_INSTANCE_IPV4=127.0.0.1,AWS_INSTANCE_PORT=$USERS,color=green" >/dev/null
http map "$2?color=green"
