"""Whether machines of this host run on its processor (KVM) or on one that QEMU imitates (TCG).

That ``/dev/kvm`` opens does not mean that it works: in a virtual machine it may know half of what QEMU asks for. So a
tiny disk is booted once after each start of the host. Its first sector has the PC reset, upon which QEMU ends.
"""

import json
import os
from pathlib import Path

from django.conf import settings

from images import sandbox
from images.sandbox import Limits, Program, ProgramProblem

KVM = Path("/dev/kvm")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# mov al, 0xfe; out 0x64, al; hlt: the keyboard controller resets the PC. The firmware boots no disk of one sector.
RESET = (bytes.fromhex("b0fe e664 f4").ljust(510, b"\0") + b"\x55\xaa").ljust(1024**2, b"\0")
LIMITS = Limits(seconds=10, memory=3 * 1024**3)


def accelerator() -> str:
    """What QEMU is told: "kvm" or "tcg"."""
    if settings.QEMU_ACCELERATOR != "auto":
        return str(settings.QEMU_ACCELERATOR)
    return "kvm" if _works() else "tcg"


def _works() -> bool:
    """Whether a machine runs by KVM, as was tried since the host started."""
    if not os.access(KVM, os.R_OK | os.W_OK):
        return False
    place, circumstances = settings.SERVERS_DIR / "accelerator.json", _circumstances()
    try:
        known = json.loads(place.read_text())
    except (FileNotFoundError, ValueError):
        known = {}
    if known.get("circumstances") != circumstances:
        known = {"circumstances": circumstances, "works": _tried()}
        part = place.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(known))
        part.rename(place)
    return bool(known["works"])


def _circumstances() -> list[str]:
    """What the answer depends on: this start of the host, the program, and who runs it."""
    program = Path(sandbox.find_program(settings.QEMU_SYSTEM))
    return [BOOT_ID.read_text().strip(), f"{program} {program.stat().st_mtime_ns}", str(os.getuid())]


def _tried() -> bool:
    disk = settings.SERVERS_DIR / f"trial.{os.getpid()}"
    disk.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    disk.write_bytes(RESET)
    node = {"driver": "raw", "node-name": "disk", "read-only": True}
    node_json = json.dumps(node | {"file": {"driver": "file", "filename": str(disk.resolve())}})
    program = sandbox.find_program(settings.QEMU_SYSTEM)
    argv = (
        *(program, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-accel", "kvm", "-cpu", "max", "-m", "16M"),
        *("-blockdev", node_json, "-device", "virtio-blk-pci,drive=disk"),
    )
    trial = Program(
        name="The trial of KVM",
        argv=argv,
        runnable=(Path(program).resolve(),),
        readable=(disk.resolve(),),
        devices=(KVM,),
    )
    try:
        sandbox.run(trial, limits=LIMITS)
    except ProgramProblem:
        return False
    finally:
        disk.unlink()
    return True
