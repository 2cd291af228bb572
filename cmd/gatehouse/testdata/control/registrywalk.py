"""Walks AWS Cloud Map and prints "called" and the name of each operation that
succeeded. The arguments: the address, and the client (boto3, or cli for the AWS
CLI, whose program runs in this process where it can). Lists are read with every
paginator that botocore has."""
import os, sys

os.environ["AWS_DISABLE_HOST_PREFIX_INJECTION"] = "true"  # DiscoverInstances goes to data-HOST otherwise

from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES

from client import Walk, same

endpoint, kind = sys.argv[1:]
options = dict(config=Config(inject_host_prefix=False))
walk = Walk("servicediscovery", endpoint, kind, **options)
client, pages, refused = walk.client, walk.pages, walk.refused
undisturbed = "disable_host_prefix_injection" in BOTOCORE_DEFAUT_SESSION_VARIABLES  # the CLI of before 2025 can't be told
discover = walk if undisturbed else Walk("servicediscovery", endpoint, "boto3", **options)


def call(operation, **members):
    return (discover if operation.startswith("discover") else walk).call(operation, **members)


def subset(got, **want):
    same({m: got.get(m) for m in want}, want)


def finished(out, kind_of, target):
    """What an operation was about, which is done."""
    operation = call("get_operation", OperationId=out["OperationId"])["Operation"]
    subset(operation, Id=out["OperationId"], Type=kind_of, Status="SUCCESS", OwnerAccount="000000000000")
    return operation["Targets"][target]


# Namespaces: of HTTP and private DNS.
shop = finished(call("create_http_namespace", Name="shop", CreatorRequestId="one", Description="d", Tags=[dict(Key="team", Value="pets")]), "CREATE_NAMESPACE", "NAMESPACE")
zone = finished(call("create_private_dns_namespace", Name="shop.example", Vpc="vpc-1", Properties=dict(DnsProperties=dict(SOA=dict(TTL=60)))), "CREATE_NAMESPACE", "NAMESPACE")
already = refused("NamespaceAlreadyExists", "create_http_namespace", Name="shop", CreatorRequestId="two")
subset(already, NamespaceId=shop, CreatorRequestId="one")
assert "CreatePrivateDnsNamespace" in refused("InvalidInput", "create_public_dns_namespace", Name="example.com")["Error"]["Message"]
refused("InvalidInput", "create_private_dns_namespace", Name="not a zone", Vpc="vpc-1")
refused("InvalidInput", "create_http_namespace", Name="x" * 1025)
finished(call("update_http_namespace", Id=shop, Namespace=dict(Description="carts")), "UPDATE_NAMESPACE", "NAMESPACE")
finished(call("update_private_dns_namespace", Id=zone, Namespace=dict(Description="z", Properties=dict(DnsProperties=dict(SOA=dict(TTL=30))))), "UPDATE_NAMESPACE", "NAMESPACE")
refused("NamespaceNotFound", "update_public_dns_namespace", Id="ns-gone", Namespace=dict(Description="d"))
refused("InvalidInput", "update_http_namespace", Id=zone, Namespace=dict(Description="d"))
got = call("get_namespace", Id=zone)["Namespace"]
subset(got, Id=zone, Name="shop.example", Type="DNS_PRIVATE", Description="z", ServiceCount=0)
same([got["Properties"]["DnsProperties"]["SOA"], got["Properties"]["HttpProperties"], got["Arn"].split("/")[-1]], [dict(TTL=30), dict(HttpName="shop.example"), zone])
assert got["Properties"]["DnsProperties"]["HostedZoneId"]
subset(client.get_namespace(Id=got["Arn"])["Namespace"], Id=zone)
subset(client.get_namespace(Id=shop)["Namespace"], Type="HTTP", Description="carts", CreatorRequestId="one", ResourceOwner="000000000000")
refused("NamespaceNotFound", "get_namespace", Id="ns-gone")

# Services.
carts = call("create_service", Name="carts", NamespaceId=shop, Description="d", HealthCheckCustomConfig=dict(FailureThreshold=1), Tags=[dict(Key="a", Value="b")])["Service"]
subset(carts, Name="carts", NamespaceId=shop, Type="HTTP", HealthCheckCustomConfig=dict(FailureThreshold=1), DnsConfig=None, CreatedByAccount="000000000000")
users = call("create_service", Name="users", NamespaceId=zone, DnsConfig=dict(RoutingPolicy="MULTIVALUE", DnsRecords=[dict(Type="A", TTL=10)]))["Service"]
subset(users, Type="DNS_HTTP", DnsConfig=dict(NamespaceId=zone, RoutingPolicy="MULTIVALUE", DnsRecords=[dict(Type="A", TTL=10)]))
subset(refused("ServiceAlreadyExists", "create_service", Name="Users", NamespaceId=zone, Type="HTTP"), ServiceId=users["Id"])
refused("NamespaceNotFound", "create_service", Name="x", NamespaceId="ns-gone")
refused("InvalidInput", "create_service", Name="x", NamespaceId=shop, DnsConfig=dict(DnsRecords=[dict(Type="A", TTL=10)]))
finished(call("update_service", Id=users["Id"], Service=dict(Description="all", DnsConfig=dict(DnsRecords=[dict(Type="A", TTL=20)]))), "UPDATE_SERVICE", "SERVICE")
got = call("get_service", Id=users["Arn"])["Service"]
subset(got, Description="all", DnsConfig=dict(NamespaceId=zone, RoutingPolicy="MULTIVALUE", DnsRecords=[dict(Type="A", TTL=20)]), InstanceCount=0)
refused("InvalidInput", "update_service", Id=carts["Id"], Service=dict(Description="d"))  # of an HTTP namespace
refused("ServiceNotFound", "get_service", Id="srv-gone")
service = dict(ServiceId=carts["Id"])
call("update_service_attributes", Attributes={"tier": "gold", "x": "y"}, **service)
call("delete_service_attributes", Attributes=["x"], **service)
same(call("get_service_attributes", **service)["ServiceAttributes"], dict(ServiceArn=carts["Arn"], ResourceOwner="000000000000", Attributes={"tier": "gold"}))
refused("ServiceAttributesLimitExceededException", "update_service_attributes", Attributes={str(i): "" for i in range(30)}, **service)
refused("ServiceNotFound", "update_service_attributes", ServiceId="srv-gone", Attributes={"a": "b"})

# Instances.
for i, color in enumerate(["red", "blue"]):
    attributes = {"AWS_INSTANCE_IPV4": f"10.0.0.{i}", "AWS_INSTANCE_PORT": "8080", "color": color}
    same(finished(call("register_instance", InstanceId=f"i{i}", Attributes=attributes, **service), "REGISTER_INSTANCE", "INSTANCE"), f"i{i}")
refused("InvalidInput", "register_instance", InstanceId="i", Attributes={"AWS_INSTANCE_IPV4": "ten"}, **service)
refused("InvalidInput", "register_instance", ServiceId=users["Id"], InstanceId="i", Attributes={"color": "red"})
refused("ServiceNotFound", "register_instance", ServiceId="srv-gone", InstanceId="i", Attributes={"a": "b"})
subset(call("get_instance", InstanceId="i1", **service)["Instance"], Id="i1", Attributes=attributes)
refused("InstanceNotFound", "get_instance", InstanceId="gone", **service)
same([i["Id"] for i in call("list_instances", **service)["Instances"]], ["i0", "i1"])
named = dict(NamespaceName="shop", ServiceName="carts")
found = call("discover_instances", QueryParameters={"color": "blue"}, HealthStatus="ALL", **named)
same(found["Instances"], [dict(InstanceId="i1", NamespaceName="shop", ServiceName="carts", HealthStatus="HEALTHY", Attributes=attributes)])
same(call("discover_instances_revision", **named)["InstancesRevision"], found["InstancesRevision"])
same(len(client.discover_instances(OptionalParameters={"color": "green"}, **named)["Instances"]), 2)
refused("NamespaceNotFound", "discover_instances", NamespaceName="gone", ServiceName="carts")
refused("ServiceNotFound", "discover_instances_revision", NamespaceName="shop", ServiceName="gone")
call("update_instance_custom_health_status", InstanceId="i0", Status="UNHEALTHY", **service)
unchecked = dict(ServiceId=users["Id"], InstanceId="u0")
client.register_instance(Attributes={"AWS_INSTANCE_IPV4": "10.0.0.9"}, **unchecked)
refused("CustomHealthNotFound", "update_instance_custom_health_status", Status="HEALTHY", **unchecked)
client.deregister_instance(**unchecked)
refused("InstanceNotFound", "update_instance_custom_health_status", InstanceId="gone", Status="HEALTHY", **service)
same(call("get_instances_health_status", Instances=["i1"], **service)["Status"], {"i1": "HEALTHY"})
refused("InstanceNotFound", "get_instances_health_status", Instances=["gone"], **service)

# Lists, operations and tags.
same([n["Id"] for n in call("list_namespaces", Filters=[dict(Name="TYPE", Values=["DNS_PRIVATE"])])["Namespaces"]], [zone])
same([s["Id"] for s in call("list_services", Filters=[dict(Name="NAMESPACE_ID", Values=[shop])])["Services"]], [carts["Id"]])
ours = [dict(Name="SERVICE_ID", Values=[carts["Id"]]), dict(Name="TYPE", Values=["REGISTER_INSTANCE"])]
same([o["Status"] for o in call("list_operations", Filters=ours)["Operations"]], ["SUCCESS"] * 2)
refused("InvalidInput", "list_operations", Filters=[dict(Name="STATUS", Condition="BETWEEN", Values=["a", "b"])])
refused("OperationNotFound", "get_operation", OperationId="gone")
pages("list_namespaces", "Namespaces", 2)
pages("list_services", "Services", 2)
pages("list_instances", "Instances", 2, **service)
pages("list_operations", "Operations", 9)
call("tag_resource", ResourceARN=carts["Arn"], Tags=[dict(Key="stage", Value="test 1")])
call("untag_resource", ResourceARN=carts["Arn"], TagKeys=["a"])
same(call("list_tags_for_resource", ResourceARN=carts["Arn"])["Tags"], [dict(Key="stage", Value="test 1")])
refused("ResourceNotFoundException", "list_tags_for_resource", ResourceARN=carts["Arn"] + "x")

# And away.
refused("ResourceInUse", "delete_service", Id=carts["Id"])
for i in range(2):
    finished(call("deregister_instance", InstanceId=f"i{i}", **service), "DEREGISTER_INSTANCE", "INSTANCE")
refused("InstanceNotFound", "deregister_instance", InstanceId="i0", **service)
refused("ResourceInUse", "delete_namespace", Id=shop)
for s in (carts, users):
    call("delete_service", Id=s["Id"])
refused("ServiceNotFound", "delete_service", Id=carts["Id"])
for n in (shop, zone):
    finished(call("delete_namespace", Id=n), "DELETE_NAMESPACE", "NAMESPACE")
refused("NamespaceNotFound", "delete_namespace", Id=shop)
