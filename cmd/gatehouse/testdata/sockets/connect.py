# Connects to WebSocket APIs by addresses that botocore signed in their queries, as browsers need it, which can't set
# fields: prints for each whether it may, and what it then hears.
import asyncio, json, sys

import websockets
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


async def connects(case):
    request = AWSRequest(method="GET", url=case["url"])
    if case["key"]:
        SigV4QueryAuth(Credentials(case["key"], case["secret"]), "execute-api", case["region"], expires=60).add_auth(request)
    url = request.url.replace(*case["change"]) if case["change"] else request.url
    try:
        async with websockets.connect(url) as ws:
            await ws.send("hi")
            return await asyncio.wait_for(ws.recv(), 30)
    except websockets.InvalidHandshake as refused:  # its shape depends on the version
        return str(getattr(refused, "status_code", None) or refused.response.status_code)


async def main():
    json.dump([await connects(case) for case in json.load(sys.stdin)], sys.stdout)


asyncio.run(main())
