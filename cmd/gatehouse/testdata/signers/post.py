# Posts to each connection with boto3's own client, and prints the statuses.
import json, sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

given = json.load(sys.stdin)
client = boto3.client("apigatewaymanagementapi", endpoint_url=given["endpoint"], region_name=given["region"],
                      aws_access_key_id=given["key"], aws_secret_access_key=given["secret"],
                      config=Config(retries={"total_max_attempts": 1}))
out = []
for name in given["connections"]:
    try:
        out.append(client.post_to_connection(ConnectionId=name, Data=b"\x00\xff data")["ResponseMetadata"]["HTTPStatusCode"])
    except ClientError as e:
        out.append(e.response["Error"]["Message"])
json.dump(out, sys.stdout)
