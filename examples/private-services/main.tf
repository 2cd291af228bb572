# The three architectures with Terraform:
#
#   export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
#   terraform init && terraform apply -var orders=9001 -var users=9002
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "us-east-1"
}

# Ports of this machine where two services answer.
variable "orders" { type = number }
variable "users" { type = number }

resource "aws_apigatewayv2_vpc_link" "inside" {
  name               = "inside"
  subnet_ids         = ["subnet-1"]
  security_group_ids = []
}

# 1. An Application Load Balancer leads to two services by path.
resource "aws_lb" "front" {
  name     = "front"
  internal = true
  subnets  = ["subnet-1", "subnet-2"]
}

resource "aws_lb_target_group" "service" {
  for_each    = { orders = var.orders, users = var.users }
  name        = each.key
  protocol    = "HTTP"
  port        = each.value
  vpc_id      = "vpc-1"
  target_type = "ip"
}

resource "aws_lb_target_group_attachment" "service" {
  for_each         = aws_lb_target_group.service
  target_group_arn = each.value.arn
  target_id        = "127.0.0.1"
}

resource "aws_lb_listener" "front" {
  load_balancer_arn = aws_lb.front.arn
  protocol          = "HTTP"
  port              = 80
  default_action {
    type = "fixed-response"
    fixed_response {
      status_code  = "404"
      content_type = "text/plain"
      message_body = "nothing here"
    }
  }
}

resource "aws_lb_listener_rule" "front" {
  for_each     = { orders = 10, users = 20 }
  listener_arn = aws_lb_listener.front.arn
  priority     = each.value
  condition {
    path_pattern { values = ["/${each.key}*"] }
  }
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.service[each.key].arn
  }
}

# 2. A REST API behind a Network Load Balancer, over a link of version 1.
resource "aws_lb" "net" {
  name               = "net"
  internal           = true
  load_balancer_type = "network"
  subnets            = ["subnet-1"]
}

resource "aws_lb_target_group" "flows" {
  name        = "orders-tcp"
  protocol    = "TCP"
  port        = var.orders
  vpc_id      = "vpc-1"
  target_type = "ip"
}

resource "aws_lb_target_group_attachment" "flows" {
  target_group_arn = aws_lb_target_group.flows.arn
  target_id        = "127.0.0.1"
}

resource "aws_lb_listener" "net" {
  load_balancer_arn = aws_lb.net.arn
  protocol          = "TCP"
  port              = 80
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.flows.arn
  }
}

resource "aws_api_gateway_vpc_link" "net" {
  name        = "net"
  target_arns = [aws_lb.net.arn]
}

resource "aws_api_gateway_rest_api" "net" {
  name = "net"
}

resource "aws_api_gateway_method" "net" {
  rest_api_id   = aws_api_gateway_rest_api.net.id
  resource_id   = aws_api_gateway_rest_api.net.root_resource_id
  http_method   = "ANY"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "net" {
  rest_api_id             = aws_api_gateway_rest_api.net.id
  resource_id             = aws_api_gateway_rest_api.net.root_resource_id
  http_method             = aws_api_gateway_method.net.http_method
  type                    = "HTTP_PROXY"
  integration_http_method = "ANY"
  connection_type         = "VPC_LINK"
  connection_id           = aws_api_gateway_vpc_link.net.id
  uri                     = "http://orders.internal/orders"
}

resource "aws_api_gateway_deployment" "net" {
  rest_api_id = aws_api_gateway_rest_api.net.id
  depends_on  = [aws_api_gateway_integration.net]
}

resource "aws_api_gateway_stage" "net" {
  rest_api_id   = aws_api_gateway_rest_api.net.id
  deployment_id = aws_api_gateway_deployment.net.id
  stage_name    = "prod"
}

# 3. Instances of a registered service, chosen by an attribute.
resource "aws_service_discovery_http_namespace" "shop" {
  name = "shop"
}

resource "aws_service_discovery_service" "web" {
  name         = "web"
  namespace_id = aws_service_discovery_http_namespace.shop.id
}

resource "aws_service_discovery_instance" "web" {
  for_each    = { blue = var.orders, green = var.users }
  service_id  = aws_service_discovery_service.web.id
  instance_id = each.key
  attributes = {
    AWS_INSTANCE_IPV4 = "127.0.0.1"
    AWS_INSTANCE_PORT = each.value
    color             = each.key
  }
}

# The HTTP APIs that lead to the first and the third.
resource "aws_apigatewayv2_api" "http" {
  for_each      = toset(["alb", "map"])
  name          = each.key
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "http" {
  for_each = {
    alb = aws_lb_listener.front.arn
    map = "${aws_service_discovery_service.web.arn}?color=green"
  }
  api_id                 = aws_apigatewayv2_api.http[each.key].id
  integration_type       = "HTTP_PROXY"
  integration_method     = "ANY"
  payload_format_version = "1.0"
  connection_type        = "VPC_LINK"
  connection_id          = aws_apigatewayv2_vpc_link.inside.id
  integration_uri        = each.value
}

resource "aws_apigatewayv2_route" "http" {
  for_each  = aws_apigatewayv2_integration.http
  api_id    = each.value.api_id
  route_key = "$default"
  target    = "integrations/${each.value.id}"
}

resource "aws_apigatewayv2_stage" "http" {
  for_each    = aws_apigatewayv2_api.http
  api_id      = each.value.id
  name        = "$default"
  auto_deploy = true
}

output "alb" { value = aws_apigatewayv2_api.http["alb"].id }
output "nlb" { value = aws_api_gateway_rest_api.net.id }
output "map" { value = aws_apigatewayv2_api.http["map"].id }
