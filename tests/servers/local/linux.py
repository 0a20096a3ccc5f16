"""A small Linux for tests of networks: the kernel, shell and drivers of Debian's installer, with a program of our own.

Without ``debian-installer-12-netboot-amd64``, from which it comes, there is none; ``scripts/system-packages long``
installs it. File systems for the kernel: Documentation/driver-api/early-userspace/buffer-format.rst of Linux.
"""

import gzip
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import ROOT

BOOT = Path("/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64")
HEADER = 110  # bytes: "070701" and thirteen numbers of eight hexadecimal digits
MODULES = (
    *("virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci"),
    *("failover", "net_failover", "virtio_net"),
)
START = """#!/bin/sh
export PATH=/bin:/sbin:/usr/bin
mount -t devtmpfs dev /dev
for module in {modules}; do insmod $(find /lib/modules -name $module.ko); done
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
{program}
while true; do sleep 60; done
"""

Entry = tuple[str, int, bytes]  # name, mode, content


def make_disk(disk: Path, program: str) -> None:
    """Make a disk that starts Linux, brings up its network card and runs a few lines of shell."""
    start = START.format(modules=" ".join(MODULES), program=program)
    kept = [entry for entry in _entries(gzip.decompress((BOOT / "initrd.gz").read_bytes())) if _is_needed(*entry)]
    initrd = disk.with_suffix(".initrd")
    initrd.write_bytes(gzip.compress(_packed([*kept, ("start", stat.S_IFREG | 0o755, start.encode())]), 1))
    subprocess.run([ROOT / "scripts/debian-disk", disk, initrd, "quiet", "rdinit=/start"], check=True)


def _is_needed(name: str, mode: int, _content: bytes) -> bool:
    if name.endswith(".ko"):
        return Path(name).stem in MODULES
    if stat.S_ISLNK(mode) and name.startswith("usr/bin/"):  # names of busybox
        return True
    return stat.S_ISDIR(mode) or name.startswith(("bin/", "sbin/", "lib64/", "lib/x86_64-linux-gnu/"))


def _entries(archive: bytes) -> Iterator[Entry]:
    place = 0
    while True:
        numbers = [int(archive[place + at : place + at + 8], 16) for at in range(6, HEADER, 8)]
        mode, size, name_size = numbers[1], numbers[6], numbers[11]
        name = archive[place + HEADER : place + HEADER + name_size - 1].decode()
        if name == "TRAILER!!!":
            return
        start = _aligned(place + HEADER + name_size)
        yield name, mode, archive[start : start + size]
        place = _aligned(start + size)


def _packed(entries: list[Entry]) -> bytes:
    archive = bytearray()
    for number, (name, mode, content) in enumerate([*entries, ("TRAILER!!!", 0, b"")]):
        numbers = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        archive += b"070701" + b"".join(b"%08X" % each for each in numbers) + name.encode() + b"\0"
        archive.extend(bytes(_aligned(len(archive)) - len(archive)))
        archive += content
        archive.extend(bytes(_aligned(len(archive)) - len(archive)))
    return bytes(archive)


def _aligned(place: int) -> int:
    return -(-place // 4) * 4
