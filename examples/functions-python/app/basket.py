"""Adds up a basket, with taxes from the function's environment."""
import json
import logging
import os
from decimal import ROUND_HALF_UP, Decimal

logger = logging.getLogger()
logger.setLevel("INFO")

VAT = Decimal(os.environ.get("VAT", "0"))


def handler(event, context):
    try:
        items = json.loads(event["body"] or "[]", parse_float=Decimal)
        net = sum((Decimal(i["price"]) * int(i.get("count", 1)) for i in items), Decimal(0))
    except (ValueError, TypeError, KeyError, ArithmeticError):
        return reply(400, {"message": "a basket is a list of items with price and count"})
    logger.info("%d items, %d ms left", len(items), context.get_remaining_time_in_millis())
    total = (net * (1 + VAT)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return reply(200, {"items": len(items), "total": str(total)})


def reply(status, body):
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
