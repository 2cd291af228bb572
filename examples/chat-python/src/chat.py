"""A chat: who joins gets a name, and what one says is pushed to all by @connections."""
import json
import os
import sqlite3
import tempfile

import connections


def people(api):
    """Who is there: on AWS this would be a table of DynamoDB."""
    db = sqlite3.connect(os.path.join(tempfile.gettempdir(), f"chat-{api}.db"), isolation_level=None, timeout=10)
    db.execute("create table if not exists people (connection text primary key, name text)")
    return db


def handler(event, context):
    at = event["requestContext"]
    connection = at["connectionId"]
    if at["eventType"] == "CONNECT":
        wrong = event.get("queryStringParameters", {}).get("token") == "wrong"
        return {"statusCode": 403 if wrong else 200}
    db = people(at["apiId"])
    (name,) = db.execute("select name from people where connection = ?", (connection,)).fetchone() or ("somebody",)
    if at["eventType"] == "DISCONNECT":
        db.execute("delete from people where connection = ?", (connection,))
        tell(at, db, f"{name} left ({at['disconnectStatusCode']})")
        return {"statusCode": 200}
    said = json.loads(event["body"])
    if at["routeKey"] == "join":
        db.execute("replace into people values (?, ?)", (connection, said["name"]))
        tell(at, db, f"{said['name']} joined")
        here = [name for (name,) in db.execute("select name from people order by name")]
        return {"statusCode": 200, "body": json.dumps({"here": here})}
    tell(at, db, f"{name}: {said['text']}")
    return {"statusCode": 200}


def tell(at, db, text):
    stage = f"{os.environ['INVOKE']}/_aws/execute-api/{at['apiId']}/{at['stage']}"
    for (connection,) in db.execute("select connection from people").fetchall():
        if not connections.post(stage, connection, text.encode()):
            db.execute("delete from people where connection = ?", (connection,))
