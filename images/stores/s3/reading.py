"""Finished data, read from the server piece by piece."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from images.problems import StoreProblem
from images.stores.s3.bucket import SILENT, Bucket, code_of, told

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef, HeadObjectRequestTypeDef

READ_SIZE = 1024 * 1024  # bytes
BREAKS = 5  # how often in a row the line may break without a single byte in between
PAUSE = 0.2  # seconds before the first of these is mended, and twice as long each time


class ObjectRange:
    """A part of an object, open for reading. When the line breaks, it goes on at the byte where it stopped.

    All of it comes from one version of the object: going on asks for the tag that the first answer had.

    Args:
        bucket: where the object is.
        name: of the object.
        start: the first byte.
        stop: the byte behind the last one; None for the end.
        tag: the tag that the object must have; empty for any.
    """

    def __init__(self, bucket: Bucket, name: str, *, start: int, stop: int | None, tag: str) -> None:
        self._bucket = bucket
        self._name = name
        self._at = start
        self._stop = stop
        self._tag = tag
        self._body: StreamingBody | None = None
        with told():
            self._open()

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(READ_SIZE), b"")

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes, or all that is left.

        Raises:
            DamagedData: the object was changed since it was opened.
            StoreProblem: the store fails again and again.
        """
        if size < 0:
            return b"".join(self)
        breaks = 0
        while True:
            try:
                return self._read(size)
            except (BotoCoreError, OSError) as error:
                self.close()
                breaks += 1
                if breaks > BREAKS:
                    raise StoreProblem(SILENT) from error
                time.sleep(PAUSE * 2 ** (breaks - 1))

    def close(self) -> None:
        """Give the connection back."""
        if self._body is not None:
            self._body.close()
            self._body = None

    def _read(self, size: int) -> bytes:
        left = self._end - self._at
        if left <= 0 or not size:
            return b""
        if self._body is None:
            with told():
                self._open()
        assert self._body is not None
        data = self._body.read(min(size, left))
        if not data:
            raise ConnectionError("The answer ended before the object did.")
        self._at += len(data)
        return data

    def _open(self) -> None:
        """Ask for what is left. ``_end`` is known from then on."""
        if self._stop is not None and self._stop <= self._at:
            self._see_nothing()
            return
        request: GetObjectRequestTypeDef = {"Bucket": self._bucket.bucket, "Key": self._name}
        if self._tag:
            request["IfMatch"] = f'"{self._tag}"'
        if self._at or self._stop is not None:
            request["Range"] = f"bytes={self._at}-{'' if self._stop is None else self._stop - 1}"
        try:
            answer = self._bucket.client.get_object(**request)
        except ClientError as error:
            if code_of(error) != "InvalidRange":
                raise
            self._see_nothing()  # it begins behind the end
            return
        self._body, self._tag = answer["Body"], answer["ETag"].strip('"')
        self._end = self._at + answer["ContentLength"]

    def _see_nothing(self) -> None:
        """An empty part of an object that must be there all the same."""
        request: HeadObjectRequestTypeDef = {"Bucket": self._bucket.bucket, "Key": self._name}
        if self._tag:
            request["IfMatch"] = f'"{self._tag}"'
        self._bucket.client.head_object(**request)
        self._end = self._at
