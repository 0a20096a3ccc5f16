"""Archives of one disk, gzip and xz: recognised, and unpacked while they stream.

Memory stays bounded whatever the archive says: output comes in steps, and the dictionary of xz has a limit.

Sources: RFC 1952 (gzip), and The .xz File Format 1.2.0, https://tukaani.org/xz/xz-file-format.txt.
"""

import lzma
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import ClassVar

from accounts.templatetags.panel import size as readable_size
from images.formats import Inspection, Inspector, Reason, RefusedImage, recognised
from images.formats.raw import Raw
from images.formats.structure import BLOCK, Structure

STEP = 1024 * 1024  # bytes that are unpacked at once
PIECE = 16 * 1024  # bytes that are fed at once: what is left behind a stream is copied, and streams may be tiny
XZ_MEMORY = 80 * 1024 * 1024  # bytes; what "xz -9" has packed needs 65 MiB
MAX_RATIO = 2000  # gzip reaches 1032 at best, xz some 7,000 on nothing but zeros; a disk with a system stays far below
GRACE = 256 * 1024 * 1024  # bytes that may come out before the ratio counts
FEW_STREAMS = 1000  # that may be empty; the last ones of tools that pack in parallel are
LEAST_STREAM = 512  # bytes that come out of each one beyond these, on average; bgzip makes them of 64 KiB
MAX_START = 2 * BLOCK  # bytes of an archive that ``ArchiveInspector`` looks at


class Stream(ABC):
    """One compressed stream of those that an archive may have one behind the other."""

    name: ClassVar[str]
    magic: ClassVar[bytes]
    padding: ClassVar[int]  # zeros may follow in multiples of this, in bytes

    @property
    @abstractmethod
    def ended(self) -> bool:
        """Whether its last byte has come and its checksums were right."""

    @property
    @abstractmethod
    def rest(self) -> bytes:
        """What was fed behind its last byte."""

    @abstractmethod
    def blocks(self, packed: bytes) -> Iterator[bytes]:
        """What the next bytes unpack to, at most ``STEP`` bytes at once.

        Raises:
            zlib.error, lzma.LZMAError: they make no sense.
        """


class GzipStream(Stream):
    """A "member" of a gzip file; zlib checks its CRC and its length."""

    name = "gzip"
    magic = b"\x1f\x8b\x08"
    padding = 1  # gzip(1) ignores them, since tapes have them

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)

    @property
    def ended(self) -> bool:
        """Whether its last byte has come and its checksums were right."""
        return self._unpacker.eof

    @property
    def rest(self) -> bytes:
        """What was fed behind its last byte."""
        return self._unpacker.unused_data

    def blocks(self, packed: bytes) -> Iterator[bytes]:
        """What the next bytes unpack to."""
        block = self._unpacker.decompress(packed, STEP)
        yield block
        # At the end zlib keeps the last tail, and would take it for more of what follows.
        while block and not self._unpacker.eof:
            block = self._unpacker.decompress(self._unpacker.unconsumed_tail, STEP)
            yield block


class XzStream(Stream):
    """A stream of an xz file; liblzma checks all the checksums that it carries."""

    name = "xz"
    magic = b"\xfd7zXZ\x00"
    padding = 4

    def __init__(self) -> None:
        self._unpacker = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=XZ_MEMORY)

    @property
    def ended(self) -> bool:
        """Whether its last byte has come and its checksums were right."""
        return self._unpacker.eof

    @property
    def rest(self) -> bytes:
        """What was fed behind its last byte."""
        return self._unpacker.unused_data

    def blocks(self, packed: bytes) -> Iterator[bytes]:
        """What the next bytes unpack to."""
        yield self._unpacker.decompress(packed, STEP)
        while not (self._unpacker.eof or self._unpacker.needs_input):
            yield self._unpacker.decompress(b"", STEP)


KINDS: tuple[type[Stream], ...] = (GzipStream, XzStream)


LONGEST_MAGIC = max(len(kind.magic) for kind in KINDS)


def kind_of(head: bytes) -> type[Stream] | None:
    """The kind of archive that begins like this, of those that can be unpacked here; None for anything else."""
    return next((kind for kind in KINDS if head.startswith(kind.magic)), None)


def unpacked(chunks: Iterable[bytes], *, max_bytes: int, max_ratio: int = MAX_RATIO) -> Iterator[bytes]:
    """Unpack an archive while it comes.

    Args:
        chunks: the archive, in chunks of any size.
        max_bytes: how large the disk inside may be.
        max_ratio: how many times larger than the archive it may be, once it is larger than ``GRACE``.

    Yields:
        The disk, at most ``STEP`` bytes at once.

    Raises:
        RefusedImage: it is no archive of one disk, it is damaged or cut off, or too much comes out of it. What was
            given out before is worth nothing then.
    """
    remaining = iter(chunks)
    start = _start(remaining)
    unpacker = Unpacker(known_kind(start))
    packed_size = size = 0
    for piece in _pieces(chain([start], remaining)):
        packed_size += len(piece)
        for block in unpacker.feed(piece):
            size += len(block)
            if size > max_bytes:
                raise too_much(f"The disk inside of this archive is larger than {readable_size(max_bytes)}.")
            if size > max(GRACE, max_ratio * packed_size):
                raise too_much(f"This archive unpacks to more than {max_ratio:,} times its size.")
            yield block
        if size < (unpacker.streams - FEW_STREAMS) * LEAST_STREAM:
            raise too_much("This archive is made of very many pieces with next to nothing in them.")
    unpacker.finish()


def known_kind(head: bytes) -> type[Stream]:
    """The kind of archive that begins like this.

    Raises:
        RefusedImage: it is none that is unpacked here; the message says what it is instead.
    """
    if not head:
        raise RefusedImage(Reason.EMPTY, "This file is empty. Choose the archive of the disk.")
    kind = kind_of(head)
    if kind is None:
        found = recognised(head)  # says itself what else is no disk
        looks = f", but looks like a {found.disk_format} file" if is_disk(found) else ""
        raise RefusedImage(
            Reason.NOT_AN_ARCHIVE, f"This is no gzip or xz archive{looks}. Send the disk itself, without “Unpack”."
        )
    return kind


class Unpacker:
    """Feed it all of an archive, in order; it goes from stream to stream.

    Attributes:
        streams: how many have begun.
    """

    def __init__(self, kind: type[Stream]) -> None:
        self.streams = 1
        self._kind = kind
        self._stream: Stream | None = kind()
        self._zeros = 0  # bytes since the end of the last stream
        self._is_first = True

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """What the next bytes unpack to, at most ``STEP`` bytes at once.

        Raises:
            RefusedImage: they make no sense.
        """
        while packed:
            if self._stream is None:
                packed = self._without_padding(packed)
                continue
            yield from self._blocks(self._stream, packed)
            packed = self._stream.rest
            if self._stream.ended:
                self._stream, self._zeros, self._is_first = None, 0, False

    def finish(self) -> None:
        """Say that the archive is complete.

        Raises:
            RefusedImage: it is not.
        """
        if self._stream is not None:
            raise RefusedImage(
                Reason.TRUNCATED,
                f"This {self._kind.name} archive ends too early. Download or copy it again, and compare its checksum "
                "with the source.",
            )
        self._check_padding()

    def _without_padding(self, packed: bytes) -> bytes:
        """Skip zeros; what follows them has to be one more stream."""
        rest = packed.lstrip(b"\0")
        self._zeros += len(packed) - len(rest)
        if rest:
            self._check_padding()
            self._stream, self.streams = self._kind(), self.streams + 1
        return rest

    def _check_padding(self) -> None:
        if self._zeros % self._kind.padding:
            raise self._damaged()

    def _blocks(self, stream: Stream, packed: bytes) -> Iterator[bytes]:
        try:
            yield from filter(None, stream.blocks(packed))
        except (zlib.error, lzma.LZMAError, EOFError) as error:
            if "memory usage limit" in str(error).lower():
                raise too_much("Unpacking this archive takes more memory than “xz -9” would need.") from error
            raise self._damaged() from error

    def _damaged(self) -> RefusedImage:
        what = "what it holds does not match its checksums" if self._is_first else "something else follows its end"
        return RefusedImage(
            Reason.DAMAGED,
            f"This {self._kind.name} archive is damaged: {what}. Download or copy it again, and compare its checksum "
            "with the source.",
        )


class ArchiveInspector:
    """What ``Inspector`` is for a disk, for the archive of one that is unpacked when all of it has come.

    It unpacks the beginning, and refuses at once what the disk inside can never be. Feed it blocks of
    ``structure.BLOCK`` bytes; it can be pickled between two of them.

    Args:
        max_virtual_bytes: as for ``Inspector``.
    """

    def __init__(self, *, max_virtual_bytes: int) -> None:
        self._max_virtual_bytes = max_virtual_bytes
        self._kind: type[Stream] | None = None
        self._start = b""  # until enough of it has come

    def feed(self, block: bytes) -> None:
        """See the next block.

        Raises:
            RefusedImage: as soon as it is certain that the disk inside will not be taken.
        """
        if self._kind is None:
            self._kind = known_kind(block)
        elif not self._start:
            return
        start = self._start + block
        head = _head(self._kind, start)
        is_enough = len(head) == BLOCK or len(start) >= MAX_START
        if is_enough:
            self._check(self._kind, head)
        self._start = b"" if is_enough else start

    def finish(self, read: Callable[[int, int], bytes] | None = None) -> Inspection:
        """Say that the archive is complete. What the disk is only unpacking shows: its format is that of the archive.

        Args:
            read: as for ``Inspector``; nothing of an archive is read twice.

        Raises:
            RefusedImage: there is no archive, or no disk inside.
        """
        kind = self._kind or known_kind(b"")
        if self._start:
            self._check(kind, _head(kind, self._start))
        return Inspection(disk_format=kind.name, virtual_size=0, container_format="compressed")

    def _check(self, kind: type[Stream], head: bytes) -> None:
        """Look at what is inside."""
        if not head:
            return  # nothing has come out so far: unpacking all of it shows why
        try:
            Inspector(max_virtual_bytes=self._max_virtual_bytes).feed(head)
        except RefusedImage as refused:
            code = Reason(refused.code)
            what = "It holds another archive; unpack it yourself." if code is Reason.ARCHIVE else str(refused)
            raise RefusedImage(code, f"Inside of this {kind.name} archive is no disk that we take. {what}") from refused


def is_disk(found: Structure) -> bool:
    """Whether it is a disk, as far as its beginning shows."""
    return not isinstance(found, Raw) or found.is_disk


def too_much(what: str) -> RefusedImage:
    """The refusal of an archive that would fill the disk or the memory of whoever unpacks it."""
    return RefusedImage(
        Reason.TOO_MUCH, f"{what} Unpack it yourself, convert the disk to qcow2, and upload the result."
    )


def _start(chunks: Iterator[bytes]) -> bytes:
    """The first bytes, enough of them to tell what it is."""
    start = b""
    while len(start) < LONGEST_MAGIC and (chunk := next(chunks, None)) is not None:
        start += chunk
    return start


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), PIECE):
            yield chunk[start : start + PIECE]


def _head(kind: type[Stream], packed: bytes) -> bytes:
    """The first ``BLOCK`` bytes of the disk, or fewer."""
    head = bytearray()
    unpacker = Unpacker(kind)
    for piece in _pieces([packed]):
        for block in unpacker.feed(piece):
            head += block
            if len(head) >= BLOCK:
                return bytes(head[:BLOCK])
    return bytes(head)
