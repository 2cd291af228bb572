import base64
import json


def handler(event, context):
    body = event["body"] or "[]"
    if event["isBase64Encoded"]:
        body = base64.b64decode(body)
    return {
        "statusCode": 200,
        "multiValueHeaders": {"content-type": ["application/json"], "x-tag": ["a", "b"]},
        "body": json.dumps({"id": event["pathParameters"]["id"], "items": len(json.loads(body)), "resource": event["resource"]}),
    }
