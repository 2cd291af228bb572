import json
import os

from apigateway_client import ApiError, Client

env = os.environ
odd = env["ODD"]
anyone = Client(invoke_url=env["URL"])
full = Client(invoke_url=env["URL"], access_key=env["ACCESS"], secret_key=env["SECRET"], session_token=env["TOKEN"], api_key=env["API_KEY"])


def text(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def refused(call):
    try:
        call()
        return "sent"
    except ApiError as e:
        return e.response.status
    except ValueError:
        return "refused"


print("plain", anyone.get_api_root().json()["path"])
item = anyone.put_items_item_id(item_id=odd, q_name=[odd, "2"], x_odd_value='a "b"; c=d, e', body={"k": 'é"'}).json()
print("item", text([item["path"], item["q"], item["x"], json.loads(item["body"])]))
print("file", anyone.get_files_path(path="a b/c+d/é").json()["path"])
print("keyed", full.get_keyed().status, refused(anyone.get_keyed))
signed = full.post_signed_id(id=odd, q_name=odd, body={"k": 1}, extra_query={"q.name-z": "é &", "Q": ""}).json()
print("signed", text([signed["path"], signed["q"]]), refused(lambda: anyone.post_signed_id(id="1")))
print("busy", anyone.get_busy().status)
print("missing", refused(lambda: anyone.put_items_item_id(item_id="1", q_name=None)),
      "dots", refused(lambda: anyone.put_items_item_id(item_id="..", q_name="1")))
print("impatient", refused(Client(invoke_url=env["URL"], max_retries=0).get_busy))
print("flaky", Client(invoke_url=env["FLAKY"]).get_api_root().status)
