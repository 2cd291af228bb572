# The runtime of python functions: asks the Runtime API for events, calls the
# handler, posts what comes of it. Names, order and words of errors are those of
# AWS's own client for Python. It reads the Runtime API by hand: http.client
# would cost a third of a cold start.
import importlib, json, os, socket, sys, time


class _Fault(Exception):
    def __init__(self, kind, message, trace=None):
        Exception.__init__(self, message)
        self.kind, self.message, self.trace = kind, message, trace


class _RuntimeAPI:
    """One request at a time on one connection."""

    def __init__(self, address):
        self.address, self.sock, self.rest = address, None, b""

    def call(self, method, target, body=b"", fields=""):
        if self.sock is None:
            host, port = self.address.split(":")
            self.sock, self.rest = socket.create_connection((host, int(port))), b""
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = "%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\n%s" % (method, target, self.address, fields)
        if method == "POST":
            head += "Content-Length: %d\r\n" % len(body)
        self.sock.sendall(head.encode("latin-1", "replace") + b"\r\n" + body)
        return self.answer()

    def answer(self):
        data = bytearray(self.rest)
        end = data.find(b"\r\n\r\n")
        while end < 0:
            self.more(data)
            end = data.find(b"\r\n\r\n")
        headers = {}
        for line in bytes(data[:end]).split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            headers[name.lower().decode("latin-1")] = value.strip().decode("utf-8", "replace")
        end += 4
        need = end + int(headers.get("content-length", "0"))
        while len(data) < need:
            self.more(data)
        self.rest = bytes(data[need:])
        if headers.get("connection") == "close":
            self.sock.close()
            self.sock = None
        return headers, bytes(data[end:need])

    def more(self, data):
        chunk = self.sock.recv(1 << 18)
        if not chunk:
            os._exit(1)  # the Runtime API is going away
        data += chunk


def _printable(text):
    return "".join(c if " " <= c <= "~" else "?" for c in text)


class _Unbuffered:
    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def write(self, text):
        n = self.stream.write(text)
        self.stream.flush()
        return n

    def writelines(self, lines):
        self.stream.writelines(lines)
        self.stream.flush()


_request_id = None


def _set_up_logging():
    import logging

    class LambdaLoggerHandler(logging.Handler):
        def emit(self, record):
            # One line a record: what reads it takes carriage returns for line feeds.
            sys.stdout.write(self.format(record).replace("\n", "\r") + "\n")

    class LambdaLoggerFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = _request_id or ""
            return True

    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler()
    handler.setFormatter(logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(LambdaLoggerFilter())
    logging.getLogger().addHandler(handler)


def _log_error(doc):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    lines = ["[ERROR]\t%s.000Z\t%s\t%s: %s" % (stamp, _request_id or "", doc["errorType"], doc["errorMessage"])]
    lines.append("Traceback (most recent call last):")
    for element in doc["stackTrace"]:
        lines += element.splitlines()
    sys.stdout.write("\r".join(line.replace("\n", "\r") for line in lines) + "\n")


def _error(message, kind, trace, request_id=None):
    return {"errorMessage": message or "", "errorType": kind or "", "requestId": request_id or "", "stackTrace": trace or []}


def _of_exception(request_id=None):
    """What a caller gets of the exception at hand: its frames without ours."""
    import traceback

    kind, value, tb = sys.exc_info()
    frames = traceback.extract_tb(tb)
    for i, frame in enumerate(frames):
        if frame.filename != "<gatehouse-python>":
            frames = frames[i:]
            break
    lines = traceback.format_list([(f.filename, f.lineno, f.name, f.line) for f in frames])
    return _error(str(value), kind.__name__, lines, request_id)


def _load(handler):
    try:
        module, name = handler.rsplit(".", 1)
    except ValueError as e:
        raise _Fault("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (handler, e))
    if module.split(".")[0] in sys.builtin_module_names:
        raise _Fault("Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module)
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as e:
        raise _Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module, e))
    except SyntaxError as e:
        trace = ['  File "%s" Line %s\n    %s' % (e.filename, e.lineno, e.text)]
        raise _Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module, e), trace)
    try:
        return getattr(loaded, name)
    except AttributeError:
        raise _Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (name, module))


def _record(name, fields):
    def show(self):
        return "%s([%s])" % (name, ",".join("%s=%s" % (f, getattr(self, f, None)) for f in fields))

    return type(name, (object,), {"__slots__": fields, "__repr__": show})


_Identity = _record("CognitoIdentity", ["cognito_identity_id", "cognito_identity_pool_id"])
_Client = _record("Client", ["installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"])
_ClientContext = _record("ClientContext", ["custom", "env", "client"])


def _fill(kind, values):
    if values is None:
        return None
    made = kind()
    for field in kind.__slots__:
        setattr(made, field, values.get(field))
    return made


class LambdaContext(object):
    def __init__(self, headers):
        env = os.environ.get
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name = env("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = env("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = env("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = None
        self.client_context = _fill(_ClientContext, _header(headers, "lambda-runtime-client-context", "Client Context"))
        if self.client_context is not None:
            self.client_context.client = _fill(_Client, self.client_context.client)
        identity = _header(headers, "lambda-runtime-cognito-identity", "Cognito Identity") or {}
        self.identity = _Identity()
        self.identity.cognito_identity_id = identity.get("cognitoIdentityId")
        self.identity.cognito_identity_pool_id = identity.get("cognitoIdentityPoolId")
        self._deadline = int(headers.get("lambda-runtime-deadline-ms", "0"))

    def get_remaining_time_in_millis(self):
        return max(self._deadline - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        shown = ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb",
                 "function_version", "invoked_function_arn", "client_context", "identity", "tenant_id")
        return "LambdaContext([%s])" % ",".join("%s=%s" % (f, getattr(self, f)) for f in shown)


def _header(headers, name, what):
    text = headers.get(name)
    if not text:
        return None
    try:
        return json.loads(text)
    except Exception as e:
        raise _Fault("Runtime.LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (what, e))


# From python3.12 on, answers hold characters, not escapes. It goes by the
# runtime's name, so that it is the same here as on Lambda.
_new_text = int(os.environ["AWS_EXECUTION_ENV"].rpartition(".")[2]) >= 12


def _encode(response):
    if isinstance(response, bytes):
        return response, "application/unknown"
    numbers = []
    mark = "decimal-%s-" % os.urandom(8).hex()

    def other(value):
        # A Decimal is written as the number it is; only its module's users
        # pay for it.
        decimal = sys.modules.get("decimal")
        if decimal is not None and isinstance(value, decimal.Decimal):
            numbers.append("NaN" if value.is_nan() else str(value))
            return "%s%d" % (mark, len(numbers) - 1)
        raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)

    try:
        text = json.dumps(response, default=other, ensure_ascii=not _new_text)
        if numbers:
            import re

            text = re.sub('"%s([0-9]+)"' % mark, lambda m: numbers[int(m.group(1))], text)
        return text.encode("utf-8"), "application/json"
    except Exception as e:
        raise _Fault("Runtime.MarshalError", "Unable to marshal response: %s" % e)


def _handle(api, handler, headers, body):
    global _request_id
    _request_id = request_id = headers["lambda-runtime-aws-request-id"]
    trace = headers.get("lambda-runtime-trace-id")
    if trace:
        os.environ["_X_AMZN_TRACE_ID"] = trace
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    doc = None
    try:
        context = LambdaContext(headers)
        try:
            event = json.loads(body)
        except Exception as e:
            raise _Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % e)
        answer, content_type = _encode(handler(event, context))
    except _Fault as e:
        doc = _error(e.message, e.kind, e.trace, request_id)
    except Exception:
        doc = _of_exception(request_id)
    if doc is None:
        api.call("POST", "invocation/%s/response" % request_id, answer, "Content-Type: %s\r\n" % content_type)
        return
    _log_error(doc)
    kind = "Lambda-Runtime-Function-Error-Type: %s\r\n" % _printable(doc["errorType"])
    api.call("POST", "invocation/%s/error" % request_id, json.dumps(doc).encode(), "Content-Type: application/json\r\n" + kind)


def _run():
    root = os.environ["LAMBDA_TASK_ROOT"]
    sys.path[:] = [root] + [p for p in sys.path if p not in ("", root)]
    sys.stdout, sys.stderr = _Unbuffered(sys.stdout), _Unbuffered(sys.stderr)
    api = _RuntimeAPI(os.environ["AWS_LAMBDA_RUNTIME_API"])
    doc = None
    _set_up_logging()
    try:
        handler = _load(os.environ["_HANDLER"])
    except _Fault as e:
        doc = _error(e.message, e.kind, e.trace)
    except Exception:
        doc = _of_exception()
    if doc is not None:
        _log_error(doc)
        api.call("POST", "init/error", json.dumps(doc).encode(), "Lambda-Runtime-Function-Error-Type: %s\r\n" % _printable(doc["errorType"]))
        sys.exit(1)
    while True:
        headers, body = api.call("GET", "invocation/next")
        if "lambda-runtime-aws-request-id" not in headers:
            sys.exit(1)  # the Runtime API is going away
        _handle(api, handler, headers, body)


_run()
