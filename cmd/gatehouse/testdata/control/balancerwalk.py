"""Walks Elastic Load Balancing v2 and prints "called" and the name of each
operation that succeeded. The arguments: the address, the client (boto3, or cli
for the AWS CLI, whose program runs in this process where it can), and a
certificate. Lists are read with every paginator that botocore has."""
import sys

import boto3

from client import Walk, same

endpoint, kind, certificate = sys.argv[1:]
walk = Walk("elbv2", endpoint, kind)
client, call, pages, refused = walk.client, walk.call, walk.pages, walk.refused


# Load balancers: internal ones alone.
both = ["subnet-1", "subnet-2"]
assert "--scheme internal" in refused("InvalidScheme", "create_load_balancer", Name="inside", Subnets=both)["Error"]["Message"]
balancer = call("create_load_balancer", Name="inside", Subnets=both, SecurityGroups=["sg-1"], Scheme="internal", Tags=[dict(Key="team", Value="pets")])["LoadBalancers"][0]
same([balancer["State"]["Code"], balancer["Type"], balancer["Scheme"], [z["SubnetId"] for z in balancer["AvailabilityZones"]]], ["active", "application", "internal", both])
arn = dict(LoadBalancerArn=balancer["LoadBalancerArn"])
network = call("create_load_balancer", Name="flows", Type="network", Subnets=both[:1], Scheme="internal")["LoadBalancers"][0]["LoadBalancerArn"]
refused("DuplicateLoadBalancerName", "create_load_balancer", Name="inside", Type="network", Subnets=both, Scheme="internal")
same(call("describe_load_balancers", Names=["inside"])["LoadBalancers"], [balancer])
refused("LoadBalancerNotFound", "describe_load_balancers", Names=["gone"])
pages("describe_load_balancers", "LoadBalancers", 2)
if kind == "boto3":
    client.get_waiter("load_balancer_available").wait(LoadBalancerArns=[arn["LoadBalancerArn"]])
    client.get_waiter("load_balancer_exists").wait(Names=["inside"])
guarded = call("create_load_balancer", Name="guarded", Type="network", Subnets=both[:1], SecurityGroups=["sg-1"], Scheme="internal")["LoadBalancers"][0]["LoadBalancerArn"]
enforce = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
given = call("set_security_groups", LoadBalancerArn=guarded, SecurityGroups=["sg-1", "sg-2"], **{enforce: "off"})
same([given["SecurityGroupIds"], given[enforce]], [["sg-1", "sg-2"], "off"])
same(call("describe_load_balancers", Names=["guarded"])["LoadBalancers"][0][enforce], "off")
call("delete_load_balancer", LoadBalancerArn=guarded)
attributes = {a["Key"]: a["Value"] for a in call("modify_load_balancer_attributes", Attributes=[dict(Key="idle_timeout.timeout_seconds", Value="30")], **arn)["Attributes"]}
same([attributes["idle_timeout.timeout_seconds"], attributes["deletion_protection.enabled"]], ["30", "false"])
same({a["Key"]: a["Value"] for a in call("describe_load_balancer_attributes", **arn)["Attributes"]}, attributes)
refused("InvalidConfigurationRequest", "modify_load_balancer_attributes", Attributes=[dict(Key="access_logs.s3.enabled", Value="true")], **arn)
refused("ValidationError", "modify_load_balancer_attributes", Attributes=[dict(Key="mine", Value="true")], **arn)
same(call("describe_capacity_reservation", **arn).get("CapacityReservationState", []), [])
limits = {l["Name"]: l["Max"] for l in call("describe_account_limits")["Limits"]}
same([limits["target-groups"], limits["condition-wildcards-per-alb-rule"]], ["3000", "5"])
pages("describe_account_limits", "Limits", len(limits))

# Where load balancers are.
moved = call("set_subnets", SubnetMappings=[dict(SubnetId="subnet-1"), dict(SubnetId="subnet-3")], IpAddressType="dualstack", **arn)
same([[z["SubnetId"] for z in moved["AvailabilityZones"]], moved["IpAddressType"]], [["subnet-1", "subnet-3"], "dualstack"])
refused("ValidationError", "set_subnets", Subnets=["subnet-1"], **arn)
refused("InvalidConfigurationRequest", "set_subnets", Subnets=["subnet-1", "subnet-1"], **arn)
same(call("set_ip_address_type", IpAddressType="ipv4", **arn)["IpAddressType"], "ipv4")
refused("InvalidConfigurationRequest", "set_ip_address_type", IpAddressType="dualstack-without-public-ipv4", **arn)
same(call("set_security_groups", SecurityGroups=["sg-2", "sg-3"], **arn)["SecurityGroupIds"], ["sg-2", "sg-3"])
refused("InvalidSecurityGroup", "set_security_groups", SecurityGroups=["sg-1", "sg-1"], **arn)
refused("InvalidConfigurationRequest", "set_security_groups", SecurityGroups=["sg-1"], LoadBalancerArn=network)
refused("InvalidConfigurationRequest", "set_security_groups", SecurityGroups=["sg-1"], EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="off", **arn)
refused("LoadBalancerNotFound", "set_subnets", Subnets=both, LoadBalancerArn=network[:-1] + "x")
balancer.update(SecurityGroups=["sg-2", "sg-3"], AvailabilityZones=moved["AvailabilityZones"])
same(call("describe_load_balancers", Names=["inside"])["LoadBalancers"], [balancer])

# Target groups.
def group(name, **members):
    return call("create_target_group", Name=name, VpcId="vpc-1", TargetType="ip", **members)["TargetGroups"][0]

pets = group("pets", Protocol="HTTP", Port=8080, HealthCheckPath="/health", Matcher=dict(HttpCode="200,204"))
same([pets[m] for m in ("HealthCheckPort", "HealthCheckIntervalSeconds", "HealthyThresholdCount", "ProtocolVersion", "Matcher", "LoadBalancerArns")], ["traffic-port", 30, 5, "HTTP1", {"HttpCode": "200,204"}, []])
owners, tcp = group("owners", Protocol="HTTP", Port=8080), group("tcp", Protocol="TCP", Port=9000)
same(tcp["HealthCheckProtocol"], "TCP")
named = dict(TargetGroupArn=pets["TargetGroupArn"])
same(call("modify_target_group", HealthCheckIntervalSeconds=10, UnhealthyThresholdCount=3, **named)["TargetGroups"][0]["HealthCheckIntervalSeconds"], 10)
refused("ValidationError", "modify_target_group", HealthCheckIntervalSeconds=301, **named)
attributes = {a["Key"]: a["Value"] for a in call("modify_target_group_attributes", Attributes=[dict(Key="load_balancing.algorithm.type", Value="least_outstanding_requests")], **named)["Attributes"]}
same({a["Key"]: a["Value"] for a in call("describe_target_group_attributes", **named)["Attributes"]}, attributes)
same(attributes["load_balancing.algorithm.type"], "least_outstanding_requests")
call("register_targets", Targets=[dict(Id="127.0.0.1", Port=8081), dict(Id="127.0.0.1")], **named)
health = call("describe_target_health", **named)["TargetHealthDescriptions"]
same([(h["Target"]["Port"], h["HealthCheckPort"], h["TargetHealth"]["State"], h["TargetHealth"]["Reason"]) for h in health], [(8081, "8081", "unused", "Target.NotInUse"), (8080, "8080", "unused", "Target.NotInUse")])
call("deregister_targets", Targets=[dict(Id="127.0.0.1", Port=8081)], **named)
same(call("describe_target_health", Targets=[dict(Id="127.0.0.1", Port=8081)], **named)["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"], "Target.NotRegistered")
refused("ValidationError", "register_targets", Targets=[dict(Id="8.8.8.8")], **named)
pages("describe_target_groups", "TargetGroups", 3)
refused("TargetGroupNotFound", "describe_target_groups", Names=["gone"])

# Listeners.
forward = [dict(Type="forward", TargetGroupArn=pets["TargetGroupArn"])]
listener = call("create_listener", Protocol="HTTP", Port=80, DefaultActions=forward, Tags=[dict(Key="a", Value="b")], **arn)["Listeners"][0]
same(listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"], [dict(TargetGroupArn=pets["TargetGroupArn"], Weight=1)])
secure = call("create_listener", Protocol="HTTPS", Port=443, Certificates=[dict(CertificateArn=certificate)], DefaultActions=[dict(Type="fixed-response", FixedResponseConfig=dict(StatusCode="404", ContentType="text/plain", MessageBody="no <such> thing"))], **arn)["Listeners"][0]
same(secure["DefaultActions"][0]["FixedResponseConfig"]["MessageBody"], "no <such> thing")
same(boto3.client("acm", endpoint_url=endpoint).describe_certificate(CertificateArn=certificate)["Certificate"]["InUseBy"], [arn["LoadBalancerArn"]])
flows = call("create_listener", Protocol="TCP", Port=9000, DefaultActions=[dict(Type="forward", TargetGroupArn=tcp["TargetGroupArn"])], LoadBalancerArn=network)["Listeners"][0]
refused("UnsupportedProtocol", "create_listener", Protocol="UDP", Port=53, DefaultActions=forward, LoadBalancerArn=network)
refused("InvalidLoadBalancerAction", "create_listener", Protocol="HTTP", Port=81, DefaultActions=[dict(Type="authenticate-oidc", AuthenticateOidcConfig=dict(Issuer="i", AuthorizationEndpoint="a", TokenEndpoint="t", UserInfoEndpoint="u", ClientId="c", ClientSecret="s", AuthenticationRequestExtraParams=dict(a="b")))], **arn)
same([l["Port"] for l in call("describe_listeners", **arn)["Listeners"]], [80, 443])
pages("describe_listeners", "Listeners", 2, **arn)
same(call("modify_listener", ListenerArn=listener["ListenerArn"], Port=8080)["Listeners"][0]["Port"], 8080)
on = dict(ListenerArn=listener["ListenerArn"])
same({a["Key"]: a["Value"] for a in call("modify_listener_attributes", Attributes=[dict(Key="routing.http.response.server.enabled", Value="false")], **on)["Attributes"]}["routing.http.response.server.enabled"], "false")
same({a["Key"]: a["Value"] for a in call("describe_listener_attributes", ListenerArn=flows["ListenerArn"])["Attributes"]}, {"tcp.idle_timeout.seconds": "350"})

# Their further certificates. The default one may be among them, too.
acm = boto3.client("acm", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any")
more = acm.request_certificate(DomainName="more.example.com")["CertificateArn"]
tls = dict(ListenerArn=secure["ListenerArn"])
for _ in range(2):
    same(call("add_listener_certificates", Certificates=[dict(CertificateArn=more)], **tls)["Certificates"], [dict(CertificateArn=more, IsDefault=False)])
call("add_listener_certificates", Certificates=[dict(CertificateArn=certificate)], **tls)
same(call("describe_listener_certificates", **tls)["Certificates"], [dict(CertificateArn=certificate, IsDefault=True), *(dict(CertificateArn=c, IsDefault=False) for c in sorted([certificate, more]))])
pages("describe_listener_certificates", "Certificates", 3, **tls)
same(acm.describe_certificate(CertificateArn=more)["Certificate"]["InUseBy"], [arn["LoadBalancerArn"]])
same(call("describe_listeners", ListenerArns=[secure["ListenerArn"]])["Listeners"][0]["Certificates"], [dict(CertificateArn=certificate)])
call("modify_listener", Certificates=[dict(CertificateArn=more)], **tls)
same([c["CertificateArn"] for c in call("describe_listener_certificates", **tls)["Certificates"]], [more, *sorted([certificate, more])])
call("modify_listener", Certificates=[dict(CertificateArn=certificate)], **tls)
for c in (more, certificate):
    call("remove_listener_certificates", Certificates=[dict(CertificateArn=c)], **tls)
same(call("describe_listener_certificates", **tls)["Certificates"], [dict(CertificateArn=certificate, IsDefault=True)])
same(acm.describe_certificate(CertificateArn=more)["Certificate"].get("InUseBy", []), [])
refused("OperationNotPermitted", "remove_listener_certificates", Certificates=[dict(CertificateArn=certificate)], **tls)
refused("ValidationError", "add_listener_certificates", Certificates=[dict(CertificateArn=certificate)], **on)
refused("TooManyCertificates", "add_listener_certificates", Certificates=[dict(CertificateArn=certificate), dict(CertificateArn=more)], **tls)
refused("CertificateNotFound", "add_listener_certificates", Certificates=[dict(CertificateArn=certificate[:-4] + "none")], **tls)
refused("ListenerNotFound", "describe_listener_certificates", ListenerArn=secure["ListenerArn"][:-1] + "x")

# Rules.
conditions = [dict(Field="path-pattern", PathPatternConfig=dict(Values=["/owners/*"])), dict(Field="http-header", HttpHeaderConfig=dict(HttpHeaderName="X-Kind", Values=["*cat*"])),
              dict(Field="query-string", QueryStringConfig=dict(Values=[dict(Key="v", Value="1"), dict(Value="a&b")]))]
weighted = [dict(Type="forward", ForwardConfig=dict(TargetGroups=[dict(TargetGroupArn=pets["TargetGroupArn"], Weight=0), dict(TargetGroupArn=owners["TargetGroupArn"], Weight=3)], TargetGroupStickinessConfig=dict(Enabled=True, DurationSeconds=60)))]
rule = call("create_rule", Priority=20, Conditions=conditions, Actions=weighted, **on)["Rules"][0]
same([rule["Priority"], rule["IsDefault"], rule["Conditions"][0]["Values"], rule["Conditions"][2]["QueryStringConfig"]], ["20", False, ["/owners/*"], conditions[2]["QueryStringConfig"]])
same(rule["Actions"][0]["ForwardConfig"], weighted[0]["ForwardConfig"])
other = call("create_rule", Priority=10, Conditions=[dict(Field="host-header", Values=["*.example.com"])], Actions=[dict(Type="redirect", RedirectConfig=dict(StatusCode="HTTP_301", Protocol="HTTPS", Port="443"))], **on)["Rules"][0]
same(other["Actions"][0]["RedirectConfig"], dict(Protocol="HTTPS", Port="443", Host="#{host}", Path="/#{path}", Query="#{query}", StatusCode="HTTP_301"))
refused("PriorityInUse", "create_rule", Priority=10, Conditions=conditions, Actions=forward, **on)
refused("ValidationError", "create_rule", Priority=11, Conditions=[dict(Field="path-pattern", Values=list("abcdef"))], Actions=forward, **on)
call("set_rule_priorities", RulePriorities=[dict(RuleArn=rule["RuleArn"], Priority=5)])
same([r["Priority"] for r in call("describe_rules", **on)["Rules"]], ["5", "10", "default"])
pages("describe_rules", "Rules", 3, **on)
rewritten = call("modify_rule", RuleArn=other["RuleArn"], Actions=forward, Transforms=[dict(Type="url-rewrite", UrlRewriteConfig=dict(Rewrites=[dict(Regex="^/old/(.*)$", Replace="/$1")]))])["Rules"][0]
same([rewritten["Actions"][0]["TargetGroupArn"], rewritten["Transforms"][0]["UrlRewriteConfig"]["Rewrites"][0]["Replace"]], [pets["TargetGroupArn"], "/$1"])
same(call("describe_target_groups", **arn)["TargetGroups"][0]["LoadBalancerArns"], [arn["LoadBalancerArn"]])
refused("ResourceInUse", "delete_target_group", **named)

# Tags.
both = [arn["LoadBalancerArn"], rule["RuleArn"], listener["ListenerArn"], pets["TargetGroupArn"]]
call("add_tags", ResourceArns=both, Tags=[dict(Key="stage", Value="test 1")])
call("remove_tags", ResourceArns=both[:1], TagKeys=["team"])
same({d["ResourceArn"]: {t["Key"]: t["Value"] for t in d["Tags"]} for d in call("describe_tags", ResourceArns=both)["TagDescriptions"]},
     {both[0]: {"stage": "test 1"}, both[1]: {"stage": "test 1"}, both[2]: {"a": "b", "stage": "test 1"}, both[3]: {"stage": "test 1"}})

# And away.
call("delete_rule", RuleArn=rule["RuleArn"])
refused("RuleNotFound", "delete_rule", RuleArn=rule["RuleArn"])
for l in (listener, secure, flows):
    call("delete_listener", ListenerArn=l["ListenerArn"])
for g in (pets, owners, tcp):
    call("delete_target_group", TargetGroupArn=g["TargetGroupArn"])
for b in (arn["LoadBalancerArn"], network):
    call("delete_load_balancer", LoadBalancerArn=b)
refused("LoadBalancerNotFound", "describe_load_balancer_attributes", **arn)
if kind == "boto3":
    client.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[arn["LoadBalancerArn"]])
