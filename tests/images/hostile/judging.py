"""What the panel says of a file, as it would when the file is uploaded, and what QEMU says of it."""

import json
import pickle
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

from images.archives import ArchiveInspector, unpacked
from images.demo_disks import MIB, SECTOR
from images.formats import Inspection, Inspector, RefusedImage
from images.formats.structure import BLOCK

MAX_VIRTUAL_BYTES = 4 * 1024**4
MAX_UNPACKED = 16 * MIB
MAX_STATE = 2 * MIB  # bytes of a pickled inspector
QEMU_NAMES = {"vhd": "vpc", "iso": "raw"}
AnyInspector = Inspector | ArchiveInspector


def blocks(data: bytes) -> Iterator[bytes]:
    """A file as it comes."""
    for start in range(0, len(data), BLOCK):
        yield data[start : start + BLOCK]


def went_on_elsewhere(inspector: AnyInspector) -> AnyInspector:
    """The same inspector in another process."""
    state = pickle.dumps(inspector)
    assert len(state) < MAX_STATE
    went_on: AnyInspector = pickle.loads(state)  # noqa: S301  # made two lines above
    return went_on


def finished(inspector: AnyInspector, data: bytes, *, breaks: bool) -> Inspection:
    """What the inspector says in the end; with breaks, it goes on in another process after each block."""
    for block in blocks(data):
        inspector.feed(block)
        if breaks:
            inspector = went_on_elsewhere(inspector)
    return inspector.finish(lambda offset, length: data[offset : offset + length])


def inspect(data: bytes, *, unpack: bool = False, breaks: bool = False) -> Inspection:
    """As what a file is taken.

    Args:
        data: the file.
        unpack: whether it is an archive: then the disk that comes out of it is inspected as well.
        breaks: whether the upload breaks after each block.

    Raises:
        RefusedImage: it is not taken.
    """
    if unpack:
        finished(ArchiveInspector(max_virtual_bytes=MAX_VIRTUAL_BYTES), data, breaks=breaks)
        data = b"".join(unpacked(blocks(data), max_bytes=MAX_UNPACKED))
    return finished(Inspector(max_virtual_bytes=MAX_VIRTUAL_BYTES), data, breaks=breaks)


def verdict(data: bytes, *, unpack: bool = False, breaks: bool = False) -> Inspection | str:
    """As what a file is taken, or the code and the sentence of its refusal."""
    try:
        return inspect(data, unpack=unpack, breaks=breaks)
    except RefusedImage as refused:
        return f"{refused.code}: {refused}"


def qemu_info(path: Path, *options: str) -> dict[str, object] | None:
    """What qemu-img says about a file, within limits; None if it does not open it."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
        resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))  # its threads reserve much and use little

    command = ["qemu-img", "info", "--output=json", *options, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, preexec_fn=limit, check=False)
    assert done.returncode in {0, 1}, done.stderr
    said: dict[str, object] = json.loads(done.stdout or "null")
    return said


def assert_qemu_agrees(data: bytes, found: Inspection, folder: Path, *, may_refuse: bool = False) -> None:
    """QEMU sees the same format and size, and no other file, whether it is told the format or has to guess."""
    path = folder / "disk"
    path.write_bytes(data)
    name = QEMU_NAMES.get(found.disk_format, found.disk_format)
    told, guessed = qemu_info(path, "-f", name), qemu_info(path)
    if may_refuse and told is None:
        return
    assert told is not None
    assert guessed is not None
    is_fixed_vhd = found.disk_format == "vhd" and guessed["format"] == "raw"  # QEMU never looks at the end
    assert guessed["format"] == name or is_fixed_vhd
    for said in (told, guessed):
        assert not {"backing-filename", "full-backing-filename", "data-file"} & said.keys()
        assert str(path) == said["filename"]
    assert told["virtual-size"] == -(-found.virtual_size // SECTOR) * SECTOR
