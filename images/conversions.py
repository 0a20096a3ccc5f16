"""From one disk format into another: what can be, why not, and the program that does it."""

import re
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from accounts.viewer import Viewer
from images import sandbox
from images.models import Image, ImageData
from images.permissions import Verb, refusal
from images.sandbox import Limits, Program

# What QEMU calls the formats that images have.
QEMU_NAMES = {"raw": "raw", "qcow2": "qcow2", "vmdk": "vmdk", "vdi": "vdi", "vhd": "vpc", "vhdx": "vhdx"}
# What images can be converted into, with the words for people and the options for QEMU.
TARGETS = {"raw": "Raw", "qcow2": "QCOW2 (QEMU, KVM, OpenStack)", "vmdk": "VMDK, stream-optimized (VMware)"}
OPTIONS = {"raw": (), "qcow2": ("-o", "compat=1.1"), "vmdk": ("-o", "subformat=streamOptimized")}
SECTOR = 512
TABLES = 64 * 1024**2  # bytes; with a hundredth of the disk, more than any format adds to the data
PERCENT = re.compile(rb"\((\d{1,3})\.\d+/100%\)")


def targets_of(data: ImageData) -> dict[str, str]:
    """The formats that some data can be converted into, in words."""
    return {name: words for name, words in TARGETS.items() if name != data.disk_format}


def why_not_convert(viewer: Viewer, image: Image) -> str:
    """Why the viewer cannot convert an image now; empty when they can."""
    return refusal(viewer, Verb.EXPORT, image) or refusal(viewer, Verb.CREATE) or why_not(image.data)


def why_not(data: ImageData) -> str:
    """Why nobody can convert some data now; empty when it can be."""
    if data.disk_format not in QEMU_NAMES:
        return f"A {data.disk_format} image is no disk that could be converted."
    if data.damaged_at:
        return "The image data is damaged."
    if not sandbox.find_program(settings.QEMU_IMG):
        return "The program qemu-img is not installed on this panel's server."
    return ""


def size_of(data: ImageData, disk_format: str) -> int | None:
    """How many bytes the result will have, where that is known."""
    return -(-data.virtual_size // SECTOR) * SECTOR if disk_format == "raw" else None


def convert(data: ImageData, source: Path, result: Path, *, disk_format: str, show: Callable[[int], None]) -> None:
    """Convert a file into another, in a process that is locked in.

    Args:
        data: what is known of the source; its format is told to QEMU, which must never guess it.
        source: read only.
        result: where to write, in a folder that has nothing else.
        disk_format: one of ``TARGETS``.
        show: told how far it is in percent, about once a second; when it raises, the conversion ends.

    Raises:
        ProgramProblem: with a sentence that says what became of it.
    """
    percent = 0

    def listen(output: bytes) -> None:
        nonlocal percent
        if found := PERCENT.findall(output):
            percent = min(100, int(found[-1]))

    most = data.virtual_size + data.virtual_size // 100 + TABLES
    limits = Limits(
        seconds=settings.CONVERSION_SECONDS,
        memory=settings.CONVERSION_MEMORY,
        file_size=min(most, settings.IMAGE_MAX_BYTES),
    )
    program = _program(data, source, result, disk_format)
    sandbox.run(program, limits=limits, on_output=listen, on_tick=lambda: show(percent))


def _program(data: ImageData, source: Path, result: Path, disk_format: str) -> Program:
    # The protocol is named too: QEMU would read "json:" or "nbd:" at the beginning of a path as something else.
    formats = ("-f", QEMU_NAMES[data.disk_format], "-O", QEMU_NAMES[disk_format])
    paths = (f"file:{source.resolve()}", f"file:{result.resolve()}")
    return Program(
        name="The conversion",
        argv=(sandbox.find_program(settings.QEMU_IMG), "convert", "-p", *formats, *OPTIONS[disk_format], *paths),
        readable=(source.resolve(),),
        writable=(result.resolve().parent,),
    )
