"""Writing to a multipart upload: while one part is on its way, the next one fills."""

import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

from botocore.exceptions import ClientError

from images.problems import DataProblem, NoSuchData, StoreProblem, TooLarge, WriterReplaced
from images.stores.s3.bucket import GONE, code_of, told
from images.stores.s3.pieces import Mark, Part, Point, Unfinished

logger = logging.getLogger(__name__)

SMALLEST_PART = 5 * 1024**2  # bytes; the protocol's limit for every part but the last
STEPS = 4
TRIES = 5  # to become the writer, while others try the same


def part_size(number: int, *, smallest: int, most: int) -> int:
    """How many bytes a part should have.

    It depends on nothing but the number, and quadruples three times on the way to the last number: with parts of
    8 MiB at first, and 10,000 of them, 1.66 TiB fit, and the first 20 GiB need no more memory than they have to.

    Args:
        number: of the part, from 1.
        smallest: bytes of the first part.
        most: how many parts an upload may have.
    """
    return smallest << 2 * ((min(number, most) - 1) * STEPS // most)


def take_over(unfinished: Unfinished, offset: int, *, smallest: int, most: int) -> "ObjectWriter":
    """Become the writer of unfinished data.

    What an earlier writer has under way cannot hurt: it looks at the mark before each part and sends one at a time,
    so after the mark names us, at most one part of it can still arrive, and its number is below our first.

    Raises:
        NoSuchData: there is no such data.
        WrongOffset: one cannot go on at this offset.
        WriterReplaced: others do the same again and again.
    """
    for _ in range(TRIES):
        mark, tag = unfinished.read_mark()
        parts = unfinished.parts(mark.upload) if mark.writer else []
        point = unfinished.find_point(mark, parts, offset)
        closed = unfinished.is_closed(mark.writer)
        first = max(mark.first, _last(parts) + 1) + (0 if closed else 1)
        ours = Mark(mark.upload, uuid4().hex, first)
        if offset:
            unfinished.put_checkpoint(ours.writer, 0, point)
        # The last look is at what an earlier writer has done between our first look and our mark.
        if unfinished.put_mark(ours, over=tag) and (closed or _last(unfinished.parts(mark.upload)) + 1 < first):
            return ObjectWriter(unfinished, ours, point, before=mark.writer, smallest=smallest, most=most)
    raise WriterReplaced("This file is being sent in several ways at once.")


class ObjectWriter:
    """Writes unfinished data as long as the mark names it.

    Memory: the part that fills, the part that is on its way, and for a moment a tail of at most half a part.

    Args:
        unfinished: what is written.
        mark: names this writer.
        point: what is there already.
        before: the name of the writer that this one takes the place of.
        smallest: see ``part_size``.
        most: see ``part_size``.
    """

    def __init__(
        self, unfinished: Unfinished, mark: Mark, point: Point, *, before: str, smallest: int, most: int
    ) -> None:
        self._unfinished = unfinished
        self._mark = mark
        self._smallest = smallest
        self._most = most
        self._parts = list(point.parts)  # only the thread touches it
        self._buffer = bytearray(point.tail)
        self._number = mark.first
        self.offset = sum(part.size for part in point.parts) + len(point.tail)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="s3-writer")
        self._problem: StoreProblem | None = None
        self._sending = self._submit(lambda: unfinished.forget_writer(before))
        self._safe, self._safe_offset = self._sending, self.offset
        self._checkpoints = 1
        self._open = True

    def write(self, chunk: bytes) -> None:
        """Add a chunk; see ``Writer.write``. What goes wrong with a part is told by a later call."""
        if self._problem:
            raise self._problem
        self._buffer += chunk
        self.offset += len(chunk)
        if len(self._buffer) >= self._part_size():
            self._send_part()

    def sync(self) -> "Future[None]":
        """Keep a checkpoint behind all parts sent so far. A long tail becomes a part, so that it is sent only once."""
        if self._safe_offset != self.offset:
            if len(self._buffer) >= max(self._part_size() // 2, SMALLEST_PART):
                self._send_part()
            tail, slot = bytes(self._buffer), self._checkpoints % 2
            self._safe = self._submit(lambda: self._put_checkpoint(slot, tail))
            self._safe_offset = self.offset
            self._checkpoints += 1
        return self._safe

    def finish(self) -> str:
        """Put the parts together; see ``Writer.finish``."""
        if self._buffer:
            self._send_part()
        stamps: list[str] = []
        self._submit(lambda: stamps.append(self._complete())).result()
        self._open = False
        self._thread.shutdown(wait=False)
        return stamps[0]

    def close(self) -> None:
        """Let go. Waits for what is on its way, and keeps the tail if the store still works."""
        if not self._open:
            return
        self._open = False
        try:
            self.sync().result()
            self._submit(lambda: self._unfinished.put_closed(self._mark.writer)).result()
        except DataProblem as problem:
            logger.info("A writer lets go without keeping its last bytes: %s", problem)
        self._thread.shutdown(wait=False)

    def _part_size(self) -> int:
        return part_size(self._number, smallest=self._smallest, most=self._most)

    def _send_part(self) -> None:
        """Send the buffer as soon as the part before it has arrived."""
        self._sending.result()
        if self._number > self._most:
            raise TooLarge("This file is too large: the image store takes no more parts of it.")
        number, body = self._number, self._buffer
        self._number, self._buffer = number + 1, bytearray()
        self._sending = self._submit(lambda: self._put_part(number, body))

    def _submit(self, work: Callable[[], None]) -> "Future[None]":
        """Do something in the thread, after what was submitted before; after a problem nothing is done any more."""

        def run() -> None:
            if self._problem:
                raise self._problem
            try:
                with told():
                    work()
            except StoreProblem as problem:
                self._problem = problem
                raise

        return self._thread.submit(run)

    def _put_part(self, number: int, body: bytearray) -> None:
        self._look_at_mark()
        bucket = self._unfinished.bucket
        answer = bucket.client.upload_part(
            Bucket=bucket.bucket,
            Key=bucket.finished(self._unfinished.key),
            UploadId=self._mark.upload,
            PartNumber=number,
            Body=body,  # type: ignore[arg-type]  # the library takes a bytearray too; bytes would be a copy
        )
        self._parts.append(Part(number, answer["ETag"], len(body)))

    def _put_checkpoint(self, slot: int, tail: bytes) -> None:
        self._look_at_mark()
        self._unfinished.put_checkpoint(self._mark.writer, slot, Point(tuple(self._parts), tail))

    def _look_at_mark(self) -> None:
        """Make sure that nobody else writes.

        Raises:
            WriterReplaced: somebody does.
            NoSuchData: the data was aborted or finished.
        """
        try:
            mark, _ = self._unfinished.read_mark()
        except ClientError as error:
            if code_of(error) != "NoSuchKey":
                raise
            raise NoSuchData(GONE) from error
        if mark.writer != self._mark.writer:
            raise WriterReplaced("The file is being sent in another way now.")

    def _complete(self) -> str:
        """Name the parts that belong to the data, in order: whatever else has arrived is dropped by the server."""
        self._look_at_mark()
        bucket, name = self._unfinished.bucket, self._unfinished.bucket.finished(self._unfinished.key)
        if not self._parts:
            self._unfinished.abort(self._mark.upload)
            bucket.client.put_object(Bucket=bucket.bucket, Key=name, Body=b"")
        else:
            self._put_together(name)
        found = bucket.client.head_object(Bucket=bucket.bucket, Key=name)
        if found["ContentLength"] != self.offset:
            bucket.remove(name)
            raise StoreProblem("The image store has put the file together wrongly. Send it once more.")
        self._unfinished.forget()
        return found["ETag"].strip('"')

    def _put_together(self, name: str) -> None:
        bucket = self._unfinished.bucket
        try:
            bucket.client.complete_multipart_upload(
                Bucket=bucket.bucket,
                Key=name,
                UploadId=self._mark.upload,
                MultipartUpload={"Parts": [{"PartNumber": each.number, "ETag": each.tag} for each in self._parts]},
            )
        except ClientError as error:
            # When an answer got lost, the library asks again, and finds the upload done: by us, if the tag says so.
            if code_of(error) != "NoSuchUpload" or self._tag_of(name) != _whole_tag(self._parts):
                raise

    def _tag_of(self, name: str) -> str:
        bucket = self._unfinished.bucket
        return bucket.client.head_object(Bucket=bucket.bucket, Key=name)["ETag"].strip('"')


def _last(parts: list[Part]) -> int:
    return parts[-1].number if parts else 0


def _whole_tag(parts: list[Part]) -> str:
    """The tag of an object made of these parts, where servers take MD5 for tags; empty where they do not."""
    try:
        digests = b"".join(bytes.fromhex(part.tag.strip('"')) for part in parts)
    except ValueError:
        return ""
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
