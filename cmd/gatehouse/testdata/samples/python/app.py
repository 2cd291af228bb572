# Answers by @connections, as AWS's samples do.
import boto3


def handler(event, context):
    about = event["requestContext"]
    client = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{about['domainName']}/{about['stage']}")
    client.post_to_connection(ConnectionId=about["connectionId"], Data=f"python got {event['body']}")
    return {"statusCode": 200}
