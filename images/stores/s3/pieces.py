"""What the server knows of unfinished data: parts, the mark that names the writer, and checkpoints.

Beside each multipart upload lie a few small objects, ``incoming/<key>/…``:

- ``mark``: who writes now, and from which part number on.
- ``<writer>-0`` and ``<writer>-1``: the last two checkpoints of a writer, in turn. A checkpoint is the tail behind the
  last part, with the numbers of the parts before it. Two, because the row of an upload may still speak of the last but
  one when the server dies. The idea of a tail beside the parts is that of tusd.
- ``<writer>-closed``: this writer let go in order, so nothing of it can still be under way.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from images.problems import StoreProblem, WrongOffset
from images.stores.s3.bucket import Bucket, code_of

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import PutObjectRequestTypeDef

MARK = "mark"
CLOSED = "closed"
RUNS_LENGTH = 1500  # characters; servers keep 2 KB of notes beside an object


@dataclass(frozen=True, slots=True)
class Mark:
    """Who writes.

    Attributes:
        upload: the server's name of the multipart upload.
        writer: the random name of the writer; empty before the first one.
        first: no writer before this one uploads a part with this number or a higher one.
    """

    upload: str
    writer: str
    first: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a multipart upload."""

    number: int
    tag: str
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Point:
    """Where one can go on: all bytes before it are in these parts and this tail."""

    parts: tuple[Part, ...] = ()
    tail: bytes = b""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The objects of one key on their way in.

    Attributes:
        bucket: where they are.
        key: of the data.
    """

    bucket: Bucket
    key: str

    def read_mark(self) -> tuple[Mark, str]:
        """The mark and its tag.

        Raises:
            NoSuchData: there is none: the data was aborted, or finished.
        """
        answer = self.bucket.client.get_object(Bucket=self.bucket.bucket, Key=self._name(MARK))
        return Mark(**json.loads(answer["Body"].read())), answer["ETag"]

    def put_mark(self, mark: Mark, *, over: str = "") -> bool:
        """Say who writes.

        Args:
            mark: what to say.
            over: the tag of the mark that this one takes the place of. Servers that cannot compare put it anyway.

        Returns:
            Whether it was put: False when another mark has come in between.
        """
        body = json.dumps(asdict(mark)).encode()
        request: PutObjectRequestTypeDef = {"Bucket": self.bucket.bucket, "Key": self._name(MARK), "Body": body}
        if over:
            request["IfMatch"] = over
        try:
            self.bucket.client.put_object(**request)
        except ClientError as error:
            code = code_of(error)
            if over and code == "NotImplemented":
                return self.put_mark(mark)
            if code in {"PreconditionFailed", "ConditionalRequestConflict"}:
                return False
            raise
        return True

    def parts(self, upload: str) -> list[Part]:
        """The parts that the server has, in the order of their numbers."""
        pages = self.bucket.client.get_paginator("list_parts").paginate(
            Bucket=self.bucket.bucket, Key=self.bucket.finished(self.key), UploadId=upload
        )
        return [
            Part(each["PartNumber"], each["ETag"], each["Size"]) for page in pages for each in page.get("Parts", [])
        ]

    def put_checkpoint(self, writer: str, slot: int, point: Point) -> None:
        """Keep a point to go on from.

        Raises:
            StoreProblem: there are more gaps between the part numbers than fit into the notes of an object.
        """
        runs = _as_runs(part.number for part in point.parts)
        if len(runs) > RUNS_LENGTH:
            raise StoreProblem("The transfer of this file broke off too often. Send it from its beginning.")
        start = sum(part.size for part in point.parts)
        self.bucket.client.put_object(
            Bucket=self.bucket.bucket,
            Key=self._name(f"{writer}-{slot}"),
            Body=point.tail,
            Metadata={"start": str(start), "runs": runs},
        )

    def find_point(self, mark: Mark, parts: Sequence[Part], offset: int) -> Point:
        """A point at exactly this offset, from the checkpoints of the writer that the mark names.

        Raises:
            WrongOffset: there is none.
        """
        if not offset:
            return Point()
        for slot in (0, 1) if mark.writer else ():
            if (point := self._point(f"{mark.writer}-{slot}", parts, offset)) is not None:
                return point
        raise WrongOffset(f"The image store has kept nothing that one could go on from at byte {offset}.")

    def put_closed(self, writer: str) -> None:
        """Say that this writer has let go."""
        self.bucket.client.put_object(Bucket=self.bucket.bucket, Key=self._name(f"{writer}-{CLOSED}"), Body=b"")

    def is_closed(self, writer: str) -> bool:
        """Whether a writer has let go, or there never was one."""
        return not writer or self._notes(f"{writer}-{CLOSED}") is not None

    def forget_writer(self, writer: str) -> None:
        """Remove what a writer has left behind."""
        for name in ("0", "1", CLOSED) if writer else ():
            self.bucket.remove(self._name(f"{writer}-{name}"))

    def forget(self) -> None:
        """Remove everything but the multipart upload; the mark first, so that writers stop."""
        self.bucket.remove(self._name(MARK))
        self.bucket.remove_below(self._name(""))

    def uploads(self) -> list[str]:
        """The server's names of the multipart uploads of this key: those that it lists, and the one of the mark."""
        pages = self.bucket.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.bucket.bucket, Prefix=self.bucket.finished(self.key)
        )
        listed = [each["UploadId"] for page in pages for each in page.get("Uploads", [])]
        try:
            marked = self.read_mark()[0].upload
        except ClientError as error:
            if code_of(error) != "NoSuchKey":
                raise
            return listed
        return list(dict.fromkeys([*listed, marked]))

    def abort(self, upload: str) -> None:
        """End a multipart upload and forget its parts."""
        try:
            self.bucket.client.abort_multipart_upload(
                Bucket=self.bucket.bucket, Key=self.bucket.finished(self.key), UploadId=upload
            )
        except ClientError as error:
            if code_of(error) not in {"NoSuchUpload", "NoSuchKey"}:
                raise

    def _point(self, name: str, parts: Sequence[Part], offset: int) -> Point | None:
        notes = self._notes(name)
        if notes is None:
            return None
        start = int(notes["start"])
        chain = _chain(parts, _as_numbers(notes["runs"]), offset)
        end = sum(part.size for part in chain)
        if end == offset:
            return Point(chain)
        if end != start:
            return None
        answer = self.bucket.client.get_object(Bucket=self.bucket.bucket, Key=self._name(name))
        tail = answer["Body"].read()[: offset - start]
        return Point(chain, tail) if start + len(tail) == offset else None

    def _notes(self, name: str) -> dict[str, str] | None:
        try:
            return self.bucket.client.head_object(Bucket=self.bucket.bucket, Key=self._name(name))["Metadata"]
        except ClientError as error:
            if code_of(error) == "404":
                return None
            raise

    def _name(self, name: str) -> str:
        return self.bucket.unfinished(self.key, name)


def _chain(parts: Sequence[Part], numbers: Iterable[int], offset: int) -> tuple[Part, ...]:
    """The parts with these numbers, one after the other, up to the last that ends at or before an offset."""
    by_number = {part.number: part for part in parts}
    chain, end = [], 0
    for number in numbers:
        part = by_number.get(number)
        if part is None or end + part.size > offset:
            break
        chain.append(part)
        end += part.size
    return tuple(chain)


def _as_runs(numbers: Iterable[int]) -> str:
    """Rising numbers, written short: "1-5 8-9"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(f"{first}-{last}" for first, last in runs)


def _as_numbers(runs: str) -> Iterator[int]:
    for run in runs.split():
        first, last = run.split("-")
        yield from range(int(first), int(last) + 1)
