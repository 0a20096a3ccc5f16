"""The bytes that a request asks for (RFC 9110 section 14), and several of them in one answer."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Self

from django.utils.crypto import get_random_string

from images.stores.base import ByteRange

RANGES = re.compile(r"bytes=([\d\s,-]{1,1000})", re.ASCII | re.IGNORECASE)
RANGE = re.compile(r"\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII)
MOST_RANGES = 10  # more in one request is an attack or a mistake; it gets the whole, as section 14.2 allows


def wanted_ranges(header: str, *, size: int) -> list[range] | None:
    """What a Range header asks for.

    Args:
        header: its text.
        size: how many bytes there are.

    Returns:
        The parts in their order; an empty list if none of them exists; None for all bytes, because nothing else was
        asked for, or it is malformed, or it asks for the same bytes twice.
    """
    match = RANGES.fullmatch(header)
    parts = [RANGE.fullmatch(part) for part in match[1].split(",")] if match else []
    parsed = [part and parsed_range(part[1], part[2], size=size) for part in parts]
    if not parsed or len(parsed) > MOST_RANGES or None in parsed:
        return None
    found = [part for part in parsed if part]
    return None if _overlap(found) else found


def parsed_range(first: str, last: str, *, size: int) -> range | None:
    """One range of RFC 9110 section 14.1.2: "0-499", "500-", or "-500" for the last 500 bytes."""
    if not first:
        return range(max(0, size - int(last)), size) if last else None
    start = int(first)
    stop = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    return range(start, max(start, stop))


def _overlap(parts: Sequence[range]) -> bool:
    ordered = sorted(parts, key=lambda part: part.start)
    return any(before.stop > after.start for before, after in pairwise(ordered))


class SeveralParts:
    """Several parts of some data as one body of multipart/byteranges (section 14.6), one after the other.

    Args:
        open_part: opens these bytes.
        spans: which bytes they are.
        size: how many bytes there are in all.
        content_type: of the data.
    """

    def __init__(
        self, open_part: Callable[[range], ByteRange], spans: Sequence[range], *, size: int, content_type: str
    ) -> None:
        self.boundary = get_random_string(32)
        self._open_part = open_part
        self._spans = spans
        self._heads = [
            f"\r\n--{self.boundary}\r\nContent-Type: {content_type}\r\n"
            f"Content-Range: {content_range(span, size)}\r\n\r\n".encode("ascii")
            for span in spans
        ]
        self._tail = f"\r\n--{self.boundary}--\r\n".encode("ascii")
        self._parts: list[ByteRange] = []
        self.length = sum(map(len, self._heads)) + sum(map(len, spans)) + len(self._tail)

    def opened(self) -> Self:
        """Open all parts: what is wrong with the data has to show before the answer begins."""
        try:
            for span in self._spans:
                self._parts.append(self._open_part(span))
        except BaseException:
            self.close()
            raise
        return self

    def __iter__(self) -> Iterator[bytes]:
        for head, part in zip(self._heads, self._parts, strict=True):
            yield from chain([head], part)
        yield self._tail

    def close(self) -> None:
        """Close all parts."""
        for part in self._parts:
            part.close()


def content_range(span: range, size: int) -> str:
    """Which bytes a part is, as the header Content-Range says it."""
    return f"bytes {span.start}-{span.stop - 1}/{size}"
