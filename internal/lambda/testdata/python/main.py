# What a test's event asks for.
import decimal
import json
import logging
import os
import sys
import time

logger = logging.getLogger()
logger.setLevel("INFO")


class OwnError(Exception):
    pass


def handler(event, context):
    what = event.get("do") if isinstance(event, dict) else None
    if what == "raise":
        raise OwnError("as told")
    if what == "exit":
        sys.exit(3)
    if what == "spin":
        while True:
            pass
    if what == "log":
        print("printed")
        logger.info("two\nlines")
        logger.error("wrong")
        return None
    if what == "marshal":
        return {1, 2}
    if what == "decimal":
        return {"price": decimal.Decimal("1.10")}
    if what == "text":
        return "grün"
    if what == "memory":
        return len(bytearray(1 << 40))
    if what == "context":
        return {
            "name": context.function_name, "version": context.function_version, "memory": context.memory_limit_in_mb,
            "arn": context.invoked_function_arn, "group": context.log_group_name, "stream": "[$LATEST]" in context.log_stream_name,
            "left": context.get_remaining_time_in_millis() > 1000, "client": context.client_context.custom, "id": context.aws_request_id,
            "identity": context.identity.cognito_identity_id, "trace": os.environ.get("_X_AMZN_TRACE_ID"), "cwd": os.getcwd() == os.environ["LAMBDA_TASK_ROOT"],
        }
    return event


def proxy(event, context):
    if "Records" in event:
        return [r["body"] for r in event["Records"]]
    return {"statusCode": 200, "headers": {"x-path": event["path"]}, "body": json.dumps({"time": time.time() > 0})}
