import sys

from apigateway_client import Client

response = Client(invoke_url=sys.argv[1]).get_greetings_name(name="Ada Lovelace", language="en")
print("Python:", response.status, response.json()["greeting"])
