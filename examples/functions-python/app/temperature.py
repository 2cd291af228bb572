"""Converts a temperature; what it prints is in the log, too."""
from .basket import reply


def handler(event, context):
    text = event["pathParameters"]["celsius"]
    try:
        celsius = float(text)
    except ValueError:
        return reply(400, {"message": "%s is no number" % text})
    print("converting", celsius)
    return reply(200, {"fahrenheit": celsius * 9 / 5 + 32, "kelvin": round(celsius + 273.15, 2)})
