"""Image data in a bucket of any server that speaks S3."""

import re
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from images.problems import NoSuchData
from images.stores.base import Stored
from images.stores.cache import default_cache
from images.stores.s3.bucket import Bucket, code_of, told
from images.stores.s3.pieces import Mark, Unfinished
from images.stores.s3.reading import ObjectRange
from images.stores.s3.writer import ObjectWriter, take_over
from images.transfers.filenames import attachment

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef

KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
PART_BYTES = 8 * 1024**2
MOST_PARTS = 10_000  # the protocol's limit


class S3Store:
    """Keeps each image in an object of its own, which appears when its multipart upload is completed.

    docs/adr/0013 says how an upload goes on after a break, and why an earlier writer cannot spoil it.

    Args:
        name: what ``get_store`` calls it.
        part_bytes: the size of the first parts; see ``writer.part_size``.
        most_parts: how many parts the server takes; OpenStack Swift takes 1,000 unless told otherwise.
        options: see ``Bucket``.
    """

    def __init__(
        self, *, name: str = "default", part_bytes: int = PART_BYTES, most_parts: int = MOST_PARTS, **options: Any
    ) -> None:
        self.name = name
        self._bucket = Bucket(**options)
        self._part_bytes = part_bytes
        self._most_parts = most_parts

    def begin(self) -> str:
        """Begin a multipart upload, and put the mark beside it that says which."""
        key = uuid.uuid4().hex
        with told():
            answer = self._bucket.client.create_multipart_upload(
                Bucket=self._bucket.bucket, Key=self._bucket.finished(key), ContentType="application/octet-stream"
            )
            self._unfinished(key).put_mark(Mark(upload=answer["UploadId"], writer="", first=1))
        return key

    def write(self, key: str, *, offset: int = 0) -> ObjectWriter:
        """Go on at ``offset``: where a writer was closed, or at one of its last two checkpoints (``Writer.sync``)."""
        unfinished = self._unfinished(key)
        if self.exists(key):
            raise NoSuchData("This image data is finished.")
        with told():
            return take_over(unfinished, offset, smallest=self._part_bytes, most=self._most_parts)

    def read_back(self, key: str, *, stop: int) -> ObjectRange:
        """Not possible: the protocol gives out no part of what is not complete."""
        raise NoSuchData("The image store cannot read a file before all of it has come.")

    def abort(self, key: str) -> None:
        """Remove marks, tails and multipart uploads; the mark first, so that a writer stops."""
        unfinished = self._unfinished(key)
        with told():
            uploads = unfinished.uploads()
            unfinished.forget()
            for upload in uploads:
                unfinished.abort(upload)

    def delete(self, key: str) -> None:
        """Remove a finished object. Who reads it may be cut off."""
        with told():
            self._bucket.remove(self._finished(key))

    def exists(self, key: str) -> bool:
        """Whether a finished object has this key."""
        name = self._finished(key)
        with told():
            try:
                self._bucket.client.head_object(Bucket=self._bucket.bucket, Key=name)
            except ClientError as error:
                if code_of(error) == "404":
                    return False
                raise
        return True

    def size(self, key: str) -> int:
        """The number of bytes of a finished object."""
        return self._head(key)["ContentLength"]

    def stamp(self, key: str) -> str:
        """The tag that the server gives each version of an object."""
        return self._head(key)["ETag"].strip('"')

    def read(self, key: str, *, start: int = 0, stop: int | None = None, stamp: str = "") -> ObjectRange:
        """Open a part of a finished object."""
        return ObjectRange(self._bucket, self._finished(key), start=start, stop=stop, tag=stamp)

    def local_file(self, key: str) -> AbstractContextManager[Path]:
        """A copy in the cache on this machine."""
        return default_cache().file(f"{self.name}.{key}", self.size(key), lambda: self.read(key))

    def stored(self) -> Iterator[Stored]:
        """All objects whose names could be ours, and everything that is unfinished."""
        yield from self._finished_objects()
        for key, (size, changed) in self._unfinished_objects().items():
            yield Stored(key, size, changed, finished=False)

    def link(self, key: str, *, filename: str, content_type: str, seconds: int) -> str:
        """A presigned address: whoever has it may fetch the object until it expires."""
        with told():
            return self._bucket.client.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self._bucket.bucket,
                    "Key": self._finished(key),
                    "ResponseContentDisposition": attachment(filename),
                    "ResponseContentType": content_type,
                },
                ExpiresIn=seconds,
            )

    def _finished_objects(self) -> Iterator[Stored]:
        prefix = self._bucket.finished()
        for name, size, changed in self._objects(prefix):
            key = name.removeprefix(prefix)
            if KEY.fullmatch(key):
                yield Stored(key, size, changed, finished=True)

    def _unfinished_objects(self) -> dict[str, tuple[int, datetime]]:
        """Size and last change of what is on its way in: marks and tails, and the parts that came."""
        found: dict[str, tuple[int, datetime]] = {}

        def add(key: str, size: int, changed: datetime) -> None:
            if KEY.fullmatch(key):
                before, last = found.get(key, (0, changed))
                found[key] = before + size, max(last, changed)

        for name, size, changed in self._objects(self._bucket.unfinished()):
            add(name.removeprefix(self._bucket.unfinished()).partition("/")[0], size, changed)
        for key, upload, begun in self._uploads():
            add(key, self._uploaded(key, upload), begun)
        return found

    def _uploads(self) -> list[tuple[str, str, datetime]]:
        prefix = self._bucket.finished()
        with told():
            pages = self._bucket.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket.bucket, Prefix=prefix
            )
            uploads = [each for page in pages for each in page.get("Uploads", [])]
        return [(each["Key"].removeprefix(prefix), each["UploadId"], each["Initiated"]) for each in uploads]

    def _uploaded(self, key: str, upload: str) -> int:
        try:
            with told():
                return sum(part.size for part in Unfinished(self._bucket, key).parts(upload))
        except NoSuchData:
            return 0  # it ended while we looked

    def _objects(self, prefix: str) -> Iterator[tuple[str, int, datetime]]:
        pages = self._bucket.client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket.bucket, Prefix=prefix)
        with told():
            for page in pages:
                for each in page.get("Contents", []):
                    yield each["Key"], each["Size"], each["LastModified"]

    def _head(self, key: str) -> "HeadObjectOutputTypeDef":
        with told():
            return self._bucket.client.head_object(Bucket=self._bucket.bucket, Key=self._finished(key))

    def _finished(self, key: str) -> str:
        return self._bucket.finished(_checked(key))

    def _unfinished(self, key: str) -> Unfinished:
        return Unfinished(self._bucket, _checked(key))


def _checked(key: str) -> str:
    """The key, if it is one that ``begin`` could have made: nothing else may become part of a name."""
    if not KEY.fullmatch(key):
        raise NoSuchData("This is not a key of image data.")
    return key
