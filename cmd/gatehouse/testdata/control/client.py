"""What the walks of AWS's clients share."""
import contextlib, io, json, os, subprocess

os.environ.update(AWS_ACCESS_KEY_ID="any", AWS_SECRET_ACCESS_KEY="any", AWS_DEFAULT_REGION="us-east-1", AWS_PAGER="", AWS_CONFIG_FILE=os.devnull)

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError


def run(args):
    """What the AWS CLI prints."""
    try:
        from awscli.clidriver import create_clidriver
    except ImportError:  # the CLI has a Python of its own
        return subprocess.run(["aws", *args], check=True, capture_output=True, text=True).stdout
    out, err = io.StringIO(), io.StringIO()
    out.buffer = io.BytesIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = create_clidriver().main(args)
    assert code == 0, (args, code, err.getvalue())
    return out.getvalue() + out.buffer.getvalue().decode()


def same(got, want):
    assert got == want, f"{got!r} is not {want!r}"


class Walk:
    """A client of a service: boto3, or cli for the AWS CLI."""

    def __init__(self, service, endpoint, kind, **options):
        self.service, self.endpoint, self.kind = service, endpoint, kind
        self.client = boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", **options)
        self.names = {xform_name(o): o for o in self.client.meta.service_model.operation_names}

    def call(self, operation, **members):
        if self.kind == "boto3":
            out = getattr(self.client, operation)(**members)
        else:
            text = run([self.service, operation.replace("_", "-"), "--endpoint-url", self.endpoint, "--output", "json", "--cli-input-json", json.dumps(members)])
            out = json.loads(text) if text.strip() else {}
        print("called", self.names[operation])
        return out

    def pages(self, operation, member, want, **members):
        """The paginator finds so many items, one in each page."""
        sizes = [len(page[member]) for page in self.client.get_paginator(operation).paginate(PaginationConfig={"PageSize": 1}, **members)]
        same(sizes, [1] * want)

    def refused(self, code, operation, **members):
        """The error's answer."""
        try:
            getattr(self.client, operation)(**members)
        except ClientError as e:
            same(e.response["Error"]["Code"], code)
            return e.response
        raise AssertionError(f"{operation} wasn't refused")
