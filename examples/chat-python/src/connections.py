"""Signed calls of @connections with nothing but Python; boto3's apigatewaymanagementapi client does the same."""
import datetime
import hashlib
import hmac
import os
import urllib.error
import urllib.parse
import urllib.request


def post(stage_url, connection, data, region="us-east-1"):
    """Sends data to a connection; False: it is gone."""
    url = urllib.parse.urlsplit(f"{stage_url}/@connections/{urllib.parse.quote(connection, safe='')}")
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/{region}/execute-api/aws4_request"
    path = urllib.parse.quote(url.path, safe="/-_.~")
    request = "\n".join(["POST", path, "", f"host:{url.netloc}", f"x-amz-date:{now}", "", "host;x-amz-date", hashlib.sha256(data).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    call = urllib.request.Request(url.geturl(), data, {
        "X-Amz-Date": now, "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature={signature}"})
    try:
        urllib.request.urlopen(call).close()
    except urllib.error.HTTPError as error:
        if error.code != 410:
            raise
        return False
    return True
