# Talks to a WebSocket API with the websockets library: the backend says "/ " and what it hears, and to "id" the
# connection's ID.
import asyncio, json, sys, urllib.parse, urllib.request

import websockets

url = sys.argv[1]
patience = 30


def manage(method, connection, body=None):
    at = "http" + url[len("ws"):] + "/@connections/" + urllib.parse.quote(connection)
    request = urllib.request.Request(at, data=body, method=method, headers={"Authorization": "AWS4-HMAC-SHA256 Credential=any"})
    with urllib.request.urlopen(request, timeout=patience) as answer:
        return answer.status


async def says(ws, message):
    await ws.send(message)
    return await asyncio.wait_for(ws.recv(), patience)


async def ends(ws):
    try:
        while True:
            await asyncio.wait_for(ws.recv(), patience)
    except websockets.ConnectionClosed as end:
        return end.rcvd.code


async def main():
    heard = {}
    async with websockets.connect(url, subprotocols=["v1.chat"]) as ws:
        heard["subprotocol"] = ws.subprotocol
        heard["text"] = await says(ws, "héllo")
        heard["fragments"] = await says(ws, ["one ", "two ", "three"])
        heard["largest"] = len(await says(ws, ["a" * (32 << 10)] * 4))
        await asyncio.wait_for(await ws.ping("are you there"), patience)
        many = [str(n) for n in range(200)]
        for n in many:
            await ws.send(n)
        heard["many"] = sorted([await asyncio.wait_for(ws.recv(), patience) for _ in many]) == sorted("/ " + n for n in many)
        connection = await says(ws, "id")
        heard["posted"] = await asyncio.to_thread(manage, "POST", connection, "über".encode())
        heard["pushed"] = await asyncio.wait_for(ws.recv(), patience)
        heard["deleted"] = await asyncio.to_thread(manage, "DELETE", connection)
        heard["closed by the backend"] = await ends(ws)
    for name, message in {"binary": b"binary", "a frame too large": "a" * (32 << 10) + "a", "a message too large": ["a" * (32 << 10)] * 5}.items():
        async with websockets.connect(url) as ws:
            await ws.send(message)
            heard[name] = await ends(ws)
    json.dump(heard, sys.stdout)


asyncio.run(main())
