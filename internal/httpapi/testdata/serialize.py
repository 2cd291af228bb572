"""Writes the requests that AWS's SDK for Python makes of actions: standard input
is a JSON list of {service, protocol, action, params}, standard output one of
{method, path, query, body, target, type}. Nothing is sent."""
import base64, json, sys, urllib.parse
import botocore.loaders, botocore.model, botocore.serialize


# The names of the query protocol, which the model of Amazon SQS has left out since
# AWS's clients speak JSON to it (Amazon SQS API reference, "SendMessage" and
# "ReceiveMessage", request parameters).
QUEUE_NAMES = {"MessageAttributes": "MessageAttribute", "MessageSystemAttributes": "MessageSystemAttribute",
               "AttributeNames": "AttributeName", "MessageAttributeNames": "MessageAttributeName"}


def name_queues(shapes):
    for shape in ("SendMessageRequest", "ReceiveMessageRequest"):
        for name, member in shapes[shape]["members"].items():
            if name in QUEUE_NAMES:
                member["locationName"] = QUEUE_NAMES[name]
                of = shapes[member["shape"]]
                of["flattened"] = True
                if of["type"] == "map":
                    of["key"]["locationName"], of["value"]["locationName"] = "Name", "Value"
                else:
                    of["member"]["locationName"] = QUEUE_NAMES[name]


def record(case):
    described = botocore.loaders.create_loader().load_service_model(case["service"], "service-2")
    if case["service"] == "sqs":
        name_queues(described["shapes"])
    model = botocore.model.ServiceModel(described, case["service"])
    params = case["params"]
    if "Data" in params:
        params["Data"] = base64.b64decode(params["Data"])
    made = botocore.serialize.create_serializer(case["protocol"]).serialize_to_request(params, model.operation_model(case["action"]))
    body = made["body"]
    if isinstance(body, dict):
        body = urllib.parse.urlencode(body)
    if isinstance(body, bytes):
        body = body.decode()
    query = urllib.parse.urlencode(made["query_string"]) if isinstance(made["query_string"], dict) else made["query_string"]
    return {"method": made["method"], "path": made["url_path"], "query": query or "", "body": body,
            "target": made["headers"].get("X-Amz-Target", ""), "type": made["headers"].get("Content-Type", "")}


json.dump([record(case) for case in json.load(sys.stdin)], sys.stdout)
