"""One bucket of a server that speaks S3: how it is reached, and what its errors mean for a person."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, HTTPClientError, SSLError
from botocore.loaders import create_loader

from images.problems import DamagedData, NoSuchData, StoreFull, StoreProblem, WriterReplaced

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

Addressing = Literal["path", "virtual"]

logger = logging.getLogger(__name__)

DESCRIPTIONS = create_loader()  # what the library knows of the protocol; reading it takes a tenth of a second
GONE = "There is no image data under this key."
TELL = "Tell whoever runs this panel; its log says more."
# What servers call it, and the bare status of an answer to HEAD, which has no body that could name it.
KINDS: dict[str, type[StoreProblem]] = {
    **dict.fromkeys(("NoSuchKey", "NoSuchUpload", "NotFound", "404"), NoSuchData),
    **dict.fromkeys(("PreconditionFailed", "412"), DamagedData),
    **dict.fromkeys(("InvalidPart", "InvalidPartOrder"), WriterReplaced),
    **dict.fromkeys(
        ("507", "InsufficientStorage", "QuotaExceeded", "StorageFull", "XMinioStorageFull", "EntityTooLarge"), StoreFull
    ),
}
SENTENCES: dict[type[StoreProblem], str] = {
    NoSuchData: GONE,
    DamagedData: "The stored data was changed after it was checked.",
    WriterReplaced: "The file is being sent in another way now.",
    StoreFull: "There is no room left for images. Ask whoever runs this panel to make some.",
}
REASONS = {
    **dict.fromkeys(
        (
            *("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"),
            *("AuthorizationHeaderMalformed", "401", "403"),
        ),
        f"The image store refuses this panel: its key is wrong, or may not do this. {TELL}",
    ),
    **dict.fromkeys(
        ("NoSuchBucket", "PermanentRedirect", "301"),
        f"The image store has no such place as this panel was told to use. {TELL}",
    ),
    "RequestTimeTooSkewed": f"The clocks of this panel and of the image store differ too much. {TELL}",
}
BROKEN = f"The image store does not work at the moment. Try again in a few minutes. If that does not help: {TELL}"
SILENT = f"The image store does not answer. Try again in a few minutes. If that does not help: {TELL}"
UNTRUSTED = f"The image store shows a certificate that this panel does not trust. {TELL}"


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Where objects lie, and who asks for them. Everything of ours has a name below the prefix.

    Attributes:
        endpoint: the address of the server, without bucket.
        bucket: the name of the bucket.
        access_key: who asks.
        secret_key: what requests are signed with; never shown.
        region: part of each signature; most servers take any.
        prefix: what names of objects begin with: empty, or ending in a slash.
        addressing: "path" (endpoint/bucket) or "virtual" (bucket.endpoint).
        ca: a file with certificates to trust instead of the usual ones; empty for these.
        connect_seconds: how long a connection may take to open.
        read_seconds: how long the server may be silent.
        attempts: how often a request is made before its error is told.
    """

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    prefix: str = ""
    addressing: Addressing = "path"
    ca: str = ""
    connect_seconds: float = 5
    read_seconds: float = 30
    attempts: int = 3

    @cached_property
    def client(self) -> "S3Client":
        """A client that knows only what this object says: no files in home folders, no proxies of the environment."""
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": self.addressing},
            connect_timeout=self.connect_seconds,
            read_timeout=self.read_seconds,
            retries={"mode": "standard", "total_max_attempts": self.attempts},
            proxies={},
            max_pool_connections=64,
            # Many servers know no other checksums than MD5. TLS, or the signature over the body, guards the way there.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        nowhere = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
        session = botocore.session.Session(session_vars={**nowhere, "profile": (None, None, None, None)})
        session.register_component("data_loader", DESCRIPTIONS)
        return boto3.Session(
            aws_access_key_id=self.access_key, aws_secret_access_key=self.secret_key, botocore_session=session
        ).client("s3", region_name=self.region, endpoint_url=self.endpoint, verify=self.ca or True, config=config)

    def finished(self, key: str = "") -> str:
        """The name of the object that finished data is, or what all these begin with."""
        return f"{self.prefix}data/{key}"

    def unfinished(self, key: str = "", name: str = "") -> str:
        """The name of one of the small objects beside unfinished data, or what these begin with."""
        return f"{self.prefix}incoming/{key}/{name}" if key else f"{self.prefix}incoming/"

    def remove(self, name: str) -> None:
        """Delete an object, if there is one."""
        self.client.delete_object(Bucket=self.bucket, Key=name)

    def remove_below(self, prefix: str) -> None:
        """Delete all objects whose names begin like this."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            # One by one: servers differ in the checksum that they want for a request that deletes many.
            for each in page.get("Contents", []):
                self.remove(each["Key"])


@contextmanager
def told() -> Iterator[None]:
    """Turn what the server, or the way there, says into errors that a person can read; the log keeps the rest."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        problem = as_problem(error)
        if not isinstance(problem, NoSuchData):
            logger.warning("Image store: %s", error)
        raise problem from error


def as_problem(error: Exception) -> StoreProblem:
    """What an error of the client library means. No address, bucket or key is in the sentence."""
    if isinstance(error, ClientError):
        code = code_of(error)
        if kind := KINDS.get(code):
            return kind(SENTENCES[kind])
        return StoreProblem(REASONS.get(code, BROKEN))
    if isinstance(error, SSLError):
        return StoreProblem(UNTRUSTED)
    return StoreProblem(SILENT if isinstance(error, (HTTPClientError, EndpointConnectionError)) else BROKEN)


def code_of(error: ClientError) -> str:
    """The server's own word for what is wrong."""
    return error.response.get("Error", {}).get("Code", "")
