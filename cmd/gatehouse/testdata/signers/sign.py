# Signs the requests on standard input with botocore, which signs for the AWS CLI and boto3.
import base64, json, sys

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

given = json.load(sys.stdin)
base, out = "http://" + given["host"], []
for c in given["cases"]:
    request = AWSRequest(method=c["method"], url=base + c["target"], headers=c["headers"], data=base64.b64decode(c["body"] or ""))
    credentials = Credentials(c["key"], c["secret"], c["token"] or None)
    signer = SigV4QueryAuth(credentials, "execute-api", given["region"], expires=300) if c["presign"] else SigV4Auth(credentials, "execute-api", given["region"])
    signer.add_auth(request)
    out.append({"target": request.url[len(base):], "headers": dict(request.headers.items())})
json.dump(out, sys.stdout)
