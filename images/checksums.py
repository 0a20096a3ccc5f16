"""Checksums that people know of a file: typed, or in a file beside it."""

import re
from collections.abc import Iterator

from images.validators import valid_checksum

# By the number of their digits, the weakest first.
ALGORITHMS = {32: "md5", 64: "sha256", 128: "sha512"}
STRENGTH = list(ALGORITHMS.values())
# "e3b0… *disk.img" as sha256sum writes it, and "SHA256 (disk.img) = e3b0…" as BSD and Fedora do.
GNU_LINE = re.compile(r"([0-9a-f]{32,128}) [ *]?(.+)", re.IGNORECASE)
BSD_LINE = re.compile(r"(md5|sha256|sha512) ?\((.+)\) ?= ?([0-9a-f]{32,128})", re.IGNORECASE)
DIGITS = re.compile(r"[0-9a-f]+", re.IGNORECASE)


def read_checksum(text: str) -> str:
    """What somebody typed or pasted: digits alone, or behind the name of the algorithm.

    Returns:
        "algorithm:digits" in lower case; empty for nothing.

    Raises:
        ValidationError: it is no md5, sha256 or sha512.
    """
    word = text.strip().lower().replace("-", "").replace("=", ":")
    if word and ":" not in word:
        word = f"{ALGORITHMS.get(len(word), '')}:{word}"
    valid_checksum(word)
    return word


def find_checksum(listing: str, filename: str) -> str:
    """The checksum of a file in the text of a checksum file, in either form; a signature around it does not matter.

    Args:
        listing: lines of names and checksums; or one checksum without a name, which is that of the file beside it.
        filename: without folders.

    Returns:
        "algorithm:digits" of the strongest that is given; empty if there is none.
    """
    if DIGITS.fullmatch(alone := listing.strip()) and len(alone) in ALGORITHMS:
        return f"{ALGORITHMS[len(alone)]}:{alone.lower()}"
    found = {algorithm: digits for algorithm, name, digits in _lines(listing) if _last_part(name) == filename}
    best = max(found, key=STRENGTH.index, default="")
    return f"{best}:{found[best]}" if best else ""


def _lines(listing: str) -> Iterator[tuple[str, str, str]]:
    for line in listing.splitlines():
        if match := GNU_LINE.fullmatch(line.strip()):
            digits, name = match.groups()
            algorithm = ALGORITHMS.get(len(digits), "")
        elif match := BSD_LINE.fullmatch(line.strip()):
            algorithm, name, digits = match.groups()
            algorithm = algorithm.lower() if ALGORITHMS.get(len(digits)) == algorithm.lower() else ""
        else:
            continue
        if algorithm:
            yield algorithm, name, digits.lower()


def _last_part(name: str) -> str:
    return name.strip().rpartition("/")[2]
